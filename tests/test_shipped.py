"""What ships with the project: the data set, the generator, and their cards."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import judge
from gan import latent
from gan.checkpoint import PRETRAINED, Model, forge, load_model
from gan.cli import main
from gan.data import ASSETS
from gan.models import count_parameters


@pytest.fixture(scope="module")
def shipped() -> Model:
    return load_model(PRETRAINED)


def test_generator_and_discriminator_take_at_most_four_megabytes() -> None:
    assert PRETRAINED.stat().st_size <= 4_000_000


def test_card_tells_how_the_model_was_made(shipped: Model) -> None:
    card = (ASSETS / "pretrained.md").read_text()
    assert f"--preset {shipped.config.preset}" in card
    assert f"--seed {shipped.config.seed}" in card
    assert f"{shipped.images:,} images" in card
    assert f"{count_parameters(shipped.generator):,} parameters in the generator" in card


def test_forged_digits_are_read_as_asked(shipped: Model) -> None:
    """By a classifier that has seen real digits only; of 1,000, two in a hundred may go wrong."""
    y = torch.arange(10).repeat_interleave(100)
    images = forge(shipped, latent.sample(1000, shipped.config.latent_dim, seed=7), y).numpy()
    assert (judge.read(images) == y.numpy()).mean() >= 0.98


def test_word_pretrained_is_a_model(tmp_path: Path) -> None:
    out = tmp_path / "digits.npz"
    assert main(["sample", "pretrained", "--out", str(out), "--digits", "3,8", "--n", "4"]) == 0
    with np.load(out) as arrays:
        assert arrays["labels"].tolist() == [3] * 4 + [8] * 4


@pytest.mark.parametrize("name", ["training.gif", "untrained.png", "icon.png", "mnist.md"])
def test_assets_of_the_pages_are_there(name: str) -> None:
    assert (ASSETS / name).stat().st_size > 0
