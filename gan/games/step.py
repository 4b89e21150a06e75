"""What a game works with during a step: the networks, the next real images and latents, and passes through the
networks in the run's number format."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from gan.config import TrainConfig
from gan.data import Sampler
from gan.games import shifts
from gan.games.game import DISCRIMINATOR, GENERATOR, rules

Answers = tuple[Tensor, dict[str, Tensor]]
"""Scores, and what else a discriminator says, by name."""


class Step:
    """The trainer's side of a game. One object serves all steps of a run."""

    def __init__(
        self,
        config: TrainConfig,
        players: dict[str, nn.Module],
        sampler: Sampler,
        noise: torch.Generator,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.config = config
        self.players = players
        self.sampler = sampler
        self.noise = noise
        """Where all random numbers of a step come from."""
        self.device = device
        self.dtype = dtype
        self.number = 0
        """Steps taken before this one."""
        self.shift = config.discriminator.shift
        """How far images are shifted at most before D sees them, in pixels."""
        self.inspected = False
        """Whether somebody looks inside the next move: then the images of it carry a gradient."""
        self.latent_spec = rules(config).latents(config)

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """The next real images, (N, 1, 28, 28) in [-1, 1], and their classes (N,)."""
        return next(self.sampler)

    def latents(self, count: int) -> Tensor:
        """The next `count` latents, (count, size)."""
        return self.latent_spec.sample(count, self.noise, self.device)

    def autocast(self) -> AbstractContextManager[Any]:
        """Inside, networks compute in the run's number format."""
        return nullcontext() if self.dtype == torch.float32 else torch.autocast(self.device.type, self.dtype)

    def sample(self, z: Tensor, y: Tensor) -> Tensor:
        """Forgeries G(z, y), (N, 1, 28, 28), with the graph that a move of the generator needs."""
        with self.autocast():
            images: Tensor = self.players[GENERATOR](z, y)
        return images

    def discriminate(self, images: Tensor, y: Tensor) -> Tensor:
        """D's scores, (N,) in float32."""
        with self.autocast():
            scores: Tensor = self.players[DISCRIMINATOR](images, y)
        return scores.float()

    def discriminate_both(self, real: Tensor, forged: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """D's scores of real images and of forgeries, (N,) each, in one pass where D allows it."""
        if self.players[DISCRIMINATOR].has_batch_norm:
            # Real and forged are normalised apart: together, the statistics would tell on them.
            return self.discriminate(real, y), self.discriminate(forged, y)
        real_scores, forged_scores = self.discriminate(torch.cat((real, forged)), torch.cat((y, y))).chunk(2)
        return real_scores, forged_scores

    def answers(self, images: Tensor, y: Tensor) -> Answers:
        """D's scores, (N,), and what else it says of the images, by name; float32."""
        discriminator: Any = self.players[DISCRIMINATOR]
        with self.autocast():
            scores, others = discriminator.answers(images, y)
        return scores.float(), {name: value.float() for name, value in others.items()}

    def answers_of_both(self, real: Tensor, forged: Tensor, y: Tensor) -> tuple[Answers, Answers]:
        """The same of real images and of forgeries, in one pass where D allows it."""
        if self.players[DISCRIMINATOR].has_batch_norm:
            return self.answers(real, y), self.answers(forged, y)
        scores, others = self.answers(torch.cat((real, forged)), torch.cat((y, y)))
        of_real, of_forged = ({name: value.chunk(2)[half] for name, value in others.items()} for half in (0, 1))
        real_scores, forged_scores = scores.chunk(2)
        return (real_scores, of_real), (forged_scores, of_forged)

    def shifts(self, images: Tensor) -> Tensor | None:
        """New random shifts for so many images (`gan.games.shifts`); None where the settings ask for none."""
        return shifts.draw(len(images), self.shift, self.noise, self.device) if self.shift else None

    def shown(self, images: Tensor, gradient: bool = False) -> Tensor:
        """Images as D sees them in a move of its own: shifted, and cut off from whatever made them. With `gradient`,
        or if somebody looks inside, they require one."""
        return shifts.shifted(images.detach(), self.shifts(images)).requires_grad_(gradient or self.inspected)
