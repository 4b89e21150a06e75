"""Run folders: create, list, read, launch, command, delete.

Only workers that this process has launched (see `gan.processes`) can be commanded from here. A run that
lives holds a lock in its folder, so whether it lives is asked of the operating system, not guessed
from clocks or process ids.
"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

from gan import processes, store
from gan.config import ConfigError, TrainConfig
from gan.messages import LIVING, Command, Progress, Status, StorageError

LOCK = "run.lock"


class RunError(RuntimeError):
    """Something about a run that cannot be done; the message is one sentence for people."""


class BusyError(RunError):
    """Another run trains already, and the machine is for one at a time."""

    def __init__(self, message: str, run: "Run") -> None:
        super().__init__(message)
        self.run = run


@dataclass(frozen=True)
class Run:
    """A run as it was when it was read."""

    folder: Path
    config: TrainConfig
    status: Status
    created: datetime
    owned: bool
    """Whether this process launched the worker, and so can command it."""

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def living(self) -> bool:
        """Whether a process is at work on it."""
        return self.status.state in LIVING


def root() -> Path:
    """Where runs are kept: $GAN_RUNS_DIR, else ./runs."""
    return Path(os.environ.get("GAN_RUNS_DIR") or "runs").absolute()


def parallel() -> int:
    """How many runs may train at a time: $GAN_PARALLEL_RUNS, else 1."""
    text = os.environ.get("GAN_PARALLEL_RUNS", "1")
    return max(1, int(text)) if text.isdigit() else 1


def create(config: TrainConfig, folder: Path | None = None) -> Path:
    """Makes the folder of a new run with its `config.json`; raises `RunError` if it cannot.

    Without `folder` the run gets an id under `root()`. A folder that already holds something is refused.
    """
    if folder is None:
        folder = root() / f"{datetime.now():%Y%m%d-%H%M%S}-{config.preset}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(f"{folder} already holds something; a new run needs a new or empty folder.")
        text = json.dumps(config.to_dict(), indent=2)
        store.write_atomically(folder / store.CONFIG, text.encode())
    except OSError as error:
        raise RunError(f"The run folder {folder} cannot be written ({error.strerror}).") from error
    return folder


def names() -> list[str]:
    """The ids of the runs under `root()`, newest first."""
    try:
        entries = list(os.scandir(root()))
    except OSError:
        return []
    found = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    return sorted((name for name in found if (root() / name / store.CONFIG).is_file()), reverse=True)


def find(run_id: str) -> Path | None:
    """The folder of a run under `root()`, looked up in the listing; None for anything else."""
    return root() / run_id if run_id in names() else None


def read(folder: Path) -> Run:
    """The run in a folder, as it is now; raises `RunError` if there is none that can be read."""
    try:
        config, created, status = _contents(folder, _stamps(folder))
        if status.state in LIVING and not processes.is_alive(folder) and not is_locked(folder):
            # Read once more: it may have ended well between the first look and the lock's.
            config, created, status = _contents(folder, _stamps(folder))
            if status.state in LIVING:
                status = replace(status, state="interrupted")
    except FileNotFoundError:
        raise RunError(f"There is no run in {folder}.") from None
    except (OSError, ConfigError, UnicodeDecodeError, StorageError) as error:
        raise RunError(f"The run in {folder} cannot be read: {error}") from error
    return Run(folder, config, status, created, owned=processes.is_alive(folder))


def _stamps(folder: Path) -> tuple[int, ...]:
    """Changes whenever the run's files do."""
    stamps = [(folder / store.CONFIG).stat().st_mtime_ns]
    for name in (store.DATABASE, f"{store.DATABASE}-wal"):
        with suppress(FileNotFoundError):
            found = (folder / name).stat()
            stamps += [found.st_mtime_ns, found.st_size]
    return tuple(stamps)


@lru_cache(maxsize=1024)
def _contents(folder: Path, stamps: tuple[int, ...]) -> tuple[TrainConfig, datetime, Status]:
    """What a run's files say; remembered while `stamps` stay, so that a list of many runs is quick."""
    config = TrainConfig.from_json((folder / store.CONFIG).read_text())
    return config, datetime.fromtimestamp(stamps[0] / 1e9), store.read_status(folder) or begun(config)


def begun(config: TrainConfig) -> Status:
    """The status of a run that has not trained yet."""
    return Status("starting", progress=Progress(images_limit=config.images, seconds_limit=config.seconds))


def listing() -> list[Run]:
    """All runs under `root()` that can be read, newest first."""
    found = []
    for name in names():
        with suppress(RunError):
            found.append(read(root() / name))
    return found


def training() -> list[Run]:
    """The runs under `root()` that a process is at work on, newest first."""
    return [run for run in listing() if run.living]


def newest_snapshot(folder: Path) -> Path | None:
    """The latest model file of a run; None where there is none."""
    paths = store.snapshots(folder)
    return paths[-1] if paths else None


@contextmanager
def lock(folder: Path, timeout: float = 5.0) -> Iterator[None]:
    """Holds a run for its process; raises `RunError` if another one has it."""
    if not folder.is_dir():  # a FileLock would make it
        raise RunError(f"There is no run in {folder}.")
    held = FileLock(folder / LOCK)
    try:
        held.acquire(timeout=timeout)
    except Timeout:
        raise RunError(f"Another process is at work on the run in {folder}.") from None
    except OSError as error:
        raise RunError(f"The run folder {folder} cannot be written ({error.strerror}).") from error
    try:
        yield
    finally:
        held.release()


def is_locked(folder: Path) -> bool:
    """Whether a process holds the run."""
    if not (folder / LOCK).exists():
        return False
    probe = FileLock(folder / LOCK, timeout=0)
    with processes.guard:  # two probes at once would take each other for the worker
        try:
            probe.acquire()
        except Timeout:
            return True
        except OSError:
            return False
        probe.release()
    return False


def start(config: TrainConfig) -> Path:
    """Creates a run under `root()` and launches it. Raises what `create` and `launch` do, and then leaves
    no folder behind."""
    folder = create(config)
    try:
        launch(folder)
    except RunError:
        if not processes.is_alive(folder) and not (folder / store.DATABASE).exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def launch(folder: Path, *, images: int = 0, seconds: float = 0.0) -> None:
    """Starts a worker on a run, new or to be resumed, for so much more; else for what was left.

    Returns once the worker holds the run's lock. Raises `BusyError` while another run trains, and
    `RunError` if the run is living already, its budget is spent, or the worker does not start.
    """
    with processes.guard, _one_launch_at_a_time():
        run = read(folder)
        if run.living:
            raise RunError(f"{run.id} is already {run.status.state}.")
        check_budget(run, images=images, seconds=seconds)
        others = [other for other in training() if other.folder != folder]
        if len(others) >= parallel():
            raise BusyError(busy_sentence(others[0]), others[0])
        try:
            process = processes.launch(folder, images, seconds)
        except OSError as error:
            raise RunError(f"The worker cannot be started ({error.strerror}).") from error
        _wait_for_lock(folder, process)


def _wait_for_lock(folder: Path, process: processes.Process, timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RunError(f"The worker of {folder.name} ended at once; {folder / processes.LOG} says why.")
        if is_locked(folder) and (status := store.read_status(folder)) and status.state in LIVING:
            return
        time.sleep(0.02)
    raise RunError(f"The worker of {folder.name} does not start; {folder / processes.LOG} may say why.")


@contextmanager
def _one_launch_at_a_time() -> Iterator[None]:
    try:
        with FileLock(root() / ".launch.lock", timeout=30):
            yield
    except Timeout:
        raise RunError("Another run is just being started; try again.") from None
    except OSError as error:
        raise RunError(f"The runs folder {root()} cannot be written ({error.strerror}).") from error


def busy_sentence(run: Run) -> str:
    """Why no other run can start: which one trains, and how long it has left."""
    left = run.status.progress.seconds_left
    rest = "" if left is None else f", {left:.0f} s left"
    return f"{run.id} is training now ({run.status.state}{rest}); one run trains at a time on this machine."


def check_budget(run: Run, *, images: int = 0, seconds: float = 0.0) -> None:
    """Raises `RunError` if nothing is left to train and no more is asked for."""
    if run.status.progress.spent and not images and not seconds:
        raise RunError(f"{run.id} has spent its budget; say how much more it should train.")


def send(folder: Path, command: Command) -> None:
    """Hands a command to a worker that this process launched; raises `RunError` if there is none."""
    try:
        processes.tell(folder, command.to_line())
    except ProcessLookupError:
        raise RunError(f"{folder.name} is not at work for this server, so it cannot be commanded from here.") from None
    except OSError as error:
        raise RunError(f"{folder.name} no longer takes commands; it has just ended.") from error


def settle(before: Run, timeout: float = 3.0) -> None:
    """Returns once a command has taken effect: the state or a learning rate differs from `before`, or the
    run is gone. After `timeout` it returns all the same; what is shown follows by itself."""

    def told(status: Status) -> tuple[object, ...]:
        return status.state, status.control.lr_g, status.control.lr_d

    deadline = time.monotonic() + timeout
    with suppress(RunError):
        while told(read(before.folder).status) == told(before.status) and time.monotonic() < deadline:
            time.sleep(0.02)


def wait(folder: Path, timeout: float = 15.0) -> None:
    """Returns when no process is at work on the run; raises `RunError` if that takes too long."""
    deadline = time.monotonic() + timeout
    while processes.is_alive(folder) or is_locked(folder):
        if time.monotonic() > deadline:
            raise RunError(f"{folder.name} does not end.")
        time.sleep(0.02)


def delete(folder: Path) -> None:
    """Removes a run that nobody is at work on; raises `RunError` otherwise."""
    if processes.is_alive(folder) or is_locked(folder):
        raise RunError(f"{folder.name} is at work; stop it before deleting it.")
    # Out of the listing in one stroke: a deletion that is cut short leaves no half a run.
    doomed = folder.with_name(f".deleted-{folder.name}-{secrets.token_hex(2)}")
    try:
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise RunError(f"{folder.name} cannot be deleted ({error.strerror}).") from error
