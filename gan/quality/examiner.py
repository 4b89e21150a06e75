"""How good a generator is while it trains: cheap enough to be asked every few seconds."""

import copy
from collections.abc import Callable
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
from gan.networks.layers import DIGITS
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
    """For each digit, the share of forgeries asked for it that are read as it; empty for an unconditional generator."""
    variety: float | None = None
    """How varied forgeries of the same digit are, real images of it being 1 (`metrics.within_class_variety`)."""


class Examiner:
    """Looks at a generator while it trains; cheap enough to do so every few seconds.

    The latents are the same each time, so that what changes is the generator.
    """

    def __init__(self, config: TrainConfig, device: torch.device, n: int = SAMPLES) -> None:
        """Raises `gan.quality.judge.JudgeError` if the judge cannot be read."""
        shipped = judge.load()
        # A judge of its own: the shared one stays on the CPU.
        self.judge: Judge = copy.deepcopy(shipped.judge).to(device)
        self.reference = Gaussian(*(shipped.reference[name].numpy() for name in Gaussian._fields))
        images, labels = data.some(*data.load(config.data.dataset).test, n)
        self.real_features, self.real_digits = self.judge.read(images).features, labels
        self.conditional = config.conditional
        self.agreement_floor, self.fcd_floor = shipped.about["agreement_floor"], shipped.about["fcd_floor"]
        self.z = sampling.sample(n, spec_of(config), seed=SEED).to(device)
        self.y = torch.from_numpy(labels).to(device)

    @torch.inference_mode()
    def examine(self, generator: nn.Module) -> Examination:
        """The quality of a generator on the examiner's device, which should be in evaluation mode."""
        images = as_bytes(generator(self.z, self.y))
        reading = self.judge.read(images.cpu().numpy())
        asked = self.y.cpu().numpy()
        right = reading.digits == asked
        return Examination(
            float(right.mean()) if self.conditional else None,
            metrics.frechet_distance(metrics.gaussian(reading.features), self.reference),
            np.bincount(reading.digits, minlength=DIGITS).tolist(),
            self._recall(asked, right),
            metrics.within_class_variety(
                reading.features,
                asked if self.conditional else reading.digits,
                self.real_features,
                self.real_digits,
            ),
        )

    def _recall(self, asked: Counts, right: npt.NDArray[np.bool_]) -> tuple[float, ...]:
        if not self.conditional:
            return ()
        hits, wanted = np.bincount(asked, right, minlength=DIGITS), np.bincount(asked, minlength=DIGITS)
        return tuple((hits / np.maximum(wanted, 1)).tolist())


def make_judge(
    watch: Callable[[int, int], None] | None = None, passes: float = judge.PASSES
) -> tuple[bytes, dict[str, float]]:
    """Trains the judge and measures it: the content of its file, and what was measured.

    Beside its weights the file holds the statistics of the validation images that `Examiner` compares with,
    and the floor of what it finds with 1,000 images.
    """
    digits = data.load()
    trained = judge.train(*digits.for_judge, passes=passes, watch=watch)
    reference = metrics.gaussian(trained.read(digits.validation[0]).features)
    images, labels = data.some(*digits.test, SAMPLES)
    some = trained.read(images)
    about = {
        "accuracy_test": judge.accuracy(trained, *digits.test),
        "accuracy_validation": judge.accuracy(trained, *digits.validation),
        "agreement_floor": float((some.digits == labels).mean()),
        "fcd_floor": metrics.frechet_distance(metrics.gaussian(some.features), reference),
    }
    statistics = {name: torch.from_numpy(value) for name, value in reference._asdict().items()}
    return judge.content(trained, about, statistics), about
