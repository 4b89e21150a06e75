"""Run folders as they are found: listing, reading, locking. What makes, launches and commands runs is
`gan.runs.launching`; what is deleted goes to `gan.runs.trash`.

A run that lives holds a lock in its folder, so whether it lives is asked of the operating system (`gan.system.locks`).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from gan.config import ConfigError, TrainConfig
from gan.runs import folders, processes, silence, store
from gan.runs.folders import RunError as RunError
from gan.runs.folders import names as names
from gan.runs.folders import root as root
from gan.system import files, locks
from gan.system.files import StorageError
from gan.system.text import shown
from gan.training.messages import LIVING, Progress, Status


@dataclass(frozen=True)
class BrokenRun:
    """A folder in the place of a run that cannot be read as one."""

    folder: Path
    problem: str
    """What is wrong, in one sentence."""

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name


@dataclass(frozen=True)
class Run:
    """A run as it was when it was read."""

    folder: Path
    config: TrainConfig
    status: Status
    created: datetime
    owned: bool
    """Whether this process launched the worker, and so can command it."""
    silent_for: float = 0.0
    """Seconds for which it has written nothing although it should; see `why_silent`."""

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def living(self) -> bool:
        """Whether a process is at work on it."""
        return self.status.state in LIVING


def find(run_id: str) -> Path | None:
    """The folder of a run under `root()`, damaged or not, looked up in the listing; None for anything else."""
    return root() / run_id if run_id in names() else None


def read(folder: Path) -> Run:
    """The run in a folder, as it is now; raises `RunError` if there is none that can be read."""
    found = look(folder)
    if isinstance(found, BrokenRun):
        raise RunError(found.problem)
    return found


def look(folder: Path) -> Run | BrokenRun:
    """What is in a folder, as it is now. Raises nothing, and waits for nothing, whatever that is."""
    try:
        found = _contents(folder, folders.stamps(folder))
        if not isinstance(found, str) and found[1].state in LIVING and not is_held(folder):
            # Read once more: it may have ended well between the first look and the lock's.
            found = _contents(folder, folders.stamps(folder))
            if not isinstance(found, str) and found[1].state in LIVING:
                found = (found[0], replace(found[1], state="interrupted"), found[2])
    except FileNotFoundError:
        found = f"There is no run in {shown(folder, 200)}."
    except RunError as error:
        found = str(error)
    except OSError as error:
        found = f"The run in {shown(folder, 200)} cannot be read: {shown(error.strerror)}."
    if isinstance(found, str):
        return BrokenRun(folder, found)
    config, status, created = found
    if silent_for := silence.seconds_silent(folder, config, status):
        status = replace(status, state="silent")
    return Run(folder, config, status, created, processes.is_alive(folder), silent_for)


def why_silent(run: Run) -> str:
    """What to tell people of a silent run: why it may be silent, and what can be done."""
    return silence.sentence(run.folder, run.silent_for)


@lru_cache(maxsize=1024)
def _contents(folder: Path, stamps: tuple[int, ...]) -> tuple[TrainConfig, Status, datetime] | str:
    """What a run's files say, or what is wrong with them; remembered while `stamps` stay, so that a list of many runs
    is quick. Raises `OSError`."""
    try:
        folder.name.encode()
        config = TrainConfig.from_json(files.read_text(folder / store.CONFIG))
        return config, store.read_status(folder) or begun(config), datetime.fromtimestamp(stamps[0] / 1e9)
    except UnicodeEncodeError:
        return "The name of this folder is no text that can be shown; give it another one."
    except (ConfigError, StorageError, UnicodeDecodeError) as error:
        return f"The run in {shown(folder, 200)} cannot be read: {shown(error, 300)}"


def is_held(folder: Path) -> bool:
    """Whether a process is at work on the run."""
    return processes.is_alive(folder) or is_locked(folder)


def begun(config: TrainConfig) -> Status:
    """The status of a run that has not trained yet."""
    return Status("starting", progress=Progress(images_limit=config.budget.images, seconds_limit=config.budget.seconds))


def entries() -> list[Run | BrokenRun]:
    """All that is in the place of a run under `root()`, newest first."""
    return [look(root() / name) for name in names()]


def listing() -> list[Run]:
    """All runs under `root()` that can be read, newest first."""
    return [entry for entry in entries() if isinstance(entry, Run)]


def training() -> list[Run]:
    """The runs under `root()` that a process is at work on, newest first."""
    return [run for run in listing() if run.living]


@contextmanager
def lock(folder: Path, timeout: float = 1.0) -> Iterator[None]:
    """Holds a run for its process; raises `RunError` if another one has it."""
    if not folder.is_dir():  # the lock would make it
        raise RunError(f"There is no run in {folder}.")
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.held(folder / locks.RUN, timeout))
        except locks.LockedError:
            raise RunError(f"Another process is at work on the run in {folder}.") from None
        except OSError as error:
            raise RunError(f"The run folder {folder} cannot be written ({error.strerror}).") from error
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process holds the run."""
    return locks.is_held(folder / locks.RUN)
