"""What a run gets of cores that it shares: `python -m benchmarks.contention [--seconds 10] [--rounds 3]
[--only PLACE …]`.

Workers train the preset `cgan` into run folders, in rounds: alone with each fixed number of threads, and with
`threads=auto` alone, with its page open in Chromium, beside a process that keeps one core busy, and two at once.
Prints images per second and the ratios to the fastest fixed number of the same round, median and range.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks import machine
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS
from gan import presets, runs
from gan.training.messages import Command

WARM = 5.0
"""Seconds of training before a run counts: time to find a number of threads."""
WANTED = {"alone": 0.95, "page open": 0.65, "busy process": 0.45, "two runs": 1.0}
"""Ratios that the project promises."""


@contextmanager
def training(threads: int | str) -> Iterator[Path]:
    """A run of its own that trains with so many threads; ended and deleted afterwards."""
    run = runs.start(presets.preset("cgan").changed(seconds=0.0, threads=threads))
    try:
        yield run
    finally:
        runs.send(run, Command("stop"))
        runs.wait(run)
        shutil.rmtree(run)


@contextmanager
def busy() -> Iterator[None]:
    """A process that never rests."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


@contextmanager
def page_open(url: str, run: Path) -> Iterator[None]:
    """The run's page in a Chromium of its own, curves drawn."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{url}/train?run={run.name}")
            page.locator(".js-line").first.wait_for(timeout=60_000)
            yield
        finally:
            browser.close()


def speed(trained: list[Path], seconds: float) -> float:
    """Images per second of all these runs together, by their own count."""

    def images() -> int:
        return sum(runs.read(run).status.progress.images for run in trained)

    time.sleep(WARM)
    before, start = images(), time.perf_counter()
    time.sleep(seconds)
    return (images() - before) / (time.perf_counter() - start)


def measure(place: str, seconds: float, folder: str) -> float:
    """Images per second in one of the places."""
    with ExitStack() as stack:
        threads = int(place) if place.isdecimal() else "auto"
        trained = [stack.enter_context(training(threads)) for _ in range(2 if place == "two runs" else 1)]
        if place == "busy process":
            stack.enter_context(busy())
        if place == "page open":
            stack.enter_context(page_open(stack.enter_context(server(folder)), trained[0]))
        return speed(trained, seconds)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(WANTED), default=list(WANTED), help="places besides alone")
    args = parser.parse_args()
    fixed = [str(number) for number in range(1, len(os.sched_getaffinity(0)) + 1)]
    speeds: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"GAN_RUNS_DIR": folder, "GAN_PARALLEL_RUNS": "2"}
        for _ in range(args.rounds):
            for place in (*fixed, *args.only):
                speeds[place].append(measure(place, args.seconds, folder))
    print(f"{machine.line()}\n\n| `cgan` | images/s | range |\n|---|---|---|")
    for place, found in speeds.items():
        name = f"alone, threads={place}" if place in fixed else f"{place}, threads=auto"
        print(f"| {name} | {statistics.median(found):,.0f} | {min(found):,.0f} to {max(found):,.0f} |")
    best = [max(found) for found in zip(*(speeds[number] for number in fixed), strict=True)]
    print()
    for place in args.only:
        wanted = WANTED[place]
        ratios = [one / other for one, other in zip(speeds[place], best, strict=True)]
        middle = statistics.median(ratios)
        print(
            f"{place}: {middle:.2f} of the fastest fixed number alone ({min(ratios):.2f} to {max(ratios):.2f}), "
            f"wanted {wanted:.2f}: {'kept' if middle >= wanted else 'MISSED'}"
        )
    if {"alone", "page open"} <= set(args.only):
        ratios = [one / other for one, other in zip(speeds["page open"], speeds["alone"], strict=True)]
        print(f"page open by alone: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
