"""The worker processes that this process has launched, by run folder.

A worker needs seconds to import torch, so one can be kept ready: it imports everything, then waits on
its stdin for the run that it is to train.
"""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parent.parent
LOG = "worker.log"
Process = subprocess.Popen[bytes]
guard = threading.RLock()
"""Held while processes are looked at or launched."""
_workers: dict[Path, Process] = {}
_ready: list[Process] = []


def _spawn(log: int, *arguments: str) -> Process:
    command = [sys.executable, "-m", "gan.worker", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=PROJECT, close_fds=True)


def prepare() -> None:
    """Keeps one worker ready, so that the next launch is quick; a failure to do so shows then."""
    with guard, suppress(OSError):
        if not any(process.poll() is None for process in _ready):
            _ready[:] = [_spawn(subprocess.DEVNULL)]


def launch(folder: Path, images: int, seconds: float) -> Process:
    """Gives the run in `folder` to a worker: the one that is ready, or a new one. Raises `OSError`."""
    with guard:
        process = _ready.pop() if _ready else None
        if process is not None and process.poll() is None:
            _write(process, json.dumps({"run_dir": str(folder), "images": images, "seconds": seconds}) + "\n")
        else:
            with (folder / LOG).open("ab") as log:
                process = _spawn(log.fileno(), str(folder), f"--images={images}", f"--seconds={seconds}")
        _workers[folder] = process
        return process


def is_alive(folder: Path) -> bool:
    """Whether a worker that this process launched is at work on the run; reaps it if it has ended."""
    with guard:
        process = _workers.get(folder)
        if process is None:
            return False
        if process.poll() is None:
            return True
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()
        del _workers[folder]
        return False


def tell(folder: Path, line: str) -> None:
    """Writes a line to the run's worker; raises `ProcessLookupError` if this process has none, and
    `OSError` if it has just ended."""
    with guard:
        if not is_alive(folder):
            raise ProcessLookupError(folder)
        _write(_workers[folder], line)


def _write(process: Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line.encode())
    process.stdin.flush()
