from types import SimpleNamespace

import pytest

from gan.training import clock as clocks
from gan.training.clock import GRACE, STRETCH, TrainingClock


class _Machine:
    """Its clocks stand still but for what a test says: the wall's and the processor's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = self.processor = 100.0
        machine = SimpleNamespace(perf_counter=lambda: self.wall, process_time=lambda: self.processor)
        monkeypatch.setattr(clocks, "time", machine)

    def compute(self, seconds: float) -> None:
        self.wall += seconds
        self.processor += seconds

    def stand_still(self, seconds: float) -> None:
        """The process is stopped: the others' time goes on."""
        self.wall += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> _Machine:
    return _Machine(monkeypatch)


def _started(seconds: float = 0.0) -> TrainingClock:
    clock = TrainingClock(seconds)
    clock.start()
    return clock


@pytest.mark.parametrize("step", [0.02, 4.0, 60.0])
def test_laps_add_up_to_what_they_take(machine: _Machine, step: float) -> None:
    clock = _started(seconds=7.0)
    for number in range(1, 6):
        machine.compute(step)
        assert clock.seconds == pytest.approx(7 + number * step)
        clock.lap()
        assert clock.seconds == pytest.approx(7 + number * step)


@pytest.mark.parametrize("step", [0.02, 4.0])
@pytest.mark.parametrize("before", [0, 1, 5])
def test_a_stop_within_a_lap_does_not_count(machine: _Machine, step: float, before: int) -> None:
    """An hour costs what a lap may take: half a second, or half a step more where steps are long."""
    clock = _started()
    for _ in range(before):
        machine.compute(step)
        clock.lap()
    machine.compute(step / 2)
    machine.stand_still(3600)
    machine.compute(step / 2)
    clock.lap()
    trained = (before + 1) * step
    assert trained <= clock.seconds <= trained + max(GRACE, (STRETCH - 1) * step)


def test_clock_follows_a_machine_that_has_become_slow(machine: _Machine) -> None:
    """From 20 ms to 3 s a step, most of it waiting for a core: only the first of them is cut."""
    clock = _started()
    for seconds in [0.02] * 10 + [3.0] * 10:
        machine.stand_still(seconds)
        clock.lap()
    assert clock.seconds == pytest.approx(10 * 0.02 + GRACE + 9 * 3.0)


def test_clock_that_is_stopped_stands_still(machine: _Machine) -> None:
    clock = _started()
    machine.compute(0.25)
    clock.stop()
    machine.compute(100)
    clock.stop()
    assert clock.seconds == 0.25
    clock.start()
    machine.compute(0.5)
    assert clock.seconds == 0.75
