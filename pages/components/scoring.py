"""The classification accuracy score, measured in a process of its own: it takes about a minute of training.

One at a time on a server. What came out is kept for everybody who looks, by the file that was measured.
"""

import atexit
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import streamlit as st

from gan.figures import ACCURACY_SCORE, Figure
from gan.processes import PROJECT

KEPT = 64
"""Results that a server remembers."""


@dataclass(frozen=True)
class Key:
    """A version of a model's file, and the samples that are drawn from it."""

    path: Path
    modified: float
    n: int
    seed: int


def command(key: Key) -> list[str]:
    """What measures it: prints one JSON object on stdout, its progress on stderr."""
    numbers = ["--n", str(key.n), "--seed", str(key.seed)]
    return [sys.executable, "-m", "gan", "evaluate", str(key.path), *numbers, "--only", ACCURACY_SCORE]


@dataclass
class Job:
    """A measurement under way."""

    key: Key
    name: str
    """What its model is called."""
    began: float = field(default_factory=time.monotonic)
    said: str = ""
    """The end of what its process has written on stderr."""

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    @property
    def progress(self) -> float | None:
        """The share that is done, as its process tells; None before it has."""
        found = re.findall(r"(\d{1,3})(?:\.\d+)?\s?%", self.said)
        return min(int(found[-1]), 100) / 100 if found else None


class Desk:
    """Where measurements are ordered. A thread waits for each process, so that none is left behind as a
    zombie when nobody looks any more."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._job: Job | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._results: dict[Key, Figure | str] = {}
        atexit.register(self.stop)

    @property
    def job(self) -> Job | None:
        """The measurement under way."""
        return self._job

    def result(self, key: Key) -> Figure | str | None:
        """What came out: the figure, or a sentence that says why there is none. None if it was never asked for."""
        return self._results.get(key)

    def figure(self, key: Key) -> Figure | None:
        """The figure, if it has been measured."""
        result = self.result(key)
        return result if isinstance(result, Figure) else None

    def start(self, key: Key, name: str) -> bool:
        """Begins to measure; False if something is being measured already."""
        with self._guard:
            if self._job is not None:
                return False
            self._results.pop(key, None)
            output = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the thread)
            try:
                self._process = subprocess.Popen(
                    command(key), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, cwd=PROJECT
                )
            except OSError as error:
                output.close()
                self._keep(key, f"The measurement cannot be started ({error.strerror}).")
                return True
            self._job = Job(key, name)
            wait = threading.Thread(target=self._wait, args=(self._job, self._process, output), daemon=True)
            wait.start()
            return True

    def stop(self) -> None:
        """Ends the measurement under way."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def _keep(self, key: Key, result: Figure | str) -> None:
        self._results[key] = result
        while len(self._results) > KEPT:
            del self._results[next(iter(self._results))]

    def _wait(self, job: Job, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> None:
        assert process.stderr is not None
        with output, process.stderr:
            while part := process.stderr.read1(4096):  # type: ignore[attr-defined]
                job.said = (job.said + part.decode(errors="replace"))[-4096:]
            status = process.wait()
            output.seek(0)
            result = _read(output.read()) if status == 0 else _why(status, job.said)
        with self._guard:
            self._keep(job.key, result)
            self._job = self._process = None


def _read(content: bytes) -> Figure | str:
    try:
        figure = json.loads(content)["figures"][ACCURACY_SCORE]
        return Figure(float(figure["value"]), float(figure["floor"]))
    except (ValueError, KeyError, TypeError):
        return "The measurement ended without a result."


def _why(status: int, said: str) -> str:
    """One sentence for a process that failed. The command line refuses bad input with status 2 and a sentence."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", said) if line.strip()]
    if status == 2 and lines:
        return lines[-1]
    if status < 0:
        return f"The measurement was ended from outside (signal {-status})."
    return f"The measurement failed (exit status {status})."


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """The one of this server."""
    return Desk()
