import sys
from pathlib import Path

import psutil
import pytest

from gan import processes, runs
from gan.messages import Command
from tests.helpers import LARGE, small, until


def test_worker_that_is_ready_takes_the_run(runs_root: Path) -> None:
    processes.prepare()
    (ready,) = processes._ready
    processes.prepare()
    assert processes._ready == [ready], "one is enough"
    folder = runs.start(small(images=LARGE))
    assert processes._workers[folder] is ready
    assert ready not in processes._ready
    until(lambda: runs.read(folder).status.progress.images > 0)
    # What it prints goes into the run's log from then on.
    processes.tell(folder, "nonsense\n")
    until(lambda: "ignored" in (folder / processes.LOG).read_text())
    runs.send(folder, Command("stop"))
    runs.wait(folder)
    assert runs.read(folder).status.state == "stopped"
    assert ready.returncode is not None or ready.wait(10) == 0


def test_ready_worker_that_has_died_is_replaced_by_a_new_one(runs_root: Path) -> None:
    processes.prepare()
    (dead,) = processes._ready
    dead.kill()
    dead.wait(10)
    folder = runs.start(small(images=LARGE))
    assert processes._workers[folder] is not dead
    assert runs.read(folder).living


def test_ready_worker_leaves_when_its_launcher_does(runs_root: Path) -> None:
    processes.prepare()
    ready = processes._ready.pop()
    assert ready.stdin is not None
    ready.stdin.close()
    assert ready.wait(60) == 0


def test_failure_to_get_ready_is_not_the_page_s_business(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(runs_root / "no-python"))
    processes.prepare()


def test_worker_that_has_ended_is_reaped_without_anybody_looking(runs_root: Path) -> None:
    folder = runs.start(small(images=LARGE))
    process = processes._workers[folder]
    process.kill()
    until(lambda: not psutil.pid_exists(process.pid))
    assert folder not in processes._workers
