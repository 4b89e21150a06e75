"""Training against the clock: seconds to a quality, the looking left out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import nn

from gan import data
from gan.config import TrainConfig
from gan.games import spec_of
from gan.latents import sampling
from gan.models.sampling import as_bytes
from gan.quality import judge, metrics
from gan.quality.evaluation import yardstick
from gan.quality.results import SAMPLES


class Trains(Protocol):
    """What can be raced: `gan.training.trainer.Trainer`, and the textbook GAN of `benchmarks.textbook`."""

    config: TrainConfig
    average: nn.Module

    @property
    def images(self) -> int:
        """Real images seen so far."""

    def step(self, norms: bool = False, progress: float = 0.0) -> None:
        """One step of training, after so large a share of the budget."""


@dataclass(frozen=True)
class Seen:
    """What was reached after so many seconds of training and images."""

    seconds: float
    images: int
    agreement: float
    ratio: float
    """FCD by floor, validation images, at 10,000 samples."""


@dataclass
class Race:
    """One trainer's way."""

    seconds: float = 0.0
    images: int = 0
    seen: list[Seen] = field(default_factory=list)

    def to_agreement(self, wanted: float) -> float | None:
        """Seconds until label agreement first reached it; None if it did not."""
        return next((at.seconds for at in self.seen if at.agreement >= wanted), None)

    def to_ratio(self, wanted: float) -> float | None:
        """Seconds until FCD first fell to so many times the floor; None if it did not."""
        return next((at.seconds for at in self.seen if at.ratio <= wanted), None)


@torch.inference_mode()
def look(trainer: Trains, seconds: float) -> Seen:
    """10,000 samples of the averaged generator against the validation images."""
    stick = yardstick("validation", SAMPLES)
    z = sampling.sample(SAMPLES, spec_of(trainer.config), seed=1)
    y = torch.from_numpy(stick.labels)
    pairs = zip(z.split(500), y.split(500), strict=True)
    images = torch.cat([as_bytes(trainer.generator_ema(*pair)) for pair in pairs])
    reading = judge.load().judge.read(images.numpy())
    fcd = metrics.frechet_distance(metrics.gaussian(reading.features), stick.gaussian)
    return Seen(seconds, trainer.images_seen, float((reading.labels == stick.labels).mean()), fcd / stick.floor["fcd"])


def doubling(first: float, last: float, each: int = 4) -> list[float]:
    """Moments to look at: `each` of them while time doubles, from `first` to `last`."""
    moments = [first]
    while moments[-1] < last:
        moments.append(min(last, moments[-1] * 2 ** (1 / each)))
    return moments


def race(
    make: Callable[[], Trains],
    budget: float,
    moments: list[float],
    done: Callable[[Race], bool] | None = None,
) -> Race:
    """Trains to the last of the `moments`, in seconds, and looks at each.

    Neither making the trainer nor looking is counted; what it compiles, it compiles in its first steps, which are.
    The schedule runs over `budget` seconds. `done` can end it early.
    """
    trainer = make()
    result = Race()
    for moment in moments:
        started = time.perf_counter()
        before = result.seconds
        while (now := before + time.perf_counter() - started) < moment:
            trainer.step(progress=min(1.0, now / budget) if budget else 0.0)
        result.seconds, result.images = now, trainer.images_seen
        result.seen.append(look(trainer, now))
        if done and done(result):
            break
    return result


def warm_up() -> None:
    """Loads what the first look would load, so that no race pays for it."""
    data.load()
    yardstick("validation", SAMPLES)
