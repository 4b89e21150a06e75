import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gan import latent
from gan.data import Digits
from gan.models import Generator
from tests.helpers import KINDS, build, small

DIM = 6
T = torch.linspace(0, 1, 11)
seeds = st.integers(0, 2**31 - 1)
scales = st.floats(0.1, 10)


def _vector(seed: int, scale: float = 1.0) -> Tensor:
    return latent.sample(1, DIM, seed)[0] * scale


def test_sample_follows_from_the_seed_alone() -> None:
    torch.manual_seed(99)
    assert torch.equal(latent.sample(5, 3, 7), latent.sample(5, 3, 7))
    assert not torch.equal(latent.sample(5, 3, 7), latent.sample(5, 3, 8))


def test_sample_is_standard_normal() -> None:
    """100,000 numbers know mean and deviation to about 0.003 and 0.002; a uniform one has 0.29."""
    z = latent.sample(1000, 100, 0)
    assert z.shape == (1000, 100)
    assert z.mean().item() == pytest.approx(0, abs=0.015)
    assert z.std().item() == pytest.approx(1, abs=0.015)


def test_grid_has_a_digit_a_row_and_a_latent_a_column() -> None:
    z, y = latent.grid(small())
    assert y.view(10, 10).tolist() == [[digit] * 10 for digit in range(10)]
    rows = z.view(10, 10, -1)
    assert all(torch.equal(row, rows[0]) for row in rows)
    assert len(rows[0].unique(dim=0)) == 10


def test_unconditional_grid_has_a_hundred_latents() -> None:
    z, _ = latent.grid(small("vanilla"))
    assert z.shape == (100, 8)
    assert len(z.unique(dim=0)) == 100


def test_grid_follows_from_the_seed() -> None:
    assert torch.equal(latent.grid(small(seed=3))[0], latent.grid(small(seed=3))[0])
    assert not torch.equal(latent.grid(small(seed=3))[0], latent.grid(small(seed=4))[0])


def test_lerp_by_hand() -> None:
    points = latent.lerp(torch.tensor([0.0, 2.0]), torch.tensor([4.0, -2.0]), torch.tensor([0.0, 0.25, 1.0]))
    assert points.tolist() == [[0, 2], [1, 1], [4, -2]]


def test_slerp_by_hand() -> None:
    """A quarter circle from (1, 0) to (0, 1) passes (cos 45°, sin 45°); a third of the way is 30°."""
    points = latent.slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor([1 / 3, 0.5]))
    expected = [math.sqrt(3) / 2, 0.5, math.sqrt(0.5), math.sqrt(0.5)]
    assert points.flatten().tolist() == pytest.approx(expected, abs=1e-6)


@given(seeds, seeds, scales, scales)
def test_slerp_goes_from_end_to_end(first: int, second: int, left: float, right: float) -> None:
    start, end = _vector(first, left), _vector(second, right)
    points = latent.slerp(start, end, T)
    assert torch.allclose(points[0], start, rtol=1e-4, atol=1e-4)
    assert torch.allclose(points[-1], end, rtol=1e-4, atol=1e-4)


@given(seeds, seeds, scales, scales)
def test_slerp_keeps_the_norm_between_those_of_its_ends(first: int, second: int, left: float, right: float) -> None:
    start, end = _vector(first, left), _vector(second, right)
    norms = latent.slerp(start, end, T).norm(dim=1)
    assert torch.allclose(norms, torch.lerp(start.norm(), end.norm(), T), rtol=1e-4)


@given(seeds, seeds)
def test_slerp_turns_at_a_constant_rate(first: int, second: int) -> None:
    points = latent.slerp(_vector(first), _vector(second), T)
    directions = (points / points.norm(dim=1, keepdim=True)).double()
    chords = (directions[1:] - directions[:-1]).norm(dim=1)
    assert torch.allclose(chords, chords.mean().expand_as(chords), atol=1e-4)


@given(seeds, seeds)
def test_slerp_backwards_is_the_same_way(first: int, second: int) -> None:
    start, end = _vector(first), _vector(second)
    assert torch.allclose(latent.slerp(start, end, T), latent.slerp(end, start, 1 - T), atol=1e-3)


@given(seeds, scales)
def test_slerp_between_parallel_vectors_is_the_straight_line(seed: int, scale: float) -> None:
    start = _vector(seed)
    end = start * scale
    assert torch.allclose(latent.slerp(start, end, T), latent.lerp(start, end, T), atol=1e-4)


@given(seeds, scales)
def test_slerp_between_opposite_vectors_goes_around(seed: int, scale: float) -> None:
    """It never passes near the origin, where G has seen nothing."""
    start = _vector(seed)
    points = latent.slerp(start, -scale * start, T)
    assert torch.isfinite(points).all()
    assert points.norm(dim=1).min().item() == pytest.approx(min(1, scale) * start.norm().item(), rel=1e-3)
    assert torch.allclose(points[-1], -scale * start, atol=1e-3)


@pytest.mark.parametrize("zero", [0, 1])
def test_slerp_from_or_to_the_origin_is_the_straight_line(zero: int) -> None:
    ends = [torch.ones(3), torch.ones(3)]
    ends[zero] = torch.zeros(3)
    assert torch.equal(latent.slerp(ends[0], ends[1], T), latent.lerp(ends[0], ends[1], T))


class _Linear(nn.Module):
    """G(z) = A z: its Jacobian is A everywhere."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        assert len(z) == len(y)
        return (z @ self.matrix.T).view(-1, 1, 2, 2)


def test_directions_of_a_linear_generator_by_hand() -> None:
    """A has the columns 1 e1, -3 e2, 2 e3: the second coordinate changes most, then the third, then the
    first. More ink is to the right, so the second is turned around."""
    matrix = torch.zeros(4, 3)
    matrix[0, 0], matrix[1, 1], matrix[2, 2] = 1, -3, 2
    found = latent.directions(_Linear(matrix), 3)  # type: ignore[arg-type]
    assert torch.allclose(found, torch.tensor([[0.0, -1, 0], [0, 0, 1], [1, 0, 0]]), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_orthonormal_and_sorted(digits: Digits, kind: str) -> None:
    generator = build(digits, kind, steps=3).average
    found = latent.directions(generator, 8)
    assert torch.allclose(found @ found.T, torch.eye(8), atol=1e-5)
    z, y = latent.sample(64, 8, seed=0), torch.arange(64) % 10
    with torch.no_grad():
        change = [(generator(z + 0.25 * d, y) - generator(z - 0.25 * d, y)).square().sum().item() for d in found]
    assert change[0] == max(change)
    assert change[0] > 1.2 * change[-1]


def test_directions_are_the_same_every_time(digits: Digits) -> None:
    generator = build(digits, steps=2).average
    assert torch.equal(latent.directions(generator, 8), latent.directions(generator, 8))


def _drawn(*pixels: tuple[int, int]) -> Tensor:
    """One image, (1, 1, 28, 28), black but for white pixels at (row, column)."""
    image = torch.full((1, 1, 28, 28), -1.0)
    for row, column in pixels:
        image[0, 0, row, column] = 1
    return image


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_features_of_a_line_of_known_slant(shift: int) -> None:
    """Five pixels below each other, each `shift` to the right of the last: ink 5; x = shift * y from the
    centre, so slant = shift and no width is left; y = -2 … 2 has the variance 2."""
    image = _drawn(*((10 + row, 12 + shift * row) for row in range(5)))
    assert latent.features(image)[0].tolist() == pytest.approx([5, shift, 0, 2**0.5], abs=1e-6)


def test_features_of_a_horizontal_line_are_its_width() -> None:
    """Three pixels side by side: x = -1, 0, 1 has the variance 2/3."""
    ink, slant, width, _ = latent.features(_drawn((5, 4), (5, 5), (5, 6)))[0].tolist()
    assert (ink, slant, width) == pytest.approx((3, 0, (2 / 3) ** 0.5), abs=1e-6)


def test_features_of_a_black_picture_are_finite() -> None:
    assert latent.features(_drawn()).isfinite().all()


class _Bar(Generator):
    """Draws a vertical bar whose slant is the first coordinate of z; the second does nothing."""

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        rows = torch.arange(28.0) - 13.5
        middle = 13.5 + 0.1 * z[:, :1] * rows
        distance = (torch.arange(28.0)[None, None, :] - middle[:, :, None]).abs()
        return (2 * torch.exp(-distance) - 1).unsqueeze(1)


def test_direction_is_named_after_what_it_moves() -> None:
    """Only z_0 changes the picture, and only its slant: it is named so, and z_1 after nothing."""
    generator = _Bar(small("vanilla", latent_dim=2))
    assert latent.direction_names(generator, torch.eye(2))[:2] == ["slant", ""]


def test_direction_that_moves_the_picture_comes_first() -> None:
    directions = latent.directions(_Bar(small("vanilla", latent_dim=2)), latent_dim=2)
    assert directions.abs()[0].tolist() == pytest.approx([1, 0], abs=1e-3)
