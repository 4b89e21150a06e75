"""Whether a server holds when a class is there: `python -m benchmarks.crowd [--followers N] [--visitors M]`.

Starts a server and a run that trains (preset `cgan`). So many followers watch the run, and so many visitors evaluate
the model that ships, each with latents of their own, all at once. Prints how long pages took to open and to refresh,
how long the visitors waited, and the memory of the server and of the process that evaluates: resident (RSS), and with
what processes share divided among them (PSS). Followers and visitors receive what browsers would, and draw nothing.
"""

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks import follow, machine
from benchmarks.follow import Seen
from benchmarks.overhead import CONFIG, server_process
from gan import runs
from gan.quality.results import SAMPLES
from gan.training.messages import Command
from pages.components.evaluation import COUNTS

PATIENCE = 900.0
"""Seconds after which an answer is not waited for any more; what takes long is to be measured, not to end this."""


@dataclass
class Visits:
    """What the visitors of Evaluate have measured, in seconds."""

    opened: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    refreshed: list[float] = field(default_factory=list)
    exceptions: int = 0


async def visitor(address: str, n: int, seed: int, visits: Visits) -> None:
    """Opens Evaluate, presses the button, and asks once a second until the figures are there."""
    place = address.removeprefix("http://")
    async with websockets.connect(
        f"ws://{place}/_stcore/stream", subprotocols=["streamlit"], max_size=None, origin=address
    ) as socket:
        fragments: set[str] = set()
        button = page = ""
        is_answered = False

        async def run(fragment: str = "", pressed: str = "") -> float:
            nonlocal button, is_answered, page
            message = BackMsg()
            # A fragment goes by the hash: without it the run that follows on it would show Home.
            message.rerun_script.page_name = "" if fragment else "evaluate"
            message.rerun_script.page_script_hash = page if fragment else ""
            message.rerun_script.query_string = f"model=pretrained&n={n}&seed={seed}"
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = bool(fragment)
            if pressed:
                state = message.rerun_script.widget_states.widgets.add()
                state.id, state.trigger_value = pressed, True
            start = time.monotonic()
            await socket.send(message.SerializeToString())
            while True:
                answer = ForwardMsg.FromString(await asyncio.wait_for(socket.recv(), PATIENCE))
                kind = answer.WhichOneof("type")
                if kind == "auto_rerun":
                    fragments.add(answer.auto_rerun.fragment_id)
                elif kind == "new_session":
                    page = answer.new_session.page_script_hash
                elif kind == "delta":
                    element = answer.delta.new_element
                    shown = element.WhichOneof("type")
                    visits.exceptions += shown == "exception"
                    if shown == "button" and element.button.label == "Evaluate":
                        button = element.button.id
                    is_answered |= shown == "html" and "times the floor" in element.html.body
                elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return time.monotonic() - start

        visits.opened.append(await run())
        start = time.monotonic()
        fragments.clear()
        await run(pressed=button)
        while not is_answered and time.monotonic() - start < PATIENCE:
            await asyncio.sleep(1.0)
            for fragment in list(fragments):
                visits.refreshed.append(await run(fragment))
                if is_answered:
                    break  # the page is shown anew, without this fragment
        visits.answered.append(time.monotonic() - start)


@dataclass
class Memory:
    """Megabytes of the server and of the process that evaluates: resident, and proportional where it is known."""

    server: psutil.Process
    most: dict[str, float] = field(default_factory=dict)

    def look(self) -> dict[str, float]:
        """As they are now; the most of each is kept."""
        now = {"server": _size(self.server), "server PSS": _size(self.server, "pss")}
        with contextlib.suppress(psutil.Error):
            for child in self.server.children():
                if "gan.quality.evaluator" in child.cmdline():
                    now |= {"evaluator": _size(child), "evaluator PSS": _size(child, "pss")}
        now["both"] = now["server"] + now.get("evaluator", 0.0)
        now["both PSS"] = now["server PSS"] + now.get("evaluator PSS", 0.0)
        for name, value in now.items():
            self.most[name] = max(value, self.most.get(name, 0.0))
        return now


def _size(process: psutil.Process, kind: str = "rss") -> float:
    found = process.memory_info() if kind == "rss" else process.memory_full_info()
    return float(getattr(found, kind, 0)) / 1e6


async def crowd(address: str, run_id: str, args: argparse.Namespace, memory: Memory) -> tuple[Seen, Visits]:
    """Everybody at once, and the memory looked at twice a second meanwhile."""
    seen, visits = Seen(), Visits()

    async def watch() -> None:
        while True:
            await asyncio.to_thread(memory.look)
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    await asyncio.gather(
        *(follow.follower(f"{address}/train?run={run_id}", args.seconds, seen) for _ in range(args.followers)),
        *(visitor(address, args.n, seed, visits) for seed in range(args.visitors)),
    )
    watching.cancel()
    return seen, visits


def row(name: str, seconds: list[float]) -> str:
    """Median, 95th percentile, most and number of some times."""
    if not seconds:
        return f"| {name} | – | – | – | 0 |"
    middle, high = np.percentile(seconds, (50, 95))
    return f"| {name} | {middle:.2f} | {high:.2f} | {max(seconds):.2f} | {len(seconds)} |"


@contextlib.contextmanager
def training() -> "Iterator[runs.Run]":
    """A run that trains until the end of it."""
    folder = runs.start(CONFIG)
    try:
        yield runs.read(folder)
    finally:
        runs.send(folder, Command("stop"))
        runs.wait(folder)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--followers", type=int, default=30)
    parser.add_argument("--visitors", type=int, default=5)
    parser.add_argument("--n", type=int, choices=COUNTS, default=SAMPLES, help="samples that the visitors ask for")
    parser.add_argument("--seconds", type=float, default=40.0, help="that the followers stay")
    args = parser.parse_args()
    print(machine.line(), flush=True)
    follow.PATIENCE = 60.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GAN_RUNS_DIR"] = folder
        with server_process(folder) as (address, process), training() as run:
            memory = Memory(psutil.Process(process.pid))
            time.sleep(3.0)
            before = memory.look()
            seen, visits = asyncio.run(crowd(address, run.id, args, memory))
            after = memory.look()
    print("\n| seconds | median | 95 % | most | n |\n|---|---|---|---|---|")
    print(row("Train opens", [value / 1e3 for value in seen.first_ms]))
    print(row("Train refreshes", [value / 1e3 for value in seen.refresh_ms]))
    print(row("Evaluate opens", visits.opened))
    print(row("Evaluate refreshes while it waits", visits.refreshed))
    print(row("Evaluate has its answer", visits.answered))
    print(f"\nExceptions: {seen.exceptions + visits.exceptions}")
    print("\n| MB | before | most | after |\n|---|---|---|---|")
    for name, most in memory.most.items():
        print(f"| {name} | {before.get(name, 0):.0f} | {most:.0f} | {after.get(name, 0):.0f} |")


if __name__ == "__main__":
    main()
