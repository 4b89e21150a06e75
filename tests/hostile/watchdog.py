"""Limits on what a test may take: time, memory, and the rights of somebody who is not root."""

import ctypes
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 5.0
"""Longer than this is a hang, on a machine that has nothing else to do."""
MEMORY = 3_000_000_000
"""Bytes of address space that may be added to what the process has."""


class HangError(AssertionError):
    """Something took longer than a person would wait."""


def patience() -> float:
    """Seconds after which something hangs: more where other processes want the same cores."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


# Whoever opens a FIFO waits for its other end, some libraries (safetensors) with the whole interpreter held. So a
# process of its own opens the other ends once the time is up.
_RELEASER = """
import json, os, select, stat, sys, time
folder, until = None, None
while True:
    wait = None if until is None else max(0.05, until - time.monotonic())
    if select.select([sys.stdin], [], [], wait)[0]:
        line = sys.stdin.readline()
        if not line:
            break
        folder, seconds = json.loads(line)
        until = None if folder is None else time.monotonic() + seconds
    elif folder:
        for place, _, names in os.walk(folder):
            for path in (os.path.join(place, name) for name in names):
                try:
                    if stat.S_ISFIFO(os.lstat(path).st_mode):
                        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
                except OSError:
                    pass
"""


class Watchdog:
    """Turns a hang into a failure with a sentence."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _RELEASER], stdin=subprocess.PIPE, text=True)

    def close(self) -> None:
        """Ends its process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _arm(self, folder: Path | None, seconds: float = 0.0) -> None:
        assert self._process.stdin is not None
        order = [None if folder is None else str(folder), seconds + 0.5]
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    @contextmanager
    def __call__(self, folder: Path, what: str) -> Iterator[None]:
        """Raises `HangError` when `what`, in the main thread, takes too long; what waits for a FIFO below `folder` is
        released."""

        def ring(*_: Any) -> None:
            raise HangError(f"{what} hung")

        before = signal.signal(signal.SIGALRM, ring)
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
        if pages:
            resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
        seconds = patience()
        self._arm(folder, seconds)
        faulthandler.dump_traceback_later(10 * seconds, exit=True)  # where nothing else helps
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            self._arm(None)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
            signal.signal(signal.SIGALRM, before)
        if time.monotonic() - began > seconds:
            raise HangError(f"{what} hung")


_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def _capabilities(change: bool) -> bool:
    """Lets permissions bite root too (or no longer): takes from this thread the right to overlook them, gives it back
    otherwise. False where that cannot be done."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3; this thread
    data = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: twice
    if not hasattr(libc, "capget") or libc.capget(header, data):
        return False
    rights = (1 << _CAP_DAC_OVERRIDE) | (1 << _CAP_DAC_READ_SEARCH)
    data[0] = data[0] & ~rights if change else data[0] | (rights & data[1])
    return libc.capset(header, data) == 0


@contextmanager
def permissions_bite() -> Iterator[bool]:
    """Inside, files that may not be read cannot be read, also by root; says whether it is so."""
    if os.geteuid() != 0:
        yield True
        return
    done = _capabilities(True)
    try:
        yield done
    finally:
        if done:
            _capabilities(False)
