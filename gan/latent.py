"""Latents: drawing them, walking between them, and directions that mean something."""

import torch
from torch import Tensor

from gan.config import TrainConfig
from gan.models import DIGITS, Generator

GRID = 10


def sample(count: int, latent_dim: int, seed: int) -> Tensor:
    """`count` latents z ~ N(0, I), (count, latent_dim), that follow from the seed alone."""
    return torch.randn(count, latent_dim, generator=torch.Generator().manual_seed(seed))


def grid(config: TrainConfig) -> tuple[Tensor, Tensor]:
    """The fixed latents of a run's picture, (100, latent_dim), and their digits (100,), row by row.

    A conditional model has one digit a row and one latent a column; an unconditional one has a hundred
    latents, and digits that mean nothing.
    """
    digits = torch.arange(DIGITS).repeat_interleave(GRID)
    if config.conditional:
        return sample(GRID, config.latent_dim, config.seed).repeat(DIGITS, 1), digits
    return sample(GRID * GRID, config.latent_dim, config.seed), digits


def lerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The straight line from `start` (D,) to `end` (D,) at the points `t` (N,) of [0, 1]: (N, D)."""
    return torch.lerp(start, end, t[:, None])


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The great circle from `start` (D,) to `end` (D,) at the points `t` (N,) of [0, 1]: (N, D).

    White, "Sampling Generative Networks" (2016). The direction turns at a constant rate and the norm
    goes evenly from one to the other, so that the way stays where the prior has its mass. Between
    parallel vectors it is the straight line; between opposite ones, where no great circle is the
    shortest, it turns through an arbitrary but fixed direction.
    """
    norm_start, norm_end = start.norm(), end.norm()
    if norm_start == 0 or norm_end == 0:
        return lerp(start, end, t)
    first, second = start / norm_start, end / norm_end
    across = second - (first @ second) * first
    if across.norm() < 1e-6:
        if first @ second > 0:
            return lerp(start, end, t)
        axis = torch.zeros_like(first)
        axis[first.abs().argmin()] = 1
        across = axis - (axis @ first) * first
    across = across / across.norm()
    angle = torch.atan2(second @ across, first @ second) * t[:, None]
    turned: Tensor = first * angle.cos() + across * angle.sin()
    return torch.lerp(norm_start, norm_end, t[:, None]) * turned


@torch.no_grad()
def directions(generator: Generator, latent_dim: int, points: int = 64, step: float = 0.25) -> Tensor:
    """An orthonormal basis of the latent space, (latent_dim, latent_dim), one direction a row, sorted by
    how much a step along it changes the picture.

    The rows are the eigenvectors of E[JᵀJ], J the Jacobian of G at z ~ N(0, I), largest eigenvalue
    first (the active subspace; Constantine 2015, section 1.2). J is taken by central differences of
    width `step`. Being orthonormal, the coordinates of a z ~ N(0, I) in it are again independent and
    standard normal, so that a slider over ±3 covers what the generator was trained on.
    """
    generator.eval()
    z = sample(points, latent_dim, seed=0)
    y = torch.arange(points) % DIGITS
    columns = []
    for offset in step * torch.eye(latent_dim):
        difference = generator(z + offset, y) - generator(z - offset, y)
        columns.append(difference.flatten() / (2 * step))
    jacobian = torch.stack(columns, dim=1).double()
    vectors = torch.linalg.eigh(jacobian.T @ jacobian).eigenvectors.flip(1).T
    # Eigenvectors have no sign of their own: more ink to the right, so that a slider means the same
    # in every session.
    ink = jacobian.sum(0) @ vectors.T
    signed: Tensor = vectors * torch.where(ink < 0, -1.0, 1.0)[:, None]
    return signed.float()


FEATURES = ("weight of the stroke", "slant", "width", "height")
"""What `features` measures, in words for people."""
NAMED_FROM = 0.35
"""Correlation from which on a direction is called after a feature."""


def features(images: Tensor) -> Tensor:
    """Images (N, 1, 28, 28) in [-1, 1] to (N, 4): ink, slant, width and height of what is drawn.

    All follow from the moments of the ink: slant is the horizontal shift for each row downwards, width
    is the spread that the slant does not explain.
    """
    ink = (images.squeeze(1).double() + 1) / 2
    total = ink.sum((1, 2)).clamp_min(1e-6)
    place = torch.arange(ink.shape[-1], dtype=torch.float64)

    def mean(values: Tensor) -> Tensor:
        weighted: Tensor = (ink * values).sum((1, 2)) / total
        return weighted

    x = place[None, None, :] - mean(place[None, None, :])[:, None, None]
    y = place[None, :, None] - mean(place[None, :, None])[:, None, None]
    var_y, cov = mean(y * y).clamp_min(1e-6), mean(x * y)
    width = (mean(x * x) - cov * cov / var_y).clamp_min(0).sqrt()
    return torch.stack((total, cov / var_y, width, var_y.sqrt()), dim=1)


@torch.no_grad()
def direction_names(generator: Generator, directions: Tensor, points: int = 2000) -> list[str]:
    """For each direction (K, latent_dim), the feature that it moves most, measured on `points` pictures;
    empty where none is clearly moved. A feature names one direction only.

    Compared is within a digit: that an 8 has more ink than a 1 says nothing of a direction.
    """
    generator.eval()
    z = sample(points, directions.shape[1], seed=0)
    y = torch.arange(points) % DIGITS
    measured = features(generator(z, y))
    for digit in range(DIGITS):
        measured[y == digit] -= measured[y == digit].mean(0)
    measured /= measured.std(0).clamp_min(1e-9)
    along = (z @ directions.T).double()
    correlation = (along.T @ measured / points).abs()
    names = [""] * len(directions)
    while correlation.numel() and correlation.max() >= NAMED_FROM:
        row, column = divmod(int(correlation.argmax()), len(FEATURES))
        names[row] = FEATURES[column]
        correlation[row], correlation[:, column] = 0, 0
    return names
