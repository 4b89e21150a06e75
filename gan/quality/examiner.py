"""How good a generator is while it trains: cheap enough to be asked every few seconds."""

import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from gan import data
from gan.config import TrainConfig
from gan.games import spec_of
from gan.latents import sampling
from gan.models.sampling import as_bytes
from gan.quality import judge, metrics
from gan.quality.judge import Judge
from gan.quality.metrics import Counts, Gaussian

SAMPLES = 1000
SEED = 1
"""Of the latents by which a generator is followed while it trains."""


@dataclass(frozen=True)
class Examination:
    """What an examiner finds in 1,000 samples, compared with the validation images."""

    agreement: float | None
    """None for an unconditional generator."""
    fcd: float
    histogram: list[int]
    recall: tuple[float, ...] = ()
    """For each class, the share of forgeries asked for it that are read as it; empty for an unconditional generator."""
    variety: float | None = None
    """How varied forgeries of the same class are, real images of it being 1 (`metrics.within_class_variety`)."""


class Examiner:
    """Looks at a generator while it trains; cheap enough to do so every few seconds.

    The latents are the same each time, so that what changes is the generator.
    """

    def __init__(self, config: TrainConfig, device: torch.device, n: int = SAMPLES) -> None:
        """Raises `gan.quality.judge.JudgeError` if the data set has no judge that can be read."""
        dataset = config.data.dataset
        shipped = judge.load(dataset)
        # A judge of its own: the shared one stays on the CPU.
        self.judge: Judge = copy.deepcopy(shipped.judge).to(device)
        self.reference = Gaussian(*(shipped.reference[name].numpy() for name in Gaussian._fields))
        images, labels = data.some(*data.load(dataset).test, n)
        self.real_features, self.real_labels = self.judge.read(images).features, labels
        self.conditional, self.classes = config.conditional, len(config.data.spec.classes)
        self.agreement_floor, self.fcd_floor = shipped.about["agreement_floor"], shipped.about["fcd_floor"]
        self.z = sampling.sample(n, spec_of(config), seed=SEED).to(device)
        self.y = torch.from_numpy(labels).to(device)

    @torch.inference_mode()
    def examine(self, generator: nn.Module) -> Examination:
        """The quality of a generator on the examiner's device, which should be in evaluation mode."""
        images = as_bytes(generator(self.z, self.y))
        reading = self.judge.read(images.cpu().numpy())
        asked = self.y.cpu().numpy()
        right = reading.labels == asked
        return Examination(
            float(right.mean()) if self.conditional else None,
            metrics.frechet_distance(metrics.gaussian(reading.features), self.reference),
            reading.histogram.tolist(),
            self._recall(asked, right),
            metrics.within_class_variety(
                reading.features,
                asked if self.conditional else reading.labels,
                self.real_features,
                self.real_labels,
            ),
        )

    def _recall(self, asked: Counts, right: npt.NDArray[np.bool_]) -> tuple[float, ...]:
        if not self.conditional:
            return ()
        hits, wanted = np.bincount(asked, right, minlength=self.classes), np.bincount(asked, minlength=self.classes)
        return tuple((hits / np.maximum(wanted, 1)).tolist())
