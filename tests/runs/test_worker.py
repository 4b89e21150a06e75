import io
import json
import math
import os
import queue
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gan import paths, runs
from gan.config import TrainConfig
from gan.data import DataSet
from gan.device import DeviceError
from gan.models import snapshots
from gan.models.model import load_model
from gan.quality import examiner, judge
from gan.quality.examiner import Examination
from gan.runs import RunError, store, trash, worker
from gan.runs.footprint import FootprintError
from gan.system import memory
from gan.system.files import StorageError
from gan.training import timetable
from gan.training.checkpoint import load_checkpoint
from gan.training.messages import Best, Command, Event, Order, Record, Status
from gan.training.trainer import Trainer
from tests.helpers import (
    CPU,
    LARGE,
    OLD,
    assert_equal,
    build,
    commands,
    is_sentence,
    small,
    stop_at,
    train,
    version_1,
)


def _heard(content: bytes) -> list[Command]:
    """The commands that a worker takes from this on its stdin."""
    taken = commands()
    worker._listen(taken, io.BytesIO(content))
    return [taken.get_nowait() for _ in range(taken.qsize())]


def _at_the_end(folder: Path, digits: DataSet) -> Trainer:
    """A trainer that stands where the run's checkpoint stands."""
    trainer = Trainer(runs.read(folder).config, digits, CPU)
    load_checkpoint(folder / store.CHECKPOINT, trainer)
    return trainer


def test_lines_become_commands_and_the_end_of_file_means_leave() -> None:
    lines = Command("pause").to_line() + Command("rates", 1e-3, None).to_line()
    assert _heard(lines.encode()) == [Command("pause"), Command("rates", 1e-3), Command("leave")]


@pytest.mark.parametrize("garbage", [b"garbage", b"", b"{}", b"\xff\xfe\x00", b'{"verb": "fly"}', b"[" * 50])
def test_garbage_is_ignored(garbage: bytes) -> None:
    after = garbage + b"\n" + Command("stop").to_line().encode()
    assert _heard(after) == [Command("stop"), Command("leave")]


def test_stopped_and_resumed_run_equals_the_unbroken_one(runs_root: Path, digits: DataSet) -> None:
    """On disk, with a stop half way: twenty steps are twenty steps, to the last bit. All presets and options are the
    trainer's tests."""
    whole, halves = (runs.create(small(images=640), runs_root / name) for name in ("whole", "halves"))
    assert train(whole) == "finished"
    assert train(halves, stop_at(320)) == "stopped"
    assert runs.read(halves).status.progress.images == 320
    assert train(halves) == "finished"
    left, right = _at_the_end(whole, digits), _at_the_end(halves, digits)
    assert_equal(left.tensors(), right.tensors())
    assert left.images_seen == right.images_seen == 640
    assert snapshots.newest_snapshot(whole).read_bytes()[-100:] == snapshots.newest_snapshot(halves).read_bytes()[-100:]


@pytest.mark.parametrize("preset", OLD)
def test_run_of_version_1_goes_on_as_it_began(runs_root: Path, digits: DataSet, preset: str) -> None:
    """Stopped, its settings written as version 1 wrote them, resumed: as if nothing had come since."""
    narrow = {"widths_g": [16, 16], "widths_d": [16, 16], "latent_dim": 8, "batch_size": 32}
    old = version_1(preset, **narrow, images=640, seconds=0.0, device="cpu")
    whole, halves = (runs.create(TrainConfig.from_dict(old), runs_root / name) for name in ("whole", "halves"))
    train(whole)
    assert train(halves, stop_at(320)) == "stopped"
    (halves / store.CONFIG).write_text(json.dumps(old))
    assert train(halves) == "finished"
    assert json.loads((halves / store.CONFIG).read_text()) == old
    left, right = _at_the_end(whole, digits), _at_the_end(halves, digits)
    assert_equal(left.tensors(), right.tensors())
    assert left.images_seen == right.images_seen == 640


def test_run_in_a_folder_equals_the_trainer_alone(runs_root: Path, digits: DataSet) -> None:
    folder = runs.create(small())
    train(folder)
    assert_equal(_at_the_end(folder, digits).tensors(), build(digits, steps=10).tensors())


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quality is measured after every step."""
    monkeypatch.setattr(timetable, "EVERY", timetable.EVERY | {"quality": 0.0})
    monkeypatch.setattr(timetable, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(timetable, "QUALITY_SHARE", math.inf)
    monkeypatch.setattr(timetable, "BYTES_A_SECOND", math.inf)


class _Examiner:
    """Finds the same in every generator: never better than the first time."""

    agreement_floor, fcd_floor = 0.99, 2.5

    def __init__(self, *_: Any) -> None:
        pass

    def examine(self, _: Any) -> Examination:
        return Examination(0.5, 8.0, [100] * 10)


def test_run_measures_its_quality_and_learns_the_same(runs_root: Path, digits: DataSet, looking: None) -> None:
    """Three steps, each measured by the judge itself; the best of them is a model file beside the run's others."""
    folder = runs.create(small(images=96))
    best: list[Best] = []
    train(folder, lambda event, _: best.append(event) if isinstance(event, Best) else None, samples=1000)
    assert_equal(_at_the_end(folder, digits).tensors(), build(digits, steps=3).tensors())
    curves = store.Curves(folder)
    curves.update()
    fcd, agreement = curves.series("fcd")[0], curves.series("agreement")[0]
    assert fcd[0].tolist() == agreement[0].tolist() == [32, 64, 96]
    status = runs.read(folder).status
    assert (status.quality.fcd, status.quality.agreement) == (fcd[2, -1], agreement[2, -1])
    assert (status.quality.best_fcd, status.quality.best_images) == (fcd[2].min(), fcd[0, fcd[2].argmin()])
    assert sum(status.quality.histogram) == 1000
    about = judge.load().about
    assert (status.quality.fcd_floor, status.quality.agreement_floor) == (about["fcd_floor"], about["agreement_floor"])
    kept = load_model(folder / snapshots.BEST)
    assert (folder / snapshots.BEST).read_bytes() == best[-1].content
    assert (kept.config, kept.images) == (runs.read(folder).config, status.quality.best_images)
    found = examiner.Examiner(kept.config, CPU).examine(kept.generator)
    assert found.fcd == pytest.approx(status.quality.best_fcd, rel=0.01)  # its weights are in half precision


def test_unconditional_run_has_an_fcd_and_no_agreement(runs_root: Path) -> None:
    folder = runs.create(small("vanilla", images=64))
    train(folder)
    status = runs.read(folder).status
    assert status.quality.fcd == status.quality.best_fcd is not None
    assert (status.quality.agreement, status.quality.agreement_floor) == (None, None)
    curves = store.Curves(folder)
    curves.update()
    assert curves.series("agreement")[0].shape == (5, 0)


def test_best_survives_a_resume(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examiner, "Examiner", _Examiner)
    folder = runs.create(small())
    train(folder, stop_at(160))
    before, content = runs.read(folder).status, (folder / snapshots.BEST).read_bytes()
    assert (before.quality.best_fcd, before.quality.best_images) == (8.0, 160)
    seen: list[Event] = []
    train(folder, lambda event, _: seen.append(event))
    assert [event for event in seen if isinstance(event, Best)] == []
    after = runs.read(folder).status
    assert (after.quality.fcd, after.progress.images) == (8.0, 320)
    best = after.quality
    assert (best.best_fcd, best.best_images, best.best_seconds) == (8.0, 160, before.quality.best_seconds)
    assert (folder / snapshots.BEST).read_bytes() == content
    first = next(event for event in seen if isinstance(event, Status))
    assert (first.quality.fcd, first.quality.histogram) == (8.0, (100,) * 10)  # until it is measured again


class _Better(_Examiner):
    """Finds better forgeries than the other."""

    def examine(self, _: Any) -> Examination:
        return Examination(0.5, 5.0, [100] * 10)


def test_best_of_a_tail_that_is_replaced_is_forgotten(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last checkpoint is from 160 images, the best from 320: those are gone once training goes on from 160."""
    folder = runs.create(small())
    monkeypatch.setattr(examiner, "Examiner", _Examiner)
    train(folder, stop_at(160))
    checkpoint = (folder / store.CHECKPOINT).read_bytes()
    monkeypatch.setattr(examiner, "Examiner", _Better)
    train(folder)
    assert runs.read(folder).status.quality.best_fcd == 5.0
    (folder / store.CHECKPOINT).write_bytes(checkpoint)
    monkeypatch.setattr(examiner, "Examiner", _Examiner)
    there: list[bool] = []
    train(folder, lambda *_: there.append((folder / snapshots.BEST).exists()), images=96)
    quality = runs.read(folder).status.quality
    assert (quality.best_fcd, quality.best_images, quality.measured_images) == (8.0, 256, 256)
    assert load_model(folder / snapshots.BEST).images == 256
    assert not there[0]


def test_rates_of_a_resume_are_in_force_from_its_first_step(runs_root: Path, digits: DataSet) -> None:
    """As if they had been set by hand after five steps."""
    folder = runs.create(small())
    train(folder, stop_at(160))
    told: list[Status] = []
    train(folder, lambda event, _: told.append(event) if isinstance(event, Status) else None, lr_g=5e-4, lr_d=2e-4)
    running = [status.control for status in told if status.state == "running"]
    assert {(control.lr_g, control.lr_d) for control in running} == {(5e-4, 2e-4)}
    expected = build(digits, steps=5)
    expected.lr_g, expected.lr_d = 5e-4, 2e-4
    for _ in range(5):
        expected.step()
    assert_equal(_at_the_end(folder, digits).tensors(), expected.tensors())


def test_run_that_ended_early_is_finished_and_can_go_on(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch, looking: None
) -> None:
    monkeypatch.setattr(examiner, "Examiner", _Examiner)
    folder = runs.create(small(images=LARGE, patience=1e-3))
    assert train(folder) == "finished"
    run = runs.read(folder)
    assert run.status.state == "finished"
    assert is_sentence(run.status.message)
    assert not run.status.progress.complete
    runs.check_resumable(run, Order())
    assert train(folder) == "finished"  # and out of patience again
    assert runs.read(folder).status.progress.images > run.status.progress.images


def test_stopped_and_resumed_run_with_falling_rates_equals_the_unbroken_one(
    runs_root: Path, digits: DataSet, monkeypatch: pytest.MonkeyPatch, looking: None
) -> None:
    """Twenty steps, stopped while the learning rates fall; a plain run ends elsewhere."""
    monkeypatch.setattr(examiner, "Examiner", _Examiner)
    whole, halves, plain = (runs_root / name for name in ("whole", "halves", "plain"))
    for folder in (whole, halves):
        runs.create(small(images=640, decay_from=0.0), folder)
    runs.create(small(images=640, decay_from=1.0), plain)
    train(whole)
    train(plain)
    assert train(halves, stop_at(320)) == "stopped"
    assert train(halves) == "finished"
    left, right = _at_the_end(whole, digits).tensors(), _at_the_end(halves, digits).tensors()
    assert_equal(left, right)
    other = _at_the_end(plain, digits).tensors()
    assert any(not left[name].equal(other[name]) for name in left)


def test_judge_that_cannot_be_read_is_a_failure_in_words(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise judge.JudgeError("The judge is missing.")

    monkeypatch.setattr(judge, "load", missing)
    folder = runs.create(small())
    with pytest.raises(judge.JudgeError):
        train(folder)
    status = runs.read(folder).status
    assert (status.state, status.message) == ("failed", "The judge is missing.")


@pytest.mark.parametrize(("chosen", "expected"), [(None, "20000"), ("7", "7"), ("infinite", "infinite")])
def test_threads_spin_shortly_unless_the_user_has_chosen(chosen: str | None, expected: str) -> None:
    """Said before torch is imported, which reads it then."""
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    if chosen is not None:
        environment["GOMP_SPINCOUNT"] = chosen
    code = "import gan, os, sys; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=paths.PROJECT,
        env=environment,
        check=True,
    )
    assert done.stdout.split() == [expected, "False"]


def test_run_leaves_status_records_samples_and_snapshots(runs_root: Path) -> None:
    folder = runs.create(small())
    train(folder)
    status = runs.read(folder).status
    assert (status.state, status.progress.images, status.segment) == ("finished", 320, 0)
    curves = store.Curves(folder)
    curves.update()
    assert curves.series("loss_d")[0][0].tolist() == [32 * (step + 1) for step in range(10)]
    assert [sample.images for sample in store.read_samples(folder)][:: len(store.read_samples(folder)) - 1] == [0, 320]
    assert snapshots.newest_snapshot(folder) == folder / "snapshots" / "00000320.safetensors"


def test_resume_is_a_new_segment(runs_root: Path) -> None:
    folder = runs.create(small())
    train(folder, stop_at(160))
    segments: list[int] = []
    train(folder, lambda event, _: segments.append(event.segment) if isinstance(event, Record) else None)
    assert set(segments) == {1}
    assert runs.read(folder).status.segment == 1


@pytest.mark.parametrize(
    ("more", "images"),
    [({}, 320), ({"images": 64}, 160 + 64)],
)
def test_resume_trains_what_was_left_or_so_much_more(runs_root: Path, more: dict[str, Any], images: int) -> None:
    folder = runs.create(small())
    train(folder, stop_at(160))
    assert train(folder, **more) == "finished"
    assert runs.read(folder).status.progress.images == images


def test_more_seconds_are_counted_from_where_the_run_stands(runs_root: Path) -> None:
    folder = runs.create(small())
    train(folder)
    before = runs.read(folder).status.progress.seconds
    train(folder, seconds=0.2)
    status = runs.read(folder).status
    assert (status.progress.images_limit, status.progress.seconds_limit) == (0, pytest.approx(before + 0.2, abs=0.05))
    assert status.progress.seconds >= status.progress.seconds_limit


def _main(monkeypatch: pytest.MonkeyPatch, folder: Path, *said: Command) -> tuple[int, dict[int, Any]]:
    """The exit status of a worker that is told this at once, and its signal handlers."""
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(worker, "_listen", lambda taken, _: [taken.put(command) for command in said])
    monkeypatch.setattr(sys, "argv", ["worker", str(folder)])
    return worker.main(), handlers


def test_discarded_run_is_in_the_trash_and_comes_back_stopped(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.create(small(images=LARGE))
    assert _main(monkeypatch, folder, Command("discard"))[0] == 0
    assert runs.names() == []
    trash.restore(folder.name)
    assert runs.read(folder).status.state == "stopped"
    train(folder, images=32)
    assert runs.read(folder).status.state == "finished"


def test_worker_ignores_ctrl_c(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sends it to the server's children too."""
    assert _main(monkeypatch, runs.create(small()))[1][signal.SIGINT] == signal.SIG_IGN


def test_terminated_worker_leaves(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does what it does when its server is gone: the run can be taken up again."""
    taken = commands()
    monkeypatch.setattr(queue, "SimpleQueue", lambda: taken)
    _, handlers = _main(monkeypatch, runs.create(small()))
    handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert taken.get_nowait() == Command("leave")


def test_worker_whose_run_fails_exits_with_status_1(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainer, "is_finite", lambda self: False)
    assert _main(monkeypatch, runs.create(small()))[0] == 1


def test_run_that_another_one_works_on_is_refused(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.create(small())
    lock = runs.lock
    monkeypatch.setattr(runs, "lock", lambda path: lock(path, timeout=0.05))
    with lock(folder, timeout=0.05), pytest.raises(RunError, match="Another process is at work"):
        train(folder)
    assert store.read_status(folder) is None


def test_damaged_checkpoint_is_a_failure_in_words(runs_root: Path) -> None:
    folder = runs.create(small())
    train(folder, stop_at(160))
    (folder / store.CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        train(folder)
    status = runs.read(folder).status
    assert status.state == "failed"
    assert "checkpoint.safetensors is not a whole safetensors file" in status.message


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore"),
            "The device ran out of memory; take a smaller",
        ),
        (DeviceError("The device 'cuda' does not work here."), "The device 'cuda' does not work here."),
        (ZeroDivisionError("division by zero"), "Training ended with an error (ZeroDivisionError: division by zero)."),
        (AssertionError(), "Training ended with an error (AssertionError: AssertionError)."),
    ],
)
def test_what_goes_wrong_is_the_state_of_the_run(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def broken(self: Trainer, **_: Any) -> None:
        raise error

    monkeypatch.setattr(Trainer, "step", broken)
    folder = runs.create(small())
    with pytest.raises(type(error)):
        train(folder)
    status = runs.read(folder).status
    assert status.state == "failed"
    assert status.message.startswith(said)
    assert "\n" not in status.message


def test_failed_run_can_be_resumed(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.create(small())
    with monkeypatch.context() as broken:
        broken.setattr(Trainer, "step", lambda self, **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(folder)
    assert train(folder) == "finished"
    assert runs.read(folder).status.message == ""
    curves = store.Curves(folder)
    curves.update()
    assert curves.series("loss_d")[0].shape == (5, 10)


def test_full_disk_is_raised_where_nobody_can_resume(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.create(small())
    keep = store.Writer.__call__

    def full(self: store.Writer, event: Event) -> None:
        if isinstance(event, Status) and event.progress.images >= 96:
            raise StorageError("The disk is full.")
        keep(self, event)

    monkeypatch.setattr(store.Writer, "__call__", full)
    with pytest.raises(StorageError, match="full"):
        train(folder, patient=False)
    assert not runs.is_locked(folder)


def test_lock_is_free_after_a_run(runs_root: Path) -> None:
    folder = runs.create(small(images=32))
    train(folder)
    assert not runs.is_locked(folder)


def test_worker_without_a_run_says_so_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gan.runs.worker", str(tmp_path / "nothing")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=paths.PROJECT,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_config_is_what_trains(runs_root: Path) -> None:
    """Not the default preset: what the folder's config.json says."""
    folder = runs.create(small("dcgan"))
    values = json.loads((folder / store.CONFIG).read_text())
    values["budget"]["images"], values["optimizer"]["lr_g"] = 64, 5e-4
    (folder / store.CONFIG).write_text(json.dumps(values))
    train(folder)
    status = runs.read(folder).status
    assert (status.progress.images, status.control.lr_g, status.progress.images_limit) == (64, 5e-4, 64)
    assert runs.read(folder).config == TrainConfig.from_dict(values)


def test_run_that_there_is_no_room_for_fails_with_a_sentence(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the page did not know it yet, or another program has written the settings."""
    monkeypatch.setattr(memory, "free", lambda device: 40_000_000)
    folder = runs.create(small(batch_size=4096, images=0, seconds=1.0))
    with pytest.raises(FootprintError, match="make batch_size smaller"):
        train(folder)
    status = runs.read(folder).status
    assert (status.state, status.progress.images) == ("failed", 0)
    assert "make batch_size smaller" in status.message
