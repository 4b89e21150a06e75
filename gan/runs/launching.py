"""Making runs, starting their workers, and telling them what to do.

Only workers that this process has launched (see `gan.runs.processes`) can be commanded from here.
"""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from gan.config import ConfigError, TrainConfig
from gan.models.snapshots import newest_snapshot
from gan.runs import processes, space, store
from gan.runs.folders import RunError, root
from gan.runs.reading import Run, is_held, is_locked, read, training
from gan.system import files, locks
from gan.system.text import shown
from gan.training.messages import LIVING, Command, Order, Status

START_WITHIN = 120.0
"""Seconds that a worker has to take the run's lock; importing torch takes long on a busy machine."""


class BusyError(RunError):
    """As many runs train already as may at a time."""

    def __init__(self, training: "list[Run]") -> None:
        super().__init__(busy_sentence(training))
        self.training = training


def parallel() -> int:
    """How many runs may train at a time: $GAN_PARALLEL_RUNS, else 1."""
    text = os.environ.get("GAN_PARALLEL_RUNS", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 5 else 1


def create(config: TrainConfig, folder: Path | None = None) -> Path:
    """Makes the folder of a new run with its `config.json`; raises `RunError` if it cannot.

    Without `folder` the run gets an id under `root()`, if there is room for one more (`gan.runs.space`). A folder that
    already holds something is refused.
    """
    text = json.dumps(config.to_dict(), indent=2)
    if folder is None:
        return _create_in_root(config.preset, text)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(f"{folder} already holds something; a new run needs a new or empty folder.")
        files.write_atomically(folder / store.CONFIG, text.encode())
    return folder


def _create_in_root(preset: str, text: str) -> Path:
    """The folder appears in the listing once it is a run, and not before."""
    with _writing(root()):
        root().mkdir(parents=True, exist_ok=True)
        space.make_room()
        folder = root() / f"{datetime.now():%Y%m%d-%H%M%S}-{preset}-{secrets.token_hex(2)}"
        unfinished = root() / f".new-{secrets.token_hex(4)}"
        unfinished.mkdir()
        files.write_atomically(unfinished / store.CONFIG, text.encode())
        unfinished.rename(folder)
    return folder


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"The run folder {shown(folder, 200)} cannot be written ({error.strerror}).") from error


def start(config: TrainConfig, *, paused: bool = False) -> Path:
    """Creates a run under `root()` and launches it; with `paused` it waits for somebody to step it. Raises what
    `create` and `launch` do, and then leaves no folder behind."""
    return _launched(create(config), paused=paused)


def fork(origin: Run, seconds: float) -> Path:
    """A new run that begins, paused, where `origin` stands, which stays as it is: its settings and its checkpoint, and
    seconds of training of its own. Raises what `start` does."""
    folder = create(origin.config)
    try:
        shutil.copyfile(origin.folder / store.CHECKPOINT, folder / store.CHECKPOINT)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RunError(f"{origin.id} has no {store.CHECKPOINT} that another run could begin with.") from error
    return _launched(folder, seconds=seconds, paused=True)


def _launched(folder: Path, *, seconds: float = 0.0, paused: bool = False) -> Path:
    try:
        launch(folder, seconds=seconds, paused=paused)
    except RunError:
        if not processes.is_alive(folder) and not (folder / store.DATABASE).exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def launch(
    folder: Path,
    *,
    images: int = 0,
    seconds: float = 0.0,
    lr_g: float | None = None,
    lr_d: float | None = None,
    paused: bool = False,
) -> None:
    """Starts a worker on a run, new or to be resumed, for so much more, else for what was left, and with other
    learning rates where they are given. With `paused` it waits for somebody to step it.

    Returns once the worker holds the run's lock. Raises `BusyError` while as many others train as may, and
    `RunError` if the run is living already, cannot go on, or the worker does not start.
    """
    with _one_launch_at_a_time():
        run = read(folder)
        if run.living:
            raise RunError(f"{run.id} is already {run.status.state}.")
        order = Order(images, seconds, lr_g, lr_d, paused)
        check_resumable(run, order)
        others = [other for other in training() if other.folder != folder]
        if len(others) >= parallel():
            raise BusyError(others)
        try:
            process = processes.launch(root(), folder, order)
        except OSError as error:
            raise RunError(f"The worker cannot be started ({error.strerror}).") from error
        _wait_for_lock(folder, process)
    # One who starts again soon shall not wait for torch to be imported.
    processes.prepare()


def _wait_for_lock(folder: Path, process: processes.Process) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RunError(f"The worker of {folder.name} ended at once{_last_words(folder)}.")
        if is_locked(folder) and (status := store.read_status(folder)) and status.state in LIVING:
            return
        time.sleep(0.02)
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    raise RunError(f"The worker of {folder.name} did not start within {START_WITHIN:.0f} s{_last_words(folder)}.")


def _last_words(folder: Path) -> str:
    """The last line that a worker wrote, for the end of a sentence; empty if it said nothing."""
    with suppress(OSError), processes.log_of(folder).open("rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - 4096))
        if lines := log.read().decode(errors="replace").split("\n")[:-1]:
            return f": {shown(lines[-1], 200)}"
    return ""


@contextmanager
def _one_launch_at_a_time() -> Iterator[None]:
    """Only those who launch wait for each other here; whoever looks does not."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.held(root() / locks.LAUNCH, timeout=START_WITHIN))
        except locks.LockedError:
            raise RunError("Another run is just being started; try again.") from None
        except OSError as error:
            raise RunError(f"The runs folder {root()} cannot be written ({error.strerror}).") from error
        yield


def busy_sentence(training: Sequence[Run]) -> str:
    """Why no other run can start: which ones train, and how long they have left."""
    ids = " and ".join(run.id for run in training)
    standing = "; ".join(map(_standing, training))
    most = "one run trains" if parallel() == 1 else f"{parallel()} runs train"
    are = "is" if len(training) == 1 else "are"
    return f"{ids} {are} training now ({standing}); {most} at a time on this machine."


def _standing(run: Run) -> str:
    left = run.status.progress.seconds_left
    return run.status.state if left is None else f"{run.status.state}, {left:.0f} s left"


def check_resumable(run: Run, order: Order) -> None:
    """Raises `RunError` if the run cannot begin or go on so: nothing is left to train and no more is asked for, a
    learning rate is none, or the checkpoint is lost, without which training would begin anew."""
    if run.status.progress.complete and not order.images and not order.seconds:
        raise RunError(f"{run.id} has spent its budget; say how much more it should train.")
    try:
        run.config.changed(**{name: rate for name in ("lr_g", "lr_d") if (rate := getattr(order, name)) is not None})
    except ConfigError as error:
        raise RunError(str(error)) from error
    if run.status.progress.images and not os.path.lexists(run.folder / store.CHECKPOINT):
        origin = run.id if run.folder.parent == root() else run.folder
        way = f"a new run can begin with its newest snapshot: python -m gan train --from {origin}"
        if newest_snapshot(run.folder) is None:
            way = "it can only be run again from the beginning, as a new run"
        raise RunError(f"{run.id} has lost its {store.CHECKPOINT} and cannot go on; {way}.")


def send(folder: Path, command: Command) -> None:
    """Hands a command to a worker that this process launched; raises `RunError` if there is none."""
    try:
        processes.tell(folder, command.to_line())
    except ProcessLookupError:
        raise RunError(f"{folder.name} is not at work for this server, so it cannot be commanded from here.") from None
    except BlockingIOError as error:
        raise RunError(f"{folder.name} takes no commands at the moment; its process stands still.") from error
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
    while is_held(folder):
        if time.monotonic() > deadline:
            raise RunError(f"{folder.name} does not end.")
        time.sleep(0.02)
