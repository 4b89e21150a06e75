import copy
import math
import queue
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor

from gan import clock as clocks
from gan import loop as loops
from gan.checkpoint import checkpoint_content, load_checkpoint, load_model
from gan.data import Digits
from gan.examiner import Examination
from gan.loop import Loop
from gan.messages import (
    Best,
    Checkpoint,
    Command,
    Event,
    Quality,
    Record,
    Sample,
    Segment,
    Snapshot,
    Status,
    StorageError,
    Summary,
)
from gan.models import Generator
from gan.trainer import Trainer
from tests.helpers import LARGE, React, assert_equal, build, commands, is_sentence, play, status_at

EVERY, SHARE = loops.EVERY, loops.QUALITY_SHARE
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
    monkeypatch.setattr(loops, "FIRST_LOOK", 1e9)
    monkeypatch.setattr(loops, "BYTES_A_SECOND", math.inf)


@pytest.mark.parametrize("images", [32, 320])
def test_run_is_finished_at_exactly_its_images(digits: Digits, images: int) -> None:
    trainer = build(digits, images=images)
    ending, events = play(trainer)
    assert ending == "finished"
    assert trainer.images == images
    assert _states(events) == ["running", "finished"]
    assert _of(events, Status)[-1].progress.share == 1.0


def test_budget_that_is_no_multiple_ends_with_the_batch_that_reaches_it(digits: Digits) -> None:
    trainer = build(digits, images=100)
    play(trainer)
    assert trainer.images == 128


def test_run_is_finished_when_its_seconds_are_over(trainer: Trainer) -> None:
    ending, events = play(trainer, images_limit=0, seconds_limit=0.2)
    assert ending == "finished"
    assert trainer.images > 0
    assert _of(events, Status)[-1].progress.seconds >= 0.2


@pytest.mark.parametrize("start", [0.0, 100.0])
def test_clock_goes_on_from_where_it_stood(trainer: Trainer, start: float) -> None:
    _, events = play(trainer, seconds=start)
    seconds = [status.progress.seconds for status in _of(events, Status)]
    assert seconds[0] == start
    assert seconds == sorted(seconds)
    assert seconds[-1] > start


def test_every_step_of_the_first_hundred_has_its_record(digits: Digits) -> None:
    """102 steps of 32: one record each for a hundred, after that one every 100 ms."""
    _, events = play(build(digits, images=102 * 32))
    images = [record.images for record in _of(events, Record)]
    assert images[:100] == [32 * (step + 1) for step in range(100)]


def test_no_record_is_due_before_its_time_but_at_the_end(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 3)
    _, events = play(build(digits))
    assert [(record.images, record.steps) for record in _of(events, Record)] == [(32, 1), (64, 1), (96, 1), (320, 7)]


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
    expected = {Sample: 2, Snapshot: 1, Checkpoint: 2}  # the beginning has a sample and a checkpoint too
    assert counts == expected | {event: expected[event] + 9}


def test_killed_run_loses_at_most_ten_seconds() -> None:
    assert EVERY["checkpoint"] <= 10


@pytest.mark.parametrize(("verb", "ending"), [("stop", "stopped"), ("leave", "left")])
def test_run_that_is_ended_keeps_what_it_has_learned(digits: Digits, verb: str, ending: str) -> None:
    trainer = build(digits, images=LARGE)
    said, events = play(trainer, _at(96, verb))
    assert (said, trainer.images) == (ending, 96)
    assert [len(_of(events, kind)) for kind in (Snapshot, Checkpoint)] == [1, 2]


@pytest.mark.parametrize(("verb", "last"), [("stop", "stopped"), ("leave", "running"), ("discard", "running")])
def test_last_reported_state_says_how_it_ended(digits: Digits, verb: str, last: str) -> None:
    """A run that was left or discarded reports no end: it reads as interrupted, or is in the trash."""
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
    assert about["seconds"] == _of(events, Status)[-1].progress.seconds


def test_discarded_run_keeps_what_it_has_learned_for_those_who_bring_it_back(digits: Digits) -> None:
    ending, events = play(build(digits, images=LARGE), _at(96, "discard"))
    assert ending == "discarded"
    assert [event.images for event in _of(events, Snapshot)] == [96]
    assert len(_of(events, Checkpoint)) == 2


@pytest.mark.parametrize("fault", ["full disk", "diverged"])
def test_run_that_can_keep_nothing_is_discarded_all_the_same(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    trainer = build(digits, images=LARGE)
    discard = _at(96, "discard")

    def react(event: Event, waiting: Queue) -> None:
        if trainer.images == 96 and fault == "diverged":
            monkeypatch.setattr(trainer, "is_finite", lambda: False)
        if trainer.images == 96 and isinstance(event, Sample):
            raise StorageError("The disk is full.")
        discard(event, waiting)

    assert play(trainer, react)[0] == "discarded"


def test_command_that_waits_at_the_start_is_obeyed_before_the_first_step(digits: Digits) -> None:
    trainer = build(digits)
    waiting = commands(["stop"])
    events: list[Event] = []
    assert Loop(trainer, waiting, events.append, status_at("starting", images_limit=320)).run() == "stopped"
    assert trainer.images == 0


def test_clock_stands_still_while_paused(digits: Digits) -> None:
    trainer = build(digits)
    _, events = play(trainer, _at(96, "pause", "resume"))
    paused = [status for status in _of(events, Status) if status.state == "paused"]
    following = _of(events, Status)[_of(events, Status).index(paused[-1]) + 1]
    assert following.state == "running"
    assert following.progress.seconds == paused[-1].progress.seconds


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
    assert len(_of(before, Checkpoint)) == 2  # the first is from the beginning


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
    reported = [(status.control.lr_g, status.control.lr_d) for status in _of(events, Status)]
    assert reported[0] == (1e-3, 2e-3)
    assert reported[-1] == (3e-4, 2e-3)


def test_status_says_where_and_how_it_trains(digits: Digits) -> None:
    status = _of(play(build(digits))[1], Status)[-1]
    assert status.control.device.startswith("CPU")
    assert status.control.precision == "float32"
    assert status.progress.images_per_second > 0


def test_note_is_shown_while_all_is_well(trainer: Trainer) -> None:
    events: list[Event] = []
    Loop(trainer, commands(), events.append, status_at("starting", images_limit=320), note="CUDA failed").run()
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
        if (refusals == 1 and isinstance(event, Checkpoint)) or (refusals == 2 and _is_record(96)(event)):
            refusals -= 1
            raise StorageError("The disk is full.")

    ending, events = play(build(digits), react)
    assert ending == "finished"
    paused = [status for status in _of(events, Status) if status.state == "paused"]
    assert [status.progress.images for status in paused] == [96, 96]


def test_run_that_nobody_can_resume_gives_up_on_a_full_disk(digits: Digits) -> None:
    disk = _Disk(_is_record(96))
    loop = Loop(build(digits), commands(), lambda event: disk(event, commands()), status_at("starting"), patient=False)
    with pytest.raises(StorageError, match="The disk is full"):
        loop.run()


def test_run_on_a_full_disk_can_still_be_left(digits: Digits) -> None:
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


class _Examiner:
    """Finds what it was told to find, the last of it again and again; keeps what it was shown."""

    agreement_floor, fcd_floor = 0.99, 2.5

    def __init__(self, *fcds: float, agreement: float | None = 0.75, act: Callable[[], None] | None = None) -> None:
        self.fcds = fcds
        self.agreement = agreement
        self.act = act
        self.shown: list[dict[str, Tensor]] = []

    def examine(self, generator: Generator) -> Examination:
        self.shown.append(copy.deepcopy(generator.state_dict()))
        if self.act:
            self.act()
        fcd = self.fcds[min(len(self.shown), len(self.fcds)) - 1]
        return Examination(self.agreement, fcd, [len(self.shown)] * 10)


class _Clock:
    """Stands still but for what steps and examinations are said to take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


def _timed(monkeypatch: pytest.MonkeyPatch, trainer: Trainer, step: float = 0.125) -> _Clock:
    """A clock that each step of `trainer` moves on by an eighth of a second, which floats hold exactly."""
    clock, take = _Clock(), trainer.step

    def timed(**given: Any) -> None:
        take(**given)
        clock.forward(step)

    monkeypatch.setattr(trainer, "step", timed)
    for module in (loops, clocks):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock, process_time=clock))
    return clock


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quality is measured after every step."""
    monkeypatch.setattr(loops, "EVERY", NEVER | {"quality": 0.0})
    monkeypatch.setattr(loops, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(loops, "QUALITY_SHARE", math.inf)


def _looks(events: list[Event]) -> list[Record]:
    """The records of quality."""
    return [record for record in _of(events, Record) if "fcd" in record.quantities]


@pytest.mark.parametrize("agreement", [0.75, None])
def test_quality_is_recorded_where_it_was_measured(digits: Digits, looking: None, agreement: float | None) -> None:
    """Ten steps of 32, each measured once, the last one at the end; no agreement where no digit was asked for."""
    fcds = [9.0, 8.5, 9.5, 7.0, 7.0, 6.0, 8.0, 8.0, 8.0, 5.0]
    _, events = play(build(digits), examiner=_Examiner(*fcds, agreement=agreement), segment=3)
    found = _looks(events)
    assert [record.images for record in found] == [32 * (step + 1) for step in range(10)]
    assert {record.segment for record in found} == {3}
    expected = {} if agreement is None else {"agreement": Summary(agreement, agreement, agreement)}
    assert [record.quantities for record in found] == [{"fcd": Summary(fcd, fcd, fcd)} | expected for fcd in fcds]
    seconds = [record.seconds for record in found]
    assert seconds == sorted(seconds)


def test_examiner_is_shown_the_average_of_that_moment(digits: Digits, looking: None) -> None:
    examiner = _Examiner(9.0)
    play(build(digits), examiner=examiner)
    for steps, shown in enumerate(examiner.shown, start=1):
        assert_equal(shown, build(digits, steps=steps).average.state_dict())


@pytest.mark.parametrize("agreement", [0.75, None])
def test_status_says_the_last_quality_beside_its_floor(digits: Digits, looking: None, agreement: float | None) -> None:
    _, events = play(build(digits), examiner=_Examiner(9.0, 5.0, 7.0, agreement=agreement))
    status = _of(events, Status)[-1]
    assert (status.quality.fcd, status.quality.fcd_floor) == (7.0, 2.5)
    assert (status.quality.agreement, status.quality.agreement_floor) == ((0.75, 0.99) if agreement else (None, None))
    assert status.quality.histogram == (10,) * 10  # what the tenth look found
    assert status.quality.measured_images == 10 * 32


def test_best_is_handed_out_exactly_when_fcd_improves(digits: Digits, looking: None, tmp_path: Path) -> None:
    """Better are the looks 1, 2, 4 and 8; an equal one is not."""
    examiner = _Examiner(9.0, 8.0, 8.5, 6.0, 6.0, 7.0, 6.0, 5.0, 5.0, 5.5)
    _, events = play(build(digits), examiner=examiner)
    best = _of(events, Best)
    assert [one.images for one in best] == [32, 64, 128, 256]
    for one in best:
        path = tmp_path / "best.safetensors"
        path.write_bytes(one.content)
        model = load_model(path)
        shown = examiner.shown[one.images // 32 - 1]
        # A model file holds half precision; counters of batch norm are whole numbers.
        assert_equal(
            model.generator.state_dict(),
            {name: value.half().float() if value.is_floating_point() else value for name, value in shown.items()},
        )
        assert model.images == one.images
    status = _of(events, Status)[-1]
    assert (status.quality.best_fcd, status.quality.best_images) == (5.0, 256)
    assert status.quality.best_seconds == _looks(events)[7].seconds


def test_best_of_before_a_resume_has_to_be_beaten(digits: Digits, looking: None) -> None:
    before = {"best_fcd": 6.0, "best_images": 64, "best_seconds": 1.5, "seconds": 2.0}
    _, events = play(build(digits, images=96), examiner=_Examiner(7.0, 6.0, 6.5), **before)
    assert _of(events, Best) == []
    last = _of(events, Status)[-1]
    assert (last.quality.best_fcd, last.quality.best_images, last.quality.best_seconds) == (6.0, 64, 1.5)
    _, events = play(build(digits, images=96), examiner=_Examiner(7.0, 5.0, 6.5), **before)
    assert [one.images for one in _of(events, Best)] == [64]


def test_run_without_an_examiner_has_neither_quality_nor_best(digits: Digits, looking: None) -> None:
    _, events = play(build(digits))
    assert _of(events, Best) == _looks(events) == []
    status = _of(events, Status)[-1]
    assert status.quality == Quality()


@pytest.mark.parametrize(("verb", "looks"), [("stop", 1), ("leave", 0), ("discard", 0)])
def test_quality_is_measured_at_the_end_of_a_run_that_somebody_looks_at(digits: Digits, verb: str, looks: int) -> None:
    """Nothing else was due. What is left or discarded must be gone quickly."""
    _, events = play(build(digits, images=LARGE), _at(96, verb), _Examiner(9.0))
    assert [record.images for record in _looks(events)] == [96] * looks
    assert [one.images for one in _of(events, Best)] == [96] * looks
    assert _of(events, Status)[-1].quality.fcd == (9.0 if looks else None)


def test_generator_that_was_never_trained_is_not_measured(digits: Digits) -> None:
    examiner = _Examiner(9.0)
    events: list[Event] = []
    loop = Loop(build(digits), commands(["stop"]), events.append, status_at("starting"), examiner=examiner)  # type: ignore[arg-type]
    assert loop.run() == "stopped"
    assert examiner.shown == []


@pytest.mark.parametrize("changes", [{}, {"decay_from": 0.25}])
def test_measuring_changes_nothing_that_is_learned(digits: Digits, looking: None, changes: dict[str, Any]) -> None:
    plain, examined = build(digits, **changes), build(digits, **changes)
    play(plain)
    _, events = play(examined, examiner=_Examiner(9.0, 8.0, 8.5, 7.0))
    assert len(_looks(events)) == 10
    assert_equal(examined.tensors(), plain.tensors())
    assert not examined.average.training


def _measured(monkeypatch: pytest.MonkeyPatch, digits: Digits, steps: int, takes: float) -> list[float]:
    """When quality is measured in so many steps of an eighth of a second, but for the last time."""
    trainer = build(digits, images=steps * 32)
    clock = _timed(monkeypatch, trainer)
    monkeypatch.setattr(loops, "EVERY", NEVER | {"quality": 4.0})
    monkeypatch.setattr(loops, "FIRST_LOOK", 1.0)
    _, events = play(trainer, examiner=_Examiner(9.0, act=lambda: clock.forward(takes)))
    return [record.images / 256 for record in _looks(events)][:-1]


def test_quality_that_is_shown_is_never_older_than_a_third_of_the_run(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one second, half as long again each time, to the next step; every four seconds in the end."""
    assert _measured(monkeypatch, digits, 160, takes=0.0) == [1, 1.5, 2.25, 3.375, 5.125, 7.75, 11.625, 15.625, 19.625]


@pytest.mark.parametrize("takes", [0.125, 0.375])
def test_measuring_takes_no_more_than_its_share(digits: Digits, monkeypatch: pytest.MonkeyPatch, takes: float) -> None:
    """A sixteenth of the time so far and of four seconds more. The first time is not counted: it pays for what a
    process does once."""
    monkeypatch.setattr(loops, "QUALITY_SHARE", 1 / 16)
    monkeypatch.setattr(loops, "QUALITY_AHEAD", 4.0)
    found = _measured(monkeypatch, digits, 240, takes)
    assert len(found) >= 4
    for number, when in enumerate(found):
        assert number * takes <= (when + number * takes + 4) / 16 + 1e-9


def test_large_models_and_checkpoints_are_written_less_often(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred steps of an eighth of a second, always due. What is written stays within the bound, but for the first
    and the last of each."""
    monkeypatch.setattr(loops, "EVERY", ALWAYS)
    monkeypatch.setattr(loops, "FIRST_LOOK", 0.0)
    trainer = build(digits, images=3200)
    _timed(monkeypatch, trainer)
    largest = len(checkpoint_content(build(digits, steps=1), {}))
    monkeypatch.setattr(loops, "BYTES_A_SECOND", largest)
    _, events = play(trainer, examiner=_Examiner(*range(200, 0, -1)))
    for kind in (Snapshot, Best, Checkpoint):
        written = [len(event.content) for event in _of(events, kind)]
        assert len(written) > 5
        assert sum(written[1:-1]) <= 12.5 * largest
        assert len(written) < 100


def test_measuring_takes_a_small_share_and_the_first_look_comes_early() -> None:
    assert 0 < SHARE <= 0.05
    assert 1 <= EVERY["quality"] <= 10


def _impatient(monkeypatch: pytest.MonkeyPatch, digits: Digits, patience: float) -> Trainer:
    """40 steps of an eighth of a second; quality is measured every half a second, after every fourth."""
    trainer = build(digits, images=40 * 32, patience=patience)
    _timed(monkeypatch, trainer)
    monkeypatch.setattr(loops, "EVERY", NEVER | {"quality": 0.5})
    monkeypatch.setattr(loops, "FIRST_LOOK", 0.5)
    monkeypatch.setattr(loops, "LOOK_AFTER", 1.0)
    return trainer


def test_run_ends_early_when_patience_is_over(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best is the third look, at 1.5 s; two seconds later, at the seventh, in step 28, it is enough."""
    trainer = _impatient(monkeypatch, digits, patience=2.0)
    ending, events = play(trainer, examiner=_Examiner(9.0, 8.0, 7.0, 7.5, 7.0, 8.0))
    assert ending == "finished"
    assert trainer.images == 28 * 32
    last = _of(events, Status)[-1]
    assert (last.state, last.progress.seconds, last.quality.best_seconds) == ("finished", 3.5, 1.5)
    assert is_sentence(last.message)
    assert "2 s" in last.message
    assert not last.progress.spent
    assert [record.seconds for record in _looks(events)] == [0.5 * look for look in range(1, 8)]
    assert [_of(events, kind)[-1].images for kind in (Sample, Snapshot)] == [28 * 32] * 2
    assert len(_of(events, Checkpoint)) == 2


@pytest.mark.parametrize(
    ("patience", "fcds"),
    [(0.0, (7.0, 8.0)), (2.0, tuple(9 - 0.1 * look for look in range(10))), (2.0, (9, 9, 9, 8, 9, 9, 9, 7, 9))],
)
def test_run_is_patient_while_it_improves_or_was_not_told_otherwise(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, patience: float, fcds: tuple[float, ...]
) -> None:
    """The last one improves at 0.5, 2 and 4 s: never two seconds without."""
    trainer = _impatient(monkeypatch, digits, patience)
    ending, events = play(trainer, examiner=_Examiner(*fcds))
    assert (ending, trainer.images) == ("finished", 40 * 32)
    assert _of(events, Status)[-1].message == ""


def test_patience_counts_from_the_resume_on(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best was an hour ago, and is not reached again: two seconds, sixteen steps, from here."""
    trainer = _impatient(monkeypatch, digits, patience=2.0)
    before = {"seconds": 4096.0, "best_fcd": 3.0, "best_seconds": 496.0}
    ending, events = play(trainer, examiner=_Examiner(9.0, 8.0, 7.0, 6.0, 5.0, 4.0), **before)
    assert (ending, trainer.images) == ("finished", 16 * 32)
    assert _of(events, Status)[-1].progress.seconds == 4098.0


def test_patience_does_not_run_out_where_quality_is_not_measured(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = _impatient(monkeypatch, digits, patience=1.0)
    play(trainer)
    assert trainer.images == 40 * 32


def _spent(monkeypatch: pytest.MonkeyPatch, trainer: Trainer) -> list[float]:
    """The shares of the budget that steps are told, as they are told."""
    told: list[float] = []
    step = trainer.step

    def telling(*, norms: bool, spent: float) -> None:
        told.append(spent)
        step(norms=norms, spent=spent)

    monkeypatch.setattr(trainer, "step", telling)
    return told


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"images_limit": 320}, [step / 10 for step in range(10)]),
        ({"images_limit": 0, "seconds_limit": 1.25}, [step / 10 for step in range(10)]),
        # Whichever ends the run: 0.5 s are four steps, long before the images are over.
        ({"images_limit": 3200, "seconds_limit": 0.5}, [0.0, 0.25, 0.5, 0.75]),
        ({"images_limit": 128, "seconds_limit": 100.0}, [0.0, 0.25, 0.5, 0.75]),
    ],
)
def test_steps_are_told_the_share_of_the_budget_that_is_spent(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, limits: dict[str, float], expected: list[float]
) -> None:
    trainer = build(digits)
    _timed(monkeypatch, trainer)
    told = _spent(monkeypatch, trainer)
    play(trainer, **limits)
    assert told == pytest.approx(expected, abs=1e-12)


def test_nothing_is_spent_without_a_limit(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = build(digits)
    told = _spent(monkeypatch, trainer)
    play(trainer, _at(96, "stop"), images_limit=0)
    assert told == [0.0] * 3


def test_learning_rates_fall_with_the_budget(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the half of ten steps on: 1, ... 1, 0.8, 0.6, 0.4, 0.2 of them. What is reported is what was set."""
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3, decay_from=0.5)
    used: list[tuple[float, ...]] = []
    step = trainer.step

    def noting(**given: Any) -> None:
        step(**given)
        used.append(tuple(one.param_groups[0]["lr"] for one in (trainer.optimizer_g, trainer.optimizer_d)))

    monkeypatch.setattr(trainer, "step", noting)
    _, events = play(trainer)
    left = [1.0] * 6 + [0.8, 0.6, 0.4, 0.2]
    assert [pair[0] for pair in used] == pytest.approx([1e-3 * share for share in left])
    assert [pair[1] for pair in used] == pytest.approx([2e-3 * share for share in left])
    assert {(status.control.lr_g, status.control.lr_d) for status in _of(events, Status)} == {(1e-3, 2e-3)}


def test_halves_of_a_decaying_run_make_the_whole(digits: Digits, looking: None, tmp_path: Path) -> None:
    """Stopped after four of ten steps, loaded elsewhere, and measured all the while."""
    whole, first, second = (build(digits, decay_from=0.25) for _ in range(3))
    play(whole)
    _, events = play(first, _at(128, "stop"), _Examiner(9.0))
    path = tmp_path / "checkpoint"
    path.write_bytes(_of(events, Checkpoint)[-1].content)
    load_checkpoint(path, second)
    play(second, images=128, segment=1)
    assert_equal(second.tensors(), whole.tensors())


def test_diverged_generator_is_never_the_best(digits: Digits, looking: None) -> None:
    trainer = build(digits)
    ending, events = play(trainer, _once(_is_record(96), _break(trainer)), _Examiner(9.0, 8.0, 7.0, 6.0))
    assert ending == "failed"
    assert [one.images for one in _of(events, Best)] == [32, 64]
    assert [record.images for record in _looks(events)] == [32, 64]


def test_best_that_could_not_be_kept_is_not_counted(digits: Digits, looking: None) -> None:
    """The disk is full at the third look, which is the best of all; the fourth is better than the first two."""
    plain, unlucky = build(digits), build(digits)
    play(plain)
    resume = _once(lambda event: isinstance(event, Status) and event.state == "paused", _say("resume"))
    disk = _Disk(lambda event: isinstance(event, Best) and event.images == 96)
    ending, events = play(unlucky, _all(disk, resume), _Examiner(9.0, 8.0, 5.0, 6.0, 7.0))
    assert ending == "finished"
    assert [one.images for one in _of(events, Best)] == [32, 64, 128]
    assert _of(events, Status)[-1].quality.best_fcd == 6.0
    assert_equal(unlucky.tensors(), plain.tensors())


@pytest.mark.parametrize("kind", [Sample, Checkpoint, Best])
def test_disk_that_is_full_at_the_very_end_costs_no_further_step(digits: Digits, kind: type[Event]) -> None:
    """The budget is spent: what is left to do is to keep it."""
    trainer = build(digits)
    resume = _once(lambda event: isinstance(event, Status) and event.state == "paused", _say("resume"))
    disk = _Disk(lambda event: isinstance(event, kind) and trainer.images == 320)
    ending, events = play(trainer, _all(disk, resume), _Examiner(9.0))
    assert (ending, trainer.images) == ("finished", 320)
    assert _of(events, Sample)[-1].images == _of(events, Best)[-1].images == 320


def test_quality_that_could_not_be_recorded_is_owed(digits: Digits, looking: None) -> None:
    resume = _once(lambda event: isinstance(event, Status) and event.state == "paused", _say("resume"))
    disk = _Disk(lambda event: isinstance(event, Record) and event.images == 96 and "fcd" in event.quantities)
    _, events = play(build(digits), _all(disk, resume), _Examiner(9.0, 8.0, 7.0))
    assert [record.images for record in _looks(events)] == [32 * (step + 1) for step in range(10)]


def test_loop_knows_neither_stdin_nor_sqlite() -> None:
    source = Path(loops.__file__).read_text()
    assert "sqlite3" not in source
    assert "import sys" not in source
    assert "gan.store" not in source
