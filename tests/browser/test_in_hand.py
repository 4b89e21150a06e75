"""What one has in hand in Explore: it outlives Back and Forward, other pages and models, and what happens to a run that
is followed. The run is this test's own: its files change when the test changes them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect

from gan import runs
from gan.export.program import compile_model, wire
from gan.latents import codec
from gan.models import snapshots
from gan.models.model import load_model
from gan.runs import store
from gan.training.messages import Progress, Status
from tests.browser.test_explore import picture, query
from tests.helpers import small, train, until
from tests.servers import PROJECT, Server


@pytest.fixture
def run(server: Server) -> Path:
    """A conditional run that has trained for a moment."""
    folder = runs.create(small(), server.runs / "20260101-000000-cgan-0000")
    train(folder)
    return folder


@contextmanager
def living(folder: Path) -> Iterator[store.Writer]:
    """Has a run look as if it trained. What is written is what the pages are told of it."""
    writer = store.Writer(folder)
    with runs.lock(folder):
        writer(Status("running", progress=Progress(images=320)))
        yield writer
        writer(Status("finished", progress=Progress(images=1600)))
    writer.close()


def replaced(folder: Path, images: int, content: bytes) -> None:
    """Puts a snapshot into a run, in one stroke."""
    newest = snapshots.newest_snapshot(folder)
    assert newest
    part = newest.with_name(".part")
    part.write_bytes(content)
    part.replace(newest.with_name(f"{images:08}.safetensors"))


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_test_id("digit-canvas").wait_for()


def random(page: Page) -> dict[str, str]:
    """Takes another latent, and waits until the address holds it. What stands there now is returned."""
    before = query(page)["z"]
    page.get_by_role("button", name="Random", exact=True).click()
    until(lambda: query(page)["z"] != before)
    return query(page)


def shows(page: Page, greys: list[int]) -> None:
    page.get_by_test_id("digit-canvas").wait_for()
    until(lambda: picture(page) == greys)


def link(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def from_menu(page: Page, group: str, name: str) -> None:
    page.get_by_test_id("stTopNavSection").filter(has_text=group).click()
    page.get_by_test_id("stTopNavDropdownLink").filter(has_text=name).click()


def test_back_and_forward_bring_back_the_picture_of_each_model(page: Page, run: Path) -> None:
    opened(page, "/explore")
    random(page)
    shipped = picture(page)
    from_menu(page, "Train", "Runs")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.go_back()
    shows(page, shipped)
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option").nth(1).click()
    expect(page.get_by_text("All 8 coordinates")).to_be_visible()
    random(page)
    own = picture(page)
    page.go_back()
    shows(page, shipped)
    assert query(page)["model"] == "pretrained"
    page.go_forward()
    shows(page, own)
    assert query(page)["model"] == run.name


def test_way_to_a_model_that_one_has_been_at_leads_to_the_picture_in_hand(page: Page, run: Path) -> None:
    page.goto(f"/train?run={run.name}")
    link(page, "Explore this one")
    page.get_by_test_id("digit-canvas").wait_for()
    page.get_by_test_id("digit-button-7").click()
    random(page)
    seen = picture(page)
    page.go_back()
    link(page, "Explore this one")
    shows(page, seen)
    assert query(page)["digit"] == "7"


def test_move_is_not_lost_by_leaving_at_once(page: Page, server: Server) -> None:
    """The address follows when the hand rests, or when something else is pressed."""
    opened(page, "/explore")
    page.get_by_role("button", name="Random", exact=True).click()
    from_menu(page, "Train", "Runs")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.go_back()
    page.get_by_test_id("digit-canvas").wait_for()
    assert codec.decode(query(page)["z"]).norm() > 1


def test_run_of_any_name_is_explored_walked_and_drawn_for(page: Page, run: Path) -> None:
    name = "a__b %41 'q' \"d\" #x ?y=1&z+ 数:best <b>"
    run.rename(run.with_name(name))
    opened(page, f"/explore?model={quote(name)}")
    random(page)
    assert query(page)["model"] == name
    from_menu(page, "Play", "Interpolate")
    expect(page.get_by_test_id("path-canvas-slerp")).to_be_visible()
    assert query(page)["model"] == name
    from_menu(page, "Play", "Draw")
    expect(page.get_by_test_id("paper")).to_be_visible()
    assert query(page)["model"] == name
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_followed_run_is_told_of_and_sends_weights_only_when_they_change(page: Page, run: Path) -> None:
    """The widget is one and the same all along, and so is the latent; a damaged snapshot costs a sentence."""
    other = runs.create(small(seed=1), run.with_name("other"))
    train(other)
    first, second = snapshots.newest_snapshot(run), snapshots.newest_snapshot(other)
    assert first
    assert second
    frames: list[int] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(len(frame)))

    page.on("websocket", listen)
    with living(run) as told:
        opened(page, f"/explore?model={run.name}")
        held = random(page)
        before = picture(page)
        page.get_by_test_id("digit-canvas").evaluate("canvas => { canvas.dataset.mark = 'the same'; }")
        whole = max(frames)  # with the weights
        frames.clear()
        for images in (640, 960, 1280):
            told(Status("running", progress=Progress(images=images)))
            expect(page.get_by_text(f"{images:,} images")).to_be_visible()
        assert max(frames) < whole - len(wire(compile_model(load_model(first))))
        assert picture(page) == before
        replaced(run, 1280, second.read_bytes())
        until(lambda: picture(page) != before)
        after = picture(page)
        replaced(run, 1600, b"damaged")
        expect(page.get_by_text("not a whole safetensors file")).to_be_visible()
        assert picture(page) == after
        replaced(run, 1632, first.read_bytes())
        until(lambda: picture(page) == before)
    # The list of models follows as well, once the run has ended.
    page.get_by_role("combobox", name="Model").click()
    expect(page.get_by_role("option", name="1,600 images · finished")).to_be_visible()
    assert page.get_by_test_id("digit-canvas").get_attribute("data-mark") == "the same"
    assert query(page)["z"] == held["z"]
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_run_that_is_deleted_while_one_follows_leaves_the_picture(page: Page, run: Path) -> None:
    with living(run):
        opened(page, f"/explore?model={run.name}")
        random(page)
        seen = picture(page)
        run.rename(run.parents[1] / "gone")
        expect(page.get_by_text("This run was deleted meanwhile.")).to_be_visible()
        assert picture(page) == seen
        random(page)
        assert picture(page) != seen
        (run.parents[1] / "gone").rename(run)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_address_that_holds_nonsense_gives_one_sentence_each(page: Page, server: Server) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    opened(page, "/explore?model=%FF%FE%3Cb%3E&z=%00%FF&mix=%3Cscript%3E&weights=%FF")
    expect(page.get_by_text("There is no model")).to_be_visible()
    expect(page.get_by_text("does not fit this model")).to_be_visible()
    opened(page, f"/explore?z={'A' * 30_000}")
    expect(page.get_by_text("does not fit this model")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert errors == []


def test_copied_python_draws_the_picture_in_the_checkout_and_says_so_elsewhere(
    page: Page, server: Server, tmp_path: Path
) -> None:
    from PIL import Image

    opened(page, "/explore")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    random(page)
    page.get_by_role("button", name="Copy as Python").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    assert code.startswith("# Draws this picture")
    (tmp_path / "copied.py").write_text(code)
    run = [sys.executable, str(tmp_path / "copied.py")]
    elsewhere = subprocess.run(run, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True)
    assert elsewhere.returncode == 1
    assert elsewhere.stderr.startswith("Run this in the folder of Counterfeit")
    assert elsewhere.stderr.count("\n") == 1
    in_checkout = os.environ | {"PYTHONPATH": str(PROJECT)}
    subprocess.run(run, cwd=tmp_path, env=in_checkout, check=True)
    with Image.open(tmp_path / "forged.png") as image:
        drawn = np.asarray(image)[::20, ::20].ravel().astype(int)
    assert np.abs(drawn - np.array(picture(page))).max() <= 2


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_picture_sliders_and_ten_digits_are_on_the_screen(page: Page, server: Server, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    opened(page, "/explore")
    for name in ("digit-canvas", "digit-button-9", "latent-slider-7", "ten-digits"):
        box = page.get_by_test_id(name).bounding_box()
        assert box
        assert box["y"] + box["height"] <= height, name
