import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gan.config import kinds
from gan.data import DataSet
from gan.quality.held_out import HELD_OUT_OVER_FORGED, REAL_OVER_FORGED, TRAINED_OVER_HELD_OUT, HeldOut, above
from gan.training.trainer import Trainer
from tests.helpers import CPU, assert_equal, small

numbers = st.lists(st.integers(-5, 5), min_size=1, max_size=8)


@given(numbers, numbers)
def test_chance_counts_pairs(one: list[int], other: list[int]) -> None:
    """All pairs, by hand."""
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    found = above(torch.tensor(one).float(), torch.tensor(other).float())
    assert found == pytest.approx(wins / len(one) / len(other))


def test_chance_of_what_is_no_number_is_none() -> None:
    assert math.isnan(above(torch.tensor([1.0, math.nan]), torch.tensor([0.0])))


class ByHeart(nn.Module):
    """Scores 1 what it knows, 0 what it does not."""

    def __init__(self, known: Tensor) -> None:
        super().__init__()
        self.known = {row.tobytes() for row in known.numpy()}

    def forward(self, images: Tensor, _: Tensor) -> Tensor:
        rows = (images.squeeze(1) + 1).mul(127.5).round().to(torch.uint8).numpy()
        return torch.tensor([float(row.tobytes() in self.known) for row in rows])


def test_discriminator_that_knows_its_images_is_found_out(digits: DataSet) -> None:
    config = small().changed(train_images=100)
    trainer = Trainer(config, digits, CPU)
    known = ByHeart(torch.from_numpy(digits.chosen(count=100)[0]))
    found = HeldOut(config, digits, CPU).measure(trainer.generator, known)
    assert found == {REAL_OVER_FORGED: 1.0, HELD_OUT_OVER_FORGED: 0.5, TRAINED_OVER_HELD_OUT: 1.0}


@pytest.mark.parametrize("kind", list(kinds()))
def test_looking_changes_nothing_and_says_the_same_twice(digits: DataSet, kind: str) -> None:
    config = small().changed({"kind": kind, "discriminator.architecture": "mlp", "discriminator.batch_norm": True})
    trainer = Trainer(config, digits, CPU)
    trainer.step()
    before = copy.deepcopy(trainer.tensors())
    looking = HeldOut(config, digits, CPU, count=40)
    first = looking.measure(trainer.generator, trainer.discriminator)
    assert looking.measure(trainer.generator, trainer.discriminator) == first
    assert_equal(trainer.tensors(), before)
    assert all(0 <= value <= 1 for value in first.values())
    # A discriminator that has seen 32 images knows none by heart; 40 pairs of 40 leave 4 standard errors of 0.065.
    assert abs(first[TRAINED_OVER_HELD_OUT] - 0.5) < 0.26


def test_held_out_images_are_of_the_digits_that_are_shown(digits: DataSet) -> None:
    looking = HeldOut(small().changed(classes=(3, 8)), digits, CPU)
    for _, labels in looking.sets:
        assert set(labels.tolist()) == {3, 8}
