"""The quiz: drawing, the rules, the intervals, and that nothing tells before an answer what a picture is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gan.games import rules
from gan.models.model import Model
from gan.quality import quiz_pools
from gan.quality.quiz import COUNT, Pool, continued, draw, quantised, right, wilson
from gan.quality.quiz_messages import message, says
from gan.quality.quiz_pools import LEVELS, QuizError, gathered, shipped
from tests.helpers import small


def pool(each: int = 60, undecided: float = 0.0) -> Pool:
    """As many real pictures, which are black, as forged ones, white; the first half of each is a 3, the others 8s. D
    scores each by its place."""
    forged = np.arange(2 * each) >= each
    images = np.where(forged[:, None, None], 255, 0) * np.ones((1, 28, 28))
    labels = np.where(np.arange(2 * each) % each < each // 2, 3, 8)
    scores = np.arange(2 * each) - each + 0.5
    return Pool(
        images.astype(np.uint8),
        labels.astype(np.uint8),
        forged,
        scores.astype(np.float32),
        np.linspace(0, 1, 2 * each, dtype=np.float32),
        undecided,
        0.5,
    )


def about(content: bytes) -> tuple[dict[str, object], bytes]:
    length = int.from_bytes(content[:4], "little")
    return json.loads(content[4 : 4 + length]), content[4 + length :]


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # z² = 3.8415. Of 20: 1 + z²/20 = 1.19207; centre 0.5; spread √(0.0125 + 3.8415/1600) · z = 0.23925.
        (10, 20, 0.5 - 0.23925 / 1.19207, 0.5 + 0.23925 / 1.19207),
        # All right: the lower end is 1/(1 + z²/20).
        (20, 20, 0.83888, 1.0),
        (0, 20, 0.0, 1 - 0.83888),
        # One of one: 1/(1 + z²).
        (1, 1, 0.20655, 1.0),
    ],
)
def test_intervals_are_wilsons(count: int, total: int, low: float, high: float) -> None:
    assert wilson(count, total) == pytest.approx((low, high), abs=2e-5)


def test_same_seed_draws_the_same_pictures_and_another_or_another_level_others() -> None:
    def drawn(name: str, seed: int) -> tuple[str, bytes]:
        found = draw(pool(), name, seed)
        assert found.scores is not None
        return found.truth, found.scores.tobytes()

    assert drawn("20s", 7) == drawn("20s", 7)
    assert drawn("20s", 7) != drawn("20s", 8)
    assert drawn("20s", 7)[0] != drawn("60s", 7)[0]


def test_no_picture_comes_twice_and_the_number_of_forgeries_is_a_coins() -> None:
    """Of 400 quizzes of twenty the mean is 10, give or take 0.11, and the variance 5; always ten would have none."""
    forged = []
    for seed in range(400):
        drawn = draw(pool(), "x", seed)
        assert drawn.scores is not None
        assert len(set(drawn.scores.tolist())) == COUNT
        forged.append(drawn.truth.count("f"))
    assert np.mean(forged) == pytest.approx(10, abs=0.5)
    assert np.var(forged) == pytest.approx(5, abs=1.5)


def test_quiz_of_one_digit_has_no_other_and_a_pool_that_is_too_small_is_refused() -> None:
    assert set(draw(pool(), "x", 1, 8, label=3).labels) == {3}
    with pytest.raises(ValueError, match="too few"):
        draw(pool(2), "x", 1)


def test_background_of_a_forgery_becomes_that_of_a_real_digit() -> None:
    """Sixteen levels, each the nearest one."""
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    found = quantised(every)
    assert np.unique(found).tolist() == list(range(0, 256, 17))
    assert np.abs(found.astype(int) - every).max() == 8
    assert not found[every <= 8].any()


def test_machines_answer_by_their_rules() -> None:
    """D's scores are −2.5 … 2.5; the classifier's beliefs 0, 0.2 … 1."""
    six = pool(3)
    assert six.truth == "rrrfff"
    assert six.discriminator == "fffrrr"
    assert replace(six, undecided=1.5).discriminator == "fffffr"
    assert six.classifier == "fffrrr"
    assert replace(six, scores=None).discriminator is None


def test_answer_counts_once() -> None:
    assert continued("", "rf") == "rf"
    assert continued("rf", "fr") == "rf"
    assert continued("rf", "ffr") == "rfr"
    assert continued("rf", "rf?") == "rf"
    assert continued("r", "f" * 99) == "r" + "f" * 19


def test_message_before_an_answer_is_the_same_for_real_and_forged_but_for_the_pixels() -> None:
    """At every place of ten quizzes: the picture turned into its opposite changes no byte but those of the picture."""
    for seed in range(10):
        quiz = draw(pool(), "x", seed)
        for place in range(COUNT):
            other = replace(quiz, forged=quiz.forged ^ (np.arange(COUNT) >= place))
            sent, opposite = (message(one, "quiz", quiz.truth[:place], {}) for one in (quiz, other))
            assert sent == opposite
            said, pixels = about(sent)
            assert len(pixels) == 28 * 28
            assert pixels == quiz.images[place].tobytes()
            assert said["truth"] == quiz.truth[:place]
            assert "result" not in said


def test_end_tells_the_scores_and_what_was_missed() -> None:
    quiz = pool(3)
    said, pixels = about(message(quiz, "quiz", "r-fffr", {}))
    result = said["result"]
    assert isinstance(result, dict)
    assert [one["right"] for one in result["players"]] == [3, 0, 0]
    assert [one["number"] for one in result["missed"]] == [2, 3, 6]
    assert [one["discriminator"] for one in result["missed"]] == [True, True, True]
    assert pixels == bytes(2 * 784) + b"\xff" * 784
    without, _ = about(message(replace(quiz, scores=None, why_not="it was not kept"), "quiz", "r-fffr", {}))
    assert isinstance(without["result"], dict)
    assert without["result"]["players"][1] == {"who": "discriminator", "why": "it was not kept"}


def test_words_of_a_score_say_what_twenty_pictures_can_show() -> None:
    """15 of 20 has 0.531 to 0.888; 14 has 0.481 to 0.855."""
    quiz = draw(pool(), "x", 1)
    turned = str.maketrans("rf", "fr")

    def with_right(count: int) -> str:
        return quiz.truth[:count] + quiz.truth[count:].translate(turned)

    assert "can tell them apart:" in says(quiz, with_right(15))
    assert "A coin" in says(quiz, with_right(14))
    assert "take the one for the other" in says(quiz, with_right(5))
    machine = quiz.discriminator
    assert machine is not None
    assert says(quiz, machine).endswith("as many right as you.")
    assert says(quiz, quiz.truth).endswith(f"You beat the detective by {COUNT - right(machine, quiz.truth)}.")
    assert "detective" not in says(replace(quiz, scores=None), quiz.truth)


@pytest.mark.parametrize("name", LEVELS)
def test_levels_that_ship_are_whole(name: str) -> None:
    found = shipped(name)
    assert np.array_equal(quantised(found.images), found.images)
    assert found.scores is not None
    assert found.sureness is not None
    half = len(found.images) // 2
    assert {len(found.labels), len(found.scores), len(found.sureness), 2 * int(found.forged.sum())} == {2 * half}
    # The rule of the classifier: it takes about a tenth of real digits for forged.
    assert found.classifier is not None
    assert found.classifier[:half].count("f") / half == pytest.approx(0.1, abs=0.05)


def test_level_that_cannot_be_read_costs_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "levels.npz"
    with pytest.raises(QuizError, match="cannot be read"):
        shipped("20s", path)
    path.write_bytes(quiz_pools.SHIPPED.read_bytes()[:2000])
    with pytest.raises(QuizError, match="cannot be read"):
        shipped("5s", path)


@pytest.mark.parametrize("kind", ["cgan", "vanilla", "wgan", "ebgan"])
def test_pool_of_a_model(kind: str) -> None:
    """Whatever it plays: a critic and an autoencoder have no point at which they are undecided."""
    config = small(kind)
    players = rules(config).players(config)
    model = Model(config, players["generator"].eval(), players["discriminator"].eval(), 0, 0.0)  # type: ignore[arg-type]
    found = gathered(model, 20)
    assert found.truth == "r" * 20 + "f" * 20
    assert (found.discriminator is None) == (kind in ("wgan", "ebgan"))
    assert bool(found.why_not) == (found.discriminator is None)
    assert gathered(replace(model, discriminator=None), 20).why_not.startswith("it was not kept")
