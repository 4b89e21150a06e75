import numpy as np
import pytest

from gan.classics import mixture
from gan.classics.mixture import Mixture, Projection

TWO = Mixture(
    np.array([0.3, 0.7]),
    np.array([[-2.0, 0.0], [1.0, 1.0]]),
    np.array([[[1.0, 0.0], [0.5, 0.8]], [[0.6, 0.0], [-0.2, 0.4]]]),
)


CENTRES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])


def blobs(count: int = 400, deviation: float = 0.3) -> np.ndarray:
    """Three round blobs."""
    noise = np.random.default_rng(1).standard_normal((3, count, 2))
    return (CENTRES[:, None] + deviation * noise).reshape(-1, 2)


def test_density_at_a_mean_is_that_of_the_formula() -> None:
    """A component's density at its own mean is w / (2π |L|): |L| is the product of the diagonal, 0.8 and 0.24."""
    logs = TWO.log_densities(TWO.means)
    assert np.exp(np.diag(logs)) == pytest.approx(np.array([0.3 / (2 * np.pi * 0.8), 0.7 / (2 * np.pi * 0.24)]))


def test_density_integrates_to_one() -> None:
    side = np.linspace(-10, 10, 401)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    total = np.exp(TWO.log_densities(grid)).sum() * (side[1] - side[0]) ** 2
    assert total == pytest.approx(1.0, abs=1e-6)


def test_samples_have_mean_and_covariance_of_the_mixture() -> None:
    points = TWO.sample(40_000, np.random.default_rng(0))
    mean = TWO.weights @ TWO.means
    offsets = TWO.means - mean
    within = np.einsum("k,kij,klj->il", TWO.weights, TWO.factors, TWO.factors)
    between = np.einsum("k,ki,kj->ij", TWO.weights, offsets, offsets)
    assert points.mean(0) == pytest.approx(mean, abs=0.04)
    assert np.cov(points, rowvar=False) == pytest.approx(within + between, abs=0.08)


def test_likelihood_never_falls() -> None:
    """On blobs that run into each other, where the first guess is not the best."""
    rises = np.diff(mixture.fit(blobs(deviation=2.0), 3, np.random.default_rng(0), rounds=40).log_likelihoods)
    assert (rises > -1e-9).all()
    assert rises.sum() > 1e-3


def test_blobs_are_found() -> None:
    found = mixture.fit(blobs(), 3, np.random.default_rng(0), rounds=25).mixture
    nearest = np.linalg.norm(found.means[:, None] - CENTRES, axis=-1).min(0)
    assert (nearest < 0.08).all()
    assert found.weights == pytest.approx(np.full(3, 1 / 3), abs=0.02)
    covariances = np.einsum("kij,klj->kil", found.factors, found.factors)
    assert covariances == pytest.approx(np.broadcast_to(0.09 * np.eye(2), (3, 2, 2)), abs=0.02)


def test_fit_and_samples_follow_from_their_seeds() -> None:
    one, same = (mixture.fit(blobs(50), 3, np.random.default_rng(5), rounds=3).mixture for _ in range(2))
    assert np.array_equal(one.means, same.means)
    assert np.array_equal(one.sample(7, np.random.default_rng(2)), same.sample(7, np.random.default_rng(2)))
    assert not np.array_equal(one.sample(7, np.random.default_rng(2)), same.sample(7, np.random.default_rng(3)))


def test_projection_keeps_the_directions_with_the_most_variance() -> None:
    """All variance of the points is in the first two of three axes, so two components lose nothing."""
    points = np.random.default_rng(0).standard_normal((200, 3)) * [3.0, 1.0, 0.0] + [1.0, 2.0, 3.0]
    found = mixture.project(points, 2)
    assert found.basis @ found.basis.T == pytest.approx(np.eye(2))
    assert found.up(found.down(points)) == pytest.approx(points)
    assert found.down(points).var(0)[0] > found.down(points).var(0)[1]
    one = Projection(found.mean, found.basis[:1])
    assert (one.up(one.down(points)) - points).var() == pytest.approx(found.down(points).var(0)[1] / 3, rel=0.05)
