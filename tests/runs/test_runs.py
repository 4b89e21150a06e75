import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gan import runs
from gan.models import snapshots
from gan.runs import BusyError, RunError, launching, processes, store, trash
from gan.system.nursery import Nursery
from gan.training.messages import Command, Order, Segment, State, Status
from tests.helpers import LARGE, is_sentence, small, status_at, stop_at, train, until, workers_ended


def _written(folder: Path, status: Status) -> Path:
    """A run whose last status was this one."""
    writer = store.Writer(folder)
    writer(status)
    writer.close()
    return folder


def _state(folder: Path) -> str:
    return runs.read(folder).status.state


def _images(folder: Path) -> int:
    return runs.read(folder).status.progress.images


def _trains_on(folder: Path) -> None:
    """Waits until the run has seen more than it has now."""
    before = _images(folder)
    until(lambda: _images(folder) > before)


def _launched() -> Path:
    """A run without an end, at work."""
    folder = runs.create(small(images=LARGE))
    runs.launch(folder)
    until(lambda: _state(folder) == "running" and _images(folder) > 0)
    return folder


def _worker(folder: Path) -> "subprocess.Popen[bytes]":
    return processes._workers[folder]


def test_root_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAN_RUNS_DIR", raising=False)
    assert runs.root() == tmp_path / "runs"
    monkeypatch.setenv("GAN_RUNS_DIR", "elsewhere")
    assert runs.root() == tmp_path / "elsewhere"


@pytest.mark.parametrize(("text", "number"), [("", 1), ("3", 3), ("0", 1), ("-2", 1), ("many", 1)])
def test_parallel_is_a_positive_number(monkeypatch: pytest.MonkeyPatch, text: str, number: int) -> None:
    monkeypatch.setenv("GAN_PARALLEL_RUNS", text)
    assert runs.parallel() == number


def test_new_run_is_there_and_has_not_begun(runs_root: Path) -> None:
    folder = runs.create(small(seed=5))
    assert folder.parent == runs_root
    run = runs.read(folder)
    assert (run.id, run.config, run.owned) == (folder.name, small(seed=5), False)
    assert (run.status.progress.images_limit, run.status.progress.images) == (320, 0)


def test_two_runs_of_one_second_have_two_ids(runs_root: Path) -> None:
    assert len({runs.create(small()).name for _ in range(5)}) == 5


def test_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("text")
    with pytest.raises(RunError, match="already holds something; a new run needs a new or empty folder"):
        runs.create(small(), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_empty_folder_is_taken(tmp_path: Path) -> None:
    assert runs.read(runs.create(small(), tmp_path)).config == small()


@pytest.mark.parametrize("name", ["file", "file/run"])
def test_folder_that_cannot_be_made_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written") as caught:
        runs.create(small(), tmp_path / name)
    assert is_sentence(str(caught.value))


def test_root_that_is_a_file_is_refused_and_lists_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GAN_RUNS_DIR", str(tmp_path / "file"))
    assert runs.names() == []
    assert runs.listing() == []
    with pytest.raises(RunError, match="cannot be written"):
        runs.create(small())
    with pytest.raises(RunError, match="cannot be written"):
        runs.start(small())


def test_names_are_the_runs_newest_first(runs_root: Path) -> None:
    for name in ("20260101-000000-cgan-aaaa", "20260301-000000-cgan-aaaa", "20260201-000000-cgan-aaaa"):
        runs.create(small(), runs_root / name)
    (runs_root / "notes").mkdir()  # perhaps a run that lost its settings
    (runs_root / "config.json").touch()
    runs.create(small(), runs_root / ".deleted-run")
    assert [name[:6] for name in runs.names()] == ["notes", "202603", "202602", "202601"]


@pytest.mark.parametrize(
    "name", ["../outside", "..", ".", "", "/", "outside", "inside/..", "inside/", "./inside", "{}"]
)
def test_find_never_leaves_the_root(runs_root: Path, name: str) -> None:
    outside = runs.create(small(), runs_root.parent / "outside")
    runs.create(small(), runs_root / "inside")
    assert runs.find(name.format(outside)) is None


def test_find_finds_a_run(runs_root: Path) -> None:
    folder = runs.create(small())
    assert runs.find(folder.name) == folder


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no run in"),
        (b"", "not a JSON object"),
        (b"{", "not a JSON object"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'{"schema_version": 99}', "version 99"),
        (b'{"schema_version": 1, "lr_g": "fast"}', "lr_g is 'fast'; it takes a number"),
    ],
)
def test_run_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / store.CONFIG).write_bytes(content)
    with pytest.raises(RunError, match=said) as caught:
        runs.read(tmp_path)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("state", ["starting", "running", "paused"])
def test_living_state_without_a_lock_is_interrupted(runs_root: Path, state: State) -> None:
    run = runs.read(_written(runs.create(small()), status_at(state, images=64)))
    assert (run.status.state, run.living, run.status.progress.images) == ("interrupted", False, 64)


@pytest.mark.parametrize("state", ["starting", "running", "paused"])
def test_living_state_with_a_lock_lives_but_is_not_owned(runs_root: Path, state: State) -> None:
    folder = _written(runs.create(small()), status_at(state))
    with runs.lock(folder):
        run = runs.read(folder)
    assert (run.status.state, run.living, run.owned) == (state, True, False)


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_ended_run_stays_ended(runs_root: Path, state: State) -> None:
    assert _state(_written(runs.create(small()), status_at(state))) == state


def test_reading_a_run_leaves_its_lock_free(runs_root: Path) -> None:
    folder = _written(runs.create(small()), status_at("running"))
    with runs.lock(folder):
        pass
    runs.read(folder)
    with runs.lock(folder, timeout=0):
        assert runs.is_locked(folder)
    assert not runs.is_locked(folder)


def test_run_is_locked_for_one(runs_root: Path) -> None:
    folder = runs.create(small())
    with (
        runs.lock(folder),
        pytest.raises(RunError, match="Another process is at work"),
        runs.lock(folder, timeout=0.05),
    ):
        pass


def test_newest_snapshot_is_the_one_of_most_images(runs_root: Path) -> None:
    folder = runs.create(small())
    assert snapshots.newest_snapshot(folder) is None
    train(folder)
    newest = snapshots.newest_snapshot(folder)
    assert newest is not None
    assert newest.name == "00000320.safetensors"


def test_run_of_another_process_takes_no_commands(runs_root: Path) -> None:
    folder = _written(runs.create(small()), status_at("running"))
    with runs.lock(folder), pytest.raises(RunError, match="cannot be commanded from here"):
        runs.send(folder, Command("stop"))


def test_run_of_another_process_is_not_launched_again(runs_root: Path) -> None:
    folder = _written(runs.create(small()), status_at("running"))
    with runs.lock(folder), pytest.raises(RunError, match="is already running"):
        runs.launch(folder)


@pytest.mark.parametrize("state", ["running", "paused"])
def test_launch_is_refused_while_another_run_lives(runs_root: Path, state: State) -> None:
    status = status_at(state, seconds=20.0, seconds_limit=60.0)
    living, folder = _written(runs.create(small()), status), runs.create(small())
    with runs.lock(living):
        with pytest.raises(BusyError) as caught:
            runs.launch(folder)
        assert [run.folder for run in runs.training()] == [living]
    assert [run.folder for run in caught.value.training] == [living]
    assert str(caught.value).startswith(f"{living.name} is training now ({state}, 40 s left)")
    assert processes._workers == {}


def test_refusal_names_all_that_train_and_how_many_may(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_PARALLEL_RUNS", "2")
    folders = [runs.create(small(), runs_root / name) for name in ("20260102", "20260101")]
    _written(folders[0], status_at("running", seconds=20.0, seconds_limit=60.0))
    _written(folders[1], Status("paused"))
    with runs.lock(folders[0]), runs.lock(folders[1]), pytest.raises(BusyError) as caught:
        runs.start(small())
    said = (
        "20260102 and 20260101 are training now (running, 40 s left; paused); 2 runs train at a time on this machine."
    )
    assert str(caught.value) == said
    assert [run.folder for run in caught.value.training] == folders


def test_start_that_is_refused_leaves_no_folder(runs_root: Path) -> None:
    living = _written(runs.create(small()), status_at("running"))
    with runs.lock(living), pytest.raises(BusyError):
        runs.start(small())
    assert runs.names() == [living.name]


def test_spent_run_is_not_launched_without_more(runs_root: Path) -> None:
    folder = _written(runs.create(small()), status_at("finished", images=320, images_limit=320))
    with pytest.raises(RunError, match="has spent its budget; say how much more it should train"):
        runs.launch(folder)


def test_budget_allows_what_is_left_or_asked_for(runs_root: Path) -> None:
    run = runs.read(_written(runs.create(small()), status_at("stopped", images=160, images_limit=320)))
    (run.folder / store.CHECKPOINT).touch()
    runs.check_resumable(run, Order())
    spent = replace(run, status=status_at("stopped", images=320, images_limit=320))
    runs.check_resumable(spent, Order(images=64))
    runs.check_resumable(spent, Order(seconds=1.0))
    with pytest.raises(RunError):
        runs.check_resumable(spent, Order())


def test_settle_does_not_wait_for_a_run_that_has_changed_or_is_gone(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waited(_: float) -> None:
        raise AssertionError("it waited")

    folder = runs.create(small())
    before = runs.read(folder)
    monkeypatch.setattr(time, "sleep", waited)
    with pytest.raises(AssertionError, match="it waited"):
        runs.settle(before)
    runs.settle(before, timeout=0)
    _written(folder, status_at("stopped"))
    runs.settle(before)
    trash.discard(folder)
    runs.settle(before)


def test_wait_returns_for_a_run_at_rest_and_gives_up_on_one_at_work(runs_root: Path) -> None:
    folder = runs.create(small())
    runs.wait(folder, timeout=0)
    with runs.lock(folder), pytest.raises(RunError, match="does not end"):
        runs.wait(folder, timeout=0.05)


def test_worker_that_ends_at_once_is_told(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ready", [])  # another test may have left a worker ready
    monkeypatch.setattr(sys, "executable", "/bin/false")
    folder = runs.create(small())
    with pytest.raises(RunError, match="ended at once"):
        runs.launch(folder)
    assert not runs.read(folder).owned


def test_worker_that_ends_at_once_leaves_no_folder_but_its_last_words(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = runs_root.parent / "python"
    script.write_text("#!/bin/sh\necho one >&2\necho no torch here >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(RunError, match=r"The worker of .* ended at once: no torch here\.$"):
        runs.start(small())
    assert runs.names() == []


def test_worker_that_does_not_start_is_ended_and_keeps_nobody_waiting_meanwhile(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one visitor's start is slow, others see all runs, the one that starts among them."""
    script = runs_root.parent / "python"
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o755)
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(launching, "START_WITHIN", 60.0)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(runs.start, small())
        until(lambda: bool(processes._workers))
        (run,) = runs.training()
        assert (run.status.state, run.owned) == ("starting", True)
        assert not starting.done()
        _worker(run.folder).kill()
        with pytest.raises(RunError, match="ended at once"):
            starting.result(60)
    monkeypatch.setattr(launching, "START_WITHIN", 0.1)
    with pytest.raises(RunError, match="did not start within"):
        runs.start(small())
    until(lambda: not processes._workers)
    assert runs.names() == []
    for nursery in processes._ready:
        assert isinstance(nursery, Nursery)
        nursery.process.kill()


def test_worker_that_cannot_be_started_is_told(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(sys, "executable", str(runs_root / "no-python"))
    with pytest.raises(RunError, match="worker cannot be started"):
        runs.launch(runs.create(small()))


# From here on with real workers, which take seconds to start.


def test_stopped_run_resumes_and_stops_again(runs_root: Path) -> None:
    folder = runs.create(small(images=LARGE))
    train(folder, stop_at(64))
    runs.launch(folder)
    process = _worker(folder)
    until(lambda: _images(folder) > 64)
    runs.send(folder, Command("stop"))
    runs.wait(folder, timeout=60)
    stopped = runs.read(folder)
    assert (stopped.status.state, stopped.status.segment, stopped.owned) == ("stopped", 1, False)
    assert process.wait(60) == 0
    newest = snapshots.newest_snapshot(folder)
    assert newest is not None
    assert int(newest.stem) == stopped.status.progress.images
    with pytest.raises(RunError, match="cannot be commanded"):
        runs.send(folder, Command("resume"))


def test_killed_run_is_interrupted_and_goes_on_from_its_checkpoint(runs_root: Path) -> None:
    folder = _launched()
    runs.send(folder, Command("pause"))
    until(lambda: _state(folder) == "paused")
    runs.send(folder, Command("resume"))
    until(lambda: _state(folder) == "running")
    _trains_on(folder)
    _worker(folder).kill()
    runs.wait(folder)
    killed = runs.read(folder)
    assert (killed.status.state, killed.owned) == ("interrupted", False)
    starts: list[Segment] = []
    train(folder, lambda event, _: starts.append(event) if isinstance(event, Segment) else None, images=32)
    assert [start.number for start in starts] == [1]
    assert 0 < starts[0].images <= killed.status.progress.images
    assert starts[0].seconds <= killed.status.progress.seconds
    assert _images(folder) == starts[0].images + 32


def test_run_whose_server_is_gone_keeps_its_checkpoint(runs_root: Path) -> None:
    folder = _launched()
    process = _worker(folder)
    assert process.stdin
    process.stdin.close()
    assert process.wait(60) == 0
    assert _state(folder) == "interrupted"
    seen: list[int] = []
    train(folder, lambda event, _: seen.append(event.images) if isinstance(event, Segment) else None, images=32)
    assert seen[0] >= 32
    assert _state(folder) == "finished"


# One worker for all that a living run is asked; last, so that it does not slow down the others.


@pytest.fixture(scope="module")
def _living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as environment, workers_ended():
        environment.setenv("GAN_RUNS_DIR", str(tmp_path_factory.mktemp("living")))
        yield _launched()


@pytest.fixture
def living(_living: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run at work, not paused; tests may do to it what does not end it."""
    monkeypatch.setenv("GAN_RUNS_DIR", str(_living.parent))
    runs.send(_living, Command("resume"))
    until(lambda: _state(_living) == "running")
    return _living


def test_living_run_is_owned_by_who_launched_it(living: Path) -> None:
    run = runs.read(living)
    assert (run.living, run.owned) == (True, True)
    assert runs.is_locked(living)


def test_pause_holds_the_run_until_resume(living: Path) -> None:
    runs.send(living, Command("pause"))
    until(lambda: _state(living) == "paused")
    paused = runs.read(living).status
    checkpoint = (living / store.CHECKPOINT).stat().st_mtime_ns
    assert snapshots.newest_snapshot(living) == living / "snapshots" / f"{paused.progress.images:08d}.safetensors"
    runs.send(living, Command("rates"))  # answered, so that what follows is later
    assert runs.read(living).status == paused
    runs.send(living, Command("resume"))
    _trains_on(living)
    assert (living / store.CHECKPOINT).stat().st_mtime_ns >= checkpoint


def test_rates_reach_the_worker(living: Path) -> None:
    rate = 5e-4 if runs.read(living).status.control.lr_g != 5e-4 else 4e-4
    runs.send(living, Command("rates", lr_g=rate, lr_d=2 * rate))
    until(lambda: (runs.read(living).status.control.lr_g, runs.read(living).status.control.lr_d) == (rate, 2 * rate))
    _trains_on(living)


@pytest.mark.parametrize("has_snapshot", [True, False])
def test_run_that_has_lost_its_checkpoint_cannot_go_on(runs_root: Path, has_snapshot: bool) -> None:
    """Training would begin anew without a word. What there is stays, and the way out is named."""
    folder = _written(runs.create(small()), status_at("stopped", images=160, images_limit=320))
    if has_snapshot:
        (folder / snapshots.SNAPSHOTS / "00000160.safetensors").write_bytes(b"model")
    before = sorted(folder.rglob("*"))
    for resume in (runs.launch, train):
        with pytest.raises(RunError, match=r"has lost its checkpoint.safetensors and cannot go on") as caught:
            resume(folder)
        assert is_sentence(str(caught.value))
        assert (f"python -m gan train --from {folder.name}" in str(caught.value)) == has_snapshot
    assert [path for path in before if not path.exists()] == []
    assert _state(folder) == "stopped"


@pytest.mark.parametrize("rates", [{"lr_g": 0.0}, {"lr_d": 7.0}, {"lr_d": float("nan")}])
def test_learning_rates_that_are_none_are_refused(runs_root: Path, rates: dict[str, float]) -> None:
    with pytest.raises(RunError, match="lr_"):
        runs.launch(runs.create(small()), **rates)


def test_run_goes_on_with_other_learning_rates(runs_root: Path) -> None:
    """In a process of its own: the one that was kept ready, or a new one."""
    folder = runs.create(small(images=LARGE))
    train(folder, stop_at(160))
    runs.launch(folder, lr_g=3e-4)
    until(lambda: _state(folder) == "running")
    control = runs.read(folder).status.control
    assert (control.lr_g, control.lr_d) == (3e-4, small().optimizer.lr_d)
    runs.send(folder, Command("stop"))
    runs.wait(folder)
    runs.launch(folder, lr_d=2e-4)
    until(lambda: _state(folder) == "running")
    control = runs.read(folder).status.control
    assert (control.lr_g, control.lr_d) == (3e-4, 2e-4)


def test_garbage_on_stdin_does_not_end_the_worker(living: Path) -> None:
    stdin = _worker(living).stdin
    assert stdin
    stdin.write(b"garbage\n\xff\xfe\n\n")
    stdin.flush()
    runs.send(living, Command("pause"))
    until(lambda: _state(living) == "paused")
    assert "ignored: " in (living / processes.LOG).read_text()


def test_worker_that_stands_still_is_not_waited_for(living: Path) -> None:
    """As when somebody suspends it: the pipe to it fills up."""
    os.kill(_worker(living).pid, signal.SIGSTOP)
    try:
        with pytest.raises(RunError, match="its process stands still"):
            deque((runs.send(living, Command("rates")) for _ in range(10_000)), maxlen=0)
    finally:
        os.kill(_worker(living).pid, signal.SIGCONT)
    _trains_on(living)


def test_ctrl_c_in_the_terminal_does_not_end_the_worker(living: Path) -> None:
    os.kill(_worker(living).pid, signal.SIGINT)
    for _ in range(2):
        _trains_on(living)
    assert _state(living) == "running"


def test_second_run_is_told_which_one_trains(living: Path) -> None:
    with pytest.raises(BusyError, match=f"{living.name} is training now"):
        runs.start(small())
    assert runs.names() == [living.name]


def test_living_run_is_not_launched_twice(living: Path) -> None:
    with pytest.raises(RunError, match="is already running"):
        runs.launch(living)


def test_living_run_is_not_deleted_by_its_owner(living: Path) -> None:
    with pytest.raises(RunError, match="stop it before deleting"):
        trash.discard(living)
    assert living.exists()


def test_living_run_is_not_trained_from_elsewhere(living: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="Another process is at work"), runs.lock(living, timeout=0.05):
        pass


def test_run_that_is_remembered_is_read_anew_once_it_changes(runs_root: Path) -> None:
    folder = _written(runs.create(small()), status_at("stopped", images=1))
    assert runs.read(folder).status.progress.images == 1
    writer = store.Writer(folder)
    writer(status_at("finished", images=2))
    assert runs.read(folder).status.progress.images == 2
    writer.close()
    assert runs.read(folder).status.state == "finished"


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        Path.mkdir,
        lambda path: path.symlink_to(__file__),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.write_text("[" * 100_000),
        lambda path: (path.touch(), os.truncate(path, 3 * 10**9)),
    ],
    ids=["pipe", "folder", "link", "bytes", "brackets", "gigabytes"],
)
def test_config_that_is_none_is_one_sentence(runs_root: Path, make: Callable[[Path], object]) -> None:
    folder = runs.create(small())
    (folder / store.CONFIG).unlink()
    make(folder / store.CONFIG)
    with pytest.raises(RunError) as caught:
        runs.read(folder)
    assert is_sentence(str(caught.value))


def test_damaged_status_is_one_sentence(runs_root: Path) -> None:
    folder = runs.create(small())
    (folder / store.DATABASE).write_bytes(b"no database")
    with pytest.raises(RunError, match="file is not a database"):
        runs.read(folder)
