"""What each idea is worth: `python -m benchmarks.recipes [--only NAME,…] [--seconds 30] [--seeds 1]`.

Each recipe is the default preset with something changed, and trains alone for so many seconds; the clock
stands still while 10,000 samples are judged against the validation images. Prints a Markdown table:
images per second, seconds to label agreement 0.95, agreement and FCD by floor at the end.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import clock, machine
from gan import config, data
from gan.trainer import Trainer

CPU = torch.device("cpu")


class Apart(Trainer):
    """Real and forged images go through D one after the other."""

    def _discriminator_pass(self, x: Tensor, fakes: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        self.discriminator.has_batch_norm = True
        return super()._discriminator_pass(x, fakes, y)


class Fresh(Trainer):
    """G forges anew for its own pass."""

    def _generator_pass(self, fakes: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        return super()._generator_pass(self._forge(y), y, real_logits)


class Growing(Trainer):
    """The batch grows fourfold over the budget."""

    def step(self, norms: bool = False, spent: float = 0.0) -> None:  # noqa: D102
        self.sampler.batch_size = int(self.config.batch_size * 4**spent) // 8 * 8
        super().step(norms, spent)


class Shuffled(Trainer):
    """Images are drawn with replacement, not pass by pass."""

    def step(self, norms: bool = False, spent: float = 0.0) -> None:  # noqa: D102
        size = len(self.sampler.labels)
        number = self.sampler.drawn // size
        if number not in self.sampler._passes:
            order = np.random.default_rng((1, number)).integers(size, size=size)
            self.sampler._passes = {number: torch.from_numpy(order)}
        super().step(norms, spent)


class ChannelsLast(Trainer):
    """Convolutions with channels_last memory."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.generator.to(memory_format=torch.channels_last)
        self.discriminator.to(memory_format=torch.channels_last)


class Plain(Trainer):
    """Adam one tensor at a time, not fused."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        for optimizer in (self.optimizer_g, self.optimizer_d):
            optimizer.param_groups[0]["fused"] = None
            optimizer.defaults["fused"] = None


@dataclass(frozen=True)
class Recipe:
    """Something changed."""

    changes: dict[str, Any]
    trainer: Callable[..., Trainer] = Trainer
    preset: str = "cgan"


def _r(trainer: Callable[..., Trainer] = Trainer, preset: str = "cgan", **changes: Any) -> Recipe:
    return Recipe(changes, trainer, preset)


CONV_D = {"architecture_d": "conv", "widths_d": (16, 32, 128)}
CONV_G = {"architecture": "conv", "architecture_d": "mlp"}
RECIPES: dict[str, Recipe] = {
    "as it is": _r(),
    "decay from 0": _r(decay_from=0.0),
    "decay from 0.5": _r(decay_from=0.5),
    "hinge, spectral norm": _r(loss="hinge", spectral_norm_d=True),
    "relativistic, R1 + R2": _r(loss="relativistic", r1=0.5, r2=0.5, penalty_every=4),
    "R1 0.1 every 8": _r(r1=0.1, penalty_every=8),
    "R1 1 every 8": _r(r1=1.0, penalty_every=8),
    "conv G, stem 256": _r(**CONV_G, widths_g=(256, 32, 16)),
    "conv D": _r(**CONV_D),
    "conv G and D": _r(architecture="conv", widths_g=(256, 32, 16), widths_d=(16, 32, 128)),
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=";".join(RECIPES))
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    clock.warm_up()
    print(machine.line(), flush=True)
    print(f"\n| change | images/s | seconds to 0.95 | agreement at {args.seconds:g} s | FCD by floor |", flush=True)
    print("|---|---|---|---|---|", flush=True)
    for name in args.only.split(";"):
        for seed in range(args.seeds):
            print(row(name, seed, args.seconds), flush=True)


def row(name: str, seed: int, seconds: float) -> str:
    """One race, as a line of the table."""
    recipe = RECIPES[name]
    chosen = config.preset(recipe.preset).changed(seconds=seconds, seed=seed, **recipe.changes)
    result = clock.race(lambda: recipe.trainer(chosen, data.load(), CPU), seconds, clock.doubling(2, seconds))
    reached, last = result.to_agreement(0.95), result.seen[-1]
    when = "–" if reached is None else f"{reached:.1f}"
    return f"| {name} | {result.images / result.seconds:,.0f} | {when} | {last.agreement:.4f} | {last.ratio:.2f} |"


if __name__ == "__main__":
    main()
