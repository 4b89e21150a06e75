import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.config import TrainConfig, kinds
from gan.curves import Array
from gan.presets import PRESETS
from gan.training import diagnosis, signs
from gan.training.diagnosis import diagnose, judge
from gan.training.findings import LEVELS, Finding
from gan.training.remedies import LIVE, cure
from gan.training.signs import Signs
from gan.training.words import WORDS
from tests.helpers import is_sentence

CONFIG = TrainConfig()
WELL = Signs(
    images=64_000,
    seconds=20,
    moves=2000,
    moves_now=2000,
    looks=6,
    recent_looks=3,
    fcd=5.0,
    best_fcd=4.9,
    fcd_then=12.0,
    change=0.42,
    best_change=0.42,
    agreement=0.98,
    variety=0.8,
    digits=10,
    largest=0.12,
    rarest=0.95,
    second_rarest=0.97,
    rarest_digit=8,
    typical=0.99,
    turnover=0.02,
    real_over_forged=0.63,
    memory=0.5,
    right_real=0.6,
    right_forged=0.6,
    says_forged=0.47,
    gradient=0.8,
    fade=0.1,
    approach=0.8,
    blown_up=0.97,
)
"""A cgan after 20 s, as it was recorded."""
STUCK = {"fcd": 100.0, "best_fcd": 100.0, "change": 1.1, "best_change": 1.0, "approach": 1.0}


def kinds_of(found: Signs, config: TrainConfig = CONFIG) -> list[str]:
    return [finding.kind for finding in judge(config, found)]


def test_healthy_run_is_well() -> None:
    (finding,) = judge(CONFIG, WELL)
    assert (finding.kind, finding.level, finding.cure) == ("healthy", "good", None)
    assert finding.sentence == "All is well: FCD 5.0 times that of real images, and the pictures get better."
    assert finding.evidence == {"fcd": 5.0, "change": 0.42, "variety": 0.8}


CASES: list[tuple[dict[str, Any], str]] = [
    ({"moves": 399}, "too_early"),
    ({"recent_looks": 0}, "too_early"),
    ({"change": 0.95, "best_fcd": 4.8}, "as_good_as_it_gets"),
    ({"change": 0.95, "fcd": 30.0, "best_fcd": 29.0}, "as_good_as_it_gets"),
    ({"blown_up": 20.0, "fcd": 100.0}, "divergence"),
    ({"blown_up": 20.0, "fcd": 100.0, "moves": 40}, "divergence"),  # a busy machine: the last look is long ago
    ({"blown_up": 20.0, "fcd": 100.0, "moves": 40, "moves_now": 80}, "too_early"),
    ({"fade": 1e-6, "real_over_forged": 1.0, "fcd": 100.0}, "vanishing_gradient"),
    (
        STUCK | {"right_real": 0.98, "right_forged": 0.99, "real_over_forged": 0.99, "says_forged": 0.05},
        "discriminator_too_strong",
    ),
    ({"fcd": 100.0, "change": 0.7, "right_real": 0.48, "right_forged": 0.36}, "discriminator_too_weak"),
    (
        {"fcd": 100.0, "change": 0.9, "right_real": 0.65, "right_forged": 0.2, "real_over_forged": 0.4},
        "discriminator_too_weak",
    ),
    ({"fcd": 100.0, "change": 1.0}, "too_early"),
    ({"variety": 0.0}, "mode_collapse"),
    (STUCK | {"variety": 0.01, "agreement": 0.3}, "mode_collapse"),
    (STUCK | {"variety": 0.03, "best_change": 0.7}, "mode_collapse"),
    (STUCK | {"digits": 3.0, "largest": 0.9}, "mode_collapse"),
    # One digit that gets better all the time is one digit.
    ({"digits": 1.0, "largest": 1.0, "fcd": 300.0, "change": 0.5, "approach": 2.0, "moves": 1500}, "mode_collapse"),
    ({"digits": 1.0, "largest": 1.0, "fcd": 300.0, "change": 0.5, "approach": 2.0, "moves": 1300}, "too_early"),
    ({"rarest": 0.05, "rarest_digit": 9, "moves": 3200}, "mode_collapse"),
    ({"memory": 0.86}, "memorising"),
    (STUCK | {"turnover": 0.7}, "oscillation"),
]


@pytest.mark.parametrize(("changes", "kind"), CASES)
def test_each_finding_by_hand(changes: dict[str, Any], kind: str) -> None:
    """The signs of a healthy run with some of them as a run of that kind has them."""
    assert kinds_of(replace(WELL, **changes)) == [kind]


@pytest.mark.parametrize(
    "changes",
    [
        # A strong D is fine while the pictures get better (a DCGAN's is right in 98 of 100).
        STUCK
        | {
            "moves": 1100,
            "change": 0.5,
            "right_real": 0.99,
            "right_forged": 0.99,
            "real_over_forged": 1.0,
            "says_forged": 0.05,
        },
        # One digit while the estimate of a critic goes down (a wgan finds the second after half a minute).
        STUCK | {"digits": 1.0, "largest": 1.0, "approach": 0.2},
        # One digit until just now, of a run whose last look was its best by far.
        STUCK | {"digits": 2.0, "largest": 1.0, "best_change": 0.7},
        # Losses away from their ideal, D away from 1/2, with good pictures.
        {"blown_up": 20.0},
        {"fade": 1e-6, "real_over_forged": 1.0, "fcd": 5.0},
        {"right_real": 0.4, "right_forged": 0.1, "real_over_forged": 0.2},
        # A D that calls everything real in its first steps.
        {"fcd": 100.0, "right_real": 0.92, "right_forged": 0.0},
        # Blots are alike before they are digits.
        STUCK | {"variety": 0.04, "agreement": 0.4},
        # A digit that comes last: digits are learned one by one.
        {"rarest": 0.05, "rarest_digit": 1},
        # A D that is wrong while the pictures get better.
        {"fcd": 100.0, "change": 0.5, "right_real": 0.48, "right_forged": 0.36},
        # A digit that is read less well than others, not never.
        {"rarest": 0.5},
        # All digits unread: the model does not know its labels yet.
        {"rarest": 0.0, "second_rarest": 0.1, "typical": 0.4},
    ],
)
def test_what_looks_bad_and_is_not(changes: dict[str, Any]) -> None:
    assert kinds_of(replace(WELL, **changes))[0] in ("healthy", "too_early")


any_number = st.one_of(st.just(math.nan), st.floats(0, 1), st.floats(0, 1000))
FIELDS = [name for name, value in vars(Signs()).items() if isinstance(value, float)]
any_signs = st.builds(
    Signs,
    **dict.fromkeys(FIELDS, any_number),
    looks=st.integers(0, 20),
    recent_looks=st.integers(0, 9),
    rarest_digit=st.integers(0, 9),
)


@given(any_signs, st.sampled_from(list(PRESETS)))
def test_something_is_said_of_any_signs_in_sentences(found: Signs, preset: str) -> None:
    findings = list(judge(PRESETS[preset], found))
    assert findings
    for finding in findings:
        assert is_sentence(finding.sentence)
        said = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
        assert set(said) == {"kind", "evidence", "sentence", "why", "helps", "cure"}
    assert len({finding.kind for finding in findings}) == len(findings)


@given(any_signs)
def test_nothing_else_is_said_where_it_is_too_early_or_well(found: Signs) -> None:
    """An alarm stands alone or beside other alarms."""
    levels = [finding.level for finding in judge(CONFIG, found)]
    assert len(levels) == 1 or not {"good", "open"} & set(levels)


WORSE: list[tuple[str, str, Callable[[float, float], float]]] = [
    ("memorising", "memory", max),
    ("mode_collapse", "variety", min),
    ("mode_collapse", "largest", max),
    ("divergence", "blown_up", max),
    ("vanishing_gradient", "fade", min),
    ("discriminator_too_strong", "right_real", max),
    ("discriminator_too_strong", "says_forged", min),
    ("discriminator_too_weak", "right_forged", min),
    ("oscillation", "turnover", max),
]


@pytest.mark.parametrize(("kind", "sign", "worse"), WORSE)
@given(found=any_signs, other=st.floats(0, 1000))
def test_more_evidence_takes_no_alarm_back(
    kind: str, sign: str, worse: Callable[[float, float], float], found: Signs, other: float
) -> None:
    if kind in kinds_of(found) and not math.isnan(getattr(found, sign)):
        assert kind in kinds_of(replace(found, **{sign: worse(getattr(found, sign), other)}))


@given(any_signs)
def test_what_was_not_measured_is_no_evidence(found: Signs) -> None:
    """Old runs have fewer quantities: a sign that is missing takes alarms away and gives none."""
    for name in FIELDS:
        if name not in (
            "images",
            "seconds",
            "moves",
            "approach",
            "best_change",
        ):  # a game need not know where it settles
            less = set(kinds_of(replace(found, **{name: math.nan})))
            alarms = {kind for kind in less if LEVELS[kind] in ("warning", "bad")}  # type: ignore[index]
            assert alarms <= set(kinds_of(found)), name


def test_finding_that_a_changed_setting_explains_comes_first() -> None:
    """A collapsed run whose D is sure of itself: momentum is to blame for the one, moves of D for the other."""
    both = {"largest": 1.0, "right_real": 0.99, "right_forged": 0.99, "real_over_forged": 0.99, "says_forged": 0.02}
    found = replace(WELL, **STUCK, **both)
    for changes, first in (({"beta1": 0.9}, "mode_collapse"), ({"d_steps": 10}, "discriminator_too_strong")):
        kinds = kinds_of(found, CONFIG.changed(changes))
        assert kinds[0] == first
        assert set(kinds) == {"mode_collapse", "discriminator_too_strong"}


def test_run_that_diverged_says_what_it_said() -> None:
    said = "Training diverged: loss_d is no longer finite. The last good state, after 640 images, is kept."
    (finding,) = diagnose(CONFIG, {}, diverged=said)
    assert (finding.kind, finding.sentence, finding.level) == ("divergence", said, "bad")
    assert finding.cure is not None
    assert finding.cure.live


def test_no_records_are_too_early() -> None:
    (finding,) = diagnose(CONFIG, {})
    assert finding.kind == "too_early"
    assert diagnose(CONFIG, {"loss_d": np.empty((5, 0))}) == [finding]


def _curve(images: list[float], values: list[float]) -> Array:
    """A curve at 1,000 images a second."""
    mean = np.array(values, float)
    return np.stack((np.array(images, float), np.array(images, float) / 1000, mean, mean, mean))


def test_signs_by_hand() -> None:
    """Of 10,000 images the last 4,000 are recent. A step of cgan shows 64 images and has two moves."""
    at = [2000.0, 5000.0, 8000.0, 10_000.0]
    curves = {
        "fcd": _curve(at, [400, 100, 60, 40]),
        "variety": _curve(at, [0.1, 0.9, 0.4, 0.5]),
        "d_fake": _curve(at, [0.1, 0.2, 0.3, 0.5]),
        "loss_d": _curve(at, [1, 1, 2, 4]),
        "gradient_norm_g": _curve(at, [10, 10, 1, 3]),
        "trained_over_held_out": _curve(at, [0.9, 0.9, 0.6, 0.8]),
        **{f"share_{digit}": _curve(at, [0, 0, 0.1, 0.1]) for digit in range(8)},
        "share_8": _curve(at, [1, 1, 0.2, 0.0]),
        "share_9": _curve(at, [0, 0, 0.0, 0.2]),
    }
    found = signs.read(CONFIG, curves, floor=2.0)
    assert (found.images, found.seconds, found.moves) == (10_000, 10.0, 2 * 10_000 / 64)
    assert (found.looks, found.recent_looks) == (4, 2)
    assert (found.fcd, found.fcd_then, found.best_fcd) == (25.0, 50.0, 20.0)  # medians; 5,000 is the half before
    assert found.change == 0.5
    assert found.best_change == 0.4
    assert found.variety == 0.5
    assert found.memory == 0.6
    assert found.digits == 10
    assert found.turnover == pytest.approx((0.8 + 0.2) / 2)  # from 5,000 on
    assert found.says_forged == pytest.approx(0.4)
    assert found.gradient == 2.0
    assert found.fade == pytest.approx(2 / 10)
    assert found.blown_up == pytest.approx(3 / (2 * math.log(2)))
    assert math.isnan(found.rarest)
    assert math.isnan(found.real_over_forged)


def test_what_was_before_the_rates_were_changed_says_nothing_of_now() -> None:
    """A run that diverged for 40,000 images, and is sound since: 64 images are two moves."""
    at = [1000.0 * step for step in range(1, 81)]
    curves = {
        "loss_d": _curve(at, [50.0] * 40 + [1.3] * 40),
        "fcd": _curve(at, [200.0] * 40 + [100 * 0.9**step for step in range(40)]),
        "variety": _curve(at, [1.0] * 80),
    }
    assert diagnose(CONFIG, {name: curve[:, :40] for name, curve in curves.items()}, 1.0)[0].kind == "divergence"
    (finding,) = diagnose(CONFIG, {name: curve[:, :40] for name, curve in curves.items()}, 1.0, since=40_000)
    assert finding.sentence.endswith("changed after 40,000 images, and quality was not measured since.")
    early = {name: curve[:, :43] for name, curve in curves.items()}
    (finding,) = diagnose(CONFIG, early, 1.0, since=40_000)
    assert finding.kind == "too_early"
    assert finding.sentence == (
        "Too early to say: the learning rates were changed after 40,000 images, and quality was measured 3 times since."
    )
    assert finding.evidence["images"] == 43_000
    (finding,) = diagnose(CONFIG, curves, 1.0, since=40_000)
    assert finding.kind == "healthy"


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_game_is_read(kind: str) -> None:
    """By its own quantities, all at the values of a perfect forger."""
    config = CONFIG.changed({"kind": kind, "discriminator.architecture": "mlp"})
    at = [1000.0 * step for step in range(1, 60)]
    curves = {one.name: _curve(at, [one.ideal or 1.0] * 59) for one in signs.rules(config).quantities}
    curves |= {"fcd": _curve(at, [100 / step for step in range(1, 60)]), "variety": _curve(at, [1.0] * 59)}
    (finding,) = diagnose(config, curves, floor=1.0)
    assert finding.kind in ("healthy", "as_good_as_it_gets")


def test_every_kind_has_words_and_a_level() -> None:
    assert set(WORDS) == set(LEVELS)
    for why, helps in WORDS.values():
        assert is_sentence(why.rsplit(". ", 1)[-1])
        assert helps.endswith(".")


@pytest.mark.parametrize(
    ("kind", "changes", "path", "value"),
    [
        ("vanishing_gradient", {"loss": "minimax"}, "game.loss", "non_saturating"),
        ("discriminator_too_strong", {"d_steps": 10, "lr_d": 2e-3}, "game.d_steps", 1),
        ("discriminator_too_weak", {"g_steps": 10}, "game.g_steps", 1),
        ("divergence", {"lr_d": 1.5e-2}, "optimizer.lr_d", 5e-4),
        ("memorising", {"train_images": 200}, "data.train_images", 0),
        ("memorising", {}, "discriminator.shift", 1),
        ("discriminator_too_strong", {}, "optimizer.lr_d", 2.5e-4),
    ],
)
def test_cure_puts_back_what_does_harm(kind: str, changes: dict[str, Any], path: str, value: Any) -> None:
    config = CONFIG.changed(changes)
    found = cure(kind, config)
    assert found is not None
    assert found.changes == {path: value}
    assert config.changed(found.changes).changed(found.undo) == config
    assert found.live == (path in LIVE)
    assert is_sentence(found.sentence)


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("kind", list(WORDS))
def test_cure_can_be_used_with_every_preset(kind: str, preset: str) -> None:
    found = cure(kind, PRESETS[preset])
    assert (found is None) or PRESETS[preset].changed(found.changes) != PRESETS[preset]
    if kind in ("healthy", "too_early", "as_good_as_it_gets"):
        assert found is None


def test_cause_that_is_known_is_what_is_cured() -> None:
    (finding,) = judge(CONFIG.changed(latent_scale=0.0), replace(WELL, variety=0.0))
    assert isinstance(finding, Finding)
    assert finding.cure is not None
    assert finding.cure.changes == {"generator.latent_scale": 1.0}


@pytest.mark.parametrize("asked", [True, False])
def test_classes_that_are_never_shown_are_named_once_the_others_are_learned(asked: bool) -> None:
    config = CONFIG.changed({"data.classes": (0, 1, 2, 4, 5, 6, 7, 8), "game.conditional": asked})
    seen = [0.12] * 10 if not asked else [0.99] * 10
    seen[3] = seen[9] = 0.01
    found = replace(WELL, rarest=0.01, **{"recalls" if asked else "shares": tuple(seen)})
    (finding,) = judge(config, found)
    assert finding.kind == "mode_collapse"
    assert finding.sentence.startswith("No 3 or 9 is forged, and none can be")
    assert finding.evidence["of_missing"] == 0.01
    assert finding.cure is not None
    assert finding.cure.changes == {"data.classes": ()}
    early = replace(found, **{"recalls" if asked else "shares": (0.04,) * 10})
    assert kinds_of(early, config) == ["healthy"]


def test_slower_rates_take_more_moves_before_anything_is_said() -> None:
    """A tenth of the preset's rates: 2,000 moves are as 200."""
    slow = CONFIG.changed({"optimizer.lr_g": 2e-4, "optimizer.lr_d": 5e-5})
    assert kinds_of(replace(WELL, **STUCK, variety=0.0), slow) == ["too_early"]
    assert "mode_collapse" in kinds_of(replace(WELL, **STUCK, variety=0.0), CONFIG.changed({"optimizer.lr_g": 2e-4}))


def test_margins_leave_room() -> None:
    """No threshold is tighter than what luck does to it: a chance from 250 pairs has a standard error of 0.026."""
    assert diagnosis.KNOWN - 0.5 > 5 * 0.026
    assert diagnosis.APART > 0.5 + 5 * 0.026
