"""Fetching a data set that does not ship, in a process of its own: with progress, and a way to cancel.

What is fetched appears in its folder whole or not at all. Two processes that want the same set do not fetch it twice:
the second one waits for the first.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from gan.data.loading import cache_folder, folder_of, is_here
from gan.data.spec import DataError, DataSpec, spec
from gan.paths import PROJECT
from gan.system import locks

ASK_EVERY = 0.2
"""Seconds between two looks at whether somebody has cancelled."""
START = 120.0
"""Seconds within which the process has to say its first word: torch takes long to import on a busy machine."""
Watch = Callable[[float, str], None]
"""Is told the share that is done, and what is being done, in words."""


class CancelledError(Exception):
    """Somebody did not want it any more."""


def _never() -> bool:
    return False


def patience() -> float:
    """Seconds that a mirror may say nothing: `$GAN_DATA_TIMEOUT`, else half a minute."""
    try:
        return max(0.1, float(os.environ.get("GAN_DATA_TIMEOUT", "30")))
    except ValueError:
        return 30.0


def fetch(name: str, watch: Watch | None = None, cancelled: Callable[[], bool] = _never) -> None:
    """Brings a data set to this machine, if it is not there. Raises `DataError` with one sentence where that fails, and
    `CancelledError`; nothing is left then."""
    of = spec(name)
    if is_here(name):
        return
    if of.ships:
        raise DataError(f"The data set {of.title} is missing. Fetch the project again.")
    say = watch or (lambda _share, _doing: None)
    say(0.0, f"Fetching {of.title}")
    folder = cache_folder()

    def waiting() -> None:
        say(0.0, f"Another process is fetching {of.title}")
        if cancelled():
            raise CancelledError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locks.held_when_free(folder / f".{name}.lock", waiting):
            if is_here(name):  # the other one was faster
                return
            for left in folder.glob(f".{name}-*"):  # by one who was killed
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as place:
                _fetch_into(Path(place), of, say, cancelled)
                whole = Path(place) / "whole"
                shutil.rmtree(folder_of(of), ignore_errors=True)  # what is there has no images
                whole.rename(folder_of(of))
    except OSError as error:
        raise DataError(f"{of.title} cannot be kept in {folder} ({error.strerror or error}).") from error


def _fetch_into(place: Path, of: DataSpec, say: Watch, cancelled: Callable[[], bool]) -> None:
    # Not `python -c`: what it imports is to be this library, wherever it was started.
    command = [sys.executable, "-m", "gan.data.fetcher", of.name, str(place)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env=os.environ | {"TQDM_DISABLE": "1"},  # torchvision's own bars
        text=True,
    )
    said: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.put(line)
        said.put(None)

    threading.Thread(target=listen, daemon=True, name="fetching").start()
    deadline = time.monotonic() + START
    try:
        while True:
            if cancelled():
                raise CancelledError
            try:
                line = said.get(timeout=ASK_EVERY)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise DataError(f"{of.title} could not be fetched: the process that fetches it is stuck.") from None
                continue
            if line is None:
                raise DataError(f"{of.title} could not be fetched: the process that fetches it has ended.")
            message = json.loads(line)
            if "failed" in message:
                raise DataError(str(message["failed"]))
            if "done" in message:
                return
            say(float(message["share"]), str(message["doing"]))
            deadline = time.monotonic() + START + patience()
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
