"""The worker processes that this process has launched, by run folder.

A worker needs seconds to import torch, so one is kept ready: it imports everything, then waits on its stdin for the
run that it is to train. Every worker has a thread that waits for its end, so that none stays as a zombie.
"""

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parent.parent
LOG = "worker.log"
Process = subprocess.Popen[bytes]
_guard = threading.Lock()
"""Held for an instant, while the tables below are read or changed; never while a process is waited for."""
_workers: dict[Path, Process] = {}
_ready: list[Process] = []


def _spawn(log: int, *arguments: str) -> Process:
    command = [sys.executable, "-m", "gan.worker", *arguments]
    process = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=PROJECT)
    assert process.stdin is not None
    with suppress(OSError):  # older Pythons on Windows cannot
        os.set_blocking(process.stdin.fileno(), False)
    threading.Thread(target=_await_end, args=(process,), daemon=True, name=f"worker {process.pid}").start()
    return process


def _await_end(process: Process) -> None:
    """Reaps a process when it ends, and forgets it."""
    process.wait()
    with _guard:
        for folder in [folder for folder, one in _workers.items() if one is process]:
            del _workers[folder]
        if process in _ready:
            _ready.remove(process)
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()


def prepare() -> None:
    """Keeps one worker ready, so that the next launch is quick; a failure to do so shows then."""
    with _guard, suppress(OSError):
        if not any(process.poll() is None for process in _ready):
            _ready[:] = [_spawn(subprocess.DEVNULL)]


def log_of(folder: Path) -> Path:
    """Where the worker of a run writes what it has to say. Raises `OSError` if anything but a file is there: opening a
    pipe would wait for whoever reads it."""
    path = folder / LOG
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, f"{LOG} is not a file", str(path))
    return path


def launch(root: Path, folder: Path, images: int, seconds: float) -> Process:
    """Gives a run to a worker: the one that is ready, or a new one. `root` is where runs are kept.

    Raises `OSError`.
    """
    with _guard:
        order = {"runs_dir": str(root), "run_dir": str(folder), "images": images, "seconds": seconds}
        process = _take_ready(json.dumps(order) + "\n")
        if process is None:
            with log_of(folder).open("ab") as log:
                options = [f"--runs-dir={root}", f"--images={images}", f"--seconds={seconds}"]
                process = _spawn(log.fileno(), str(folder), *options)
        _workers[folder] = process
        return process


def _take_ready(order: str) -> Process | None:
    """The worker that was ready, with its order; None if there is none, or it has died."""
    while _ready:
        process = _ready.pop()
        with suppress(OSError):
            if process.poll() is None:
                _write(process, order)
                return process
    return None


def is_alive(folder: Path) -> bool:
    """Whether a worker that this process launched is at work on the run."""
    with _guard:
        process = _workers.get(folder)
    return process is not None and process.poll() is None


def tell(folder: Path, line: str) -> None:
    """Writes a line to the run's worker. Raises `ProcessLookupError` if this process has none, `BlockingIOError` if it
    has stopped reading, and another `OSError` if it has just ended."""
    with _guard:
        process = _workers.get(folder)
        if process is None or process.poll() is not None:
            raise ProcessLookupError(folder)
        _write(process, line)


def _write(process: Process, line: str) -> None:
    assert process.stdin is not None
    content = line.encode()
    if process.stdin.write(content) != len(content):  # the pipe is full
        raise BlockingIOError(errno.EAGAIN, "it does not take what it was told before")
