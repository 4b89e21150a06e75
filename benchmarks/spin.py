"""What a short spin is worth: `python -m benchmarks.spin [--seconds 6] [--rounds 3]`.

PyTorch's threads wait for each other by spinning. `gan` shortens that wait (GOMP_SPINCOUNT, see
`gan/__init__.py`); here the default preset trains with that, with others and with OpenMP's default, in rounds: alone,
beside a process that keeps one core busy, and as people see it, in a worker with its page open in Chromium.
Prints images per second, median and range.
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

from playwright.sync_api import sync_playwright

from benchmarks import machine
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS
from gan import presets, runs
from gan.training.messages import Command

SPINS = ("1000", "3000", "20000", "300000")
"""OpenMP's own is the last."""
WARM = 3.0
"""Seconds of drawing before a page counts."""
TRAIN = """
import sys, time
from gan import data, presets
from gan.training.trainer import Trainer
trainer = Trainer(presets.preset("cgan"), data.load())
for _ in range(50):
    trainer.step()
images, start = trainer.images_seen, time.perf_counter()
while (now := time.perf_counter()) - start < float(sys.argv[1]):
    trainer.step()
print((trainer.images_seen - images) / (now - start))
"""


def speed(spin: str, seconds: float) -> float:
    """Images per second in a process of its own."""
    environment = {**os.environ, "GOMP_SPINCOUNT": spin}
    command = [sys.executable, "-c", TRAIN, str(seconds)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(result.stdout)


def alone(spin: str, seconds: float) -> float:
    """Images per second with nothing else at work."""
    return speed(spin, seconds)


def beside(spin: str, seconds: float) -> float:
    """The same beside a process that never rests."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            return speed(spin, seconds)
        finally:
            busy.kill()


def watched(spin: str, seconds: float) -> float:
    """The same in a worker, while a browser draws its page."""
    os.environ["GOMP_SPINCOUNT"] = spin
    with tempfile.TemporaryDirectory() as folder, server(folder) as url, sync_playwright() as playwright:
        os.environ["GAN_RUNS_DIR"] = folder
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        run = runs.start(presets.preset("cgan").changed(seconds=0.0))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{url}/train?run={run.name}")
            page.locator(".js-line").first.wait_for(timeout=60_000)
            time.sleep(WARM)
            before, start = runs.read(run).status.progress.images, time.perf_counter()
            time.sleep(seconds)
            return (runs.read(run).status.progress.images - before) / (time.perf_counter() - start)
        finally:
            runs.send(run, Command("stop"))
            runs.wait(run)
            browser.close()


PLACES = {"alone": alone, "beside a busy process": beside, "with its page open": watched}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    speeds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(args.rounds):
        for spin in SPINS:
            for place, measure in PLACES.items():
                speeds[spin, place].append(measure(spin, args.seconds))
    print(f"{machine.line()}\n\n| GOMP_SPINCOUNT | {' | '.join(PLACES)} |\n|---{'|---' * len(PLACES)}|")
    for spin in SPINS:
        cells = []
        for place in PLACES:
            found = speeds[spin, place]
            cells.append(f"{statistics.median(found):,.0f} ({min(found):,.0f} to {max(found):,.0f})")
        print(f"| {int(spin):,} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
