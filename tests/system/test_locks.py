import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from gan import paths
from gan.system import locks

LOOK = """
import sys
from pathlib import Path
from gan.system import locks
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(locks.is_held(path) for _ in range(2000)))
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock file that nobody holds."""
    path = tmp_path / locks.RUN
    path.touch()
    return path


@pytest.fixture
def lookers(lock: Path) -> Iterator["list[subprocess.Popen[str]]"]:
    """Two processes that look at the lock as soon as they get a line."""
    command = [sys.executable, "-c", LOOK, str(lock)]
    started = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=paths.PROJECT) for _ in range(2)]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    yield started
    for process in started:
        process.kill()
        process.communicate()


def _found_held(lookers: "list[subprocess.Popen[str]]") -> list[int]:
    for process in lookers:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [int(process.communicate(timeout=60)[0]) for process in lookers]


def test_processes_that_look_do_not_take_each_other_for_the_holder(
    lookers: "list[subprocess.Popen[str]]",
) -> None:
    assert _found_held(lookers) == [0, 0]


def test_processes_that_look_see_the_holder(lookers: "list[subprocess.Popen[str]]", lock: Path) -> None:
    with locks.held(lock, timeout=0):
        assert _found_held(lookers) == [2000, 2000]


def test_holder_gets_the_lock_while_others_look(lookers: "list[subprocess.Popen[str]]", lock: Path) -> None:
    counting = threading.Thread(target=_found_held, args=(lookers,))
    counting.start()
    for _ in range(20):
        with locks.held(lock, timeout=5.0):
            pass
    counting.join()


def test_lock_is_for_one(lock: Path) -> None:
    with locks.held(lock, timeout=0), pytest.raises(locks.LockedError), locks.held(lock, timeout=0.05):
        pass
    assert not locks.is_held(lock)


def test_lock_that_is_not_there_is_free_and_not_made(tmp_path: Path) -> None:
    assert not locks.is_held(tmp_path / locks.RUN)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "link to a pipe"])
def test_what_is_no_lock_file_is_free_and_cannot_be_held(tmp_path: Path, kind: str) -> None:
    path = tmp_path / locks.RUN
    if kind == "folder":
        path.mkdir()
    else:
        other = tmp_path / "other"
        if kind == "link":
            other.touch()
        else:
            os.mkfifo(path if kind == "pipe" else other)
        if kind.startswith("link"):
            path.symlink_to(other)
    assert not locks.is_held(path)
    with pytest.raises(OSError, match="is not a file"), locks.held(path, timeout=0):
        pass
