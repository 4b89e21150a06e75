"""Whether a run that says it trains has fallen silent: on a full disk it cannot even say so, and a process that is
stopped says nothing at all. Seen from outside, by when the run has last written its status."""

import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gan.config import TrainConfig
from gan.config.schedule import Schedule
from gan.runs import store
from gan.training.messages import Status

AFTER = 6.0
"""Seconds without a word after which a run is silent; a run that trains writes ten times a second."""
AFTER_STEPS = 4
"""So many steps without a word, where they take long."""
AFTER_AT_FIRST = 60.0
"""Seconds until the first step has been taken: a busy machine may need long to import PyTorch."""
NO_SPACE = 1_000_000
"""Bytes; with less on its disk a run can write next to nothing."""


@dataclass(frozen=True)
class _Look:
    """What this process saw when it last looked at a run, in seconds of its monotonic clock."""

    at: float
    written: float
    stamp: float
    """When the last write was, by the clock on the wall, which may be set."""


_looks: dict[Path, _Look] = {}
_guard = threading.Lock()


def seconds_silent(folder: Path, config: TrainConfig, status: Status) -> float:
    """For how long a run that starts or trains has written nothing; 0 while that is not longer than usual."""
    if status.state not in ("starting", "running") or (stamp := store.written_at(folder)) is None:
        return 0.0
    quiet = _seconds_since(folder, stamp)
    if quiet <= AFTER or (quiet <= _longest(config, status) and not _is_stopped(store.read_pid(folder))):
        return 0.0
    return quiet


def _longest(config: TrainConfig, status: Status) -> float:
    """Seconds that may lie between two writes of a run that is well."""
    speed = status.progress.images_per_second
    if not speed:
        return AFTER_AT_FIRST
    batch_size = Schedule(config).at(status.progress.images).batch_size
    return max(AFTER, AFTER_STEPS * batch_size * config.game.d_steps / speed)


def _seconds_since(folder: Path, stamp: float) -> float:
    """Seconds since a run was last written to.

    When it was written between two looks, the wall clock says when, within what the monotonic clock allows: so a clock
    that is set while the run trains makes nobody silent. Only the first look has to believe it.
    """
    now = time.monotonic()
    with _guard:
        before = _looks.get(folder)
        if before is None or before.stamp != stamp:
            ago = max(0.0, time.time() - stamp)
            written = now - (ago if before is None else min(ago, now - before.at))
        else:
            written = before.written
        if len(_looks) > 1000:
            _looks.clear()
        _looks[folder] = _Look(now, written, stamp)
    return now - written


def _is_stopped(pid: int) -> bool:
    """Whether the system says that a process was stopped (SIGSTOP); False where it does not tell."""
    with suppress(OSError, ValueError):
        # The state follows the name, which is in parentheses and may hold anything.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] in ("T", "t")
    return False


def sentence(folder: Path, seconds: float) -> str:
    """What to tell people of a run that has been silent for so long."""
    quiet = f"Nothing has been written for {seconds:.0f} s"
    with suppress(OSError):
        if shutil.disk_usage(folder).free < NO_SPACE:
            return f"{quiet}: the disk that holds {folder} is full. Free some space, then resume."
    if _is_stopped(pid := store.read_pid(folder)):
        return f"{quiet}: the process of this run ({pid}) is stopped. It goes on after “kill -CONT {pid}”."
    return f"{quiet}: this machine is very busy, or it was suspended. The run goes on by itself."
