"""What ships with the project: the data set, the generator, and their cards."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.ship import multiply_adds
from gan.cli import main
from gan.models.model import Model, load_model
from gan.networks.layers import count_parameters
from gan.paths import ASSETS, PRETRAINED
from gan.quality.evaluation import evaluate
from gan.quality.results import KINDS


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


def test_a_picture_costs_at_most_what_a_page_can_afford(shipped: Model) -> None:
    assert multiply_adds(shipped) <= 3_500_000


def test_forgeries_are_as_good_as_the_card_says(shipped: Model) -> None:
    """The figures of the card, anew, to the digits that are printed there; and good enough to ship."""
    found = evaluate(shipped)
    card = (ASSETS / "pretrained.md").read_text()
    for name, figure in found.metrics.items():
        (row,) = [row for row in card.splitlines() if row.startswith(f"| {KINDS[name].label} |")]
        value, floor = (float(cell) for cell in row.split("|")[2:4])
        # Float32 is not the same on every processor, and a figure counts images one by one.
        assert (figure.value, figure.floor) == pytest.approx((value, floor), rel=0.02, abs=2e-3)
    agreement, fcd = found.metrics["label_agreement"], found.metrics["fcd"]
    assert agreement.value >= agreement.floor - 0.002
    assert fcd.value <= 1.3 * fcd.floor
    recall, coverage = (found.metrics[name] for name in ("recall", "coverage"))
    assert recall.value >= 0.92 * recall.floor
    assert coverage.value >= 0.95 * coverage.floor


def test_word_pretrained_is_a_model(tmp_path: Path) -> None:
    out = tmp_path / "digits.npz"
    assert main(["sample", "pretrained", "--out", str(out), "--digits", "3,8", "--n", "4"]) == 0
    with np.load(out) as arrays:
        assert arrays["labels"].tolist() == [3] * 4 + [8] * 4


@pytest.mark.parametrize("name", ["training.gif", "untrained.png", "icon.png", "mnist.md"])
def test_assets_of_the_pages_are_there(name: str) -> None:
    assert (ASSETS / name).stat().st_size > 0
