"""How good forgeries are: formulas on features, beliefs and classes, in float64.

Features are rows of (N, D) arrays, here the judge's last hidden layer (`gan.quality.judge`). Nothing in this
module knows a model or a data set; `gan.quality.evaluation` does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
BLOCK = 100
"""Rows of a distance matrix that are worked on at once; 10,000 columns of them are 8 MB, which stay in cache."""
COLLECTED = 4000
"""Images of a collection that are looked through at once."""
NEIGHBOURS = 5
"""The k of precision, recall, density and coverage (Naeem et al. 2020 take 5)."""


class Gaussian(NamedTuple):
    """Mean (D,) and covariance (D, D) of features."""

    mean: Array
    covariance: Array


def gaussian(features: Array) -> Gaussian:
    """Mean and unbiased covariance of features (N, D), N at least 2."""
    return Gaussian(features.mean(0), np.atleast_2d(np.cov(features, rowvar=False)))


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """The squared Fréchet distance of two Gaussians, |m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁ C₂)^½).

    Dowson and Landau 1982; on a classifier's features it is what Heusel et al. 2017 (section 3) call
    FID. Here the features are the judge's: FCD, the Fréchet classifier distance.
    """
    # tr (C₁ C₂)^½ = tr (S C₂ S)^½ with S = C₁^½, and that one is symmetric.
    values, vectors = np.linalg.eigh(one.covariance)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    between = np.linalg.eigvalsh(root @ other.covariance @ root)
    difference = one.mean - other.mean
    trace = np.trace(one.covariance) + np.trace(other.covariance) - 2 * np.sqrt(np.clip(between, 0, None)).sum()
    return float(difference @ difference + trace)


def _blocks(rows: Tensor, size: int = BLOCK) -> Sequence[Tensor]:
    parts: Sequence[Tensor] = torch.split(rows, size)
    return parts


def _kernel_sum(one: Tensor, other: Tensor) -> float:
    """The sum of (x·y / D + 1)³ over all pairs of rows."""
    total = 0.0
    space = one.new_empty(2, min(BLOCK, len(one)), len(other))
    for part in _blocks(one):
        products, squares = space[:, : len(part)]
        torch.mm(part, other.T, out=products).div_(one.shape[1]).add_(1)
        torch.square(products, out=squares)
        total += float(torch.vdot(products.flatten(), squares.flatten()))
    return total


def kernel_distance(one: Array, other: Array) -> float:
    """The squared maximum mean discrepancy of two sets of features, (N, D) and (M, D), unbiased, with the
    kernel (x·y / D + 1)³ (Bińkowski et al. 2018, section 4). Near 0, and as often below it as above, for
    two samples of one distribution."""
    x, y = torch.from_numpy(one), torch.from_numpy(other)

    def within(rows: Tensor) -> float:
        count, width = rows.shape
        diagonal = float((rows.square().sum(1) / width + 1).pow(3).sum())
        return (_kernel_sum(rows, rows) - diagonal) / (count * (count - 1))

    return within(x) + within(y) - 2 * _kernel_sum(x, y) / (len(x) * len(y))


def _squared_distances(one: Tensor, other: Tensor) -> Iterator[Tensor]:
    """From the rows of (N, D), a block of them at a time, to all rows of (M, D): (block, M).

    Each block overwrites the last. Memory of this size that is taken anew for each does not all go back to the
    system: the process grew by half a gigabyte.
    """
    lengths = other.square().sum(1)
    space = one.new_empty(min(BLOCK, len(one)), len(other))
    for part in _blocks(one):
        distances = space[: len(part)]
        torch.addmm(lengths[None], part, other.T, alpha=-2, out=distances)
        yield distances.add_(part.square().sum(1)[:, None])


def squared_radii(features: Array, neighbours: int = NEIGHBOURS) -> Array:
    """For each row of (N, D) the squared distance to its k-th nearest other row, (N,)."""
    rows = torch.from_numpy(features)
    # The nearest of all is the row itself.
    parts = [part.topk(neighbours + 1, largest=False).values[:, -1] for part in _squared_distances(rows, rows)]
    radii: Array = torch.cat(parts).numpy()
    return radii


class Neighbourhoods(NamedTuple):
    """Four shares and one ratio that compare forgeries to real images by nearest neighbours."""

    precision: float
    """Share of forgeries that lie within the k-neighbourhood of some real image."""
    recall: float
    """Share of real images that lie within the k-neighbourhood of some forgery."""
    density: float
    """Real k-neighbourhoods that a forgery lies in, on average, divided by k; can exceed 1."""
    coverage: float
    """Share of real images with a forgery in their k-neighbourhood."""


def neighbourhoods(
    real: Array,
    fake: Array,
    neighbours: int = NEIGHBOURS,
    real_radii: Array | None = None,
) -> Neighbourhoods:
    """Precision and recall (Kynkäänniemi et al. 2019, section 2), density and coverage (Naeem et al. 2020,
    section 3) of features `fake` (M, D) against `real` (N, D).

    `real_radii` are `squared_radii(real, neighbours)`, if they are known already.
    """
    around_real = torch.from_numpy(squared_radii(real, neighbours) if real_radii is None else real_radii)
    around_fake = torch.from_numpy(squared_radii(fake, neighbours))
    real_rows, fake_rows = torch.from_numpy(real), torch.from_numpy(fake)
    inside, precise = 0, 0
    recalled = torch.zeros(len(real), dtype=torch.bool)
    covered = torch.zeros(len(real), dtype=torch.bool)
    for distances, radii in zip(_squared_distances(fake_rows, real_rows), _blocks(around_fake), strict=True):
        within_real = distances <= around_real
        inside += int(within_real.sum())
        precise += int(within_real.any(1).sum())
        covered |= within_real.any(0)
        recalled |= (distances <= radii[:, None]).any(0)
    count = len(fake)
    return Neighbourhoods(
        precise / count, float(recalled.double().mean()), inside / (neighbours * count), float(covered.double().mean())
    )


def within_class_variety(
    features: Array, classes: npt.NDArray[np.int64], real: Array, real_classes: npt.NDArray[np.int64], least: int = 10
) -> float | None:
    """How varied forgeries of the same class are, by how varied real images of it are: the ratio of the traces of the
    covariances of features (N, D) and `real` (M, D), the mean over the classes that have at least `least` of both.

    About 1 for real images, 0 where a class is always the same picture. Neither label agreement nor a histogram of the
    classes sees that. None where no class has enough.
    """
    ratios = []
    for each in np.unique(classes):
        own, others = features[classes == each], real[real_classes == each]
        if len(own) >= least and len(others) >= least:
            ratios.append(own.var(0, ddof=1).sum() / max(others.var(0, ddof=1).sum(), 1e-12))
    return float(np.mean(ratios)) if ratios else None


def classifier_score(probabilities: Array) -> float:
    """exp E KL(p(y | x) ‖ p(y)) of a classifier's beliefs (N, classes): 1 if it learns nothing from an image, as many
    as there are classes if it is sure of each and finds all equally often (Salimans et al. 2016, section 4, with
    the judge in place of Inception)."""
    tiny = np.finfo(np.float64).tiny
    marginal = probabilities.mean(0)
    ratio = np.log(np.maximum(probabilities, tiny)) - np.log(np.maximum(marginal, tiny))
    return float(np.exp((probabilities * ratio).sum(1).mean()))


def kl_from_uniform(counts: npt.ArrayLike) -> float:
    """KL(p ‖ uniform) in nats of a histogram (K,), p its shares: 0 if all classes are equally frequent, log K
    if there is only one. Raises `ValueError` for an empty histogram."""
    shares = np.asarray(counts, np.float64)
    if shares.sum() <= 0:
        raise ValueError("A histogram needs at least one count.")
    shares = shares[shares > 0] / shares.sum()
    return float((shares * np.log(shares * len(np.asarray(counts)))).sum())


def confusion(asked: npt.ArrayLike, read: npt.ArrayLike, classes: int) -> Counts:
    """How often an asked class (row) was read as another (column), (classes, classes); both are (N,)."""
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (np.asarray(asked, np.int64), np.asarray(read, np.int64)), 1)
    return found


@dataclass(frozen=True)
class Nearest:
    """For each of N images its nearest neighbour in a collection."""

    index: Counts
    """Where it is in the collection, (N,)."""
    distance: Array
    """Euclidean distance of the pixels, which run from 0 to 1, (N,)."""


def nearest(images: npt.NDArray[np.uint8], collection: npt.NDArray[np.uint8]) -> Nearest:
    """The nearest of `collection` (M, 28, 28) to each of `images` (N, 28, 28), pixel by pixel; the first of several
    that are equally near."""
    wanted = _pixels(images)
    index = torch.zeros(len(wanted), dtype=torch.int64)
    least = torch.full((len(wanted),), torch.inf)
    # All of MNIST as floats would be 190 MB, and its products with 1,000 images 240 MB.
    for start in range(0, len(collection), COLLECTED):
        rows = _pixels(collection[start : start + COLLECTED])
        halves = rows.square().sum(1) / 2
        # |a − b|² / 2 without the part that is the same for all b.
        found = torch.addmm(halves[None], wanted, rows.T, alpha=-1).min(1)
        nearer = found.values < least
        index = torch.where(nearer, found.indices + start, index)
        least = torch.where(nearer, found.values, least)
    rows = _pixels(collection[index.numpy()])
    distance = (rows - wanted).double().square().sum(1).sqrt()
    return Nearest(index.numpy(), distance.numpy())


def _pixels(images: npt.NDArray[np.uint8]) -> Tensor:
    """uint8 (N, 28, 28) to floats (N, 784) from 0 to 1."""
    return torch.from_numpy(images.reshape(len(images), -1)).float().div_(255)
