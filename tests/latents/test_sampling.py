import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan.games import grid, has_rows, spec_of
from gan.latents import codec, paths, sampling
from gan.latents.spec import LatentSpec, Part, normal
from tests.helpers import small

DIM = 6
T = torch.linspace(0, 1, 11)
seeds = st.integers(0, 2**31 - 1)
scales = st.floats(0.1, 10)


def _vector(seed: int, scale: float = 1.0) -> Tensor:
    return sampling.sample(1, DIM, seed)[0] * scale


def test_sample_follows_from_the_seed_alone() -> None:
    torch.manual_seed(99)
    assert torch.equal(sampling.sample(5, 3, 7), sampling.sample(5, 3, 7))
    assert not torch.equal(sampling.sample(5, 3, 7), sampling.sample(5, 3, 8))


def test_sample_is_standard_normal() -> None:
    """100,000 numbers know mean and deviation to about 0.003 and 0.002; a uniform one has 0.29."""
    z = sampling.sample(1000, 100, 0)
    assert z.shape == (1000, 100)
    assert z.mean().item() == pytest.approx(0, abs=0.015)
    assert z.std().item() == pytest.approx(1, abs=0.015)


def test_sample_of_a_spec_has_its_codes() -> None:
    """A number means so many normal ones: those come first, whatever comes after them."""
    spec = LatentSpec((Part("normal", 3), Part("uniform", 2), Part("categorical", 4)))
    z = sampling.sample(5, spec, 7)
    assert z.shape == (5, 9)
    assert torch.equal(z, sampling.sample(5, spec, 7))
    assert torch.equal(z[:, :3], sampling.sample(5, 3, 7))
    assert torch.equal(sampling.sample(5, 3, 7), sampling.sample(5, normal(3), 7))
    assert z[:, 5:].sum(1).tolist() == [1.0] * 5


@pytest.mark.parametrize("values", [10, 4, 13])
def test_grid_of_a_game_with_codes_has_a_value_a_row_and_a_latent_a_column(values: int) -> None:
    """The value is all that differs between rows; of few values each comes again, of many the first ten are shown."""
    config = small().changed(kind="infogan", categories=values)
    spec = spec_of(config)
    z, _ = grid.grid(config)
    assert z.shape == (100, spec.size)
    assert spec.size > spec.normal == 8
    category, rows = spec.category, z.view(10, 10, -1)
    assert category == slice(10, 10 + values)
    assert rows[:, :, category].argmax(2).tolist() == [[row % values] * 10 for row in range(10)]
    assert torch.equal(rows[:, :, category].sum(2), torch.ones(10, 10))
    assert all(torch.equal(row[:, :10], rows[0, :, :10]) for row in rows)
    assert has_rows(config)


def test_grid_has_a_digit_a_row_and_a_latent_a_column() -> None:
    z, y = grid.grid(small())
    assert y.view(10, 10).tolist() == [[digit] * 10 for digit in range(10)]
    rows = z.view(10, 10, -1)
    assert all(torch.equal(row, rows[0]) for row in rows)
    assert len(rows[0].unique(dim=0)) == 10


def test_unconditional_grid_has_a_hundred_latents() -> None:
    z, _ = grid.grid(small("vanilla"))
    assert z.shape == (100, 8)
    assert len(z.unique(dim=0)) == 100


def test_grid_follows_from_the_seed() -> None:
    assert torch.equal(grid.grid(small(seed=3))[0], grid.grid(small(seed=3))[0])
    assert not torch.equal(grid.grid(small(seed=3))[0], grid.grid(small(seed=4))[0])


def test_lerp_by_hand() -> None:
    points = paths.lerp(torch.tensor([0.0, 2.0]), torch.tensor([4.0, -2.0]), torch.tensor([0.0, 0.25, 1.0]))
    assert points.tolist() == [[0, 2], [1, 1], [4, -2]]


def test_slerp_by_hand() -> None:
    """A quarter circle from (1, 0) to (0, 1) passes (cos 45°, sin 45°); a third of the way is 30°."""
    points = paths.slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor([1 / 3, 0.5]))
    expected = [math.sqrt(3) / 2, 0.5, math.sqrt(0.5), math.sqrt(0.5)]
    assert points.flatten().tolist() == pytest.approx(expected, abs=1e-6)


@given(seeds, seeds, scales, scales)
def test_slerp_goes_from_end_to_end(first: int, second: int, left: float, right: float) -> None:
    start, end = _vector(first, left), _vector(second, right)
    points = paths.slerp(start, end, T)
    assert torch.allclose(points[0], start, rtol=1e-4, atol=1e-4)
    assert torch.allclose(points[-1], end, rtol=1e-4, atol=1e-4)


@given(seeds, seeds, scales, scales)
def test_slerp_keeps_the_norm_between_those_of_its_ends(first: int, second: int, left: float, right: float) -> None:
    start, end = _vector(first, left), _vector(second, right)
    norms = paths.slerp(start, end, T).norm(dim=1)
    assert torch.allclose(norms, torch.lerp(start.norm(), end.norm(), T), rtol=1e-4)


@given(seeds, seeds)
def test_slerp_turns_at_a_constant_rate(first: int, second: int) -> None:
    points = paths.slerp(_vector(first), _vector(second), T)
    directions = (points / points.norm(dim=1, keepdim=True)).double()
    chords = (directions[1:] - directions[:-1]).norm(dim=1)
    assert torch.allclose(chords, chords.mean().expand_as(chords), atol=1e-4)


@given(seeds, seeds)
def test_slerp_backwards_is_the_same_way(first: int, second: int) -> None:
    start, end = _vector(first), _vector(second)
    assert torch.allclose(paths.slerp(start, end, T), paths.slerp(end, start, 1 - T), atol=1e-3)


@given(seeds, scales)
def test_slerp_between_parallel_vectors_is_the_straight_line(seed: int, scale: float) -> None:
    start = _vector(seed)
    end = start * scale
    assert torch.allclose(paths.slerp(start, end, T), paths.lerp(start, end, T), atol=1e-4)


@given(seeds, scales)
def test_slerp_between_opposite_vectors_goes_around(seed: int, scale: float) -> None:
    """It never passes near the origin, where G has seen nothing."""
    start = _vector(seed)
    points = paths.slerp(start, -scale * start, T)
    assert torch.isfinite(points).all()
    assert points.norm(dim=1).min().item() == pytest.approx(min(1, scale) * start.norm().item(), rel=1e-3)
    assert torch.allclose(points[-1], -scale * start, atol=1e-3)


@pytest.mark.parametrize("zero", [0, 1])
def test_slerp_from_or_to_the_origin_is_the_straight_line(zero: int) -> None:
    ends = [torch.ones(3), torch.ones(3)]
    ends[zero] = torch.zeros(3)
    assert torch.equal(paths.slerp(ends[0], ends[1], T), paths.lerp(ends[0], ends[1], T))


def test_slerp_on_a_line_goes_through_the_centre() -> None:
    """With a single latent number there is no way around."""
    found = paths.slerp(torch.tensor([1.0]), torch.tensor([-2.0]), torch.tensor([0.0, 0.5, 1.0]))
    assert found.flatten().tolist() == [1, -0.5, -2]


@given(seeds, st.integers(1, 70), scales)
def test_latent_comes_back_from_a_link(seed: int, size: int, scale: float) -> None:
    """Rounded to float16, and as text that a URL can carry."""
    z = scale * _vector(seed, 1.0).repeat(size)[:size]
    text = codec.encode(z)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert torch.equal(codec.decode(text), z.half().float()[None])


def test_latent_is_written_as_rfc_4648_says() -> None:
    """1.0 is 0x3c00 and -2.0 is 0xc000, little endian: bytes 00 3c 00 c0, in base64 ADwAwA==."""
    assert codec.encode(torch.tensor([1.0, -2.0])) == "ADwAwA"
    assert codec.decode("ADwAwA").tolist() == [[1.0, -2.0]]


@pytest.mark.parametrize("text", ["", "A", "ADwA", "AD wA", "!!!!", "AHw"])
def test_what_no_link_holds_is_refused(text: str) -> None:
    """AHw is infinity: 0x7c00."""
    with pytest.raises(ValueError, match="not what a link holds"):
        codec.decode(text)
