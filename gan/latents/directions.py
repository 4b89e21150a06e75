"""Directions of the latent space that mean something, and names for them.

They are directions of the normal part. Codes have sliders and buttons of their own, so they stay as they are along a
direction, and what they do to a picture is taken out before pictures are compared.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gan.latents.sampling import sample
from gan.latents.spec import LatentSpec
from gan.networks.generator import Generator

SHOWN = 8


@dataclass(frozen=True)
class Basis:
    """One way to look for directions, and what it found in a generator."""

    name: str
    label: str
    meaning: str
    directions: Tensor
    """(K, latent size), rows of length 1, those first that change the picture most; codes stay as they are."""
    names: list[str]
    """What the leading directions move; empty where nothing fits."""


def bases(generator: Generator, spec: LatentSpec) -> list[Basis]:
    """All the ways, each with its leading directions."""
    moving = Moving(generator, spec)
    ways = (
        (
            "picture",
            "What changes the picture most",
            "The directions in which a small step changes the picture most (active subspace; Constantine 2015).",
            active_subspace(generator, spec),
        ),
        (
            "activations",
            "Principal components of activations",
            "What the generator's first layer varies along most (GANSpace; Härkönen et al. 2020).",
            by_change(generator, activation_components(generator, spec)[:SHOWN], spec),
        ),
        (
            "weights",
            "Singular vectors of the weights",
            "What the generator's first layer stretches most, read off its weights (SeFa; Shen and Zhou 2021).",
            by_change(generator, semantic_factors(generator, spec)[:SHOWN], spec),
        ),
    )
    return [
        Basis(name, label, meaning, found[:SHOWN], moving.names(found[:SHOWN])) for name, label, meaning, found in ways
    ]


@torch.no_grad()
def activation_components(generator: Generator, spec: LatentSpec, points: int = 1000, rounds: int = 8) -> Tensor:
    """The latents that move along the principal components of the first layer's activations, (K, size).

    Härkönen et al. 2020, equations 3 and 4: the components of the activations at z ~ N(0, I), then by least squares
    the directions in z that go with the coordinates along them. The classes take turns, and what is compared is within
    a class and a code: that it is another one is not the normal numbers' doing. Few of the many components are wanted,
    so they are found by subspace iteration (Halko et al. 2011, algorithm 4.4), with eight more than wanted and `rounds`
    rounds.
    """
    generator.eval()
    z, y = sample(points, spec, seed=0), _turns(points, generator)
    activations = _within(_first_activations(generator, z, y).double(), z, y, spec)
    wanted = min(spec.normal + 8, activations.shape[1])
    basis = sample(activations.shape[1], wanted, seed=1).double()
    for _ in range(rounds):
        basis = torch.linalg.qr(activations.T @ (activations @ basis)).Q
    _, scales, components = torch.linalg.svd(activations @ basis, full_matrices=False)
    count = max(1, min(spec.normal, int((scales > 3e-5 * scales.max()).sum())))
    along = activations @ basis @ components[:count].T
    found = torch.linalg.lstsq(along, z[:, : spec.normal].double()).solution
    return _with_codes((found / found.norm(dim=1, keepdim=True).clamp_min(1e-12)).float(), spec)


def _within(measured: Tensor, z: Tensor, y: Tensor, spec: LatentSpec) -> Tensor:
    """What is measured of pictures, (N, K) in float64, less what their classes and codes say of it by least squares:
    the mean of a class and of each value of a code, and the slope along a uniform code."""
    measured = _less_means(measured, y)
    if spec.normal == spec.size:
        return measured
    # The values of a code add up to 1, so that columns depend on each other, which not every solver takes.
    codes = _less_means(z[:, spec.normal :].double(), y)
    rest: Tensor = measured - codes @ torch.linalg.lstsq(codes, measured, driver="gelsd").solution
    return rest


def _turns(points: int, generator: Generator) -> Tensor:
    """Classes that take turns, (points,); of a generator that is told none, all the same."""
    return torch.arange(points) % max(1, generator.classes)


def _less_means(values: Tensor, y: Tensor) -> Tensor:
    """Values (N, K), less the mean of those with the same class."""
    values = values.clone()
    for label in range(int(y.max()) + 1):
        values[y == label] -= values[y == label].mean(0)
    return values


def _with_codes(directions: Tensor, spec: LatentSpec) -> Tensor:
    """Directions of the normal part of a latent, (K, normal), as directions of all of it, (K, size)."""
    return nn.functional.pad(directions, (0, spec.size - spec.normal))


def _first_activations(generator: Generator, z: Tensor, y: Tensor) -> Tensor:
    """What comes out of the first non-linearity, (N, features). Not by a hook: others may use the same network."""
    seen = generator.conditioned(z, y)
    for layer in generator.layers:
        seen = layer(seen)
        if isinstance(layer, nn.ReLU | nn.LeakyReLU):
            break
    return seen.flatten(1)


@torch.no_grad()
def semantic_factors(generator: Generator, spec: LatentSpec) -> Tensor:
    """The right singular vectors of the weight that the latent meets first, (normal, size), the largest
    singular value first (SeFa; Shen and Zhou 2021, equation 6)."""
    first = next(module for module in generator.layers if isinstance(module, nn.Linear))
    weight = first.weight[:, : spec.normal].double()
    return _with_codes(_principal(weight).float(), spec)


def _principal(matrix: Tensor) -> Tensor:
    """The right singular vectors of a matrix (N, K), all K of them, (K, K): largest singular value first."""
    vectors: Tensor = torch.linalg.eigh(matrix.T @ matrix).eigenvectors.flip(1).T
    return vectors


@torch.no_grad()
def by_change(
    generator: Generator, directions: Tensor, spec: LatentSpec, points: int = 32, step: float = 0.25
) -> Tensor:
    """The directions (K, size), sorted by the mean squared change of the picture for a step along them, the
    largest first, and turned so that more ink is to the right."""
    generator.eval()
    z = sample(points, spec, seed=0)
    y = _turns(points, generator)
    differences = torch.stack([generator(z + step * d, y) - generator(z - step * d, y) for d in directions]).flatten(1)
    order = differences.square().sum(1).argsort(descending=True)
    return (directions * torch.where(differences.sum(1) < 0, -1.0, 1.0)[:, None])[order]


@torch.no_grad()
def active_subspace(generator: Generator, spec: LatentSpec, points: int = 32, step: float = 0.25) -> Tensor:
    """An orthonormal basis of the latent space, (normal, size), one direction a row, sorted by
    how much a step along it changes the picture.

    The rows are the eigenvectors of E[JᵀJ], J the Jacobian of G at z ~ N(0, I), largest eigenvalue
    first (the active subspace; Constantine 2015, section 1.2). J is taken by central differences of
    width `step`. Being orthonormal, the coordinates of a z ~ N(0, I) in it are again independent and
    standard normal, so that a slider over ±3 covers what the generator was trained on.
    """
    generator.eval()
    z = sample(points, spec, seed=0)
    y = _turns(points, generator)
    columns = []
    for offset in step * _with_codes(torch.eye(spec.normal), spec):
        difference = generator(z + offset, y) - generator(z - offset, y)
        columns.append(difference.flatten() / (2 * step))
    jacobian = torch.stack(columns, dim=1).double()
    vectors = _principal(jacobian)
    # Eigenvectors have no sign of their own: more ink to the right, so that a slider means the same
    # in every session.
    ink = jacobian.sum(0) @ vectors.T
    signed: Tensor = vectors * torch.where(ink < 0, -1.0, 1.0)[:, None]
    return _with_codes(signed.float(), spec)


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


class Moving:
    """What moves with the latent, measured on `points` pictures of a generator.

    Compared is within a class and a code: that an 8 has more ink than a 1 says nothing of a direction.
    """

    @torch.no_grad()
    def __init__(self, generator: Generator, spec: LatentSpec, points: int = 1000) -> None:
        generator.eval()
        self.z = sample(points, spec, seed=0)
        y = _turns(points, generator)
        measured = _within(features(generator(self.z, y)), self.z, y, spec)
        self.measured = measured / measured.std(0).clamp_min(1e-9)

    def names(self, directions: Tensor) -> list[str]:
        """For each direction (K, size), the feature that it moves most; empty where none is clearly moved. A
        feature names one direction only."""
        along = (self.z @ directions.T).double()
        correlation = (along.T @ self.measured / len(self.z)).abs()
        found = [""] * len(directions)
        while correlation.numel() and correlation.max() >= NAMED_FROM:
            row, column = divmod(int(correlation.argmax()), len(FEATURES))
            found[row] = FEATURES[column]
            correlation[row], correlation[:, column] = 0, 0
        return found
