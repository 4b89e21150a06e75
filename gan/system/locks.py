"""Who has a run: a lock in its folder, held by its process and asked about by everybody.

The operating system frees the lock when its holder dies, so whether a run lives is not guessed from clocks or process
ids. The holder takes it exclusively (`filelock`: flock on POSIX). Who looks tries a shared lock of the same kind, so
that any number may look at once without taking each other for the holder.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

if sys.platform != "win32":
    import fcntl

RUN, LAUNCH = "run.lock", ".launch.lock"
"""The lock in a run's folder, and the one in the runs folder that whoever launches a run holds meanwhile."""
_TRIES, _BETWEEN = 5, 0.02
"""Without shared locks (Windows): how often a lock is found held before it counts as held, and the seconds between."""


WAIT = 0.2
"""Seconds between two calls of `waiting` in `held_when_free`."""


class LockedError(RuntimeError):
    """Somebody else holds the lock."""


@contextmanager
def held(path: Path, timeout: float) -> Iterator[None]:
    """Holds the lock at `path`. It tries until `timeout`, since whoever looks is in the way for an instant.

    Raises `LockedError`, and `OSError` where no lock can be made.
    """
    _refuse_what_is_no_file(path)
    lock = FileLock(path, timeout=timeout, poll_interval=0.02)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(path) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def held_when_free(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds the lock at `path` as soon as nobody else does. `waiting` is called again and again until then, and what it
    raises ends the wait. Raises `OSError` where no lock can be made."""
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(path, WAIT))
                break
            except LockedError:
                waiting()
        yield


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(0, f"{path.name} is not a file", str(path))


def is_held(path: Path) -> bool:
    """Whether a process holds the lock at `path`; what is no file, or not there, nobody can hold."""
    if sys.platform == "win32":
        return _is_held_by_trying(path)
    try:
        # Never waits, whatever lies there: neither for the other end of a pipe nor behind a link.
        looking = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if stat.S_ISREG(os.fstat(looking).st_mode):
            fcntl.flock(looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(looking)
    return False


def _is_held_by_trying(path: Path) -> bool:
    """The same where locks are always exclusive: two who look may meet, but not several times in a row."""
    if not path.is_file():
        return False
    for attempt in range(_TRIES):
        try:
            with held(path, timeout=0):
                return False
        except LockedError:
            time.sleep(_BETWEEN * attempt)
        except OSError:
            return False
    return True
