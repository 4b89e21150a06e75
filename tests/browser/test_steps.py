"""Step by step in a browser: what the page says is what the trainer did, for every game. Beside the run of the server a
twin takes the same moves here, from the same checkpoint."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from gan import runs
from gan.data import DataSet
from gan.games import KINDS, rules
from gan.runs import store
from gan.training.checkpoint import load_checkpoint
from gan.training.inspection import Inspection
from gan.training.trainer import Trainer
from tests.helpers import CPU, assert_equal, small, train, weights
from tests.servers import Server

D, G = "discriminator", "generator"
OTHER = {D: G, G: D}
PIXELS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data]"""


def ended(server: Server, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Path:
    """A run in the server's folder that has finished."""
    monkeypatch.setenv("GAN_RUNS_DIR", str(server.runs))
    folder = runs.create(small(images=160).changed({"threads": 1, **changes}))
    train(folder)
    return folder


def twin_of(folder: Path, digits: DataSet) -> Trainer:
    """A trainer that stands where the run's checkpoint does."""
    trainer = Trainer(runs.read(folder).config, digits, CPU)
    load_checkpoint(folder / store.CHECKPOINT, trainer)
    return trainer


def step_a_copy(page: Page, origin: Path) -> Path:
    """Opens the page at a run that has ended, and begins a copy of it; returns the copy's folder."""
    page.goto(f"/steps?run={origin.name}")
    page.get_by_role("button", name="Step a copy").click()
    expect(page.get_by_test_id("step-d")).to_be_enabled(timeout=90_000)
    expect(page.get_by_test_id("stage")).to_have_text("before the first move")
    copy = origin.parent / page.url.split("run=")[1]
    assert copy != origin
    return copy


def press(page: Page, button: str) -> None:
    """Takes a step, and waits for what was seen of it."""
    before = page.locator(".steps").get_attribute("data-version")
    page.get_by_test_id(button).click()
    expect(page.locator(".steps")).not_to_have_attribute("data-version", before or "")


def pictures(page: Page, row: str) -> list[np.ndarray]:
    """The ten pictures of a row as they are painted, (28, 28, 3)."""
    found = page.get_by_test_id(f"{row}-row").locator("canvas:not(.drawn)").all()
    return [np.array(canvas.evaluate(PIXELS)).reshape(28, 28, 4)[..., :3] for canvas in found]


def number(page: Page, test_id: str) -> float:
    return float(page.get_by_test_id(test_id).inner_text().replace("−", "-"))


def assert_near(shown: float, value: float) -> None:
    """As far as the digits that are shown go."""
    assert shown == pytest.approx(value, rel=6e-3, abs=6e-4)


def assert_shown(page: Page, folder: Path, found: Inspection, twin: Trainer) -> None:
    """What the page says of a move, beside what the twin saw of it."""
    mine = Inspection.from_bytes((folder / store.INSPECTIONS[found.player]).read_bytes())
    assert mine.loss_before == pytest.approx(found.loss_before, rel=1e-4, abs=1e-5)
    assert_near(number(page, "loss-before"), found.loss_before)
    assert_near(number(page, "loss-after"), found.loss_after)
    score = twin.game.score
    sign = -1 if score.energy else 1
    for row in ("real", "forged"):
        scores = found.probe[f"{row}_scores"].astype(float)
        scores = 1 / (1 + np.exp(-scores)) if score.probability else scores
        said = page.get_by_test_id(f"{row}-row").locator(".number").all_inner_texts()
        for text, value in zip(said, scores, strict=True):
            assert float(text.replace("−", "-")) == pytest.approx(value, rel=0.06, abs=0.006)
    page.get_by_label("nothing").check()
    plain = {row: pictures(page, row) for row in ("real", "forged")}
    for row, painted in plain.items():
        expected = (found.probe[row][:, 0] + 1) * 127.5
        np.testing.assert_allclose(np.stack(painted)[..., 0], expected, atol=1.5)
    page.get_by_label("more real").check()
    # The gradient that autograd gives with the networks as they are after the move.
    y = torch.from_numpy(found.probe["y"]).long()
    discriminator = twin.discriminator.eval()
    for row in ("real", "forged"):
        images = torch.from_numpy(found.probe[row]).requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(images, y).sum(), images)
        toward = sign * gradient[:, 0].numpy()
        both = np.abs(np.stack([found.probe[f"{name}_gradients"] for name in ("real", "forged")]))
        clear = np.abs(toward) > 0.4 * np.percentile(both, 99.5)
        painted = np.stack(pictures(page, row)).astype(int)
        redder = painted[..., 0] - painted[..., 2] > 0
        assert np.array_equal(redder[clear], toward[clear] > 0)
    twin.discriminator.train()


@pytest.mark.parametrize("kind", list(KINDS))
def test_page_says_what_the_trainer_did(
    page: Page, server: Server, digits: DataSet, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """D's move and then G's, from a copy of a run that has ended, which stays as it is."""
    origin = ended(server, monkeypatch, kind=kind)
    checkpoint = (origin / store.CHECKPOINT).read_bytes()
    twin = twin_of(origin, digits)
    folder = step_a_copy(page, origin)
    for player, button in ((D, "step-d"), (G, "step-g")):
        still, seen = weights(twin.players[OTHER[player]]), {}
        while player not in seen or (player == G and not twin.between_steps):
            before = weights(twin.players[OTHER[twin.next_player]])
            mover = twin.next_player
            seen = {one.player: one for one in twin.move(inspect=True)}
            assert_equal(weights(twin.players[OTHER[mover]]), before)
        press(page, button)
        assert_shown(page, folder, seen[player], twin)
        if player == D:
            assert_equal(weights(twin.players[G]), still)
        frozen, moved = (page.get_by_test_id(f"layers-{name}") for name in (OTHER[player], player))
        expect(frozen.locator(".lock")).to_contain_text("frozen")
        expect(moved.locator(".lock")).to_be_empty()
        assert set(frozen.locator(".value").all_inner_texts()) <= {"0"}
        assert moved.locator(".value").count() > 1
        letters = {D: "D", G: "G"}
        told = page.get_by_test_id("told").inner_text()
        assert f"{letters[OTHER[player]]}. " in told
        assert f"{letters[player]}'s weights, and only those" in told
    for reading in rules(runs.read(origin).config).readings_shown:
        expect(page.get_by_text(reading.label)).to_be_visible()
    assert (origin / store.CHECKPOINT).read_bytes() == checkpoint
    assert not runs.read(origin).living


def test_slow_motion_goes_through_the_stages_and_can_be_stopped(
    page: Page, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = ended(server, monkeypatch)
    step_a_copy(page, origin)
    where = page.get_by_test_id("loss-before").bounding_box()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("stage")).to_have_text("forge G(z)")
    assert page.get_by_test_id("loss-after").inner_text() == "–"
    assert not page.get_by_test_id("told").get_by_text("weights, and only those").is_visible()
    page.keyboard.press("Space")
    stopped = page.locator(".stages").evaluate("node => node.innerHTML")
    page.wait_for_timeout(400)
    assert page.locator(".stages").evaluate("node => node.innerHTML") == stopped
    assert page.get_by_test_id("loss-before").bounding_box() == where
    for stage in ("show both", "D scores", "loss"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_test_id("stage")).to_have_text(stage)
    assert page.get_by_test_id("loss-before").inner_text() != "–"
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("stage")).to_have_text("D scores")
    assert page.get_by_test_id("loss-before").bounding_box() == where


def test_what_one_steps_in_a_paused_run_stays_in_it(
    page: Page, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And resumed, it goes on from there. A step command once it has ended gets a sentence."""
    monkeypatch.setenv("GAN_RUNS_DIR", str(server.runs))
    page.goto("/steps?run=new:cgan")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_test_id("step-ten")).to_be_enabled(timeout=90_000)
    folder = server.runs / page.url.split("run=")[1]
    press(page, "step-ten")
    images = runs.read(folder).status.progress.images
    assert images == 10 * runs.read(folder).config.data.batch_size
    page.goto(f"/train?run={folder.name}")
    expect(page.get_by_role("link", name="Step by step").last).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.get_by_text("Stopped:")).to_be_visible()
    assert runs.read(folder).status.progress.images > images
    page.goto(f"/steps?run={folder.name}")
    expect(page.get_by_text(re.compile("This run is stopped"))).to_be_visible()


@pytest.mark.parametrize(
    ("button", "said"), [("Train D alone", "moves alone"), ("Let both move at once", "steps each")]
)
def test_experiments_leave_the_run_where_it_is(
    page: Page, server: Server, monkeypatch: pytest.MonkeyPatch, button: str, said: str
) -> None:
    folder = step_a_copy(page, ended(server, monkeypatch))
    before = runs.read(folder).status.progress
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(re.compile(said))).to_be_visible()
    assert runs.read(folder).status.progress == before
