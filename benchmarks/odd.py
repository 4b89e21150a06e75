"""Settings that nobody ships, to hold the diagnosis against: broken ones with the findings that would be right, and odd
ones that are well."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan.config import TrainConfig
from gan.presets import preset

WELL = ("healthy", "too_early", "as_good_as_it_gets")


@dataclass(frozen=True)
class Odd:
    """A run to try the diagnosis on."""

    name: str
    changes: Mapping[str, Any]
    right: tuple[str, ...] = WELL
    """Findings of which the first of all has to be one, at the end of the run."""
    preset: str = "cgan"

    def config(self, seconds: float, seed: int = 0) -> TrainConfig:
        """Its settings."""
        return preset(self.preset).changed({**self.changes, "seed": seed, "budget.seconds": seconds})


STRONG, WEAK = "discriminator_too_strong", "discriminator_too_weak"
GONE, COLLAPSE, CIRCLES, BLOWN = "vanishing_gradient", "mode_collapse", "oscillation", "divergence"
ODD: tuple[Odd, ...] = (
    Odd("strong-wide", {"game.d_steps": 8, "optimizer.lr_d": 4e-3, "discriminator.widths": (1024, 512)}, (STRONG,)),
    Odd("both-rates", {"optimizer.lr_d": 2e-2, "optimizer.lr_g": 4e-2}, (BLOWN, COLLAPSE)),
    Odd("lsgan-fast-d", {"game.loss": "least_squares", "optimizer.lr_d": 1.5e-2}, (BLOWN, STRONG, COLLAPSE)),
    Odd("hinge-ten-g", {"game.loss": "hinge", "game.g_steps": 10}, (WEAK, COLLAPSE, CIRCLES)),
    Odd("no-3-no-7", {"data.classes": (0, 1, 2, 4, 5, 6, 8, 9)}, (COLLAPSE,)),
    Odd("tiny-d", {"discriminator.widths": (4,)}, (WEAK, COLLAPSE, CIRCLES)),
    Odd("vanilla-fast", {"optimizer.lr_g": 1e-2, "optimizer.lr_d": 1e-2}, (BLOWN, COLLAPSE, STRONG), "vanilla"),
    Odd("vanilla-minimax", {"game.loss": "minimax", "game.d_steps": 2}, (GONE, STRONG, COLLAPSE), "vanilla"),
    Odd("conv-d", {"discriminator.architecture": "conv", "discriminator.widths": (16, 32)}, (COLLAPSE, STRONG)),
    Odd("five-hundred", {"data.train_images": 500}, ("memorising",)),
    Odd("one-number", {"generator.latent_dim": 1}),
    Odd("minimax", {"game.loss": "minimax", "optimizer.lr_d": 2e-3, "game.d_steps": 3, "optimizer.beta2": 0.999}),
    Odd("batch-16", {"data.batch_size": 16}),
    Odd("batch-512", {"data.batch_size": 512}),
    Odd("smoothed", {"game.label_smoothing": 0.2}),
    Odd("hinge", {"game.loss": "hinge"}),
    Odd("least-squares", {"game.loss": "least_squares"}),
    Odd("relativistic", {"game.loss": "relativistic"}),
    Odd("wide-d", {"discriminator.widths": (1024, 512)}),
    Odd("tiny-g", {"generator.widths": (32, 4, 4)}),
    Odd("slow", {"optimizer.lr_g": 6e-4, "optimizer.lr_d": 1.5e-4}),
    Odd("fast", {"optimizer.lr_g": 6e-3, "optimizer.lr_d": 1.5e-3}),
    Odd("unconditional", {"game.conditional": False}),
    Odd("vanilla-batch-512", {"data.batch_size": 512}, preset="vanilla"),
)
