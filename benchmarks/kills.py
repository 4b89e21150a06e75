"""What is lost when something is killed: `python -m benchmarks.kills [--rounds 50] [--seed 0] [--keep FILE]`.

Workers, servers and command lines are ended with SIGKILL at random moments, and at the moment at which a file is being
written. A reader follows each run as a page does. After each kill: are all records still there that the reader had
seen, does the run read interrupted, how many seconds of training that were shown does a resume begin before, and what
is left behind: half-written files, processes, locks. Prints a Markdown table, and then a line for everything that
should not be.
"""

import argparse
import json
import os
import random
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from benchmarks import machine
from gan import runs
from gan.models import snapshots
from gan.paths import PROJECT
from gan.presets import PRESETS
from gan.runs import RunError, processes, store
from gan.runs.processes import Process
from gan.system import locks
from gan.system.nursery import Nursery
from gan.training.messages import Command

MARK = "COUNTERFEIT_KILLS"
"""In the environment of everything that is started here, so that what is left of it can be found."""
_LOG = {f"{store.DATABASE}-wal", f"{store.DATABASE}-shm"}  # SQLite's own; they go when a writer is the last to close
EXPECTED = {
    store.CONFIG,
    store.DATABASE,
    store.CHECKPOINT,
    snapshots.BEST,
    snapshots.SNAPSHOTS,
    locks.RUN,
    processes.LOG,
} | _LOG
"""What a run folder holds."""
AT_MOST = 6.0
"""Seconds of training that a kill may cost."""


@dataclass
class Outcome:
    """One kill."""

    seen: int = 0
    """Records that a reader had seen; where there are none, none could be lost."""
    lost: int = 0
    """Those of them that are gone."""
    seconds: float | None = None
    """Of training that had been shown and have to be trained again; None where nothing was trained."""
    litter: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """Anything else that should not be."""


class Reader(threading.Thread):
    """Follows a run as a page does, and remembers what it has seen."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.records: set[tuple[float, ...]] = set()
        self.seconds = 0.0
        self._curves = store.Curves(folder)
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        """Looks twenty times a second."""
        while not self._ended.wait(0.05):
            self.records |= records(self._curves)
            with suppress(RunError):
                self.seconds = max(self.seconds, runs.read(self.folder).status.progress.seconds)

    def end(self) -> None:
        """Stops looking."""
        self._ended.set()
        self.join()


def records(curves: store.Curves) -> set[tuple[float, ...]]:
    """All records of the generator's loss, those that a resume replaced too."""
    curves.update()
    series, tails = curves.series("loss_g")
    return {tuple(column) for one in (series, *tails) for column in one.T.tolist()}


def until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Waits for something; False if it did not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def command(*arguments: str) -> "subprocess.Popen[bytes]":
    """A command line of the project."""
    sink = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "gan", *arguments], cwd=PROJECT, stdout=sink, stderr=sink)


def being_written(folder: Path, name: str = "") -> bool:
    """Whether a file (whose name begins so) is being written."""
    return any(folder.glob(f".{name}*.part")) or any(folder.glob(f"{snapshots.SNAPSHOTS}/.{name}*.part"))


@dataclass
class Bench:
    """Where all this happens."""

    root: Path
    chance: random.Random
    base: Path
    """A small trained run, to be resumed, sampled and removed."""

    def wait(self, folder: Path, aimed: str, longest: float) -> None:
        """Waits for the moment to kill: any, or the next at which a file is being written."""
        time.sleep(self.chance.uniform(0, longest))
        if aimed:
            name = store.CHECKPOINT if aimed == "at a checkpoint" else ""
            until(lambda: being_written(folder, name), 12)

    def copy(self) -> Path:
        """Another run like the base."""
        folder = self.root / f"copy-{secrets.token_hex(3)}"
        shutil.copytree(self.base, folder)
        return folder

    def new(self) -> Path:
        """A new run without an end."""
        return runs.create(PRESETS["cgan"].changed(seconds=0.0, seed=self.chance.randrange(1000)))


# What is killed. Each returns how it went.


def worker(bench: Bench, aimed: str = "") -> Outcome:
    """The worker of a run, launched as the server does."""
    folder = bench.new()
    runs.launch(folder)
    victim = processes._workers[folder]
    processes.prepare()
    reader = Reader(folder)
    bench.wait(folder, aimed, 6.0)
    victim.kill()
    victim.wait()
    return after(folder, reader)


def nursery(bench: Bench) -> Outcome:
    """The process that the server's workers are forked from: they save and leave."""
    folder = bench.new()
    runs.launch(folder)
    reader = Reader(folder)
    bench.wait(folder, "", 6.0)
    for process in ready():
        process.kill()
        process.wait()
    return after(folder, reader)


def trainer(bench: Bench, aimed: str = "") -> Outcome:
    """`train` on the command line."""
    folder = bench.root / f"train-{secrets.token_hex(3)}"
    victim = command("train", "--run-dir", str(folder), "--images", "100000000")
    until(lambda: runs.is_locked(folder), 30)
    reader = Reader(folder)
    bench.wait(folder, aimed, 6.0)
    victim.kill()
    victim.wait()
    return after(folder, reader)


def resumer(bench: Bench, aimed: str = "") -> Outcome:
    """`resume` on the command line; while it imports too."""
    folder = bench.copy()
    reader = Reader(folder)
    until(lambda: reader.records)
    victim = command("resume", str(folder), "--images", "100000000")
    bench.wait(folder, aimed, 7.0)
    victim.kill()
    victim.wait()
    return after(folder, reader)


def after(folder: Path, reader: Reader) -> Outcome:
    """What a run is like after its process was killed, and once it has been resumed and stopped."""
    outcome = Outcome()
    if not until(lambda: not runs.is_locked(folder)):
        outcome.litter.append("a lock that stays")
    time.sleep(0.1)
    reader.end()
    run = runs.read(folder)
    if run.living:
        outcome.trouble.append(f"it reads {run.status.state}")
    elif run.status.state != "interrupted" and folder.name.startswith("copy") is False:
        outcome.trouble.append(f"it reads {run.status.state}, not interrupted")
    outcome.seen = len(reader.records)
    outcome.lost = len(reader.records - records(store.Curves(folder)))
    before = run.status.segment
    try:
        runs.launch(folder, seconds=600.0)
        until(lambda: (now := runs.read(folder).status).state != "starting" and now.segment > before)
        outcome.seconds = max(0.0, reader.seconds - _start(folder))
        if outcome.seconds > AT_MOST:
            outcome.trouble.append(f"{outcome.seconds:.1f} s of {reader.seconds:.1f} s of training lost")
        runs.send(folder, Command("stop"))
        runs.wait(folder)
    except RunError as error:
        outcome.trouble.append(f"it cannot be resumed: {error}")
        return outcome
    if (ended := runs.read(folder).status.state) != "stopped":
        outcome.trouble.append(f"stopped, it reads {ended}")
    lost = len(reader.records - records(store.Curves(folder)))
    outcome.lost = max(outcome.lost, lost)
    outcome.litter += litter(folder)
    return outcome


def _start(folder: Path) -> float:
    """The training seconds at which the newest stretch of training began."""
    with store._reading(folder) as connection:
        (seconds,) = connection.execute("SELECT seconds FROM segments ORDER BY segment DESC LIMIT 1").fetchone()
    return float(seconds)


def litter(folder: Path) -> list[str]:
    """What a run folder holds that it should not."""
    inside = [
        path for path in folder.rglob("*") if path.parent != folder / snapshots.SNAPSHOTS or path.suffix == ".part"
    ]
    return [path.name for path in inside if path.parent != folder or path.name not in EXPECTED]


def press(port: int, page: str, label: str) -> None:
    """Opens a page of a server as a browser does, and presses the button with this label."""
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
    ) as connection:

        def ask(pressed: str = "") -> None:
            message = BackMsg()
            message.rerun_script.page_name = page
            if pressed:
                widget = message.rerun_script.widget_states.widgets.add()
                widget.id, widget.trigger_value = pressed, True
            connection.send(message.SerializeToString())

        ask()
        found, pressed = "", False
        while True:
            answer = ForwardMsg.FromString(connection.recv(30))  # type: ignore[arg-type]
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.new_element.button.label == label:
                found = answer.delta.new_element.button.id
            elif kind == "script_finished" and pressed:
                return
            elif kind == "script_finished" and found:
                pressed = True
                ask(found)


def server(bench: Bench, aimed: str = "") -> Outcome:
    """A server, with a run that was started on its Train page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    null = subprocess.DEVNULL
    victim = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *flags], cwd=PROJECT, stdout=null, stderr=null
    )

    def answers() -> bool:
        with suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).status == 200
        return False

    try:
        until(answers, 30)
        before = set(runs.names())
        press(port, "train", "Start training")
        if not until(lambda: [run for run in runs.training() if run.id not in before], 40):
            return Outcome(trouble=["nothing was started"])
        (run,) = [run for run in runs.training() if run.id not in before]
        reader = Reader(run.folder)
        bench.wait(run.folder, aimed, 6.0)
    finally:
        victim.kill()
        victim.wait()
    return after(run.folder, reader)


def _tool(bench: Bench, longest: float, name: str, *arguments: str) -> Outcome:
    """A command that reads a run and writes one file."""
    outcome = Outcome()
    folder = bench.copy()
    before = contents(folder)
    out = bench.root.parent / "out"
    out.mkdir(exist_ok=True)
    path = out / name
    line = [part.format(run=folder, out=path) for part in arguments]
    victim = command(*line)
    if bench.chance.random() < 0.5 and name:
        until(lambda: any(out.glob(".*.part")) or victim.poll() is not None, 30)
    else:
        time.sleep(bench.chance.uniform(0, longest))
    victim.kill()
    victim.wait()
    if contents(folder) != before:
        outcome.trouble.append("the run was changed")
    if name and (path.exists() or any(out.iterdir())):
        left = path.read_bytes() if path.exists() else None
        if command(*line).wait(60):
            outcome.trouble.append("the command cannot be run again")
        if left is not None and left != path.read_bytes():
            outcome.trouble.append("half a file was left")
        outcome.litter += [other.name for other in out.iterdir() if other != path]
    shutil.rmtree(out)
    return outcome


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, but for what looking at a database leaves."""
    fleeting = (f"{store.DATABASE}-wal", f"{store.DATABASE}-shm", locks.RUN)
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in fleeting}


def sampler(bench: Bench) -> Outcome:
    """`sample`."""
    return _tool(bench, 4.0, "a.png", "sample", "{run}", "--out", "{out}")


def exporter(bench: Bench) -> Outcome:
    """`export`."""
    return _tool(bench, 4.0, "a.html", "export", "{run}", "--out", "{out}")


def evaluator(bench: Bench) -> Outcome:
    """`evaluate`."""
    return _tool(bench, 8.0, "", "evaluate", "{run}", "--n", "1000")


def remover(bench: Bench) -> Outcome:
    """`runs rm`: the run is there whole, or it is in the trash whole."""
    outcome = Outcome()
    folder = bench.copy()
    before = contents(folder)
    victim = command("runs", "rm", folder.name)
    if bench.chance.random() < 0.5:
        until(lambda: not folder.exists() or victim.poll() is not None, 20)
    else:
        time.sleep(bench.chance.uniform(0, 1.5))
    victim.kill()
    victim.wait()
    if not folder.exists() and command("runs", "restore", folder.name).wait(60):
        outcome.trouble.append("it is neither there nor in the trash")
    elif contents(folder) != before:
        outcome.trouble.append("it is not whole any more")
    return outcome


KINDS: dict[str, tuple[Callable[..., Outcome], str]] = {
    "worker": (worker, ""),
    "worker, while it writes": (worker, "at any file"),
    "worker, while it writes a checkpoint": (worker, "at a checkpoint"),
    "what forks the workers": (nursery, ""),
    "server": (server, ""),
    "`train`": (trainer, ""),
    "`train`, while it writes a checkpoint": (trainer, "at a checkpoint"),
    "`resume`": (resumer, ""),
    "`resume`, while it writes": (resumer, "at any file"),
    "`sample`": (sampler, ""),
    "`export`": (exporter, ""),
    "`evaluate`": (evaluator, ""),
    "`runs rm`": (remover, ""),
}


def left_over() -> list[str]:
    """Processes that were started here and are still there."""
    known = {process.pid for process in ready()}
    mark = f"{MARK}={os.environ[MARK]}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(entry.name) in known or int(entry.name) == os.getpid():
                continue
            state = (entry / "stat").read_text().rpartition(")")[2].split()
            if state[0] == "Z" and int(state[1]) == os.getpid():
                found.append(f"a zombie, {entry.name}")
            elif mark in (entry / "environ").read_bytes().split(b"\0"):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(f"the process {line.strip()}")
    return found


@contextmanager
def bench(seed: int) -> Iterator[Bench]:
    """A folder of runs, with a trained one; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        root = Path(name) / "runs"
        root.mkdir()
        os.environ |= {"GAN_RUNS_DIR": str(root), MARK: secrets.token_hex(8), "OMP_NUM_THREADS": "1"}
        base = Path(name) / "base"
        if command("train", "--run-dir", str(base), "--seconds", "6").wait(120):
            sys.exit("no run could be trained")
        try:
            yield Bench(root, random.Random(seed), base)
        finally:
            for process in (*processes._workers.values(), *ready()):
                process.kill()
                process.wait()


def ready() -> list[Process]:
    """The processes that are meant to be there: what keeps workers ready."""
    return [one.process if isinstance(one, Nursery) else one for one in processes._ready]


def row(name: str, outcomes: list[Outcome]) -> str:
    """A line of the table."""
    seconds = [outcome.seconds for outcome in outcomes if outcome.seconds is not None]
    lost = f"{statistics.median(seconds):.1f} ({max(seconds):.1f})" if seconds else "–"
    found = sum(bool(outcome.litter) for outcome in outcomes)
    records = sum(outcome.lost for outcome in outcomes)
    seen = sum(outcome.seen for outcome in outcomes)
    return f"| {name} | {len(outcomes)} | {seen:,} | {records} | {lost} | {found or 'none'} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds whose names contain this")
    parser.add_argument("--keep", type=Path, help="a file that gathers rounds, for a table of several calls")
    args = parser.parse_args()
    kinds = [name for name in KINDS if args.only in name]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in kinds}
    if args.keep and args.keep.exists():
        for name, found in json.loads(args.keep.read_text()):
            outcomes.setdefault(name, []).append(Outcome(**found))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    with bench(args.seed) as place:
        for number in range(args.rounds):
            name = min(kinds, key=lambda name: len(outcomes[name]))  # the same number of each
            act, aimed = KINDS[name]
            processes.prepare()
            outcome = act(place, aimed) if aimed else act(place)
            if not until(lambda: not left_over(), 10):
                outcome.litter += left_over()
            outcomes[name].append(outcome)
            if args.keep:
                gathered = [(name, asdict(one)) for name, ones in outcomes.items() for one in ones]
                args.keep.write_text(json.dumps(gathered))
            said = "; ".join((*outcome.trouble, *outcome.litter))
            lost = "" if outcome.seconds is None else f"{outcome.seconds:.1f} s, "
            print(f"<!-- {number + 1}: {name}: {lost}{said or 'nothing to be said'} -->", file=sys.stderr, flush=True)
            for folder in place.root.iterdir():
                if not folder.name.startswith(".") and not runs.is_locked(folder):
                    shutil.rmtree(folder, ignore_errors=True)
    print(machine.line())
    print("\n| killed | rounds | records seen | lost | seconds of training lost: median (worst) | litter |")
    print("|---|---|---|---|---|---|")
    for name, ones in outcomes.items():
        if ones:
            print(row(name, ones))
    print()
    for name, ones in outcomes.items():
        for outcome in ones:
            for said in (*outcome.trouble, *(f"left behind: {one}" for one in outcome.litter)):
                print(f"* {name}: {said}")


if __name__ == "__main__":
    main()
