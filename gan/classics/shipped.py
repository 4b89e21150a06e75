"""The fitted models that ship, their figures, and some pictures: made by `python -m benchmarks.classics`.

`classics.npz` holds what was fitted (what is large in float16) and pictures (PNG), `classics.json` the figures.
"""

import io
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gan import render
from gan.classics.mixture import Mixture, Projection
from gan.classics.naive_bayes import NaiveBayes
from gan.paths import ASSETS

FITTED = ASSETS / "classics.npz"
FIGURES = ASSETS / "classics.json"
SIDE = 28
PICTURES = ("real", "generator", "classifier", "real_threes", "forged_threes")
"""Real digits, those of the GAN that ships, and pictures of which a classifier is sure: a column a digit; and 3s."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Classics:
    """Naive Bayes and the mixture, and the pictures beside them."""

    bayes: NaiveBayes
    projection: Projection
    mixture: Mixture
    pictures: dict[str, bytes]
    """PNG by the names of `PICTURES`."""

    def sample_bayes(self, classes: npt.NDArray[np.integer], seed: int) -> Bytes:
        """Images (N, 28, 28) of the classes (N,)."""
        return self.bayes.sample(classes, np.random.default_rng(seed)).reshape(-1, SIDE, SIDE)

    def sample_mixture(self, count: int, seed: int) -> Bytes:
        """Images (N, 28, 28), of no class that was asked for."""
        images = self.projection.up(self.mixture.sample(count, np.random.default_rng(seed)))
        greys: Bytes = np.rint(255 * images.clip(0, 1)).astype(np.uint8)
        return greys.reshape(-1, SIDE, SIDE)

    def to_bytes(self) -> bytes:
        """As a file."""
        small = {
            "projection.mean": self.projection.mean,
            "projection.basis": self.projection.basis,
            "mixture.means": self.mixture.means,
            "mixture.factors": self.mixture.factors[:, *np.tril_indices(self.mixture.factors.shape[1])],
        }
        arrays = {name: array.astype(np.float16) for name, array in small.items()}
        # A probability next to 1 would be 1 in float16.
        exact = {"bayes.ink": self.bayes.ink, "bayes.prior": self.bayes.prior, "mixture.weights": self.mixture.weights}
        arrays |= {name: array.astype(np.float32) for name, array in exact.items()}
        buffer = io.BytesIO()
        pictures = {f"picture.{name}": np.frombuffer(png, np.uint8) for name, png in self.pictures.items()}
        np.savez_compressed(buffer, **arrays, **pictures)  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Classics":
        """The inverse of `to_bytes`, as exact as its numbers."""
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            kept = {name: held[name] for name in held.files}
        exact = {name: array.astype(np.float64) for name, array in kept.items() if not name.startswith("picture.")}
        means = exact["mixture.means"]
        components, size = means.shape
        factors = np.zeros((components, size, size))
        factors[:, *np.tril_indices(size)] = exact["mixture.factors"]
        weights = exact["mixture.weights"]
        return cls(
            NaiveBayes(exact["bayes.ink"], exact["bayes.prior"]),
            Projection(exact["projection.mean"], exact["projection.basis"]),
            Mixture(weights / weights.sum(), means, factors),
            {name: kept[f"picture.{name}"].tobytes() for name in PICTURES},
        )


@cache
def classics() -> Classics:
    """Those that ship."""
    return Classics.from_bytes(FITTED.read_bytes())


@cache
def figures() -> dict[str, Any]:
    """What was measured of them, of the GAN that ships and of the classifier, as `benchmarks.classics` wrote it."""
    found: dict[str, Any] = json.loads(FIGURES.read_text())
    return found


def picture_cells(name: str) -> Bytes:
    """The images (N, 28, 28) of one of the pictures, row by row."""
    return render.cells(classics().pictures[name])
