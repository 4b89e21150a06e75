import math

import pytest

from gan.config.fields import flat
from gan.failures import BY_NAME, FAILURES, Defining, Failure
from gan.games import rules
from gan.presets import PRESETS, preset
from gan.runs import recordings
from gan.training.findings import LEVELS
from gan.training.remedies import cure
from tests.helpers import is_sentence

EACH = pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
LOOKED_AT = {"variety", "digits", "trained_over_held_out", *(f"recall_{digit}" for digit in range(10))}


def test_there_are_eight_with_names_of_their_own() -> None:
    assert len(FAILURES) == len(BY_NAME) == len({failure.title for failure in FAILURES}) == 8


@EACH
def test_one_setting_cures(failure: Failure) -> None:
    """It is one of those that broke it, and the rest stay as they are."""
    assert len(failure.cure) == 1
    broken, cured = flat(failure.broken(seed=3)), flat(failure.cured(seed=3))
    different = {path for path in broken if broken[path] != cured[path]}
    assert different == set(failure.cure) <= set(failure.breaks)
    assert broken["seed"] == cured["seed"] == 3
    (path,) = failure.cure
    assert cured[path] == flat(preset(failure.preset))[path]  # what the preset has


@EACH
def test_words_say_it(failure: Failure) -> None:
    for text in (failure.sentence, failure.watch):
        assert is_sentence(text)
    assert LEVELS[failure.finding] in ("warning", "bad")  # type: ignore[index]
    assert failure.preset in PRESETS


@EACH
def test_quantity_that_defines_it_is_measured(failure: Failure) -> None:
    measured = {quantity.name for quantity in rules(failure.broken()).quantities} | LOOKED_AT
    assert failure.defining.quantity in measured


@EACH
def test_diagnosis_proposes_the_cure(failure: Failure) -> None:
    broken = failure.broken()
    certain = {"no-noise": "generator.latent_scale", "no-nine": "data.classes"}
    found = cure(failure.finding, broken, certain.get(failure.name, ""))
    assert found is not None
    assert found.changes == failure.cure


def test_threshold_is_crossed_on_one_side() -> None:
    low, high = Defining("variety", 0.2), Defining("loss_d", 10.0, above=True)
    assert [low.crossed(value) for value in (0.1, 0.2, 0.3, math.nan)] == [True, False, False, True]
    assert [high.crossed(value) for value in (9.0, 10.0, 11.0, math.nan)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ([], []),
        ([0.0, 1.0, 5.0], [0, 1, 2]),
        # Of 101 moments in 100 s ten, after 100 (k / 9)^1.5 seconds: 3.7, 10.5, 19.2, 29.6 and so on.
        ([float(second) for second in range(101)], [0, 4, 10, 19, 30, 41, 54, 69, 84, 100]),
        # All that there is to see may have been seen at the end.
        ([0.0] + [100.0] * 11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_strip_shows_the_beginning_closer_and_each_moment_once(seconds: list[float], chosen: list[int]) -> None:
    assert recordings.spread(seconds) == chosen
