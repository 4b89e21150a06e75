"""How good a generator is: its forgeries against real images. What the figures mean stands in `gan.quality.results`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from gan import data
from gan.data import DEFAULT, Bytes, DataError
from gan.latents import sampling
from gan.models.model import Model
from gan.models.sampling import sample
from gan.quality import judge, judge_training, metrics
from gan.quality.judge import Reading
from gan.quality.metrics import Gaussian
from gan.quality.results import KINDS, LEAST, SAMPLES, Evaluation, Forgery, Metric, Reference

NEAREST = LEAST
"""Forgeries whose nearest training image is looked for."""
COPY = 0.01
"""A forgery counts as a copy if it is nearer to a training image than all but this share of real images."""
TAUGHT_PASSES = 8
"""Times that the classifier of the classification accuracy score sees each of its images."""
WALL = 10
"""Forgeries on the wall of the best, and on that of the worst."""


@dataclass(frozen=True)
class Yardstick:
    """Real images as the judge reads them: the reference, and those that make the floor."""

    reference: Reading
    gaussian: Gaussian
    radii: metrics.Array
    labels: npt.NDArray[np.int64]
    """Classes of the floor's images: these are what forgeries are asked for."""
    reading: Reading
    floor: dict[str, float]
    """The figures of the floor's images."""
    distances: metrics.Array
    """From 1,000 test images to their nearest training images."""


@lru_cache(maxsize=2)
def yardstick(reference: Reference, n: int, dataset: str = DEFAULT) -> Yardstick:
    """What `n` forgeries are measured with; the last two are kept. Raises `gan.data.DataError` and
    `gan.quality.judge.JudgeError` where the data set or its judge is not here, or has too few images."""
    real, reader = data.load(dataset), judge.load(dataset).judge
    held_out = {"test": real.test, "validation": real.validation}
    against = reader.read(held_out.pop(reference)[0])
    others = next(iter(held_out.values()))
    if n > len(others[1]):
        raise DataError(
            f"{data.spec(dataset).title} has only {len(others[1]):,} images for the floor; take fewer samples."
        )
    images, labels = data.some(*others, n)
    gaussian, radii = metrics.gaussian(against.features), metrics.squared_radii(against.features)
    reading = reader.read(images)
    floor = _compare(reading, against, gaussian, radii)
    # Generators learn from all training images, so only test images are new to everybody here.
    near = metrics.nearest(data.some(*real.test, NEAREST)[0], real.train_images)
    return Yardstick(against, gaussian, radii, labels, reading, floor, near.distance)


def _compare(reading: Reading, against: Reading, gaussian: Gaussian, radii: metrics.Array) -> dict[str, float]:
    """The figures that need no classes to be asked for, of forgeries or of real images."""
    return {
        "fcd": metrics.frechet_distance(metrics.gaussian(reading.features), gaussian),
        "kernel_distance": metrics.kernel_distance(reading.features, against.features),
        **metrics.neighbourhoods(against.features, reading.features, real_radii=radii)._asdict(),
        "classifier_score": metrics.classifier_score(reading.probabilities),
        "kl_from_uniform": metrics.kl_from_uniform(reading.histogram),
    }


def compared(reading: Reading, asked: npt.NDArray[np.int64] | None, stick: Yardstick) -> dict[str, Metric]:
    """The figures of forgeries as the judge reads them, whatever has forged them; with the classes that were asked for
    (`stick.labels`), if any were, label agreement as well."""
    forged = _compare(reading, stick.reference, stick.gaussian, stick.radii)
    figures = {name: Metric(value, stick.floor[name]) for name, value in forged.items()}
    if asked is not None:
        right, real_right = reading.labels == asked, stick.reading.labels == asked
        figures["label_agreement"] = Metric(float(right.mean()), float(real_right.mean()))
    return figures


def _shares(right: npt.NDArray[np.bool_], labels: npt.NDArray[np.int64], classes: int) -> list[float]:
    """For each class the share that was read right; NaN for a class that is not among them."""
    with np.errstate(invalid="ignore"):
        shares: list[float] = (
            np.bincount(labels, right, minlength=classes) / np.bincount(labels, minlength=classes)
        ).tolist()
    return shares


def evaluate(
    model: Model,
    n: int = SAMPLES,
    seed: int = 0,
    reference: Reference = "test",
    watch: Callable[[float, str], None] | None = None,
) -> Evaluation:
    """All figures of a model but the classification accuracy score, from `n` samples (1,000 to 10,000).

    The latents follow from `seed`, the classes from the floor's images. `watch` is told the share that is
    done and what comes next. Raises `ValueError` for another number of samples.
    """
    if not LEAST <= n <= SAMPLES:
        raise ValueError(f"n is {n}; it has to be between {LEAST:,} and {SAMPLES:,}.")
    began = time.perf_counter()
    say = watch or (lambda _, __: None)
    say(0.0, "reading real images")
    of = model.config.data.spec
    stick = yardstick(reference, n, of.name)
    say(0.45, "forging and reading")
    asked = stick.labels if model.config.conditional else None
    z = sampling.sample(n, model.latents, seed)
    images = sample(model, z, None if asked is None else torch.from_numpy(asked)).numpy()
    reading = judge.load(of.name).judge.read(images)
    say(0.6, "comparing")
    figures = compared(reading, asked, stick)
    matrix, by_class = None, None
    if asked is not None:
        classes = len(of.classes)
        right, real_right = reading.labels == asked, stick.reading.labels == asked
        shares = zip(_shares(right, asked, classes), _shares(real_right, asked, classes), strict=True)
        by_class = [Metric(*pair) for pair in shares]
        matrix = metrics.confusion(asked, reading.labels, classes).tolist()
    say(0.9, "looking for copies")
    training = data.load(of.name).train_images
    near = metrics.nearest(images[:NEAREST], training).distance
    figures["nearest_distance"] = Metric(float(np.median(near)), float(np.median(stick.distances)))
    closest = np.quantile(stick.distances, COPY)
    figures["copies"] = Metric(float((near < closest).mean()), float((stick.distances < closest).mean()))
    confidence = reading.probabilities.max(1) if asked is None else reading.probabilities[np.arange(n), asked]
    order = np.argsort(confidence, kind="stable")
    extremes = np.concatenate((order[::-1][:WALL], order[:WALL]))
    neighbours = metrics.nearest(images[extremes], training).index
    wall = [
        Forgery(
            int(index),
            None if asked is None else int(asked[index]),
            int(reading.labels[index]),
            float(confidence[index]),
            int(neighbour),
        )
        for index, neighbour in zip(extremes, neighbours, strict=True)
    ]
    return Evaluation(
        n=n,
        seed=seed,
        dataset=of.name,
        reference=reference,
        metrics={name: figures[name] for name in KINDS if name in figures},
        histogram=reading.histogram.tolist(),
        histogram_floor=stick.reading.histogram.tolist(),
        confusion=matrix,
        digits=by_class,
        best=wall[:WALL],
        worst=wall[WALL:],
        seconds=time.perf_counter() - began,
    )


def pictures(model: Model, found: Evaluation, forgeries: list[Forgery]) -> tuple[Bytes, Bytes]:
    """Forgeries of an evaluation of `model`, and the training images nearest to them, both (N, 28, 28)."""
    index = torch.tensor([forgery.index for forgery in forgeries])
    z = sampling.sample(found.n, model.latents, found.seed)[index]
    # Where nothing was asked, what is asked here is not looked at.
    y = torch.tensor([forgery.asked or 0 for forgery in forgeries])
    training = data.load(model.config.data.dataset).train_images
    return sample(model, z, y).numpy(), training[[forgery.nearest for forgery in forgeries]]


def accuracy_score(
    model: Model, n: int = SAMPLES, seed: int = 0, watch: Callable[[float], None] | None = None
) -> Metric:
    """The classification accuracy score (Ravuri and Vinyals 2019): a classifier of the judge's kind learns from
    `n` forgeries only, and reads the real test images.

    The floor learns from as many validation images. Forgeries of an unconditional model are labelled by the
    judge. Takes about a minute; `watch` is told the share that is done.
    """
    say = watch or (lambda _: None)
    of = model.config.data.spec
    real = data.load(of.name)
    images, labels = data.some(*real.validation, n)
    z = sampling.sample(n, model.latents, seed)
    forged = sample(model, z, torch.from_numpy(labels)).numpy()
    asked = labels if model.config.conditional else judge.load(of.name).judge.read(forged).labels

    def score(lesson: Bytes, labels: npt.NDArray[np.int64], done: float) -> float:
        taught = judge_training.train(
            lesson,
            labels.astype(np.uint8),
            classes=len(of.classes),
            passes=TAUGHT_PASSES,
            watch=lambda step, steps: say(done + step / steps / 2),
        )
        return judge.accuracy(taught, *real.test)

    return Metric(score(forged, asked, 0.0), score(images, labels, 0.5))
