"""What the charts say in words: pure functions of the values at a moment."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan import presets
from gan.games import rules, words
from gan.games.losses import LOSSES, non_saturating
from tests.helpers import is_sentence

GUESSING = 2 * math.log(2)
CHARTS = [(name, chart) for name, config in presets.PRESETS.items() for chart in rules(config).charts]


def losses(d: float, g: float = 1.0) -> str:
    return words.of_losses({"loss_d": d, "loss_g": g}, non_saturating())


def answers(real: float, forged: float) -> str:
    return words.of_answers({"d_real": real, "d_fake": forged}, non_saturating())


@pytest.mark.parametrize(("name", "chart"), CHARTS)
@given(value=st.floats(-50, 50), other=st.floats(-50, 50))
def test_every_chart_says_something_of_any_values(name: str, chart: object, value: float, other: float) -> None:
    """Short enough to stand beside a chart, in whole sentences."""
    from gan.games.game import Chart

    assert isinstance(chart, Chart)
    names = [one.name for one in chart.quantities]
    if chart.bounds:  # chances
        value, other = (value + 50) / 100, (other + 50) / 100
    said = chart.says(dict(zip(names, (value, other), strict=False)))
    assert is_sentence(said)
    assert len(said) <= 120
    assert chart.says({}) == ""
    if len(names) > 1:
        assert chart.says({names[0]: value}) == ""  # half of it says nothing


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_of_the_adversarial_game_has_words(loss: str) -> None:
    for chart in rules(presets.preset("cgan").changed(loss=loss)).charts:
        assert is_sentence(chart.says({one.name: 0.4 for one in chart.quantities}))


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        (0.02, "near 0"),
        (0.19, "near 0"),
        (0.9, "neither has to fall"),
        (1.2, "neither has to fall"),
        (GUESSING, "guessing: it can hardly tell"),
        (2.5, "it errs just now"),
    ],
)
def test_losses_are_held_against_that_of_guessing(d: float, expected: str) -> None:
    """Below 15 % of 1.386 D has won; from 90 % on it guesses; above 110 % it errs."""
    assert expected in losses(d)


@pytest.mark.parametrize(
    ("real", "forged", "expected"),
    [
        (0.99, 0.01, "sure of all"),
        (0.8, 0.3, "Good for G is when both meet at 50%"),
        (0.52, 0.48, "cannot tell them apart"),
        (0.3, 0.7, "takes the one for the other"),
    ],
)
def test_answers_say_which_way_is_good(real: float, forged: float, expected: str) -> None:
    said = answers(real, forged)
    assert expected in said
    assert f"{real:.0%}" in said
    assert f"{forged:.0%}" in said


def test_scores_without_a_probability_are_not_called_one() -> None:
    said = words.of_answers({"d_real": 0.9, "d_fake": 0.2}, LOSSES["least_squares"](0.0))
    assert "0.90" in said
    assert "%" not in said


def test_estimate_below_nought_is_an_error_of_the_critic() -> None:
    assert "Lower is better" in words.of_estimate({"wasserstein": 1.5})
    assert "errs" in words.of_estimate({"wasserstein": -0.1})


@pytest.mark.parametrize(
    ("fcd", "expected"),
    [
        (12.0, "more training can make forgeries worse"),
        (9.0, "9.0 now, while real images among themselves have 3.0"),
        (8.0, "8.0 now"),
        (4.0, "nearly as low as among real images"),
    ],
)
def test_distance_says_where_it_stands_between_the_best_and_the_floor(fcd: float, expected: str) -> None:
    assert expected in words.of_distance(fcd, 3.0, min(fcd, 8.0), 5000)


def test_distance_that_was_not_measured_says_nothing() -> None:
    assert words.of_distance(None, 3.0, None, 0) == words.of_distance(4.0, None, None, 0) == ""
