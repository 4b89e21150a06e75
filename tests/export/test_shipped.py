"""What ships with the project: the data set, the generator, and their cards."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ship
from benchmarks.ship import multiply_adds
from gan.cli import main
from gan.export import content
from gan.export.program import compile_model, fingerprint
from gan.models.model import Model, load_model
from gan.networks.layers import count_parameters
from gan.paths import ASSETS, PRETRAINED, PROJECT
from gan.quality.evaluation import evaluate
from gan.quality.results import KINDS
from gan.system.framing import unframed


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


def test_program_is_that_of_the_model() -> None:
    """It is what would be made of the model now. Directions are eigenvectors, found to some digits."""
    (header, weights), (header_now, weights_now) = map(unframed, (content.shipped(), ship.program()))
    assert weights == weights_now
    bases, bases_now = header.pop("bases"), header_now.pop("bases")
    assert header == header_now
    assert len(bases) == len(bases_now) == 3
    for basis, now in zip(bases, bases_now, strict=True):
        assert np.abs(np.subtract(basis.pop("directions"), now.pop("directions"))).max() < 1e-3
        assert len(basis.pop("id")) == len(now.pop("id"))  # a hash of the directions
        assert basis == now


def test_program_has_the_hash_by_which_links_know_the_model(shipped: Model) -> None:
    assert content.shipped_fingerprint() == fingerprint(compile_model(shipped))


LOOK_AT_PAGES = """
import sys
from tests.apps import open_app
from pages.components import start
start.prepare = lambda: None  # Home and Train import torch in a thread, for what comes next
app = open_app()
for page in ("explore", "interpolate", "draw"):
    for query in ({}, {"model": "elsewhere", "weights": sys.argv[1]}):
        app.query_params.clear()
        app.query_params.update(query)
        shown = app.switch_page(f"pages/{page}.py").run()
        assert not shown.exception
        assert not shown.warning
        assert shown.selectbox[0].value == "pretrained"
        assert len(shown.get("bidi_component")[0].proto.bytes) > 1_900_000
app.query_params.clear()
shown = app.switch_page("pages/quiz.py").run()
assert not shown.exception
assert len(shown.get("bidi_component")[0].proto.bytes) > 28 * 28
print([name for name in ("torch", "safetensors", "pandas") if name in sys.modules])
"""


def test_model_that_ships_is_shown_without_torch(shipped: Model, tmp_path: Path) -> None:
    """By the pages that run it, also where a link knows it by its weights; so is a quiz."""
    command = [sys.executable, "-c", LOOK_AT_PAGES, fingerprint(compile_model(shipped))]
    environment = {**os.environ, "GAN_RUNS_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[-2:] == ["[]", ""], done.stderr


def test_word_pretrained_is_a_model(tmp_path: Path) -> None:
    out = tmp_path / "digits.npz"
    assert main(["sample", "pretrained", "--out", str(out), "--digits", "3,8", "--n", "4"]) == 0
    with np.load(out) as arrays:
        assert arrays["labels"].tolist() == [3] * 4 + [8] * 4


@pytest.mark.parametrize("name", ["training.gif", "untrained.png", "icon.png", "mnist.md"])
def test_assets_of_the_pages_are_there(name: str) -> None:
    assert (ASSETS / name).stat().st_size > 0
