"""What each preset costs and reaches: `python -m benchmarks.presets [--at 60,300] [--presets …] [--ten --seeds 3]`.

For each preset: parameters, images per second while it trains alone in this process, and what the judge
reads in 1,000 samples of the averaged generator after so many
seconds of training: the share read as asked (conditional presets) and the digits found. A digit is
found if at least 5 of the 1,000 samples are read as it. Prints a Markdown table.

With `--ten` each preset trains only until all ten digits are found, at most to the last mark, once for each of the
seeds; it is looked at every five seconds of training.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks import machine
from gan import data
from gan.games import spec_of
from gan.latents import sampling
from gan.models.sampling import as_bytes
from gan.networks.layers import count_parameters
from gan.presets import PRESETS
from gan.quality import judge
from gan.training.trainer import Trainer

SAMPLES, FOUND = 1000, 5
WINDOW = 1.0
LOOK_EVERY = 5.0


@dataclass(frozen=True)
class Reached:
    """What 1,000 samples are worth after so many seconds and images."""

    seconds: float
    images: int
    agreement: float | None
    counts: list[int]

    @property
    def found(self) -> int:
        """How many of the ten digits there are."""
        return sum(count >= FOUND for count in self.counts)


def look_at(trainer: Trainer, seconds: float) -> Reached:
    """Reads 1,000 samples of the averaged generator."""
    config = trainer.config
    z = sampling.sample(SAMPLES, spec_of(config), seed=1).to(trainer.device)
    y = (torch.arange(SAMPLES) % len(data.spec().classes)).to(trainer.device)
    with torch.inference_mode():
        images = as_bytes(trainer.generator_ema(z, y)).cpu().numpy()
    read = judge.load().judge.read(images).labels
    agreement = float((read == y.cpu().numpy()).mean()) if config.conditional else None
    return Reached(
        seconds, trainer.images_seen, agreement, np.bincount(read, minlength=len(data.spec().classes)).tolist()
    )


def race(name: str, marks: list[float]) -> tuple[Trainer, list[float], list[Reached]]:
    """Trains a preset to the last mark. Returns it, its images per second in windows of a second, and
    what it had reached at each mark; the clock stands still while samples are read."""
    trainer = Trainer(PRESETS[name], data.load())
    speeds, reached = [], []
    clock, left = 0.0, list(marks)
    while left:
        start, images = time.perf_counter(), trainer.images_seen
        while (now := time.perf_counter()) - start < WINDOW:
            trainer.step()
        clock += now - start
        speeds.append((trainer.images_seen - images) / (now - start))
        if clock >= left[0]:
            reached.append(look_at(trainer, left.pop(0)))
    return trainer, speeds, reached


def to_ten(name: str, seed: int, limit: float) -> Reached:
    """What a preset had reached when all ten digits were there for the first time, or at the limit."""
    trainer = Trainer(PRESETS[name].changed(seed=seed), data.load())
    clock = 0.0
    while True:
        start = time.perf_counter()
        while (now := time.perf_counter()) - start < LOOK_EVERY:
            trainer.step()
        clock += now - start
        reached = look_at(trainer, clock)
        if reached.found == len(data.spec().classes) or clock >= limit:
            return reached


def print_ten(names: list[str], seeds: int, limit: float) -> None:
    """The table of `--ten`."""
    print("\n| preset | seconds until all ten digits are found, seed by seed | images |")
    print("|---|---|---|")
    for name in names:
        found = [to_ten(name, seed, limit) for seed in range(seeds)]
        seconds = ", ".join(
            f"{r.seconds:.0f}" if r.found == len(data.spec().classes) else f"not in {limit:g} ({r.found})"
            for r in found
        )
        print(f"| `{name}` | {seconds} | {', '.join(f'{r.images:,}' for r in found)} |", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", default="60,300", help="seconds of training after which to look")
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--ten", action="store_true", help="only until all ten digits are found")
    parser.add_argument("--seeds", type=int, default=3, help="for --ten")
    args = parser.parse_args()
    marks = [float(mark) for mark in args.at.split(",")]
    judge.load()
    print(machine.line(), flush=True)
    if args.ten:
        print_ten(args.presets.split(","), args.seeds, marks[-1])
        return
    heads = [f"after {mark:g} s: agreement, digits found" for mark in marks]
    print(f"\n| preset | parameters G + D | images/s (5 % to 95 %) | {' | '.join(heads)} |")
    print("|---|---|---|" + "---|" * len(marks))
    for name in args.presets.split(","):
        trainer, speeds, reached = race(name, marks)
        low, median, high = np.percentile(speeds, (5, 50, 95))
        sizes = f"{count_parameters(trainer.generator):,} + {count_parameters(trainer.discriminator):,}"
        cells = [
            f"{'–' if r.agreement is None else f'{r.agreement:.3f}'}, {r.found} of {len(data.spec().classes)}"
            for r in reached
        ]
        print(f"| `{name}` | {sizes} | {median:,.0f} ({low:,.0f} to {high:,.0f}) | {' | '.join(cells)} |", flush=True)
        for r in reached:
            print(f"<!-- {name}, {r.seconds:g} s, {r.images:,} images: {r.counts} -->", flush=True)


if __name__ == "__main__":
    main()
