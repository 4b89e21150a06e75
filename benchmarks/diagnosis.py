"""What the diagnosis says: `python -m benchmarks.diagnosis FOLDER [--only NAMES] [--seeds 3] [--jobs 2] [--print]`.

Trains every preset for 60 s, every failure and its cure for 40 s, once for each of the seeds, and the settings of
`benchmarks.odd` for 25 s, each on one thread. What is recorded already is not trained again, so that thresholds can be
changed and tried on the same runs; `--print` trains nothing. A second here is one of the processor's time in the run's
process, so that a machine that others use as well gives the same curves as one that they do not.

Prints tables in Markdown: what the diagnosis says at some moments and when it is wrong, and the signs that it says so
by. `--keep FILE` adds what the diagnosis reads of each run, in few points, to a file, which can be given in place of
the folder: `python -m benchmarks.diagnosis tests/data/recorded.npz`.
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

from benchmarks.odd import ODD, WELL, Odd
from gan.config import TrainConfig
from gan.config.fields import short, written
from gan.curves import Array, reduced
from gan.failures import BY_NAME, FAILURES, Failure
from gan.presets import PRESETS
from gan.runs import diagnosing, store
from gan.training import signs
from gan.training.diagnosis import judge
from gan.training.findings import Finding

PRESET_SECONDS, FAILURE_SECONDS, ODD_SECONDS = 60.0, 40.0, 25.0
MARKS = (10.0, 20.0, 30.0)
POINTS = 60
"""Of a curve that is kept."""
NOT_READ = ("gradient_norm_d", "update_norm_d", "update_norm_g")
"""Quantities that the diagnosis does not look at."""
WITHIN = 20.0
"""Seconds after the defining quantity has crossed its threshold in which the finding has to come."""


@dataclass(frozen=True)
class Recorded:
    """A run that was recorded."""

    config: TrainConfig
    curves: signs.Curves
    floor: float
    diverged: str = ""

    @cached_property
    def seconds(self) -> float:
        """How long it trained."""
        return max(float(curve[1, -1]) for curve in self.curves.values() if curve.shape[1])

    def signs(self, until: float) -> signs.Signs:
        """The signs at a moment, in seconds."""
        cut = {name: curve[:, curve[1] <= until] for name, curve in self.curves.items()}
        return signs.read(self.config, cut, self.floor)

    def findings(self, until: float) -> list[Finding]:
        """The findings at a moment; of a run that diverged, the last one says so."""
        return list(judge(self.config, self.signs(until), self.diverged if until >= self.seconds else ""))

    @cached_property
    def said(self) -> dict[float, list[str]]:
        """The kinds of findings at every second of its life."""
        moments = np.arange(1.0, self.seconds + 1.5)
        return {float(moment): [one.kind for one in self.findings(float(moment))] for moment in moments}

    def at(self, moment: float) -> str:
        """What is said at a moment, or a dash if it did not train so long."""
        return " + ".join(one.kind for one in self.findings(moment)) if moment < self.seconds + 0.5 else "–"

    @property
    def alarms(self) -> str:
        """What is said that is no good news, and from when to when."""
        moments: dict[str, list[float]] = {}
        for moment, kinds in self.said.items():
            for kind in set(kinds) - set(WELL):
                moments.setdefault(kind, []).append(moment)
        return ", ".join(f"{kind} at {when[0]:.0f} to {when[-1]:.0f} s" for kind, when in moments.items()) or "none"

    def crossed(self, failure: Failure) -> float:
        """When the defining quantity crosses its threshold for good, or infinity. What is measured in every step is
        taken in means of a second."""
        quantity = failure.defining.quantity
        curve = signs.digits(self.curves) if quantity == "digits" else self.curves[quantity]
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
    return found | {f"odd.{one.name}.0": one.config(ODD_SECONDS) for one in ODD}


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


def recorded(path: Path) -> dict[str, Recorded]:
    """All recorded runs by name, in a folder or in a file that `keep` wrote."""
    if path.is_file():
        return kept(path)
    found = {}
    for done in sorted(path.glob("*/done")):
        folder = done.parent
        status = store.read_status(folder)
        if status:
            config = TrainConfig.from_json((folder / store.CONFIG).read_text())
            curves = store.Curves(folder)
            curves.update()
            floor = status.quality.fcd_floor or math.nan
            diverged = status.message if status.state == "failed" else ""
            found[folder.name] = Recorded(config, diagnosing.measured(curves), floor, diverged)
    return found


def kept(path: Path) -> dict[str, Recorded]:
    """The runs in a file."""
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        curves: dict[str, dict[str, Array]] = {name: {} for name in about}
        for name in file.files:
            run, _, quantity = name.partition("/")
            if quantity:
                curves[run][quantity] = file[name].astype(np.float64)
    return {
        name: Recorded(TrainConfig.from_dict(of["config"]), curves[name], of["floor"], of.get("diverged", ""))
        for name, of in about.items()
    }


def table(runs: dict[str, Recorded]) -> Iterator[str]:
    """What is said of all runs, in Markdown."""
    marks = " | ".join(f"at {mark:.0f} s" for mark in MARKS)
    yield f"| preset, seed | {marks} | at its end | alarms at any second |"
    yield f"|---|{'---|' * (len(MARKS) + 2)}"
    for name, run in runs.items():
        kind, what, seed = name.split(".")
        if kind == "preset":
            said = [run.at(mark) for mark in MARKS]
            end = f"{run.at(run.seconds)} ({run.seconds:.0f} s)"
            yield f"| {' | '.join((f'`{what}`, {seed}', *said, end, run.alarms))} |"
    yield ""
    yield "| failure, seed | it has to say | it crosses after | said after | at its end | its cure | alarms of that |"
    yield "|---|---|---|---|---|---|---|"
    for name, run in runs.items():
        kind, what, seed = name.split(".")
        if kind == "broken":
            yield f"| {' | '.join(_of_failure(BY_NAME[what], run, runs))} |"
    yield ""
    yield "| settings | right would be | at its end | alarms | verdict |"
    yield "|---|---|---|---|---|"
    odd = {one.name: one for one in ODD}
    for name, run in runs.items():
        kind, what, _ = name.split(".")
        if kind == "odd":
            yield f"| {' | '.join(_of_odd(odd[what], run))} |"


def _of_failure(failure: Failure, run: Recorded, runs: dict[str, Recorded]) -> tuple[str, ...]:
    crossed, said = run.crossed(failure), said_after(run, failure.finding)
    late = " (late)" if said > crossed + WITHIN else ""
    cure = next((one for one in runs.values() if _is_same(one.config, failure.cured(run.config.seed))), None)
    cured = (f"{cure.at(cure.seconds)} ({cure.seconds:.0f} s)", cure.alarms) if cure else ("–", "–")
    end = f"{run.at(run.seconds)} ({run.seconds:.0f} s)"
    name = f"{failure.name}, {run.config.seed}"
    return name, failure.finding, _after(crossed), f"{_after(said)}{late}", end, *cured


def _after(seconds: float) -> str:
    return f"{seconds:.0f} s" if math.isfinite(seconds) else "not for good"


def _of_odd(odd: Odd, run: Recorded) -> tuple[str, ...]:
    settings = ", ".join(f"{short(path)} {written(value)}" for path, value in odd.changes.items())
    first = run.findings(run.seconds)[0].kind
    right = "well" if odd.right == WELL else " or ".join(odd.right)
    wrong = first not in odd.right or (odd.right == WELL and run.alarms != "none")
    end = f"{run.at(run.seconds)} ({run.seconds:.0f} s)"
    return f"`{odd.preset}`, {settings}", right, end, run.alarms, "wrong" if wrong else "right"


def said_after(run: Recorded, kind: str) -> float:
    """The seconds after which a finding is the first of all for the first time; infinity if never."""
    return next((moment for moment, kinds in run.said.items() if kinds[0] == kind), math.inf)


def keep(runs: dict[str, Recorded], path: Path) -> None:
    """Adds what the diagnosis reads of runs to those in a file."""
    found = (kept(path) if path.exists() else {}) | runs
    arrays, about = {}, {}
    for name, run in sorted(found.items()):
        about[name] = {"config": run.config.to_dict(), "floor": run.floor, "diverged": run.diverged}
        for quantity, curve in run.curves.items():
            if quantity not in NOT_READ:
                arrays[f"{name}/{quantity}"] = reduced(curve, POINTS).astype(np.float32)
    np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]


def margins(runs: dict[str, Recorded]) -> Iterator[str]:
    """The signs of all runs at their end, in Markdown."""
    names = [name for name, value in vars(signs.Signs()).items() if isinstance(value, float)]
    names = [name for name in names if name not in ("images", "seconds", "fcd_then", "gradient", "best_fcd")]
    yield f"| run | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for name, run in runs.items():
        found = run.signs(run.seconds + 1)
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
    parser.add_argument("--keep", type=Path, help="a file for what the diagnosis reads")
    parser.add_argument("--train", action="store_true", help="one run, whose settings are on stdin, into the folder")
    args = parser.parse_args()
    if args.train:
        _train(args.folder, TrainConfig.from_json(sys.stdin.read()))
        return
    if not (args.print or args.folder.is_file()):
        args.folder.mkdir(parents=True, exist_ok=True)
        wanted = {n: c for n, c in jobs(args.seeds).items() if any(one in n for one in args.only.split(","))}
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda item: record((args.folder / item[0]).absolute(), item[1]), wanted.items()))
    runs = recorded(args.folder)
    if args.keep:
        keep(runs, args.keep)
    print("\n".join((*table(runs), "", *margins(runs))))


if __name__ == "__main__":
    main()
