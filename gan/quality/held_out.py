"""What a discriminator says of real images that it has never been shown, beside those that it learns from.

A discriminator that has learned its real images by heart takes those for real and others for forged (BigGAN, Brock et
al. 2018, section 4.2: 98 % against 50 to 55 %). Whether it has is measured without a threshold, so that it means the
same for every game, whatever its scores are: as the chance that a score is higher than another.
"""

import copy

import torch
from torch import Tensor, nn

from gan import data
from gan.config import TrainConfig
from gan.data import DataSet
from gan.games import rules, spec_of
from gan.latents import sampling

COUNT = 250
"""Real images of each kind, and forgeries."""
SEED = 2
"""Of the latents."""
REAL_OVER_FORGED, HELD_OUT_OVER_FORGED, TRAINED_OVER_HELD_OUT = (
    "real_over_forged",
    "held_out_over_forged",
    "trained_over_held_out",
)
"""What is measured, chances from 0 to 1: that D scores a real image of the training set above a forgery, a held-out
real image above a forgery, and one of the training set above a held-out one (1/2 if it knows none by heart)."""


def above(one: Tensor, other: Tensor) -> float:
    """The chance that a number of `one` (N,) is larger than one of `other` (M,), ties counted half: the area under the
    ROC curve, or the Mann-Whitney statistic over N·M. NaN where a number is NaN."""
    if bool(one.isnan().any() or other.isnan().any()):
        return float("nan")
    row = other.sort().values
    below, not_above = torch.searchsorted(row, one), torch.searchsorted(row, one, right=True)
    return float((below + not_above).double().mean() / (2 * len(other)))


class HeldOut:
    """Real images that D learns from, real images of the same digits that it never sees, and forgeries; the same ones
    each time, so that what changes is the discriminator."""

    def __init__(self, config: TrainConfig, digits: DataSet, device: torch.device, count: int = COUNT) -> None:
        chosen = config.data
        trained = data.some(*digits.chosen(chosen.classes, chosen.train_images), count)
        # Generators learn from all training images, those that quality is measured with included; only the test images
        # are new to a discriminator.
        images, labels = digits.test
        among = digits.of_classes(labels, chosen.classes)
        held_out = data.some(images[among], labels[among], count)
        self.sets = [
            (torch.from_numpy(x).to(device).unsqueeze(1), torch.from_numpy(y).to(device))
            for x, y in (trained, held_out)
        ]
        self.y = self.sets[1][1]
        self.z = sampling.sample(len(self.y), spec_of(config), SEED).to(device)
        self.lower_is_real = rules(config).score.energy

    @torch.no_grad()
    def measure(self, generator: nn.Module, discriminator: nn.Module) -> dict[str, float]:
        """The three chances, of networks that are left as they are, their buffers and modes included."""
        generator, discriminator = copy.deepcopy(generator).train(), copy.deepcopy(discriminator).train()
        trained, held_out = (self._scores(discriminator, images.float() * (2 / 255) - 1, y) for images, y in self.sets)
        forged = self._scores(discriminator, generator(self.z, self.y), self.y)
        return {
            REAL_OVER_FORGED: above(trained, forged),
            HELD_OUT_OVER_FORGED: above(held_out, forged),
            TRAINED_OVER_HELD_OUT: above(trained, held_out),
        }

    def _scores(self, discriminator: nn.Module, images: Tensor, y: Tensor) -> Tensor:
        """The higher the more real, (N,). In training mode, as D sees images while it learns; each set is a batch of
        its own."""
        scores: Tensor = discriminator(images, y).float()
        return -scores if self.lower_is_real else scores
