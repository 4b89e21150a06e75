"""A mixture of Gaussians in the space of the first principal components, fitted by expectation maximisation (Dempster,
Laird and Rubin 1977)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RIDGE = 1e-6
"""Added to each variance: a component that has shrunk to a plane keeps a density."""
ROUNDS_OF_MEANS = 10
"""Rounds of k-means before the first round of expectation maximisation."""


@dataclass(frozen=True)
class Projection:
    """The first D principal components of images with P pixels."""

    mean: Array
    """(P,)"""
    basis: Array
    """Orthonormal rows, (D, P)."""

    def down(self, images: Array) -> Array:
        """Coordinates (N, D) of images (N, P)."""
        found: Array = (images - self.mean) @ self.basis.T
        return found

    def up(self, points: Array) -> Array:
        """Images (N, P) of coordinates (N, D)."""
        found: Array = points @ self.basis + self.mean
        return found


@dataclass(frozen=True)
class Mixture:
    """p(x) = Σ wₖ N(x; mₖ, Lₖ Lₖᵀ)."""

    weights: Array
    """(K,), their sum 1."""
    means: Array
    """(K, D)"""
    factors: Array
    """Lower triangular, (K, D, D)."""

    def log_densities(self, points: Array) -> Array:
        """log wₖ N(x; mₖ, Cₖ) of points (N, D) for each component, (N, K)."""
        found = np.empty((len(points), len(self.weights)))
        for k, (weight, mean, factor) in enumerate(zip(self.weights, self.means, self.factors, strict=True)):
            standard = (points - mean) @ np.linalg.inv(factor).T
            volume = np.log(np.diag(factor)).sum() + len(mean) / 2 * np.log(2 * np.pi)
            found[:, k] = np.log(weight) - volume - (standard**2).sum(1) / 2
        return found

    def sample(self, count: int, random: np.random.Generator) -> Array:
        """Points (N, D)."""
        chosen = random.choice(len(self.weights), count, p=self.weights)
        noise = random.standard_normal((count, self.means.shape[1]))
        found: Array = self.means[chosen] + np.einsum("nij,nj->ni", self.factors[chosen], noise)
        return found


@dataclass(frozen=True)
class Fit:
    """A mixture, and how it came about."""

    mixture: Mixture
    log_likelihoods: list[float]
    """The mean over the points before each round, in nats: it never falls."""


def project(images: Array, dimensions: int) -> Projection:
    """The principal components of images (N, P), those with the most variance first."""
    mean = images.mean(0)
    vectors = np.linalg.eigh(np.cov(images, rowvar=False))[1]
    basis = vectors[:, ::-1][:, :dimensions].T
    return Projection(mean, basis * np.sign(basis.sum(1, keepdims=True)))


def fit(points: Array, components: int, random: np.random.Generator, rounds: int = 60) -> Fit:
    """Expectation maximisation on points (N, D), from what k-means finds."""
    nearest = _k_means(points, components, random)
    shares = np.eye(components)[nearest]
    history = []
    for _ in range(rounds):
        mixture = _maximised(points, shares)
        logs = mixture.log_densities(points)
        top = logs.max(1, keepdims=True)
        shares = np.exp(logs - top)
        total = shares.sum(1, keepdims=True)
        shares /= total
        history.append(float((top + np.log(total)).mean()))
    return Fit(_maximised(points, shares), history)


def _maximised(points: Array, shares: Array) -> Mixture:
    """The likeliest mixture where each point belongs to components by these shares (N, K)."""
    counts = shares.sum(0)
    means = (shares.T @ points) / counts[:, None]
    factors = []
    for k, mean in enumerate(means):
        offsets = points - mean
        covariance = (offsets * shares[:, k, None]).T @ offsets / counts[k]
        factors.append(np.linalg.cholesky(covariance + RIDGE * np.eye(len(mean))))
    return Mixture(counts / len(points), means, np.stack(factors))


def _k_means(points: Array, count: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """The nearest of `count` centres to each point, (N,)."""
    centres = points[random.choice(len(points), count, replace=False)]
    nearest = np.zeros(len(points), np.int64)
    for _ in range(ROUNDS_OF_MEANS):
        nearest = ((centres**2).sum(1) / 2 - points @ centres.T).argmin(1)
        centres = np.stack([points[nearest == k].mean(0) if (nearest == k).any() else centres[k] for k in range(count)])
    return nearest
