"""The training loop measures quality, keeps the best, and loses its patience."""

import math
from pathlib import Path
from typing import Any

import pytest

from gan.data import DataSet
from gan.models.model import load_model
from gan.training import timetable
from gan.training.checkpoint import checkpoint_content, load_checkpoint
from gan.training.loop import Loop
from gan.training.messages import Best, Checkpoint, Event, Quality, Record, Sample, Snapshot, Status, Summary
from gan.training.trainer import Trainer
from tests.helpers import LARGE, assert_equal, build, commands, is_sentence, status_at
from tests.loops import (
    ALWAYS,
    NEVER,
    Disk,
    FakeExaminer,
    at,
    broken_at_once,
    every,
    is_record,
    looks,
    of,
    once,
    play,
    quiet,
    say,
    timed,
)

EVERY, SHARE = timetable.EVERY, timetable.QUALITY_SHARE


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quality is measured after every step."""
    monkeypatch.setattr(timetable, "EVERY", NEVER | {"quality": 0.0})
    monkeypatch.setattr(timetable, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(timetable, "QUALITY_SHARE", math.inf)


@pytest.mark.parametrize("agreement", [0.75, None])
def test_quality_is_recorded_where_it_was_measured(digits: DataSet, looking: None, agreement: float | None) -> None:
    """Ten steps of 32, each measured once, the last one at the end; no agreement where no digit was asked for."""
    fcds = [9.0, 8.5, 9.5, 7.0, 7.0, 6.0, 8.0, 8.0, 8.0, 5.0]
    _, events = play(build(digits), examiner=FakeExaminer(*fcds, agreement=agreement), segment=3)
    found = looks(events)
    assert [record.images for record in found] == [32 * (step + 1) for step in range(10)]
    assert {record.segment for record in found} == {3}
    shares = {f"share_{digit}": Summary(0.1, 0.1, 0.1) for digit in range(10)}
    expected = shares | ({} if agreement is None else {"agreement": Summary(agreement, agreement, agreement)})
    assert [record.quantities for record in found] == [{"fcd": Summary(fcd, fcd, fcd)} | expected for fcd in fcds]
    seconds = [record.seconds for record in found]
    assert seconds == sorted(seconds)


def test_examiner_is_shown_the_average_of_that_moment(digits: DataSet, looking: None) -> None:
    examiner = FakeExaminer(9.0)
    play(build(digits), examiner=examiner)
    for steps, shown in enumerate(examiner.shown, start=1):
        assert_equal(shown, build(digits, steps=steps).generator_ema.state_dict())


@pytest.mark.parametrize("agreement", [0.75, None])
def test_status_says_the_last_quality_beside_its_floor(digits: DataSet, looking: None, agreement: float | None) -> None:
    _, events = play(build(digits), examiner=FakeExaminer(9.0, 5.0, 7.0, agreement=agreement))
    status = of(events, Status)[-1]
    assert (status.quality.fcd, status.quality.fcd_floor) == (7.0, 2.5)
    assert (status.quality.agreement, status.quality.agreement_floor) == ((0.75, 0.99) if agreement else (None, None))
    assert status.quality.histogram == (10,) * 10  # what the tenth look found
    assert status.quality.measured_images == 10 * 32


def test_best_is_handed_out_exactly_when_fcd_improves(digits: DataSet, looking: None, tmp_path: Path) -> None:
    """Better are the looks 1, 2, 4 and 8; an equal one is not."""
    examiner = FakeExaminer(9.0, 8.0, 8.5, 6.0, 6.0, 7.0, 6.0, 5.0, 5.0, 5.5)
    _, events = play(build(digits), examiner=examiner)
    best = of(events, Best)
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
    status = of(events, Status)[-1]
    assert (status.quality.best_fcd, status.quality.best_images) == (5.0, 256)
    assert status.quality.best_seconds == looks(events)[7].seconds


def test_best_of_before_a_resume_has_to_be_beaten(digits: DataSet, looking: None) -> None:
    before = {"best_fcd": 6.0, "best_images": 64, "best_seconds": 1.5, "seconds": 2.0}
    _, events = play(build(digits, images=96), examiner=FakeExaminer(7.0, 6.0, 6.5), **before)
    assert of(events, Best) == []
    last = of(events, Status)[-1]
    assert (last.quality.best_fcd, last.quality.best_images, last.quality.best_seconds) == (6.0, 64, 1.5)
    _, events = play(build(digits, images=96), examiner=FakeExaminer(7.0, 5.0, 6.5), **before)
    assert [one.images for one in of(events, Best)] == [64]


def test_run_without_an_examiner_has_neither_quality_nor_best(digits: DataSet, looking: None) -> None:
    _, events = play(build(digits))
    assert of(events, Best) == looks(events) == []
    status = of(events, Status)[-1]
    assert status.quality == Quality()


@pytest.mark.parametrize(("verb", "times"), [("stop", 1), ("leave", 0), ("discard", 0)])
def test_quality_is_measured_at_the_end_of_a_run_that_somebody_looks_at(digits: DataSet, verb: str, times: int) -> None:
    """Nothing else was due. What is left or discarded must be gone quickly."""
    _, events = play(build(digits, images=LARGE), at(96, verb), FakeExaminer(9.0))
    assert [record.images for record in looks(events)] == [96] * times
    assert [one.images for one in of(events, Best)] == [96] * times
    assert of(events, Status)[-1].quality.fcd == (9.0 if times else None)


def test_generator_that_was_never_trained_is_not_measured(digits: DataSet) -> None:
    examiner = FakeExaminer(9.0)
    events: list[Event] = []
    loop = Loop(build(digits), commands(["stop"]), events.append, status_at("starting"), examiner=examiner)  # type: ignore[arg-type]
    assert loop.run() == "stopped"
    assert examiner.shown == []


@pytest.mark.parametrize("changes", [{}, {"decay_from": 0.25}])
def test_measuring_changes_nothing_that_is_learned(digits: DataSet, looking: None, changes: dict[str, Any]) -> None:
    plain, examined = build(digits, **changes), build(digits, **changes)
    play(plain)
    _, events = play(examined, examiner=FakeExaminer(9.0, 8.0, 8.5, 7.0))
    assert len(looks(events)) == 10
    assert_equal(examined.tensors(), plain.tensors())
    assert not examined.generator_ema.training


def _measured(monkeypatch: pytest.MonkeyPatch, digits: DataSet, steps: int, takes: float) -> list[float]:
    """When quality is measured in so many steps of an eighth of a second, but for the last time."""
    trainer = build(digits, images=steps * 32)
    clock = timed(monkeypatch, trainer)
    monkeypatch.setattr(timetable, "EVERY", NEVER | {"quality": 4.0})
    monkeypatch.setattr(timetable, "FIRST_LOOK", 1.0)
    _, events = play(trainer, examiner=FakeExaminer(9.0, act=lambda: clock.forward(takes)))
    return [record.images / 256 for record in looks(events)][:-1]


def test_quality_that_is_shown_is_never_older_than_a_third_of_the_run(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one second, half as long again each time, to the next step; every four seconds in the end."""
    assert _measured(monkeypatch, digits, 160, takes=0.0) == [1, 1.5, 2.25, 3.375, 5.125, 7.75, 11.625, 15.625, 19.625]


@pytest.mark.parametrize("takes", [0.125, 0.375])
def test_measuring_takes_no_more_than_its_share(digits: DataSet, monkeypatch: pytest.MonkeyPatch, takes: float) -> None:
    """A sixteenth of the time so far and of four seconds more. The first time is not counted: it pays for what a
    process does once."""
    monkeypatch.setattr(timetable, "QUALITY_SHARE", 1 / 16)
    monkeypatch.setattr(timetable, "QUALITY_AHEAD", 4.0)
    found = _measured(monkeypatch, digits, 240, takes)
    assert len(found) >= 4
    for number, when in enumerate(found):
        assert number * takes <= (when + number * takes + 4) / 16 + 1e-9


def test_large_models_and_checkpoints_are_written_less_often(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred steps of an eighth of a second, always due. What is written stays within the bound, but for the first
    and the last of each."""
    monkeypatch.setattr(timetable, "EVERY", ALWAYS)
    monkeypatch.setattr(timetable, "FIRST_LOOK", 0.0)
    trainer = build(digits, images=3200)
    timed(monkeypatch, trainer)
    largest = len(checkpoint_content(build(digits, steps=1), {}))
    monkeypatch.setattr(timetable, "BYTES_A_SECOND", largest)
    monkeypatch.setattr(timetable, "BURST", 0)
    _, events = play(trainer, examiner=FakeExaminer(*range(200, 0, -1)))
    for kind in (Snapshot, Best, Checkpoint):
        written = [len(event.content) for event in of(events, kind)]
        assert len(written) > 5
        assert sum(written[1:-1]) <= 12.5 * largest
        assert len(written) < 100


def test_measuring_takes_a_small_share_and_the_first_look_comes_early() -> None:
    assert 0 < SHARE <= 0.05
    assert 1 <= EVERY["quality"] <= 10


def _impatient(monkeypatch: pytest.MonkeyPatch, digits: DataSet, patience: float) -> Trainer:
    """40 steps of an eighth of a second; quality is measured every half a second, after every fourth."""
    trainer = build(digits, images=40 * 32, patience=patience)
    timed(monkeypatch, trainer)
    monkeypatch.setattr(timetable, "EVERY", NEVER | {"quality": 0.5})
    monkeypatch.setattr(timetable, "FIRST_LOOK", 0.5)
    monkeypatch.setattr(timetable, "LOOK_AFTER", 1.0)
    return trainer


def test_run_ends_early_when_patience_is_over(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best is the third look, at 1.5 s; two seconds later, at the seventh, in step 28, it is enough."""
    trainer = _impatient(monkeypatch, digits, patience=2.0)
    ending, events = play(trainer, examiner=FakeExaminer(9.0, 8.0, 7.0, 7.5, 7.0, 8.0))
    assert ending == "finished"
    assert trainer.images_seen == 28 * 32
    last = of(events, Status)[-1]
    assert (last.state, last.progress.seconds, last.quality.best_seconds) == ("finished", 3.5, 1.5)
    assert is_sentence(last.message)
    assert "2 s" in last.message
    assert not last.progress.complete
    assert [record.seconds for record in looks(events)] == [0.5 * look for look in range(1, 8)]
    assert [of(events, kind)[-1].images for kind in (Sample, Snapshot)] == [28 * 32] * 2
    assert len(of(events, Checkpoint)) == 2


@pytest.mark.parametrize(
    ("patience", "fcds"),
    [(0.0, (7.0, 8.0)), (2.0, tuple(9 - 0.1 * look for look in range(10))), (2.0, (9, 9, 9, 8, 9, 9, 9, 7, 9))],
)
def test_run_is_patient_while_it_improves_or_was_not_told_otherwise(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, patience: float, fcds: tuple[float, ...]
) -> None:
    """The last one improves at 0.5, 2 and 4 s: never two seconds without."""
    trainer = _impatient(monkeypatch, digits, patience)
    ending, events = play(trainer, examiner=FakeExaminer(*fcds))
    assert (ending, trainer.images_seen) == ("finished", 40 * 32)
    assert of(events, Status)[-1].message == ""


def test_patience_counts_from_the_resume_on(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best was an hour ago, and is not reached again: two seconds, sixteen steps, from here."""
    trainer = _impatient(monkeypatch, digits, patience=2.0)
    before = {"seconds": 4096.0, "best_fcd": 3.0, "best_seconds": 496.0}
    ending, events = play(trainer, examiner=FakeExaminer(9.0, 8.0, 7.0, 6.0, 5.0, 4.0), **before)
    assert (ending, trainer.images_seen) == ("finished", 16 * 32)
    assert of(events, Status)[-1].progress.seconds == 4098.0


def test_patience_does_not_run_out_where_quality_is_not_measured(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = _impatient(monkeypatch, digits, patience=1.0)
    play(trainer)
    assert trainer.images_seen == 40 * 32


def test_halves_of_a_decaying_run_make_the_whole(digits: DataSet, looking: None, tmp_path: Path) -> None:
    """Stopped after four of ten steps, loaded elsewhere, and measured all the while."""
    whole, first, second = (build(digits, decay_from=0.25) for _ in range(3))
    play(whole)
    _, events = play(first, at(128, "stop"), FakeExaminer(9.0))
    path = tmp_path / "checkpoint"
    path.write_bytes(of(events, Checkpoint)[-1].content)
    load_checkpoint(path, second)
    play(second, images=128, segment=1)
    assert_equal(second.tensors(), whole.tensors())


def test_diverged_generator_is_never_the_best(digits: DataSet, looking: None) -> None:
    trainer = build(digits)
    ending, events = play(trainer, once(is_record(96), broken_at_once(trainer)), FakeExaminer(9.0, 8.0, 7.0, 6.0))
    assert ending == "failed"
    assert [one.images for one in of(events, Best)] == [32, 64]
    assert [record.images for record in looks(events)] == [32, 64]


def test_best_that_could_not_be_kept_is_not_counted(digits: DataSet, looking: None) -> None:
    """The disk is full at the third look, which is the best of all; the fourth is better than the first two."""
    plain, unlucky = build(digits), build(digits)
    play(plain)
    resume = once(lambda event: isinstance(event, Status) and event.state == "paused", say("resume"))
    disk = Disk(lambda event: isinstance(event, Best) and event.images == 96)
    ending, events = play(unlucky, every(disk, resume), FakeExaminer(9.0, 8.0, 5.0, 6.0, 7.0))
    assert ending == "finished"
    assert [one.images for one in of(events, Best)] == [32, 64, 128]
    assert of(events, Status)[-1].quality.best_fcd == 6.0
    assert_equal(unlucky.tensors(), plain.tensors())


@pytest.mark.parametrize("kind", [Sample, Checkpoint, Best])
def test_disk_that_is_full_at_the_very_end_costs_no_further_step(digits: DataSet, kind: type[Event]) -> None:
    """The budget is spent: what is left to do is to keep it."""
    trainer = build(digits)
    resume = once(lambda event: isinstance(event, Status) and event.state == "paused", say("resume"))
    disk = Disk(lambda event: isinstance(event, kind) and trainer.images_seen == 320)
    ending, events = play(trainer, every(disk, resume), FakeExaminer(9.0))
    assert (ending, trainer.images_seen) == ("finished", 320)
    assert of(events, Sample)[-1].images == of(events, Best)[-1].images == 320


def test_quality_that_could_not_be_recorded_is_owed(digits: DataSet, looking: None) -> None:
    resume = once(lambda event: isinstance(event, Status) and event.state == "paused", say("resume"))
    disk = Disk(lambda event: isinstance(event, Record) and event.images == 96 and "fcd" in event.quantities)
    _, events = play(build(digits), every(disk, resume), FakeExaminer(9.0, 8.0, 7.0))
    assert [record.images for record in looks(events)] == [32 * (step + 1) for step in range(10)]


def _is_examined_pause(event: Event) -> bool:
    return isinstance(event, Status) and event.state == "paused" and event.quality.measured_images > 0


def test_paused_run_shows_the_quality_of_its_last_step(digits: DataSet) -> None:
    """Looks are not due here, as on a machine too busy for them; a pause is made for people who want to see."""
    trainer = build(digits)
    _, events = play(
        trainer, every(at(96, "pause"), once(_is_examined_pause, say("resume"))), examiner=FakeExaminer(5.0, 4.0)
    )
    paused = [status for status in of(events, Status) if status.state == "paused"]
    assert [status.quality.measured_images for status in paused] == [0, 96]
    assert paused[-1].quality.fcd == 5.0
