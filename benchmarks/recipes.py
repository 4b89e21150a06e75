"""What each idea is worth: `python -m benchmarks.recipes [--only "NAME;…"] [--seconds 30] [--seeds 1] [--threads N]`.

Each recipe is the default preset with something changed, and trains alone for so many seconds; the clock
stands still while 10,000 samples are judged against the validation images. Prints a Markdown table:
images per second, seconds to label agreement 0.95, agreement and FCD by floor at the end.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks import clock, machine
from gan import data, presets
from gan.games.adversarial import AdversarialGame
from gan.games.game import Move
from gan.games.step import Step
from gan.training.measurements import floats
from gan.training.trainer import Trainer

CPU = torch.device("cpu")


class Apart(Trainer):
    """Real and forged images go through D one after the other."""

    def step(self, norms: bool = False, progress: float = 0.0) -> None:  # noqa: D102
        self.discriminator.has_batch_norm = True
        super().step(norms, progress)


class ForgingAnew(AdversarialGame):
    """No forgeries of D's move serve once more in G's."""

    def moves(self, step: Step) -> Iterator[Move]:  # noqa: D102
        for _ in range(self.d_steps):
            batch = self.draw_batch(step, *step.next_batch())
            yield self.discriminator_move(step, batch)
        for _ in range(self.g_steps):
            yield self.generator_move(step, self.draw_batch(step, batch.x, batch.y))


class Fresh(Trainer):
    """G forges anew for its own move."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.game = ForgingAnew(**self.config.game.model_dump())


class BurningIn(Trainer):
    """Schedules in the manner of R3GAN (Huang et al. 2024): over the first share of the budget, along a cosine, rates
    fall to a quarter, γ of both penalties to a tenth, and Adam's beta2 rises from 0.9 to 0.99."""

    SHARE = 0.25

    def step(self, norms: bool = False, progress: float = 0.0) -> None:  # noqa: D102
        turned = (1 - math.cos(math.pi * min(1.0, progress / self.SHARE))) / 2
        game, optimizer = self.config.game, self.config.optimizer
        assert isinstance(game, AdversarialGame)
        lower = 1 - 0.9 * turned
        self.game = game.model_copy(update={"r1": game.r1 * lower, "r2": game.r2 * lower})
        self.lr_g, self.lr_d = (rate * (1 - 0.75 * turned) for rate in (optimizer.lr_g, optimizer.lr_d))
        for one in self.optimizers.values():
            one.param_groups[0]["betas"] = (optimizer.beta1, 0.9 + 0.09 * turned)
        super().step(norms, progress)


class Growing(Trainer):
    """The batch grows fourfold over the budget."""

    def step(self, norms: bool = False, progress: float = 0.0) -> None:  # noqa: D102
        self.sampler.batch_size = int(self.config.data.batch_size * 4**progress) // 8 * 8
        super().step(norms, progress)


class Replaced(Trainer):
    """Images are drawn with replacement, not pass by pass."""

    def step(self, norms: bool = False, progress: float = 0.0) -> None:  # noqa: D102
        size = len(self.sampler.labels)
        number = (self.sampler.drawn + self.config.data.batch_size) // size
        if number not in self.sampler._passes:
            order = np.random.default_rng((1, number)).integers(size, size=size)
            self.sampler._passes[number] = torch.from_numpy(order)
        super().step(norms, progress)


class ChannelsFirst(Trainer):
    """Convolutions with PyTorch's usual memory format."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        for network in (self.generator, self.discriminator, self.generator_ema):
            network.to(memory_format=torch.contiguous_format)
        self._raw, self._averaged = floats(self.generator), floats(self.generator_ema)


class Plain(Trainer):
    """Adam one tensor at a time, not fused."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        for optimizer in self.optimizers.values():
            optimizer.param_groups[0] |= {"fused": None, "foreach": False}


class Compiled(Trainer):
    """Both networks through torch.compile; compilation counts."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.generator.compile()
        self.discriminator.compile()


@dataclass(frozen=True)
class Recipe:
    """Something changed."""

    changes: dict[str, Any]
    trainer: Callable[..., Trainer] = Trainer
    preset: str = "cgan"


def _r(trainer: Callable[..., Trainer] = Trainer, preset: str = "cgan", **changes: Any) -> Recipe:
    return Recipe(changes, trainer, preset)


RECIPES: dict[str, Recipe] = {
    "as it is": _r(),
    "pictures from −1 to 1 for D": _r(ink_scale_d=0.0),
    "ink from 0 to 2 for D": _r(ink_scale_d=1.0),
    "G a perceptron, 256-384": _r(architecture="mlp", widths_g=(256, 384)),
    "G without a stem": _r(widths_g=(16, 16)),
    "D convolutional": _r(architecture_d="conv", widths_d=(16, 32, 128)),
    "D convolutional, R1 20 every 4": _r(architecture_d="conv", widths_d=(16, 32, 128), r1=20.0, penalty_every=4),
    "hinge, spectral normalisation": _r(loss="hinge", spectral_norm_d=True),
    "relativistic, R1 + R2 0.01 every 8": _r(loss="relativistic", r1=0.01, r2=0.01, penalty_every=8),
    "relativistic": _r(loss="relativistic"),
    "relativistic, R1 + R2 0.1 every 8, R3GAN's schedules": _r(
        BurningIn, loss="relativistic", r1=0.1, r2=0.1, penalty_every=8
    ),
    "R1 0.05 every 8": _r(r1=0.05, penalty_every=8),
    "G at 1e-3": _r(lr_g=1e-3),
    "G at 4e-3": _r(lr_g=4e-3),
    "D at 2.5e-4": _r(lr_d=2.5e-4),
    "D at 1e-3": _r(lr_d=1e-3),
    "beta1 0.5": _r(beta1=0.5),
    "beta2 0.99": _r(beta2=0.99),
    "beta2 0.999": _r(beta2=0.999),
    "latent and embedding of 64": _r(latent_dim=64, embedding_dim=64),
    "batch 32": _r(batch_size=32),
    "batch 128": _r(batch_size=128),
    "batch 32, growing to 128": _r(Growing, batch_size=32),
    "averaging half-life 5,000": _r(ema_kimg=5.0),
    "no averaging": _r(ema_kimg=0.0),
    "shifts of one pixel before D": _r(shift_d=1),
    "rates fall from half of the budget on": _r(decay_from=0.5),
    "float32": _r(precision="float32"),
    "real and forged apart in D": _r(Apart),
    "fresh forgeries for G": _r(Fresh),
    "channels first": _r(ChannelsFirst),
    "Adam not fused": _r(Plain),
    "drawn with replacement": _r(Replaced),
    "torch.compile": _r(Compiled),
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=";".join(RECIPES))
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    clock.warm_up()
    print(f"{machine.line()}, {args.threads} thread{'s' if args.threads > 1 else ''}", flush=True)
    print(f"\n| change | images/s | seconds to 0.95 | agreement at {args.seconds:g} s | FCD by floor |", flush=True)
    print("|---|---|---|---|---|", flush=True)
    for name in args.only.split(";"):
        for seed in range(args.seeds):
            print(row(name, seed, args.seconds), flush=True)


def row(name: str, seed: int, seconds: float) -> str:
    """One race, as a line of the table."""
    recipe = RECIPES[name]
    chosen = presets.preset(recipe.preset).changed(seconds=seconds, seed=seed, **recipe.changes)
    result = clock.race(lambda: recipe.trainer(chosen, data.load(), CPU), seconds, clock.doubling(2, seconds, each=2))
    reached, last = result.to_agreement(0.95), result.seen[-1]
    when = "–" if reached is None else f"{reached:.1f}"
    return f"| {name} | {result.images / result.seconds:,.0f} | {when} | {last.agreement:.4f} | {last.ratio:.2f} |"


if __name__ == "__main__":
    main()
