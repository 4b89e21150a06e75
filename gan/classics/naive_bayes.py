"""Naive Bayes: given the class, each pixel is black or white by itself."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
INK = 128
"""A grey from here on counts as ink."""
SMOOTHING = 1.0
"""Images with ink at a pixel, and images without, that are added to those of each class (Laplace), so that nothing is
impossible."""


@dataclass(frozen=True)
class NaiveBayes:
    """p(x, y) = p(y) Π p(xᵢ | y) with each xᵢ ink or none."""

    ink: npt.NDArray[np.float64]
    """The probability of ink at each pixel of each class, (classes, pixels)."""
    prior: npt.NDArray[np.float64]
    """The share of each class, (classes,)."""

    def sample(self, classes: npt.NDArray[np.integer], random: np.random.Generator) -> Bytes:
        """An image of 0 and 255 for each of the classes (N,): (N, pixels)."""
        probability = self.ink[classes]
        return np.where(random.random(probability.shape) < probability, np.uint8(255), np.uint8(0))

    def log_joint(self, images: Bytes) -> npt.NDArray[np.float64]:
        """log p(x, y) of images (N, pixels) for each class: (N, classes)."""
        there = (images >= INK).astype(np.float64)
        found: npt.NDArray[np.float64] = (
            there @ np.log(self.ink).T + (1 - there) @ np.log1p(-self.ink).T + np.log(self.prior)
        )
        return found

    def classify(self, images: Bytes) -> npt.NDArray[np.int64]:
        """The likeliest class of images (N, pixels) by Bayes' rule, (N,)."""
        found: npt.NDArray[np.int64] = self.log_joint(images).argmax(1)
        return found


def fit(images: Bytes, labels: npt.NDArray[np.integer], classes: int) -> NaiveBayes:
    """Counts ink in images (N, pixels) of the classes `labels` (N,)."""
    there = images >= INK
    counts = np.bincount(labels, minlength=classes)
    inked = np.stack([there[labels == label].sum(0) for label in range(classes)])
    return NaiveBayes((inked + SMOOTHING) / (counts[:, None] + 2 * SMOOTHING), counts / counts.sum())
