"""How good a run is that one watches: `python -m benchmarks.watched [--seeds 3] [--seconds 60]`.

Each seed trains the preset `cgan` in a worker, its page open in a Chromium on the same cores from the start on. The
wall clock begins when the run is asked for, so starting the worker counts; when it is over the run is stopped, and the
generator that it has then is judged by 10,000 samples against the validation images. Beside it the same without a page.
Prints a Markdown table.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from benchmarks import machine
from benchmarks.contention import page_open
from benchmarks.overhead import server
from gan import presets, runs
from gan.models import snapshots
from gan.models.model import load_model
from gan.quality.evaluation import evaluate
from gan.runs import processes
from gan.training.messages import Command

PLACES = ("page open", "alone")


def trained(place: str, seed: int, seconds: float, folder: str) -> Path:
    """A run after so many seconds by the wall clock."""
    with ExitStack() as stack:
        url = stack.enter_context(server(folder)) if place == "page open" else ""
        began = time.perf_counter()
        run = runs.start(presets.preset("cgan").changed(seconds=0.0, seed=seed))
        if url:
            stack.enter_context(page_open(url, run))
        time.sleep(max(0.0, seconds - (time.perf_counter() - began)))
        runs.send(run, Command("stop"))
        runs.wait(run)
    return run


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    found: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GAN_RUNS_DIR"] = folder
        processes.prepare()  # as the app's form does: a worker is ready when Start is pressed
        time.sleep(5.0)
        for seed in range(args.seeds):
            for place in PLACES:
                run = trained(place, seed, args.seconds, folder)
                figures = evaluate(load_model(snapshots.snapshot_paths(run)[-1]), reference="validation").metrics
                ratio, agreement = figures["fcd"].ratio, figures["label_agreement"].value
                assert ratio is not None
                images = runs.read(run).status.progress.images
                found[place].append((ratio, agreement, images))
                print(f"<!-- {place}, seed {seed}: {ratio:.2f}, {agreement:.4f}, {images:,} -->", flush=True)
    print(f"{machine.line()}\n\n| after {args.seconds:g} s | images | FCD by floor | agreement |\n|---|---|---|---|")
    for place, rows in found.items():
        ratios, agreements, images = zip(*rows, strict=True)
        cells = [f"{statistics.mean(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"]
        cells.append(f"{statistics.mean(agreements):.4f} ({min(agreements):.4f} to {max(agreements):.4f})")
        print(f"| {place} | {statistics.mean(images):,.0f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
