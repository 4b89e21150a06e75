import pytest
import torch
from torch import Tensor, nn

from gan.data import DataSet
from gan.games import spec_of
from gan.latents import directions, sampling
from gan.latents.spec import normal
from gan.networks.generator import Generator
from tests.helpers import KINDS, build, networks, small


class _Linear(nn.Module):
    """G(z) = A z: its Jacobian is A everywhere."""

    classes = 10

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
    found = directions.active_subspace(_Linear(matrix), normal(3))  # type: ignore[arg-type]
    assert torch.allclose(found, torch.tensor([[0.0, -1, 0], [0, 0, 1], [1, 0, 0]]), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_orthonormal_and_sorted(digits: DataSet, kind: str) -> None:
    generator = build(digits, kind, steps=3).generator_ema
    found = directions.active_subspace(generator, normal(8))
    assert torch.allclose(found @ found.T, torch.eye(8), atol=1e-5)
    z, y = sampling.sample(32, 8, seed=0), torch.arange(32) % 10
    with torch.no_grad():
        change = [(generator(z + 0.25 * d, y) - generator(z - 0.25 * d, y)).square().sum().item() for d in found]
    assert change[0] > 0.97 * max(change)  # steps have a length, derivatives none
    assert change[0] > 1.2 * change[-1]


def test_directions_are_the_same_every_time(digits: DataSet) -> None:
    generator = build(digits, steps=2).generator_ema
    assert torch.equal(
        directions.active_subspace(generator, normal(8)), directions.active_subspace(generator, normal(8))
    )


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
    assert directions.features(image)[0].tolist() == pytest.approx([5, shift, 0, 2**0.5], abs=1e-6)


def test_features_of_a_horizontal_line_are_its_width() -> None:
    """Three pixels side by side: x = -1, 0, 1 has the variance 2/3."""
    ink, slant, width, _ = directions.features(_drawn((5, 4), (5, 5), (5, 6)))[0].tolist()
    assert (ink, slant, width) == pytest.approx((3, 0, (2 / 3) ** 0.5), abs=1e-6)


def test_features_of_a_black_picture_are_finite() -> None:
    assert directions.features(_drawn()).isfinite().all()


class _Bar(Generator):
    """Draws a vertical bar whose slant is the first coordinate of z; the second does nothing."""

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        rows = torch.arange(28.0) - 13.5
        middle = 13.5 + 0.1 * z[:, :1] * rows
        distance = (torch.arange(28.0)[None, None, :] - middle[:, :, None]).abs()
        return (2 * torch.exp(-distance) - 1).unsqueeze(1)


def test_direction_is_named_after_what_it_moves() -> None:
    """Only z_0 changes the picture, and only its slant: it is named so, and z_1 after nothing."""
    generator = _Bar(small().generator, latent_size=2)
    assert directions.Moving(generator, normal(2)).names(torch.eye(2))[:2] == ["slant", ""]


def test_direction_that_moves_the_picture_comes_first() -> None:
    found = directions.active_subspace(_Bar(small().generator, latent_size=2), normal(2))
    assert found.abs()[0].tolist() == pytest.approx([1, 0], abs=1e-3)


def test_semantic_factors_by_hand() -> None:
    """The first weight stretches z_1 by 3, z_0 by 2 and z_2 by 1; the embedding beside it does not count."""
    generator, _ = networks(small(latent_dim=3))
    first = generator.layers[0]
    assert isinstance(first, nn.Linear)
    nn.init.constant_(first.weight, 0.0)
    with torch.no_grad():
        first.weight[0, 0], first.weight[1, 1], first.weight[2, 2] = 2, 3, 1
        first.weight[:, 3:] = 9
    found = directions.semantic_factors(generator, normal(3))
    assert torch.allclose(found.abs(), torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]), atol=1e-6)


class _Layer(nn.Module):
    """Activations (3 z_0, z_1): the first component is z_0."""

    classes = 10

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2, bias=False), nn.LeakyReLU(1.0))
        with torch.no_grad():
            self.layers[0].weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))

    def conditioned(self, z: Tensor, y: Tensor) -> Tensor:
        return z


def test_components_of_activations_by_hand() -> None:
    """Variances 9 and 1: two thousand points know the first axis to 0.05."""
    found = directions.activation_components(_Layer(), normal(2))  # type: ignore[arg-type]
    assert torch.allclose(found.abs(), torch.eye(2), atol=0.05)


def test_directions_are_sorted_and_turned_by_hand() -> None:
    """A has the columns 1 e1, -3 e2, 2 e3, as above."""
    matrix = torch.zeros(4, 3)
    matrix[0, 0], matrix[1, 1], matrix[2, 2] = 1, -3, 2
    found = directions.by_change(_Linear(matrix), torch.eye(3), normal(3))  # type: ignore[arg-type]
    assert found.tolist() == [[0, -1, 0], [0, 0, 1], [1, 0, 0]]


def test_a_single_latent_number_is_its_own_direction(digits: DataSet) -> None:
    for basis in directions.bases(build(digits, latent_dim=1, steps=1).generator_ema, normal(1)):
        assert basis.directions.abs().tolist() == [[1.0]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_basis_has_directions_of_length_one(digits: DataSet, kind: str) -> None:
    found = directions.bases(build(digits, kind, steps=3).generator_ema, normal(8))
    assert [basis.name for basis in found] == ["picture", "activations", "weights"]
    for basis in found:
        assert basis.directions.shape == (directions.SHOWN, 8)
        assert torch.allclose(basis.directions.norm(dim=1), torch.ones(directions.SHOWN), atol=1e-5)
        assert len(basis.names) == directions.SHOWN
        assert basis.directions.isfinite().all()


def test_directions_leave_codes_as_they_are() -> None:
    """A slider that turned a category would ask for something that is none."""
    config = small().changed(kind="infogan")
    spec, generator = spec_of(config), networks(config)[0].eval()
    for basis in directions.bases(generator, spec):
        assert basis.directions.shape == (directions.SHOWN, spec.size)
        assert torch.equal(basis.directions[:, spec.normal :], torch.zeros(directions.SHOWN, spec.size - spec.normal))
        assert torch.allclose(basis.directions.norm(dim=1), torch.ones(directions.SHOWN), atol=1e-5)
