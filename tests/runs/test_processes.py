import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from gan import runs
from gan.runs import processes
from gan.system import nursery
from gan.system.nursery import Child, Nursery
from gan.training.messages import WHAT_IS_LEFT, Command
from tests.helpers import LARGE, small, until


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


def test_nursery_from_its_beginning_to_its_end(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One story, since each nursery imports torch anew."""
    monkeypatch.setattr(processes, "_ready", [])
    processes.prepare()
    (first,) = processes._ready
    assert isinstance(first, Nursery)
    processes.prepare()
    assert processes._ready == [first], "one is enough"

    unborn = processes.launch(runs_root, runs.create(small(images=LARGE)), WHAT_IS_LEFT)
    unborn.kill()
    assert unborn.wait(0) == -signal.SIGKILL
    until(lambda: unborn.pid != 0 and not psutil.pid_exists(unborn.pid))

    folder = runs.start(small(images=LARGE))
    worker = processes._workers[folder].pid
    first.process.kill()
    # The worker has lost its server, so it saves and leaves.
    until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)
    until(lambda: not runs.read(folder).living)

    another = runs.start(small(images=LARGE))
    assert isinstance(processes._workers[another], Child)
    (second,) = processes._ready
    assert isinstance(second, Nursery)
    assert second is not first
    _ends(another)
    second._socket.shutdown(2)  # as when the server ends
    assert second.process.wait(60) == 0


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
    dead.wait(60)
    folder = runs.start(small(images=LARGE))
    assert processes._workers[folder] is not dead
    assert runs.read(folder).living
    processes._ready[0].kill()  # type: ignore[union-attr]


def test_failure_to_get_ready_is_not_the_page_s_business(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ready", [])
    monkeypatch.setattr(sys, "executable", str(runs_root / "no-python"))
    processes.prepare()
