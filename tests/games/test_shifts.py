import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan.games.shifts import draw, shifted

CPU = torch.device("cpu")
offsets = st.integers(-30, 30)


def _by(*pairs: tuple[int, int]) -> Tensor:
    """Shifts down and to the right, as `draw` gives them."""
    return torch.tensor(pairs).T[:, :, None]


def _noise(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_shift_by_hand() -> None:
    """One white pixel at row 5, column 9: 2 down and 3 to the left is row 7, column 6."""
    image = torch.full((1, 1, 28, 28), -1.0)
    image[0, 0, 5, 9] = 1
    found = shifted(image, _by((2, -3)))
    assert (found == 1).nonzero().tolist() == [[0, 0, 7, 6]]
    assert found.sum() == image.sum()


def test_what_leaves_on_one_side_comes_in_on_the_other() -> None:
    """From the last row and column, one further is the first."""
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 27, 0] = 1
    assert shifted(image, _by((1, -1))).nonzero().tolist() == [[0, 0, 0, 27]]


@given(down=offsets, right=offsets)
def test_shift_is_a_roll(down: int, right: int) -> None:
    images = _noise(2)
    assert torch.equal(shifted(images, _by(*[(down, right)] * 2)), images.roll((down, right), dims=(2, 3)))


@given(pairs=st.lists(st.tuples(offsets, offsets), min_size=1, max_size=6))
def test_each_image_has_a_shift_of_its_own(pairs: list[tuple[int, int]]) -> None:
    images = _noise(len(pairs))
    found = shifted(images, _by(*pairs))
    for image, one, pair in zip(images, found, pairs, strict=True):
        assert torch.equal(one, image.roll(pair, dims=(1, 2)))


@given(down=offsets, right=offsets)
def test_shift_back_is_where_it_was(down: int, right: int) -> None:
    images = _noise(3)
    by = _by(*[(down, right)] * 3)
    assert torch.equal(shifted(shifted(images, by), -by), images)


def test_no_shifts_are_no_work() -> None:
    images = _noise(2)
    assert shifted(images, None) is images


def test_gradient_takes_the_way_back() -> None:
    """The derivative of Σ w · shifted(x) by x is w, shifted back."""
    images, weight = _noise(4).requires_grad_(), _noise(4, seed=1)
    by = _by((1, 2), (-3, 0), (0, 5), (8, -8))
    (shifted(images, by) * weight).sum().backward()
    assert images.grad is not None
    assert torch.equal(images.grad, shifted(weight, -by))


@pytest.mark.parametrize("reach", [1, 2, 8])
def test_shifts_reach_as_far_as_they_are_asked_to_on_all_four_sides(reach: int) -> None:
    by = draw(2000, reach, torch.Generator().manual_seed(0), CPU)
    assert by.shape == (2, 2000, 1)
    for along in by:
        assert along.unique().tolist() == list(range(-reach, reach + 1))


def test_no_shift_is_more_frequent_than_another() -> None:
    """Of 9,000 pairs each of nine comes a thousand times, give or take five standard deviations of 30: down says
    nothing of right."""
    down, right = draw(9000, 1, torch.Generator().manual_seed(0), CPU)[:, :, 0]
    counts = torch.bincount(3 * (down + 1) + right + 1, minlength=9)
    assert 850 < counts.min() <= counts.max() < 1150


def test_shifts_follow_from_their_generator_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = (draw(50, 2, torch.Generator().manual_seed(seed), CPU) for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
