"""Training in pairs with another checkout: `python -m benchmarks.pairs OTHER [--preset cgan] [--precision float32 …]`.

In each round `python -m gan train --images N --seed ROUND` runs in this tree and in the other one, in alternating
order, as processes of their own with one thread. Images per second are what the run says of itself, by its training
clock: imports do not count. Prints the medians of both and of their ratios (this by other) with an interval of order
statistics. `--quality` also evaluates 2,000 samples of both runs against the validation images.

With `--bursts` no runs are trained: a trainer of each tree lives in a process of its own, and they take turns of so
many steps. On a machine whose speed wanders this says more of the speed of a step in fewer minutes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from math import comb
from pathlib import Path

from benchmarks import machine

HERE = Path(__file__).parents[1]
SURE = 0.95
"""The least probability with which an interval should hold the true median."""
FIGURES = ("label_agreement", "fcd")


def gan(tree: Path, *arguments: str) -> str:
    """Runs a command line of a tree and returns what it printed; ends the benchmark if it fails."""
    # Also where the setting says so: it speaks of steps only, and measuring quality has threads too.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "gan", *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{tree}: {' '.join(arguments)}: {done.stderr.strip()[-800:]}")
    return done.stdout


@cache
def threads(tree: Path) -> list[str]:
    """The setting for one thread, where there is one: since version 3 of the settings."""
    return ["threads=1"] if "threads" in gan(tree, "train", "--help") else []


def train(tree: Path, run: Path, arguments: list[str], settings: list[str]) -> float:
    """Trains into the folder `run`; returns images per second of training."""
    gan(tree, "train", "--run-dir", str(run), *arguments, "--set", *settings, *threads(tree))
    found: dict[str, str] = {}
    for line in gan(tree, "runs", "show", str(run)).splitlines()[1:]:
        name, _, value = line.strip().partition(" ")
        found.setdefault(name.rpartition(".")[2], value)  # where the run stands comes before its settings
    return float(found["images"]) / float(found["seconds"])


BURST = """
import sys, time
from gan import data
try:
    from gan.presets import preset
except ImportError:  # where presets stood with the settings
    from gan.config import preset
try:
    from gan.training.trainer import Trainer
except ImportError:
    from gan.trainer import Trainer
name, precision, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
config = preset(name)
with_threads = {"threads": 1} if "threads" in config.to_dict() else {}
trainer = Trainer(config.changed(seconds=0.0, images=0, precision=precision, **with_threads), data.load())
for _ in range(steps):
    trainer.step()
for _ in sys.stdin:
    images, start = trainer.sampler.drawn, time.perf_counter()
    for _ in range(steps):
        trainer.step()
    print((trainer.sampler.drawn - images) / (time.perf_counter() - start), flush=True)
"""
"""What a process of a tree does: a burst of steps for each line on stdin, and images a second as its answer."""


def bursts(trees: Sequence[Path], preset: str, precision: str, steps: int, rounds: int) -> list[tuple[float, float]]:
    """Images a second of both trees in bursts that take turns, each round in the other order."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": "."}
    command = [sys.executable, "-c", BURST, preset, precision, str(steps)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    processes = [subprocess.Popen(command, cwd=tree, **pipes) for tree in trees]  # type: ignore[call-overload]
    pairs = []
    try:
        for number in range(rounds + 1):
            found = {}
            for index in (0, 1) if number % 2 == 0 else (1, 0):
                print(file=processes[index].stdin, flush=True)
                found[index] = float(processes[index].stdout.readline())
            pairs.append((found[0], found[1]))
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return pairs[1:]  # in the first round one waits for the other's imports


def quality(tree: Path, run: Path) -> dict[str, float]:
    """Those figures of a run that do not lie next to nothing, by name."""
    told = json.loads(gan(tree, "evaluate", str(run), "--n", "2000", "--reference", "validation"))
    return {name: told["figures"][name]["value"] for name in FIGURES if name in told["figures"]}


def interval(values: list[float]) -> tuple[float, float, float]:
    """Two of the values, and how probably the true median lies between them, whatever the distribution: the k-th from
    either end with the largest k that is as sure as `SURE`, or the extremes where none is."""
    n, ordered = len(values), sorted(values)
    low, probability = 0, 1 - 2 * 0.5**n
    while low + 1 < n // 2 and (narrower := probability - 2 * comb(n, low + 1) * 0.5**n) >= SURE:
        low, probability = low + 1, narrower
    return ordered[low], ordered[-1 - low], probability


def row(name: str, pairs: list[tuple[float, float]]) -> str:
    """A line of the table."""
    here, there = (f"{statistics.median(values):,.4g}" for values in zip(*pairs, strict=True))
    ratios = [one / other for one, other in pairs]
    low, high, probability = interval(ratios)
    return (
        f"| {name} | {here} | {there} | {statistics.median(ratios):.3f} | {low:.3f} to {high:.3f} | {probability:.0%} |"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the root of another checkout")
    parser.add_argument("--preset", default="cgan")
    parser.add_argument("--precision", nargs="+", choices=["float32", "bfloat16"], default=["float32"])
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--bursts", type=int, metavar="STEPS", help="take turns of so many steps, and train no runs")
    args = parser.parse_args()
    trees = (HERE, args.other.resolve())
    measured: dict[str, list[tuple[float, float]]] = {}
    for precision in args.precision if args.bursts else ():
        found = bursts(trees, args.preset, precision, args.bursts, args.rounds)
        measured[f"{precision}, images/s"] = found
    if args.bursts:
        print_table(args.preset, measured)
        return
    with tempfile.TemporaryDirectory(prefix="pairs-") as folder:
        for seed in range(args.rounds):
            for precision in args.precision:
                each: dict[Path, dict[str, float]] = {}
                for tree in trees if seed % 2 == 0 else trees[::-1]:
                    run = Path(folder) / f"{seed}-{precision}-{trees.index(tree)}"
                    wanted = [f"--preset={args.preset}", f"--images={args.images}", f"--seed={seed}"]
                    each[tree] = {"images/s": train(tree, run, wanted, [f"precision={precision}"])}
                    each[tree] |= quality(tree, run) if args.quality else {}
                for name in each[HERE]:
                    pair = each[trees[0]][name], each[trees[1]][name]
                    measured.setdefault(f"{precision}, {name}", []).append(pair)
                print(f"<!-- {seed + 1}, {precision}: {list(each.items())} -->", file=sys.stderr, flush=True)
    print_table(args.preset, measured)


def print_table(preset: str, measured: dict[str, list[tuple[float, float]]]) -> None:
    """All rows."""
    print(f"{machine.line()}\n\n| `{preset}` | this | other | this / other | interval | holds the median |")
    print("|---|---|---|---|---|---|\n" + "\n".join(row(name, pairs) for name, pairs in measured.items()), flush=True)


if __name__ == "__main__":
    main()
