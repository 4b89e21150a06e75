import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan.latents.spec import LatentSpec, Part, normal

MIXED = LatentSpec((Part("normal", 5), Part("uniform", 2), Part("categorical", 10)))
"""As an InfoGAN's: noise, two codes, and a category."""
codes = st.lists(st.builds(Part, st.sampled_from(["uniform", "categorical"]), st.integers(1, 12)), max_size=4)
specs = st.builds(lambda size, others: LatentSpec((Part("normal", size), *others)), st.integers(1, 40), codes)
seeds = st.integers(0, 2**31 - 1)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _part(z: Tensor, spec: LatentSpec, kind: str) -> Tensor:
    """The numbers of the only part of that kind."""
    (place,) = (place for part, place in spec.places() if part.kind == kind)
    return z[:, place]


def test_sizes_and_places_by_hand() -> None:
    assert (MIXED.size, MIXED.normal) == (17, 5)
    assert [(part.kind, place.start, place.stop) for part, place in MIXED.places()] == [
        ("normal", 0, 5),
        ("uniform", 5, 7),
        ("categorical", 7, 17),
    ]


def test_plain_latents_are_all_normal() -> None:
    spec = normal(32)
    assert spec == LatentSpec((Part("normal", 32),))
    assert (spec.size, spec.normal) == (32, 32)


def test_latent_of_codes_alone_has_nothing_normal() -> None:
    spec = LatentSpec((Part("uniform", 2), Part("categorical", 3)))
    assert (spec.size, spec.normal) == (5, 0)
    assert spec.sample(4, _seeded(0)).shape == (4, 5)


@given(specs)
def test_places_are_next_to_each_other_and_cover_everything(spec: LatentSpec) -> None:
    places = list(spec.places())
    assert [part for part, _ in places] == list(spec.parts)
    assert [place.stop - place.start for _, place in places] == [part.size for part in spec.parts]
    numbers = [number for _, place in places for number in range(spec.size)[place]]
    assert numbers == list(range(spec.size))


@given(spec=specs, count=st.integers(1, 20), seed=seeds)
def test_each_part_is_drawn_as_its_kind_says(spec: LatentSpec, count: int, seed: int) -> None:
    z = spec.sample(count, _seeded(seed))
    assert (z.shape, z.dtype) == ((count, spec.size), torch.float32)
    for part, place in spec.places():
        numbers = z[:, place]
        if part.kind == "uniform":
            assert numbers.abs().max() <= 1
        elif part.kind == "categorical":
            assert set(numbers.unique().tolist()) <= {0.0, 1.0}
            assert numbers.sum(1).tolist() == [1.0] * count


@given(spec=specs, count=st.integers(1, 20), seed=seeds)
def test_normal_part_is_the_stream_of_torch(spec: LatentSpec, count: int, seed: int) -> None:
    """So that a run without codes has the latents that it had before there were any."""
    expected = torch.randn(count, spec.normal, generator=_seeded(seed))
    assert torch.equal(spec.sample(count, _seeded(seed))[:, : spec.normal], expected)


@given(count=st.integers(1, 20), size=st.integers(1, 40), seed=seeds)
def test_plain_latents_take_as_many_random_numbers_as_torch(count: int, size: int, seed: int) -> None:
    """What is drawn next is the same too."""
    ours, theirs = _seeded(seed), _seeded(seed)
    for _ in range(2):
        assert torch.equal(normal(size).sample(count, ours), torch.randn(count, size, generator=theirs))
    assert torch.equal(ours.get_state(), theirs.get_state())


def test_parts_are_drawn_in_their_order_by_hand() -> None:
    noise = _seeded(3)
    expected = torch.randn(7, 5, generator=noise), torch.rand(7, 2, generator=noise)
    category = torch.randint(10, (7,), generator=noise)
    z = MIXED.sample(7, _seeded(3))
    assert torch.equal(z[:, :5], expected[0])
    assert torch.equal(z[:, 5:7], 2 * expected[1] - 1)
    assert z[:, 7:].argmax(1).tolist() == category.tolist()


def test_normal_and_uniform_parts_have_the_moments_of_their_kind() -> None:
    """20,000 latents. N(0, 1): deviation 1. Uniform on [-1, 1]: mean 0, deviation 1/√3, both ends nearly reached; a
    mean of as many is known to about 0.005."""
    z = MIXED.sample(20_000, _seeded(0))
    drawn, codes = _part(z, MIXED, "normal"), _part(z, MIXED, "uniform")
    assert drawn.mean(0).tolist() == pytest.approx([0] * 5, abs=0.03)
    assert drawn.std(0).tolist() == pytest.approx([1] * 5, abs=0.03)
    assert codes.mean(0).tolist() == pytest.approx([0] * 2, abs=0.03)
    assert codes.std(0).tolist() == pytest.approx([3**-0.5] * 2, abs=0.02)
    assert codes.min() < -0.99
    assert codes.max() > 0.99


def test_categories_all_come_and_none_more_often() -> None:
    """Of 10,000 each comes a thousand times, give or take five standard deviations of 30."""
    counts = _part(MIXED.sample(10_000, _seeded(0)), MIXED, "categorical").sum(0)
    assert len(counts) == 10
    assert 850 < counts.min() <= counts.max() < 1150


def test_parts_do_not_depend_on_each_other() -> None:
    """Two uniform codes are two, and say nothing of the noise: correlations of 20,000 are known to 0.007."""
    numbers = MIXED.sample(20_000, _seeded(1))[:, :7]
    between = torch.corrcoef(numbers.T) - torch.eye(7)
    assert between.abs().max() < 0.05


def test_single_category_is_always_that_one() -> None:
    assert LatentSpec((Part("categorical", 1),)).sample(3, _seeded(0)).tolist() == [[1.0]] * 3


def test_no_latents_are_none_of_the_right_size() -> None:
    assert MIXED.sample(0, _seeded(0)).shape == (0, 17)


def test_process_wide_random_numbers_are_left_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = MIXED.sample(5, _seeded(2))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(9)
    assert torch.equal(MIXED.sample(5, _seeded(2)), first)


def test_spec_is_had_without_torch() -> None:
    """Pages read from it which controls to show."""
    code = "import sys, gan.latents.spec as l; print(l.normal(3).size, 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.split() == ["3", "False"]
