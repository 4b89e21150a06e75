import queue
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch

from gan import loop as loops
from gan.checkpoint import load_checkpoint
from gan.data import Digits
from gan.loop import Loop
from gan.messages import Checkpoint, Command, Event, Record, Sample, Segment, Snapshot, Status, StorageError
from gan.trainer import Trainer
from tests.helpers import LARGE, React, assert_equal, build, commands, play

EVERY = loops.EVERY
Kind = TypeVar("Kind")
Queue = queue.SimpleQueue[Command]


def _of(events: list[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def _states(events: list[Event]) -> list[str]:
    """The states that were reported, without repetitions."""
    states = [status.state for status in _of(events, Status)]
    return [state for number, state in enumerate(states) if number == 0 or states[number - 1] != state]


def _once(condition: Callable[[Event], bool], act: Callable[[Queue], None]) -> React:
    """A reaction to the first event that fits."""
    done: list[Event] = []

    def react(event: Event, waiting: Queue) -> None:
        if not done and condition(event):
            done.append(event)
            act(waiting)

    return react


def _is_record(images: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Record) and event.images == images


def _say(*given: Any) -> Callable[[Queue], None]:
    def act(waiting: Queue) -> None:
        for one in given:
            waiting.put(one if isinstance(one, Command) else Command(one))

    return act


def _at(images: int, *given: Any) -> React:
    """Gives commands when the record at so many images comes."""
    return _once(_is_record(images), _say(*given))


def _all(*reactions: React) -> React:
    def react(event: Event, waiting: Queue) -> None:
        for one in reactions:
            one(event, waiting)

    return react


NEVER = dict.fromkeys(loops.EVERY, 1e9)
ALWAYS = dict.fromkeys(loops.EVERY, 0.0)


class _Disk:
    """Refuses some events while it is full; full from the first that fits until it is freed."""

    def __init__(self, condition: Callable[[Event], bool], free_after: int = 1) -> None:
        self.condition = condition
        self.left = free_after
        self.full = False
        self.refused: list[Event] = []

    def __call__(self, event: Event, _: Queue) -> None:
        self.full = self.full or (self.left > 0 and self.condition(event))
        if self.full:
            self.refused.append(event)
            self.left -= 1
            self.full = self.left > 0
            raise StorageError("The disk is full.")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, nothing is due that a test has not asked for."""
    monkeypatch.setattr(loops, "RETRY_EVERY", 0.01)
    monkeypatch.setattr(loops, "EVERY", NEVER)


@pytest.mark.parametrize("images", [32, 320])
def test_run_is_finished_at_exactly_its_images(digits: Digits, images: int) -> None:
    trainer = build(digits, images=images)
    ending, events = play(trainer)
    assert ending == "finished"
    assert trainer.images == images
    assert _states(events) == ["running", "finished"]
    assert _of(events, Status)[-1].progress == 1.0


def test_budget_that_is_no_multiple_ends_with_the_batch_that_reaches_it(digits: Digits) -> None:
    trainer = build(digits, images=100)
    play(trainer)
    assert trainer.images == 128


def test_run_is_finished_when_its_seconds_are_over(trainer: Trainer) -> None:
    ending, events = play(trainer, images_limit=0, seconds_limit=0.2)
    assert ending == "finished"
    assert trainer.images > 0
    assert _of(events, Status)[-1].seconds >= 0.2


@pytest.mark.parametrize("start", [0.0, 100.0])
def test_clock_goes_on_from_where_it_stood(trainer: Trainer, start: float) -> None:
    _, events = play(trainer, seconds=start)
    seconds = [status.seconds for status in _of(events, Status)]
    assert seconds[0] == start
    assert seconds == sorted(seconds)
    assert seconds[-1] > start


def test_every_step_of_the_first_hundred_has_its_record(digits: Digits) -> None:
    """102 steps of 32: one record each for a hundred, after that one every 100 ms."""
    _, events = play(build(digits, images=102 * 32))
    images = [record.images for record in _of(events, Record)]
    assert images[:100] == [32 * (step + 1) for step in range(100)]


def test_no_record_is_due_before_its_time(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 3)
    _, events = play(build(digits))
    assert [record.images for record in _of(events, Record)] == [32, 64, 96]


def test_record_covers_all_steps_since_the_last(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is due in nine steps, then everything: the mean of ten losses, each known from another run."""
    losses = [record.quantities["loss_d"] for record in _of(play(build(digits))[1], Record)]
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 0)
    monkeypatch.setattr(Loop, "_is_due", lambda self, kind, _: kind == "record" and self.trainer.steps == 10)
    (record,) = _of(play(build(digits))[1], Record)
    whole = record.quantities["loss_d"]
    assert whole.mean == pytest.approx(sum(loss.mean for loss in losses) / 10, rel=1e-5)
    assert (whole.min, whole.max) == (min(loss.min for loss in losses), max(loss.max for loss in losses))


def test_run_begins_with_a_segment_and_the_noise(trainer: Trainer) -> None:
    _, events = play(trainer, segment=3)
    assert events[0] == Segment(3, 0, 0.0)
    assert isinstance(events[1], Sample)
    assert events[1].images == 0
    assert {record.segment for record in _of(events, Record)} == {3}


def test_resumed_run_does_not_begin_with_noise(digits: Digits) -> None:
    trainer = build(digits, steps=2)
    _, events = play(trainer, images=64, segment=1)
    assert events[0] == Segment(1, 64, 0.0)
    assert _of(events, Sample)[0].images == 320


@pytest.mark.parametrize(("kind", "event"), [("sample", Sample), ("snapshot", Snapshot), ("checkpoint", Checkpoint)])
def test_pictures_snapshots_and_checkpoints_come_by_the_clock(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch, kind: str, event: type[Event]
) -> None:
    """Always due: one a step but for the last, and one more at the end; never due: at the end only."""
    monkeypatch.setattr(loops, "EVERY", NEVER | {kind: 0.0})
    _, events = play(trainer)
    counts = {one: len(_of(events, one)) for one in (Sample, Snapshot, Checkpoint)}
    expected = {Sample: 2, Snapshot: 1, Checkpoint: 1}  # the noise is a sample too
    assert counts == expected | {event: expected[event] + 9}


def test_killed_run_loses_at_most_ten_seconds() -> None:
    assert EVERY["checkpoint"] <= 10


@pytest.mark.parametrize(("verb", "ending"), [("stop", "stopped"), ("leave", "left")])
def test_run_that_is_ended_keeps_what_it_has_learned(digits: Digits, verb: str, ending: str) -> None:
    trainer = build(digits, images=LARGE)
    said, events = play(trainer, _at(96, verb))
    assert (said, trainer.images) == (ending, 96)
    assert [len(_of(events, kind)) for kind in (Snapshot, Checkpoint)] == [1, 1]


@pytest.mark.parametrize(("verb", "last"), [("stop", "stopped"), ("leave", "running"), ("discard", "running")])
def test_last_reported_state_says_how_it_ended(digits: Digits, verb: str, last: str) -> None:
    """A run that was left or discarded reports nothing: the first reads as interrupted, the second is gone."""
    _, events = play(build(digits, images=LARGE), _at(96, verb))
    assert _states(events)[-1] == last


def test_checkpoint_at_the_end_holds_the_end(digits: Digits, tmp_path: Path) -> None:
    trainer = build(digits, images=LARGE)
    _, events = play(trainer, _at(96, "stop"))
    path = tmp_path / "checkpoint"
    path.write_bytes(_of(events, Checkpoint)[-1].content)
    fresh = build(digits)
    about = load_checkpoint(path, fresh)
    assert_equal(fresh.tensors(), trainer.tensors())
    assert about["seconds"] == _of(events, Status)[-1].seconds


def test_discarded_run_writes_nothing_any_more(digits: Digits) -> None:
    ending, events = play(build(digits, images=LARGE), _at(96, "discard"))
    assert ending == "discarded"
    assert isinstance(events[-2], Record)  # the one at which it was discarded
    assert isinstance(events[-1], Status)  # which came with it


def test_command_that_waits_at_the_start_is_obeyed_before_the_first_step(digits: Digits) -> None:
    trainer = build(digits)
    waiting = commands(["stop"])
    events: list[Event] = []
    assert Loop(trainer, waiting, events.append, Status("starting", images_limit=320)).run() == "stopped"
    assert trainer.images == 0


def test_clock_stands_still_while_paused(digits: Digits) -> None:
    trainer = build(digits)
    _, events = play(trainer, _at(96, "pause", "resume"))
    paused = [status for status in _of(events, Status) if status.state == "paused"]
    following = _of(events, Status)[_of(events, Status).index(paused[-1]) + 1]
    assert following.state == "running"
    assert following.seconds == paused[-1].seconds


def test_pause_and_resume_change_nothing_that_is_learned(digits: Digits) -> None:
    plain, paused = build(digits), build(digits)
    play(plain)
    ending, events = play(paused, _at(96, "pause", "pause", "resume", "resume"))
    assert ending == "finished"
    assert _states(events) == ["running", "paused", "running", "finished"]
    assert_equal(paused.tensors(), plain.tensors())


def test_pause_keeps_sample_snapshot_and_checkpoint(digits: Digits) -> None:
    _, events = play(build(digits), _at(96, "pause", "resume"))
    before = events[: next(i for i, e in enumerate(events) if isinstance(e, Status) and e.state == "paused")]
    assert [_of(before, kind)[-1].images for kind in (Sample, Snapshot)] == [96, 96]
    assert len(_of(before, Checkpoint)) == 1


@pytest.mark.parametrize(("verb", "ending"), [("stop", "stopped"), ("discard", "discarded"), ("leave", "left")])
def test_paused_run_can_be_ended(digits: Digits, verb: str, ending: str) -> None:
    trainer = build(digits, images=LARGE)
    assert play(trainer, _at(96, "pause", verb))[0] == ending
    assert trainer.images == 96


@pytest.mark.parametrize("paused", [False, True])
def test_rates_are_set_and_reported(digits: Digits, paused: bool) -> None:
    rates = Command("rates", lr_g=3e-4)
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3)
    _, events = play(trainer, _at(96, "pause", rates, "resume") if paused else _at(96, rates))
    assert (trainer.lr_g, trainer.lr_d) == (3e-4, 2e-3)
    reported = [(status.lr_g, status.lr_d) for status in _of(events, Status)]
    assert reported[0] == (1e-3, 2e-3)
    assert reported[-1] == (3e-4, 2e-3)


def test_status_says_where_and_how_it_trains(digits: Digits) -> None:
    status = _of(play(build(digits))[1], Status)[-1]
    assert status.device.startswith("CPU")
    assert status.precision == "float32"
    assert status.images_per_second > 0


def test_note_is_shown_while_all_is_well(trainer: Trainer) -> None:
    events: list[Event] = []
    Loop(trainer, commands(), events.append, Status("starting", images_limit=320), note="CUDA failed").run()
    assert {status.message for status in _of(events, Status)} == {"CUDA failed"}


def _break(trainer: Trainer) -> Callable[[Queue], None]:
    def act(_: Queue) -> None:
        next(trainer.generator.parameters()).data.fill_(torch.nan)

    return act


def test_diverged_run_ends_failed_and_says_what_to_do(digits: Digits) -> None:
    trainer = build(digits)
    ending, events = play(trainer, _once(_is_record(96), _break(trainer)))
    last = _of(events, Status)[-1]
    assert (ending, last.state) == ("failed", "failed")
    assert "diverged" in last.message
    assert "lower learning rates" in last.message


@pytest.mark.parametrize(
    ("due", "verb"), [(kind, "") for kind in ("sample", "snapshot", "checkpoint")] + [("", "pause"), ("", "stop")]
)
def test_diverged_run_keeps_no_checkpoint(digits: Digits, monkeypatch: pytest.MonkeyPatch, due: str, verb: str) -> None:
    """A checkpoint of NaN would take the place of the one from which a person can go on; so would a pause
    or a stop in the moment before it was noticed."""
    monkeypatch.setattr(loops, "EVERY", NEVER | ({due: 0.0} if due else {}))
    trainer = build(digits)
    broken: list[Event] = []

    def react(event: Event, waiting: Queue) -> None:
        if broken:
            broken.append(event)
        elif _is_record(96)(event):
            broken.append(event)
            _say(*([verb] if verb else []))(waiting)
            _break(trainer)(waiting)

    ending, _ = play(trainer, react)
    assert ending == "failed"
    assert _of(broken, Checkpoint) + _of(broken, Snapshot) + _of(broken, Sample) == []


def test_run_that_diverges_between_records_is_not_finished(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 3)
    trainer = build(digits)
    assert play(trainer, _once(_is_record(96), _break(trainer)))[0] == "failed"


def test_learning_rate_that_is_far_too_high_diverges(digits: Digits) -> None:
    """Nobody touches the weights here: Adam at 1e30 does it."""
    trainer = build(digits, "vanilla", images=LARGE)
    trainer.lr_d = trainer.lr_g = 1e30
    assert play(trainer)[0] == "failed"


REFUSED: list[Any] = [Segment, Sample, Record, Snapshot, Checkpoint, Status]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("kind", REFUSED)
def test_full_disk_pauses_the_run_and_nothing_is_lost(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, kind: type[Event], times: int
) -> None:
    """However often it fails, and on whatever: once paused and resumed, the same weights, the same
    segment, the same records as without."""
    monkeypatch.setattr(loops, "EVERY", ALWAYS)
    plain, unlucky = build(digits), build(digits)
    undisturbed = play(plain)[1]
    resume = _once(lambda event: isinstance(event, Status) and event.state == "paused", _say("resume"))
    disk = _Disk(lambda event: isinstance(event, kind) and getattr(event, "images", 0) in (0, 96), free_after=times)
    ending, events = play(unlucky, _all(disk, resume))
    assert ending == "finished"
    assert len(disk.refused) == times
    assert "paused" in _states(events)
    assert_equal(unlucky.tensors(), plain.tensors())
    assert len(_of(events, Segment)) == 1
    assert [r.quantities for r in _of(events, Record)] == [r.quantities for r in _of(undisturbed, Record)]


def test_full_disk_is_told_in_the_status(digits: Digits) -> None:
    disk = _Disk(_is_record(96))
    paused: list[Status] = []

    def resume(event: Event, waiting: Queue) -> None:
        if isinstance(event, Status) and event.state == "paused":
            paused.append(event)
            waiting.put(Command("resume"))

    _, events = play(build(digits), _all(disk, resume))
    assert [status.message for status in paused] == ["The disk is full."]
    assert _of(events, Status)[-1].message == ""


def test_resume_is_refused_while_the_disk_is_full(digits: Digits) -> None:
    """The first resume meets a disk that takes a status but no checkpoint; the second one succeeds."""
    refusals = 2

    def react(event: Event, waiting: Queue) -> None:
        nonlocal refusals
        if isinstance(event, Status) and event.state == "paused":
            waiting.put(Command("resume"))
        if refusals and (isinstance(event, Checkpoint) or _is_record(96)(event)):
            refusals -= 1
            raise StorageError("The disk is full.")

    ending, events = play(build(digits), react)
    assert ending == "finished"
    paused = [status for status in _of(events, Status) if status.state == "paused"]
    assert [status.images for status in paused] == [96, 96]


def test_run_that_nobody_can_resume_gives_up_on_a_full_disk(digits: Digits) -> None:
    disk = _Disk(_is_record(96))
    loop = Loop(build(digits), commands(), lambda event: disk(event, commands()), Status("starting"), patient=False)
    with pytest.raises(StorageError, match="The disk is full"):
        loop.run()


def test_run_on_a_full_disk_can_still_be_left(digits: Digits) -> None:
    """Its server is gone: there is nobody to wait for."""

    def react(event: Event, waiting: Queue) -> None:
        if isinstance(event, Checkpoint | Sample) and event != noise:
            raise StorageError("The disk is full.")
        if isinstance(event, Status) and event.images == 96:
            waiting.put(Command("leave"))

    noise = _of(play(build(digits, images=32))[1], Sample)[0]
    noise = replace(noise, seconds=0.0)
    assert play(build(digits, images=LARGE), react)[0] == "left"


def test_loop_knows_neither_stdin_nor_sqlite() -> None:
    source = Path(loops.__file__).read_text()
    assert "sqlite3" not in source
    assert "import sys" not in source
    assert "gan.store" not in source
