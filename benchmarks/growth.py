"""Whether cost grows with use: `python -m benchmarks.growth [--records 1000,10000,100000,300000] [--runs 1,50,200]`.

A run is written event by event, as a worker does it, with samples, snapshots and checkpoints at a worker's
cadence, and stays locked and running while a follower watches its Train page on a server of its own; then
the Runs page is followed with more and more runs in the folder, one of them running. Prints two Markdown
tables and the ratio of last to first.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

from benchmarks.follow import Seen, follow
from benchmarks.overhead import server_process
from gan import render, runs
from gan.config import TrainConfig
from gan.games import rules
from gan.paths import PRETRAINED
from gan.presets import PRESETS
from gan.runs import store
from gan.training import timetable
from gan.training.messages import Checkpoint, Control, Progress, Record, Sample, Segment, Snapshot, Status, Summary

QUANTITIES = (
    *(quantity.name for quantity in rules(TrainConfig()).quantities),
    *(f"{kind}_norm_{side}" for kind in ("gradient", "update") for side in "gd"),
)
IMAGES_A_RECORD = 800
RECORDS_A_SECOND = round(1 / timetable.EVERY["record"])
EVERY = {kind: round(seconds * RECORDS_A_SECOND) for kind, seconds in timetable.EVERY.items()}
"""Records between two events of a kind, at a worker's cadence."""


class Writing:
    """The writing half of a worker, without the training."""

    def __init__(self, folder: Path) -> None:
        self.random = np.random.default_rng(0)
        self.writer = store.Writer(folder)
        self.model = PRETRAINED.read_bytes()
        self.done = 0
        self.writer(Segment(0, 0, 0.0))

    def write(self, records: int) -> None:
        """Goes on until there are so many records."""
        noise = self.random.integers(0, 256, (100, 28, 28), dtype=np.uint8) // 8 * 8
        png = render.png(render.grid(noise, 10))
        while self.done < records:
            self.done += 1
            images, seconds = self.done * IMAGES_A_RECORD, self.done / RECORDS_A_SECOND
            values = self.random.random(len(QUANTITIES)).tolist()
            quantities = {name: Summary(v, v - 0.1, v + 0.1) for name, v in zip(QUANTITIES, values, strict=True)}
            self.writer(Record(images, seconds, 0, quantities))
            if self.done % EVERY["quality"] == 0:
                self.writer(Record(images, seconds, 0, {"fcd": Summary(values[0], values[0], values[0])}))
            if self.done % EVERY["sample"] == 0:
                self.writer(Sample(images, seconds, png))
            if self.done % EVERY["snapshot"] == 0:
                self.writer(Snapshot(images, self.model))
            if self.done % EVERY["checkpoint"] == 0:
                self.writer(Checkpoint(self.model * 4))
            self.writer(Status("running", progress=Progress(images, seconds, 8000.0), control=Control(1e-3, 1e-3)))


def _write(folder: str) -> None:
    """A process that writes: takes a number of records a line, answers its memory in bytes, holds the lock."""
    with runs.lock(Path(folder)):
        writing = Writing(Path(folder))
        for line in sys.stdin:
            writing.write(int(line))
            print(psutil.Process().memory_info().rss, flush=True)


@contextmanager
def writing_process(folder: Path) -> Iterator[Callable[[int], int]]:
    """Such a process, ended afterwards; yields a function that has it write up to so many records and returns
    its memory in bytes."""
    command = [sys.executable, "-c", f"from benchmarks.growth import _write; _write({str(folder)!r})"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def write(records: int) -> int:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{records}\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    try:
        yield write
    finally:
        process.kill()
        process.wait()


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def watch(url: str, seconds: float) -> Seen:
    """One follower, after one that warms up what a server keeps in memory."""
    asyncio.run(follow(url, 1, 3.0))
    return asyncio.run(follow(url, 1, seconds))


def train_page(root: Path, lengths: list[int], seconds: float) -> None:
    """A run that gets longer and longer."""
    config = TrainConfig().changed(seconds=0.0)
    folder = runs.create(config, root / "20260101-000000-cgan-0000")
    print("| records | refresh, ms | refresh, kB | server, MB | writer, MB | on disk, MB |")
    print("|---|---|---|---|---|---|")
    rows = []
    with writing_process(folder) as write, server_process(str(root)) as (url, server):
        for length in lengths:
            memory = write(length)
            seen = watch(f"{url}/train?run={folder.name}", seconds)
            resident = psutil.Process(server.pid).memory_info().rss
            row = [
                statistics.median(seen.refresh_ms),
                statistics.median(seen.refresh_bytes) / 1e3,
                resident / 1e6,
                memory / 1e6,
                size(folder) / 1e6,
            ]
            rows.append(row)
            print(f"| {length:,} | {' | '.join(f'{value:,.1f}' for value in row)} |", flush=True)
    _ratio(rows)


def _ratio(rows: list[list[float]]) -> None:
    ratios = [last / first for first, last in zip(rows[0], rows[-1], strict=True)]
    print(f"| last by first | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |\n", flush=True)


def runs_page(root: Path, numbers: list[int], seconds: float) -> None:
    """A folder that holds more and more runs, the newest of them running."""
    shutil.rmtree(root)
    newest = runs.create(PRESETS["cgan"].changed(seconds=0.0), root / "20991231-000000-cgan-ffff")
    print("| runs | first, ms | refresh, ms | refresh, kB | server, MB | on disk, MB |")
    print("|---|---|---|---|---|---|")
    rows = []
    with writing_process(newest) as write, server_process(str(root)) as (url, server):
        write(400)
        there = 1
        for number in numbers:
            for index in range(there, number):
                folder = runs.create(PRESETS["cgan"], root / f"20260101-{index:06d}-cgan-{index:04x}")
                writing = Writing(folder)
                writing.write(100)
                writing.writer(Status("finished", progress=Progress(80_000, 10.0, seconds_limit=10.0)))
                writing.writer.close()
            there = number
            seen = watch(f"{url}/runs", seconds)
            row = [
                statistics.median(seen.first_ms),
                statistics.median(seen.refresh_ms),
                statistics.median(seen.refresh_bytes) / 1e3,
                psutil.Process(server.pid).memory_info().rss / 1e6,
                size(root) / 1e6,
            ]
            rows.append(row)
            print(f"| {number} | {' | '.join(f'{value:,.1f}' for value in row)} |", flush=True)
    _ratio(rows)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", default="1000,10000,100000,300000")
    parser.add_argument("--runs", default="1,50,200")
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        os.environ["GAN_RUNS_DIR"] = str(root)
        root.mkdir()
        train_page(root, [int(text) for text in args.records.split(",")], args.seconds)
        runs_page(root, [int(text) for text in args.runs.split(",")], args.seconds)


if __name__ == "__main__":
    main()
