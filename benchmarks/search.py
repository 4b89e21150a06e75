"""The default, found by racing schedules: `python -m benchmarks.search race [--threads 2] [--candidates 16]`, then
`python -m benchmarks.search final --candidate NAME`.

`race` draws candidates from `SPACE` with a seed, so that another machine tries the same. By successive halving each
trains for 60 s with one seed, the better half with one more, and so on until two are left. `final` trains one of them
and the default without a schedule with five seeds that no race saw, taking turns. Warm-up is not timed, nor is looking:
10,000 samples against the validation images, 10 s and 60 s into the run.

A candidate is as bad as it misses the targets: how many times each of them, multiplied (`miss`); of those that miss
none the one is best that ends nearest to real images. All races are kept in
benchmarks/search.json; what is there is not raced again.
"""

import argparse
import json
import math
import random
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from scipy import stats

from benchmarks import clock, machine
from benchmarks.clock import Seen
from gan import data
from gan.config import TrainConfig
from gan.config.fields import find, flat
from gan.config.schedule import Stage, as_text
from gan.training.trainer import Trainer

LOG = Path(__file__).with_name("search.json")
MOMENTS = [10.0, 60.0]
"""Seconds of training after which quality is looked at."""
FCD, AGREEMENT = (5.0, 1.5), (0.975, 0.99)
"""What is to be reached at those moments: FCD by floor at most, agreement at least."""
PLAIN = "no schedule"
FINAL_SEEDS = range(100, 105)
"""No race has them: what wins a race of one seed also had luck."""

BATCHES, FACTORS, HALVES = (64, 128, 256), (1.0, 1.4), (20.0, 40.0, 60.0)
"""Batch sizes, what both rates of the default are multiplied by, half-lives of the average in thousands of images."""
SPACE: dict[str, tuple[Any, ...]] = {
    "begin": tuple((batch, factor) for batch in BATCHES[:2] for factor in FACTORS),
    "second at": (40_000, 80_000, 120_000),
    "third after": (60_000, 120_000, 240_000),
    "second": tuple((batch, factor) for batch in BATCHES[1:] for factor in FACTORS),
    "third": tuple((batch, factor) for batch in BATCHES[1:] for factor in (0.5, *FACTORS)),
    "half-lives": tuple((20.0, one, other) for one in HALVES[:2] for other in HALVES if other >= one),
    "shift from": (None, 1, 2),
}
"""What a candidate is drawn from. Batches do not shrink again."""


def candidates(number: int, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Changes to the default by name: none but its schedule taken away, and `number` others, drawn from `SPACE`."""
    draw = random.Random(seed)
    found: dict[str, dict[str, Any]] = {PLAIN: {"schedule": ""}}
    while len(found) <= number:
        one = {name: draw.choice(values) for name, values in SPACE.items()}
        if not one["begin"][0] <= one["second"][0] <= one["third"][0]:
            continue
        changes = _changes(one)
        found[_name(changes)] = changes
    return found


def _changes(one: dict[str, Any]) -> dict[str, Any]:
    """What was drawn, as settings."""
    usual = TrainConfig().optimizer
    batch, factor = one["begin"]
    now = {"batch_size": batch, "lr_g": usual.lr_g * factor, "lr_d": usual.lr_d * factor, "ema_kimg": usual.ema_kimg}
    begin, stages, images = dict(now), [], 0
    for number, stage in enumerate(("second", "third"), 1):
        images += one["second at"] if number == 1 else one["third after"]
        batch, factor = one[stage]
        new = {"batch_size": batch, "lr_g": usual.lr_g * factor, "lr_d": usual.lr_d * factor}
        new |= {"ema_kimg": one["half-lives"][number]}
        if one["shift from"] == number:
            new["shift"] = 1
        changed = {name: _rounded(value) for name, value in new.items() if value != now.get(name)}
        if changed:
            stages.append(Stage(images, changed))
        now |= new
    return {name: _rounded(value) for name, value in begin.items()} | {"schedule": as_text(tuple(stages))}


def _rounded(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _name(changes: dict[str, Any]) -> str:
    begins = {name: changes[name] for name in ("batch_size", "lr_g", "lr_d")}
    begin = [f"{name}={value:g}" for name, value in begins.items() if value != flat(TrainConfig())[find(name)]]
    return f"{', '.join(begin) or 'the default'}; {changes['schedule']}"


def miss(seen: list[Seen]) -> float:
    """How many times the targets are missed, multiplied: 1 where all are met."""
    times = 1.0
    for at, fcd, agreement in zip(seen, FCD, AGREEMENT, strict=True):
        times *= max(1.0, at.ratio / fcd) * max(1.0, (1 - at.agreement) / (1 - agreement))
    return times


def badness(races: list[list[Seen]]) -> tuple[float, float]:
    """Of a candidate's races: by how much they miss the targets, and then how far from real images they end. Rounded,
    so that a miss by a hair does not decide."""
    return round(mean(math.log(miss(seen)) for seen in races), 1), mean(seen[-1].ratio for seen in races)


class Log:
    """The races so far, by threads, candidate and seed."""

    def __init__(self) -> None:
        self.races: list[dict[str, Any]] = json.loads(LOG.read_text())["races"] if LOG.exists() else []

    def seen(self, threads: int, name: str, seed: int) -> list[Seen] | None:
        """What was seen in a race, if there was one."""
        for race in self.races:
            if (race["threads"], race["candidate"], race["seed"]) == (threads, name, seed):
                return [Seen(**values) for values in race["seen"]]
        return None

    def all_seen(self, threads: int, name: str, seeds: list[int]) -> list[list[Seen]]:
        """The same for several seeds."""
        return [found for seed in seeds if (found := self.seen(threads, name, seed))]

    def race(self, threads: int, name: str, changes: dict[str, Any], seed: int) -> list[Seen]:
        """Races where that was not done yet, and keeps what was seen."""
        if found := self.seen(threads, name, seed):
            return found
        torch.set_num_threads(threads)
        config = TrainConfig().changed(changes | {"seed": seed, "seconds": MOMENTS[-1]})
        seen = clock.race(lambda: Trainer(config, data.load(), torch.device("cpu")), MOMENTS[-1], MOMENTS).seen
        self.races.append(
            {
                "threads": threads,
                "candidate": name,
                "seed": seed,
                "seen": [asdict(at) for at in seen],
                "machine": machine.line(),
            }
        )
        LOG.write_text(json.dumps({"races": self.races}, indent=1) + "\n")
        print(f"<!-- {name}, seed {seed}: {miss(seen):.2f}, {seen} -->", flush=True)
        return seen


def halve(log: Log, threads: int, who: dict[str, dict[str, Any]]) -> list[tuple[str, list[int]]]:
    """Successive halving; who took part with which seeds, the best first."""
    left, order = list(who), []
    seed = 0
    while True:
        for name in left:
            log.race(threads, name, who[name], seed)
        seeds = list(range(seed + 1))
        left.sort(key=lambda name: badness(log.all_seen(threads, name, seeds)))
        if len(left) <= 2:
            return [(name, seeds) for name in left] + order
        half = -(-len(left) // 2)
        order = [(name, seeds) for name in left[half:]] + order
        left, seed = left[:half], seed + 1


def interval(values: list[float], form: str) -> str:
    """Mean and 95 % interval, by Student's t."""
    middle = mean(values)
    if len(values) < 2:
        return form.format(middle)
    half = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return f"{form.format(middle)} ({form.format(middle - half)} to {form.format(middle + half)})"


def table(log: Log, threads: int, who: list[tuple[str, list[int]]]) -> str:
    """A line for each candidate."""
    lines = [
        "| plan | seeds | images | at 10 s: agreement | FCD by floor | at 60 s: agreement | FCD by floor | missed by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, seeds in who:
        found = log.all_seen(threads, name, seeds)
        cells = [f"{mean(seen[-1].images for seen in found):,.0f}"]
        for at in range(len(MOMENTS)):
            cells.append(interval([seen[at].agreement for seen in found], "{:.4f}"))
            cells.append(interval([seen[at].ratio for seen in found], "{:.2f}"))
        cells.append(f"{math.exp(mean(math.log(miss(seen)) for seen in found)):.2f}")
        lines.append(f"| {name} | {len(found)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Races, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("race", "final"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--candidate", action="append", default=[], help="by its name in the table; for `final`")
    args = parser.parse_args()
    clock.warm_up()
    print(f"{machine.line()}, {args.threads} thread{'s' if args.threads > 1 else ''}", flush=True)
    log, who = Log(), candidates(args.candidates)
    if args.what == "race":
        found = halve(log, args.threads, who)
    else:
        names = [PLAIN, *args.candidate]
        for seed in FINAL_SEEDS:
            for name in names:
                log.race(args.threads, name, who[name], seed)
        found = [(name, list(FINAL_SEEDS)) for name in names]
    print(f"\n{table(log, args.threads, found)}")


if __name__ == "__main__":
    main()
