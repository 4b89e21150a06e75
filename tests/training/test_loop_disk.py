"""The training loop on a disk that is full."""

from typing import Any

import pytest

from gan.data import DataSet
from gan.system.files import StorageError
from gan.training import timetable
from gan.training.loop import Loop
from gan.training.messages import Checkpoint, Command, Event, Record, Sample, Segment, Snapshot, Status
from tests.helpers import LARGE, assert_equal, build, commands, status_at
from tests.loops import (
    ALWAYS,
    Disk,
    Queue,
    every,
    is_record,
    of,
    once,
    play,
    quiet,
    say,
    states,
)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)


REFUSED: list[Any] = [Segment, Sample, Record, Snapshot, Checkpoint, Status]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("kind", REFUSED)
def test_full_disk_pauses_the_run_and_nothing_is_lost(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, kind: type[Event], times: int
) -> None:
    """However often it fails, and on whatever: once paused and resumed, the same weights, the same
    segment, the same records as without."""
    monkeypatch.setattr(timetable, "EVERY", ALWAYS)
    plain, unlucky = build(digits), build(digits)
    undisturbed = play(plain)[1]
    resume = once(lambda event: isinstance(event, Status) and event.state == "paused", say("resume"))
    disk = Disk(lambda event: isinstance(event, kind) and getattr(event, "images", 0) in (0, 96), free_after=times)
    ending, events = play(unlucky, every(disk, resume))
    assert ending == "finished"
    assert len(disk.refused) == times
    assert "paused" in states(events)
    assert_equal(unlucky.tensors(), plain.tensors())
    assert len(of(events, Segment)) == 1
    assert [r.quantities for r in of(events, Record)] == [r.quantities for r in of(undisturbed, Record)]


def test_full_disk_is_told_in_the_status(digits: DataSet) -> None:
    disk = Disk(is_record(96))
    paused: list[Status] = []

    def resume(event: Event, waiting: Queue) -> None:
        if isinstance(event, Status) and event.state == "paused":
            paused.append(event)
            waiting.put(Command("resume"))

    _, events = play(build(digits), every(disk, resume))
    assert [status.message for status in paused] == ["The disk is full."]
    assert of(events, Status)[-1].message == ""


def test_resume_is_refused_while_the_disk_is_full(digits: DataSet) -> None:
    """The first resume meets a disk that takes a status but no checkpoint; the second one succeeds."""
    refusals = 2

    def react(event: Event, waiting: Queue) -> None:
        nonlocal refusals
        if isinstance(event, Status) and event.state == "paused":
            waiting.put(Command("resume"))
        if (refusals == 1 and isinstance(event, Checkpoint)) or (refusals == 2 and is_record(96)(event)):
            refusals -= 1
            raise StorageError("The disk is full.")

    ending, events = play(build(digits), react)
    assert ending == "finished"
    paused = [status for status in of(events, Status) if status.state == "paused"]
    assert [status.progress.images for status in paused] == [96, 96]


def test_run_that_nobody_can_resume_gives_up_on_a_full_disk(digits: DataSet) -> None:
    disk = Disk(is_record(96))
    loop = Loop(build(digits), commands(), lambda event: disk(event, commands()), status_at("starting"), patient=False)
    with pytest.raises(StorageError, match="The disk is full"):
        loop.run()


def test_run_on_a_full_disk_can_still_be_left(digits: DataSet) -> None:
    """Its server is gone: there is nobody to wait for."""

    full = False

    def react(event: Event, waiting: Queue) -> None:
        nonlocal full
        if full and isinstance(event, Checkpoint | Sample):
            raise StorageError("The disk is full.")
        if isinstance(event, Status) and event.progress.images == 96:
            full = True
            waiting.put(Command("leave"))

    assert play(build(digits, images=LARGE), react)[0] == "left"
