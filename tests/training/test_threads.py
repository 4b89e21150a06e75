"""The rule is tried on machines that exist only in numbers: a step takes as long as `machine(threads, now)` says."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.training.threads import ThreadController

Machine = Callable[[int, float], float]


class Trained(NamedTuple):
    """What came of it."""

    speed: float
    """Steps a second."""
    chosen: int
    """The number of threads at the end."""
    seconds: dict[int, float]
    """Spent with each number of threads."""


def train(machine: Machine, seconds: float, most: int) -> Trained:
    controller, now, steps, spent = ThreadController(1, most), 0.0, 0, dict[int, float]()
    while now < seconds:
        threads = controller.threads
        took = machine(threads, now)
        controller.step_took(took)
        now, steps, spent[threads] = now + took, steps + 1, spent.get(threads, 0.0) + took
    return Trained(steps / now, controller.chosen, spent)


def alone(threads: int, now: float) -> float:
    """Two threads are 1.4 times as fast as one, more no faster, as was seen on two cores."""
    return 0.010 if threads == 1 else 0.010 / 1.4


def crowded(threads: int, now: float) -> float:
    """Beside a busy process several threads wait for the one that has lost its core, as was seen too."""
    return 0.010 if threads == 1 else 0.090


def test_it_begins_with_one_thread() -> None:
    assert ThreadController(1, 64).threads == 1


def test_alone_it_takes_both_cores_and_trials_cost_little() -> None:
    found = train(alone, 60, most=2)
    assert found.chosen == 2
    assert 0.95 * 140 < found.speed < 140


def test_beside_a_busy_process_it_stays_with_one() -> None:
    found = train(crowded, 60, most=2)
    assert found.chosen == 1
    assert 0.9 * 100 < found.speed <= 100


def test_it_goes_back_within_a_second_when_the_machine_gets_busy_and_returns_later() -> None:
    def machine(threads: int, now: float) -> float:
        return crowded(threads, now) if 20 <= now < 40 else alone(threads, now)

    before, during, after = train(machine, 20, most=2), train(machine, 40, most=2), train(machine, 60, most=2)
    assert (before.chosen, during.chosen, after.chosen) == (2, 1, 2)
    assert during.seconds[2] - before.seconds[2] < 2.0  # trials included


def test_it_climbs_as_far_as_it_pays() -> None:
    """Faster up to twelve threads, slower beyond."""

    def machine(threads: int, now: float) -> float:
        return 0.010 / min(threads, 12) ** 0.7 * max(1.0, threads / 12)

    found = train(machine, 60, most=64)
    assert found.chosen == 12
    assert found.speed > 0.9 * 12**0.7 * 100


def test_what_is_no_faster_is_not_taken() -> None:
    assert train(lambda threads, now: 0.010, 60, most=8).chosen == 1


@pytest.mark.parametrize("step", [1e-3, 0.3, 20.0])
def test_steps_of_any_length_will_do(step: float) -> None:
    found = train(lambda threads, now: step if threads == 1 else step / 1.4, max(20.0, 300 * step), most=2)
    assert found.chosen == 2
    assert found.speed > 0.85 * 1.4 / step


@given(st.lists(st.floats(0.2, 5.0), min_size=4, max_size=4), st.integers(1, 6))
def test_whatever_the_speeds_it_is_never_much_slower_than_with_one(speeds: list[float], most: int) -> None:
    """1, 2, 3, 4 and 6 threads, each so many times as fast as a single one."""
    times = dict(zip((2, 3, 4, 6), speeds, strict=True)) | {1: 1.0}
    found = train(lambda threads, now: 0.010 / times[threads], 30, most)
    assert set(found.seconds) <= set(range(1, most + 1))
    assert found.speed > 0.85 * 100


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_number_that_was_asked_for_stays(number: int) -> None:
    controller = ThreadController(number, number)
    for _ in range(1000):
        assert controller.threads == controller.chosen == number
        controller.step_took(0.01)
