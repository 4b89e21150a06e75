"""The worker processes that this process has launched, by run folder.

A worker needs seconds to import torch, so the next one is kept ready. On Linux it is forked when it is wanted
(`gan.system.nursery`); elsewhere it has imported everything and waits on its stdin for the run that it is to train.
Every worker has a thread that waits for its end, so that none stays as a zombie.
"""

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from gan.paths import PROJECT
from gan.system import nursery
from gan.system.nursery import Child, Nursery
from gan.training.messages import Order

LOG = "worker.log"
Process = subprocess.Popen[bytes] | Child
_guard = threading.Lock()
"""Held for an instant, while the tables below are read or changed; never while a process is waited for."""
_workers: dict[Path, Process] = {}
_ready: list[Process | Nursery] = []
"""The nursery, or the one worker that is ready; empty, or with a dead one, where there is none."""


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gan.runs.worker", *arguments]


def _spawn(log: int, *arguments: str) -> Process:
    process = subprocess.Popen(
        _command(*arguments), bufsize=0, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=PROJECT
    )
    assert process.stdin is not None
    with suppress(OSError):  # older Pythons on Windows cannot
        os.set_blocking(process.stdin.fileno(), False)
    return process


def _watch(process: Process) -> None:
    """Reaps a process when it ends, and forgets it."""

    def await_end() -> None:
        process.wait()
        with _guard:
            for folder in [folder for folder, one in _workers.items() if one is process]:
                del _workers[folder]
            if process in _ready:
                _ready.remove(process)
            if process.stdin:
                with suppress(OSError):
                    process.stdin.close()

    threading.Thread(target=await_end, daemon=True, name=f"worker {process.pid}").start()


def prepare() -> None:
    """Sees to it that the next launch is quick; a failure to do so shows then."""
    with _guard, suppress(OSError):
        _prepare()


def _prepare() -> None:
    if any(one.is_alive() if isinstance(one, Nursery) else one.poll() is None for one in _ready):
        return
    _ready.clear()
    if nursery.AVAILABLE:
        _ready.append(Nursery(_command("--nursery"), PROJECT))
    else:
        waiting = _spawn(subprocess.DEVNULL)
        _ready.append(waiting)
        _watch(waiting)


def log_of(folder: Path) -> Path:
    """Where the worker of a run writes what it has to say. Raises `OSError` if anything but a file is there: opening a
    pipe would wait for whoever reads it."""
    path = folder / LOG
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, f"{LOG} is not a file", str(path))
    return path


def launch(root: Path, folder: Path, order: Order) -> Process:
    """Gives a run to a worker: one that is ready, or a new one. `root` is where runs are kept.

    Raises `OSError`.
    """
    told = {"runs_dir": str(root), **asdict(order)}
    with _guard, log_of(folder).open("ab") as log:
        if nursery.AVAILABLE:
            _prepare()
        process = _take_ready(json.dumps({"run_dir": str(folder), **told}) + "\n", log.fileno())
        if process is None:
            given = {name.replace("_", "-"): value for name, value in told.items() if value not in (None, False)}
            options = [f"--{name}" if value is True else f"--{name}={value}" for name, value in given.items()]
            process = _spawn(log.fileno(), str(folder), *options)
            _watch(process)
        _workers[folder] = process
        return process


def _take_ready(order: str, log: int) -> Process | None:
    """The worker that was ready, with its order; None if there is none, or it has died."""
    for one in list(_ready):
        with suppress(OSError):
            if isinstance(one, Nursery):
                child = one.bear(order, log)
                _watch(child)
                return child
            _ready.remove(one)
            if one.poll() is None:
                _write(one, order)
                return one
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
