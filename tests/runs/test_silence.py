import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from gan import runs
from gan.runs import silence, store
from gan.system.files import StorageError
from gan.training.messages import Status
from tests.helpers import LARGE, is_sentence, small, status_at, until


class _Clocks:
    """The wall's clock, and the monotonic one, which goes on with it but is never set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, writer: store.Writer) -> None:
        self.wall, self.now = 1e9, 50.0
        self.writer, self.folder = writer, writer.folder
        clocks = SimpleNamespace(time=lambda: self.wall, monotonic=lambda: self.now)
        monkeypatch.setattr(silence, "time", clocks)
        monkeypatch.setattr(store, "time", clocks)
        monkeypatch.setattr(silence, "_looks", {})

    def forward(self, seconds: float) -> None:
        self.wall += seconds
        self.now += seconds

    def write(self) -> None:
        """The run says that it trains."""
        self.writer(RUNNING)


RUNNING = status_at("running", images_per_second=6400.0)


@pytest.fixture
def clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Clocks]:
    with closing(store.Writer(tmp_path)) as writer:
        found = _Clocks(monkeypatch, writer)
        found.write()
        yield found


def _silent(clocks: _Clocks, status: Status = RUNNING) -> float:
    return silence.seconds_silent(clocks.folder, small(), status)


def test_run_is_silent_once_it_has_not_written_for_some_seconds(clocks: _Clocks) -> None:
    assert _silent(clocks) == 0
    for seconds, expected in ((5.0, 0.0), (4.0, 9.0), (60.0, 69.0)):
        clocks.forward(seconds)
        assert _silent(clocks) == pytest.approx(expected)
    clocks.write()
    assert _silent(clocks) == 0


def test_first_look_knows_since_when(clocks: _Clocks) -> None:
    clocks.forward(30)
    assert _silent(clocks) == pytest.approx(30)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_clock_that_is_set_makes_nobody_silent(clocks: _Clocks, jump: float) -> None:
    """The last write is an hour ago, or lies in the future; that it goes on, or not, is seen all the same."""
    assert _silent(clocks) == 0
    clocks.forward(1)
    clocks.write()
    clocks.wall += jump
    assert _silent(clocks) == 0
    clocks.forward(1)
    clocks.write()
    assert _silent(clocks) == 0
    clocks.forward(8)
    assert _silent(clocks) == pytest.approx(8)


@pytest.mark.parametrize(
    ("status", "silent_after"),
    [
        (status_at("paused"), None),
        (status_at("finished"), None),
        (status_at("starting"), 60),
        (status_at("running"), 60),  # its first step may take long
        (RUNNING, 6),
        (status_at("running", images_per_second=3.2), 40),  # ten seconds a step
    ],
)
def test_silence_is_measured_by_what_a_run_does(clocks: _Clocks, status: Status, silent_after: float | None) -> None:
    assert _silent(clocks, status) == 0
    clocks.forward((silent_after or 1e6) - 1)
    assert _silent(clocks, status) == 0
    if silent_after:
        clocks.forward(2)
        assert _silent(clocks, status) == pytest.approx(silent_after + 1)


def test_full_disk_is_told_by_its_free_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.Writer(tmp_path).close()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    said = silence.sentence(tmp_path, 7.0)
    assert "written for 7 s: the disk that holds" in said
    assert is_sentence(said)
    monkeypatch.undo()
    assert "very busy, or it was suspended" in silence.sentence(tmp_path, 7.0)


def test_attempts_to_write_on_a_full_disk_are_no_words(clocks: _Clocks) -> None:
    assert _silent(clocks) == 0
    (pages,) = clocks.writer._connection.execute("PRAGMA page_count").fetchone()
    clocks.writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(9):
        clocks.forward(1)
        with pytest.raises(StorageError, match="is full"):
            clocks.writer(status_at("paused", message="x" * 9000))
    assert _silent(clocks) == pytest.approx(9)


def test_stopped_worker_is_silent_and_its_stop_is_no_training(runs_root: Path) -> None:
    """A real one, by SIGSTOP: the page's sentence names its process, and its clock stands still."""
    folder = runs.create(small(images=LARGE))
    runs.launch(folder)
    until(lambda: runs.read(folder).status.progress.images_per_second > 0)
    pid = store.read_pid(folder)
    os.kill(pid, signal.SIGSTOP)
    try:
        before = runs.read(folder).status.progress
        until(lambda: runs.read(folder).status.state == "silent", seconds=20)
        run = runs.read(folder)
        assert run.living
        assert silence.AFTER < run.silent_for < 15
        said = runs.why_silent(run)
        assert f"the process of this run ({pid}) is stopped" in said
        assert is_sentence(said)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: runs.read(folder).status.state == "running")
    after = runs.read(folder).status.progress
    assert before.seconds < after.seconds < before.seconds + silence.AFTER / 2
    until(lambda: runs.read(folder).status.progress.images > after.images)
