"""The training loop: what comes when, commands, and how a run ends."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gan.data import DataSet
from gan.models.model import model_content
from gan.system.files import StorageError
from gan.training import loop as loops
from gan.training import timetable
from gan.training.checkpoint import load_checkpoint
from gan.training.loop import Loop
from gan.training.messages import DIVERGED, Checkpoint, Command, Event, Record, Sample, Segment, Snapshot, Status
from gan.training.trainer import Trainer
from tests.helpers import LARGE, assert_equal, build, commands, status_at
from tests.loops import (
    NEVER,
    Queue,
    at,
    broken_at_once,
    is_record,
    of,
    once,
    play,
    quiet,
    say,
    states,
    timed,
)

EVERY = timetable.EVERY


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)


@pytest.mark.parametrize("images", [32, 320])
def test_run_is_finished_at_exactly_its_images(digits: DataSet, images: int) -> None:
    trainer = build(digits, images=images)
    ending, events = play(trainer)
    assert ending == "finished"
    assert trainer.images_seen == images
    assert states(events) == ["running", "finished"]
    assert of(events, Status)[-1].progress.share == 1.0


def test_budget_that_is_no_multiple_ends_with_the_batch_that_reaches_it(digits: DataSet) -> None:
    trainer = build(digits, images=100)
    play(trainer)
    assert trainer.images_seen == 128


def test_run_is_finished_when_its_seconds_are_over(trainer: Trainer) -> None:
    ending, events = play(trainer, images_limit=0, seconds_limit=0.2)
    assert ending == "finished"
    assert trainer.images_seen > 0
    assert of(events, Status)[-1].progress.seconds >= 0.2


@pytest.mark.parametrize("start", [0.0, 100.0])
def test_clock_goes_on_from_where_it_stood(trainer: Trainer, start: float) -> None:
    _, events = play(trainer, seconds=start)
    seconds = [status.progress.seconds for status in of(events, Status)]
    assert seconds[0] == start
    assert seconds == sorted(seconds)
    assert seconds[-1] > start


def test_every_step_of_the_first_hundred_has_its_record(digits: DataSet) -> None:
    """102 steps of 32: one record each for a hundred, after that one every 100 ms."""
    _, events = play(build(digits, images=102 * 32))
    images = [record.images for record in of(events, Record)]
    assert images[:100] == [32 * (step + 1) for step in range(100)]


def test_no_record_is_due_before_its_time_but_at_the_end(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 3)
    _, events = play(build(digits))
    assert [(record.images, record.steps) for record in of(events, Record)] == [(32, 1), (64, 1), (96, 1), (320, 7)]


def test_record_covers_all_steps_since_the_last(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is due in nine steps, then everything: the mean of ten losses, each known from another run."""
    losses = [record.quantities["loss_d"] for record in of(play(build(digits))[1], Record)]
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 0)
    trainer = build(digits)
    monkeypatch.setattr(timetable.Timetable, "is_due", lambda _, kind, __: kind == "record" and trainer.steps == 10)
    (record,) = of(play(trainer)[1], Record)
    whole = record.quantities["loss_d"]
    assert whole.mean == pytest.approx(sum(loss.mean for loss in losses) / 10, rel=1e-5)
    assert (whole.min, whole.max) == (min(loss.min for loss in losses), max(loss.max for loss in losses))


def test_run_begins_with_a_segment_and_the_noise(trainer: Trainer) -> None:
    _, events = play(trainer, segment=3)
    assert events[0] == Segment(3, 0, 0.0)
    assert isinstance(events[1], Sample)
    assert events[1].images == 0
    assert {record.segment for record in of(events, Record)} == {3}


def test_resumed_run_does_not_begin_with_noise(digits: DataSet) -> None:
    trainer = build(digits, steps=2)
    _, events = play(trainer, images=64, segment=1)
    assert events[0] == Segment(1, 64, 0.0)
    assert of(events, Sample)[0].images == 320


@pytest.mark.parametrize(("kind", "event"), [("sample", Sample), ("snapshot", Snapshot), ("checkpoint", Checkpoint)])
def test_pictures_snapshots_and_checkpoints_come_by_the_clock(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch, kind: str, event: type[Event]
) -> None:
    """Always due: one a step but for the last, and one more at the end; never due: at the end only. A snapshot comes
    with its picture."""
    monkeypatch.setattr(timetable, "EVERY", NEVER | {kind: 0.0})
    _, events = play(trainer)
    counts = {one: len(of(events, one)) for one in (Sample, Snapshot, Checkpoint)}
    expected = {Sample: 2, Snapshot: 1, Checkpoint: 2}  # the beginning has a sample and a checkpoint too
    due = {event} | ({Sample} if event is Snapshot else set())
    assert counts == {one: count + 9 * (one in due) for one, count in expected.items()}


def test_moments_are_dense_at_the_beginning(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least twenty in the first five seconds, picture and model of each; one a second until 25 s, then one each
    twenty-fifth of the run's life."""
    monkeypatch.setattr(timetable, "EVERY", NEVER | {kind: EVERY[kind] for kind in ("sample", "snapshot")})
    trainer = build(digits, images=LARGE)
    timed(monkeypatch, trainer)
    _, events = play(trainer, images_limit=0, seconds_limit=50.0)
    seconds = {event.images: event.seconds for event in of(events, Sample)}
    moments = [seconds[event.images] for event in of(events, Snapshot)]
    assert sum(one <= 5 for one in moments) >= 20
    assert sum(5 < one <= 25 for one in moments) == pytest.approx(20, abs=2)
    late = [one for one in moments if one > 25]
    gaps = [after - before for before, after in pairwise(late)]
    assert 1 <= gaps[0] <= 1.25
    assert 1.75 <= max(gaps) <= 2.25


def test_large_models_come_less_often_from_the_first(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as small ones until the burst is used up; then each waits for the seconds that its bytes may take."""
    monkeypatch.setattr(timetable, "EVERY", NEVER | {"snapshot": 1.0})
    trainer = build(digits, images=LARGE)
    size = len(model_content(trainer.model(0.0)))
    monkeypatch.setattr(timetable, "BYTES_A_SECOND", size)
    monkeypatch.setattr(timetable, "BURST", 1.5 * size)
    timed(monkeypatch, trainer)
    _, events = play(trainer, images_limit=0, seconds_limit=4.0)
    seconds = {event.images: event.seconds for event in of(events, Sample)}
    moments = [seconds[event.images] for event in of(events, Snapshot)]
    assert moments == [0.25, 0.5, 0.75, 1.5, 2.5, 3.5, 4.0]


def test_resumed_run_has_a_discriminator_at_once(digits: DataSet) -> None:
    """The snapshots before have none any more, and those of the tail that it replaces are gone."""
    trainer = build(digits, steps=2)
    _, events = play(trainer, images=64, segment=1)
    assert [event.images for event in of(events, Snapshot)] == [64, 320]


def test_killed_run_loses_at_most_ten_seconds() -> None:
    assert EVERY["checkpoint"] <= 10


@pytest.mark.parametrize(("verb", "ending"), [("stop", "stopped"), ("leave", "left")])
def test_run_that_is_ended_keeps_what_it_has_learned(digits: DataSet, verb: str, ending: str) -> None:
    trainer = build(digits, images=LARGE)
    said, events = play(trainer, at(96, verb))
    assert (said, trainer.images_seen) == (ending, 96)
    assert [len(of(events, kind)) for kind in (Snapshot, Checkpoint)] == [1, 2]


@pytest.mark.parametrize(("verb", "last"), [("stop", "stopped"), ("leave", "running"), ("discard", "running")])
def test_last_reported_state_says_how_it_ended(digits: DataSet, verb: str, last: str) -> None:
    """A run that was left or discarded reports no end: it reads as interrupted, or is in the trash."""
    _, events = play(build(digits, images=LARGE), at(96, verb))
    assert states(events)[-1] == last


def test_checkpoint_at_the_end_holds_the_end(digits: DataSet, tmp_path: Path) -> None:
    trainer = build(digits, images=LARGE)
    _, events = play(trainer, at(96, "stop"))
    path = tmp_path / "checkpoint"
    path.write_bytes(of(events, Checkpoint)[-1].content)
    fresh = build(digits)
    about = load_checkpoint(path, fresh)
    assert_equal(fresh.tensors(), trainer.tensors())
    assert about["seconds"] == of(events, Status)[-1].progress.seconds


def test_discarded_run_keeps_what_it_has_learned_for_those_who_bring_it_back(digits: DataSet) -> None:
    ending, events = play(build(digits, images=LARGE), at(96, "discard"))
    assert ending == "discarded"
    assert [event.images for event in of(events, Snapshot)] == [96]
    assert len(of(events, Checkpoint)) == 2


@pytest.mark.parametrize("fault", ["full disk", "diverged"])
def test_run_that_can_keep_nothing_is_discarded_all_the_same(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    trainer = build(digits, images=LARGE)
    discard = at(96, "discard")

    def react(event: Event, waiting: Queue) -> None:
        if trainer.images_seen == 96 and fault == "diverged":
            monkeypatch.setattr(trainer, "is_finite", lambda: False)
        if trainer.images_seen == 96 and isinstance(event, Sample):
            raise StorageError("The disk is full.")
        discard(event, waiting)

    assert play(trainer, react)[0] == "discarded"


def test_command_that_waits_at_the_start_is_obeyed_before_the_first_step(digits: DataSet) -> None:
    trainer = build(digits)
    waiting = commands(["stop"])
    events: list[Event] = []
    assert Loop(trainer, waiting, events.append, status_at("starting", images_limit=320)).run() == "stopped"
    assert trainer.images_seen == 0


def test_clock_stands_still_while_paused(digits: DataSet) -> None:
    trainer = build(digits)
    _, events = play(trainer, at(96, "pause", "resume"))
    paused = [status for status in of(events, Status) if status.state == "paused"]
    following = of(events, Status)[of(events, Status).index(paused[-1]) + 1]
    assert following.state == "running"
    assert following.progress.seconds == paused[-1].progress.seconds


def test_pause_and_resume_change_nothing_that_is_learned(digits: DataSet) -> None:
    plain, paused = build(digits), build(digits)
    play(plain)
    ending, events = play(paused, at(96, "pause", "pause", "resume", "resume"))
    assert ending == "finished"
    assert states(events) == ["running", "paused", "running", "finished"]
    assert_equal(paused.tensors(), plain.tensors())


def test_pause_keeps_sample_snapshot_and_checkpoint(digits: DataSet) -> None:
    _, events = play(build(digits), at(96, "pause", "resume"))
    before = events[: next(i for i, e in enumerate(events) if isinstance(e, Status) and e.state == "paused")]
    assert [of(before, kind)[-1].images for kind in (Sample, Snapshot)] == [96, 96]
    assert len(of(before, Checkpoint)) == 2  # the first is from the beginning


@pytest.mark.parametrize(("verb", "ending"), [("stop", "stopped"), ("discard", "discarded"), ("leave", "left")])
def test_paused_run_can_be_ended(digits: DataSet, verb: str, ending: str) -> None:
    trainer = build(digits, images=LARGE)
    assert play(trainer, at(96, "pause", verb))[0] == ending
    assert trainer.images_seen == 96


@pytest.mark.parametrize("paused", [False, True])
def test_rates_are_set_and_reported(digits: DataSet, paused: bool) -> None:
    rates = Command("rates", lr_g=3e-4)
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3)
    _, events = play(trainer, at(96, "pause", rates, "resume") if paused else at(96, rates))
    assert (trainer.lr_g, trainer.lr_d) == (3e-4, 2e-3)
    reported = [(status.control.lr_g, status.control.lr_d) for status in of(events, Status)]
    assert reported[0] == (1e-3, 2e-3)
    assert reported[-1] == (3e-4, 2e-3)
    assert {status.control.rates_changed for status in of(events, Status)} == {0, 96}


def test_status_says_where_and_how_it_trains(digits: DataSet) -> None:
    status = of(play(build(digits))[1], Status)[-1]
    assert status.control.device.startswith("CPU")
    assert status.control.precision == "float32"
    assert status.progress.images_per_second > 0


def test_note_is_shown_while_all_is_well(trainer: Trainer) -> None:
    events: list[Event] = []
    Loop(trainer, commands(), events.append, status_at("starting", images_limit=320), note="CUDA failed").run()
    assert {status.message for status in of(events, Status)} == {"CUDA failed"}


def test_diverged_run_ends_failed_and_says_what_to_do(digits: DataSet) -> None:
    trainer = build(digits)
    ending, events = play(trainer, once(is_record(96), broken_at_once(trainer)))
    last = of(events, Status)[-1]
    assert (ending, last.state) == ("failed", "failed")
    assert "diverged" in last.message
    assert "The last good state, after 0 images, is kept" in last.message
    assert "lower learning rates" in last.message
    assert last.message.startswith(DIVERGED)


@pytest.mark.parametrize(
    ("due", "verb"), [(kind, "") for kind in ("sample", "snapshot", "checkpoint")] + [("", "pause"), ("", "stop")]
)
def test_diverged_run_keeps_no_checkpoint(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, due: str, verb: str
) -> None:
    """A checkpoint of NaN would take the place of the one from which a person can go on; so would a pause
    or a stop in the moment before it was noticed."""
    monkeypatch.setattr(timetable, "EVERY", NEVER | ({due: 0.0} if due else {}))
    trainer = build(digits)
    broken: list[Event] = []

    def react(event: Event, waiting: Queue) -> None:
        if broken:
            broken.append(event)
        elif is_record(96)(event):
            broken.append(event)
            say(*([verb] if verb else []))(waiting)
            broken_at_once(trainer)(waiting)

    ending, _ = play(trainer, react)
    assert ending == "failed"
    assert of(broken, Checkpoint) + of(broken, Snapshot) + of(broken, Sample) == []


def test_run_that_diverges_between_records_is_not_finished(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 3)
    trainer = build(digits)
    assert play(trainer, once(is_record(96), broken_at_once(trainer)))[0] == "failed"


def test_learning_rate_that_is_far_too_high_diverges(digits: DataSet) -> None:
    """Nobody touches the weights here: Adam at 1e30 does it."""
    trainer = build(digits, "vanilla", images=LARGE)
    trainer.lr_d = trainer.lr_g = 1e30
    assert play(trainer)[0] == "failed"


def _spent(monkeypatch: pytest.MonkeyPatch, trainer: Trainer) -> list[float]:
    """The shares of the budget that steps are told, as they are told."""
    told: list[float] = []
    step = trainer.step

    def telling(*, norms: bool, progress: float) -> None:
        told.append(progress)
        step(norms=norms, progress=progress)

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
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, limits: dict[str, float], expected: list[float]
) -> None:
    trainer = build(digits)
    timed(monkeypatch, trainer)
    told = _spent(monkeypatch, trainer)
    play(trainer, **limits)
    assert told == pytest.approx(expected, abs=1e-12)


def test_nothing_is_spent_without_a_limit(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = build(digits)
    told = _spent(monkeypatch, trainer)
    play(trainer, at(96, "stop"), images_limit=0)
    assert told == [0.0] * 3


def test_learning_rates_fall_with_the_budget(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the half of ten steps on: 1, ... 1, 0.8, 0.6, 0.4, 0.2 of them. What is reported is what was set."""
    trainer = build(digits, lr_g=1e-3, lr_d=2e-3, decay_from=0.5)
    used: list[tuple[float, ...]] = []
    step = trainer.step

    def noting(**given: Any) -> None:
        step(**given)
        used.append(tuple(one.param_groups[0]["lr"] for one in trainer.optimizers.values()))

    monkeypatch.setattr(trainer, "step", noting)
    _, events = play(trainer)
    left = [1.0] * 6 + [0.8, 0.6, 0.4, 0.2]
    assert [pair[0] for pair in used] == pytest.approx([1e-3 * share for share in left])
    assert [pair[1] for pair in used] == pytest.approx([2e-3 * share for share in left])
    assert {(status.control.lr_g, status.control.lr_d) for status in of(events, Status)} == {(1e-3, 2e-3)}


def test_loop_knows_neither_stdin_nor_sqlite() -> None:
    source = Path(loops.__file__).read_text()
    assert "sqlite3" not in source
    assert "import sys" not in source
    assert "gan.runs.store" not in source
