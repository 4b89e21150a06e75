import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from gan import nursery, processes, runs
from gan.messages import WHAT_IS_LEFT, Command
from gan.nursery import Child, Nursery
from tests.helpers import LARGE, small, until


@pytest.fixture
def own_nursery(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> Nursery:
    """A nursery that a test may end."""
    monkeypatch.setattr(processes, "_ready", [])
    processes.prepare()
    (found,) = processes._ready
    assert isinstance(found, Nursery)
    processes.prepare()
    assert processes._ready == [found], "one is enough"
    return found


def _ends(folder: Path) -> None:
    runs.send(folder, Command("stop"))
    runs.wait(folder)
    assert runs.read(folder).status.state == "stopped"


def test_workers_of_a_nursery_train_are_commanded_and_reaped(runs_root: Path) -> None:
    folder = runs.start(small(images=LARGE))
    process = processes._workers[folder]
    assert isinstance(process, Child)
    until(lambda: runs.read(folder).status.progress.images > 0)
    # What it prints goes into the run's log.
    processes.tell(folder, "nonsense\n")
    until(lambda: "ignored" in (folder / processes.LOG).read_text())
    _ends(folder)
    assert process.wait(60) == 0
    until(lambda: not psutil.pid_exists(process.pid) and folder not in processes._workers)


def test_killed_worker_is_reaped_without_anybody_looking(runs_root: Path) -> None:
    folder = runs.start(small(images=LARGE))
    process = processes._workers[folder]
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    until(lambda: not psutil.pid_exists(process.pid) and folder not in processes._workers)


def test_worker_that_was_not_born_yet_is_killed_then(own_nursery: Nursery, runs_root: Path) -> None:
    folder = runs.create(small(images=LARGE))
    process = processes.launch(runs_root, folder, WHAT_IS_LEFT)  # the nursery still imports torch
    process.kill()
    assert process.wait(0) == -signal.SIGKILL
    until(lambda: process.pid != 0 and not psutil.pid_exists(process.pid))
    assert runs.read(folder).status.progress.images == 0


def test_workers_leave_when_their_nursery_dies_and_another_takes_over(own_nursery: Nursery) -> None:
    folder = runs.start(small(images=LARGE))
    until(lambda: runs.read(folder).status.progress.images > 0)
    worker = processes._workers[folder].pid
    own_nursery.process.kill()
    until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)
    until(lambda: not runs.read(folder).living)
    another = runs.start(small(images=LARGE))
    assert isinstance(processes._workers[another], Child)
    assert processes._ready != [own_nursery]
    _ends(another)


def test_nursery_leaves_when_its_server_does(own_nursery: Nursery) -> None:
    own_nursery._socket.shutdown(2)
    assert own_nursery.process.wait(60) == 0


def test_nursery_that_breaks_says_why_in_the_log(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nsleep 0.2\necho no torch here >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(runs.RunError, match=r"ended at once: no torch here\.$"):
        runs.start(small())
    assert runs.names() == []


# Where nothing is forked: one worker has imported everything, and waits.


@pytest.fixture
def without_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(nursery, "AVAILABLE", False)


def test_worker_that_is_ready_takes_the_run(runs_root: Path, without_forks: None) -> None:
    processes.prepare()
    (ready,) = processes._ready
    folder = runs.start(small(images=LARGE))
    assert processes._workers[folder] is ready
    (following,) = processes._ready
    assert following is not ready
    until(lambda: runs.read(folder).status.progress.images > 0)
    processes.tell(folder, "nonsense\n")
    until(lambda: "ignored" in (folder / processes.LOG).read_text())
    _ends(folder)
    assert isinstance(following, processes.subprocess.Popen)
    assert following.stdin
    following.stdin.close()
    assert following.wait(60) == 0, "it leaves when its server does"


def test_ready_worker_that_has_died_is_replaced_by_a_new_one(runs_root: Path, without_forks: None) -> None:
    processes.prepare()
    (dead,) = processes._ready
    assert isinstance(dead, processes.subprocess.Popen)
    os.kill(dead.pid, signal.SIGKILL)
    folder = runs.start(small(images=LARGE))
    assert processes._workers[folder] is not dead
    assert runs.read(folder).living
    processes._ready[0].kill()  # type: ignore[union-attr]


def test_failure_to_get_ready_is_not_the_page_s_business(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(sys, "executable", str(runs_root / "no-python"))
    processes.prepare()
