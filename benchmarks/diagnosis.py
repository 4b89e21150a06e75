"""What the diagnosis says: `python -m benchmarks.diagnosis FOLDER [--only NAMES] [--seeds 3] [--jobs 2] [--print]`.

Trains every preset for 60 s, and every failure and its cure for 40 s, once for each of the seeds, each on one thread.
What is recorded already is not trained again, so that thresholds can be changed and tried on the same runs; `--print`
trains nothing. A second here is one of the processor's time in the run's process, so that a machine that others use
as well gives the same curves as one that they do not.

Prints two tables in Markdown: what the diagnosis says at some moments, and the signs that it says so by.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from gan.config import TrainConfig
from gan.failures import FAILURES, Failure
from gan.presets import PRESETS
from gan.runs import diagnosing, store
from gan.training import signs
from gan.training.diagnosis import judge
from gan.training.findings import Finding
from gan.training.messages import Status

PRESET_SECONDS, FAILURE_SECONDS = 60.0, 40.0
MARKS = (10.0, 30.0, 60.0)
WITHIN = 20.0
"""Seconds after the defining quantity has crossed its threshold in which the finding has to come."""
WELL = ("healthy", "too_early", "as_good_as_it_gets")


@dataclass(frozen=True)
class Recorded:
    """A run that was recorded."""

    folder: Path
    config: TrainConfig
    status: Status

    @cached_property
    def curves(self) -> store.Curves:
        """Its records."""
        found = store.Curves(self.folder)
        found.update()
        return found

    def signs(self, until: float) -> signs.Signs:
        """The signs at a moment, in seconds."""
        floor = self.status.quality.fcd_floor or math.nan
        return signs.read(self.config, diagnosing.measured(self.curves, until), floor)

    def findings(self, until: float) -> list[Finding]:
        """The findings at a moment; of a run that diverged, the last one says so."""
        failed = self.status.state == "failed" and until >= self.status.progress.seconds
        return list(judge(self.config, self.signs(until), self.status.message if failed else ""))

    def crossed(self, failure: Failure) -> float:
        """When the defining quantity crosses its threshold for good, or infinity. What is measured in every step is
        taken in means of a second."""
        curves = diagnosing.measured(self.curves)
        curve = signs.digits(curves) if failure.defining.quantity == "digits" else curves[failure.defining.quantity]
        seconds, values = curve[1], curve[2]
        if len(seconds) > 200:
            bins = np.floor(seconds)
            seconds = np.unique(bins) + 1
            values = np.array([values[bins == second - 1].mean() for second in seconds])
        wrong = [failure.defining.crossed(float(value)) for value in values]
        for at, second in enumerate(seconds):
            if second >= failure.defining.after and np.mean(wrong[at:]) > 0.8 and wrong[at]:
                return float(second)
        return math.inf


def jobs(seeds: int) -> dict[str, TrainConfig]:
    """All runs by name."""
    found = {}
    for seed in range(seeds):
        for name, config in PRESETS.items():
            changes = {"seed": seed, "budget.seconds": PRESET_SECONDS, "budget.images": 0, "budget.patience": 0.0}
            found[f"preset.{name}.{seed}"] = config.changed(changes)
        for failure in FAILURES:
            found[f"broken.{failure.name}.{seed}"] = failure.broken(seed, FAILURE_SECONDS)
            cured = failure.cured(seed, FAILURE_SECONDS)
            if not any(_is_same(cured, other) for other in found.values()):  # most cures are the preset itself
                found[f"cured.{failure.name}.{seed}"] = cured
    return found


def _is_same(one: TrainConfig, other: TrainConfig) -> bool:
    """Whether two runs differ in how long they last, and on what, at the most."""

    def lasting(config: TrainConfig) -> TrainConfig:
        return config.changed({"budget.seconds": 0.0, "budget.images": 0, "threads": 1, "device": "cpu"})

    return lasting(one) == lasting(other)


def record(folder: Path, config: TrainConfig) -> None:
    """Trains a run in a process of its own, unless it is there."""
    if (folder / "done").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(config.changed(threads=1, device="cpu").to_dict())
    environment = os.environ | {"GAN_RUNS_DIR": str(folder.parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.diagnosis", str(folder), "--train"]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        subprocess.run(command, check=False, input=text.encode(), stdout=log, stderr=log, env=environment)
    shutil.rmtree(folder / store.SNAPSHOTS, ignore_errors=True)
    for name in (store.BEST, store.CHECKPOINT):
        (folder / name).unlink(missing_ok=True)
    if (folder / store.CONFIG).exists():
        (folder / "done").touch()


def _train(folder: Path, config: TrainConfig) -> None:
    """Trains in this process, by a clock that shows the processor's time."""
    time.perf_counter = time.process_time  # type: ignore[assignment]
    import queue

    from gan.runs.launching import create
    from gan.runs.worker import train_in

    train_in(create(config, folder), queue.SimpleQueue(), patient=False)


def recorded(folder: Path) -> dict[str, Recorded]:
    """All recorded runs by name."""
    found = {}
    for path in sorted(folder.glob("*/done")):
        status = store.read_status(path.parent)
        if status:
            config = TrainConfig.from_json((path.parent / store.CONFIG).read_text())
            found[path.parent.name] = Recorded(path.parent, config, status)
    return found


def table(runs: dict[str, Recorded]) -> Iterator[str]:
    """What is said of all runs, in Markdown."""
    yield "| preset, seed | at 10 s | at 30 s | at 60 s |"
    yield "|---|---|---|---|"
    for name, run in runs.items():
        kind, what, seed = name.split(".")
        if kind == "preset":
            said = (" + ".join(one.kind for one in run.findings(mark + 0.2)) for mark in MARKS)
            yield f"| `{what}`, {seed} | {' | '.join(said)} |"
    yield ""
    yield "| failure, seed | it has to say | it crosses after | said after | at 40 s | its cure at 40 s |"
    yield "|---|---|---|---|---|---|"
    for name, run in runs.items():
        kind, what, seed = name.split(".")
        if kind == "broken":
            failure = next(one for one in FAILURES if one.name == what)
            crossed, said = run.crossed(failure), said_after(run, failure.finding)
            late = "" if said <= crossed + WITHIN else " (late)"
            last = " + ".join(one.kind for one in run.findings(FAILURE_SECONDS + 1))
            cured = next((one for one in runs.values() if _is_same(one.config, failure.cured(run.config.seed))), None)
            well = " + ".join(one.kind for one in cured.findings(FAILURE_SECONDS + 1)) if cured else "–"
            cells = (f"{what}, {seed}", failure.finding, f"{crossed:.0f} s", f"{said:.0f} s{late}", last, well)
            yield f"| {' | '.join(cells)} |"


def said_after(run: Recorded, kind: str) -> float:
    """The seconds after which a finding is the first of all for the first time; infinity if never."""
    for second in np.arange(1.0, FAILURE_SECONDS + 2):
        if run.findings(float(second))[0].kind == kind:
            return float(second)
    return math.inf


def margins(runs: dict[str, Recorded]) -> Iterator[str]:
    """The signs of all runs at their end, in Markdown."""
    names = [name for name, value in vars(signs.Signs()).items() if isinstance(value, float)]
    names = [name for name in names if name not in ("images", "seconds", "fcd_then", "gradient", "best_fcd")]
    yield f"| run | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for name, run in runs.items():
        found = run.signs(MARKS[-1] + 1)
        values = (getattr(found, one) for one in names)
        yield f"| {name} | {' | '.join('–' if math.isnan(v) else f'{v:.3g}' for v in values)} |"


def main() -> None:
    """Records and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="parts of names of runs, separated by commas")
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--train", action="store_true", help="one run, whose settings are on stdin, into the folder")
    args = parser.parse_args()
    if args.train:
        _train(args.folder, TrainConfig.from_json(sys.stdin.read()))
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    if not args.print:
        wanted = {n: c for n, c in jobs(args.seeds).items() if any(one in n for one in args.only.split(","))}
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda item: record((args.folder / item[0]).absolute(), item[1]), wanted.items()))
    runs = recorded(args.folder)
    print("\n".join((*table(runs), "", *margins(runs))))


if __name__ == "__main__":
    main()
