"""The explorer under real fingers, in the page and as a file of its own. Pictures are compared with PyTorch's for
the latent and the digits that the address holds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from gan import runs
from gan.export.standalone import standalone_page
from gan.latents import codec, sampling
from gan.models import snapshots
from gan.models.model import Model, load_model
from gan.models.sampling import sample
from gan.paths import PRETRAINED
from tests.browser.test_app import start
from tests.helpers import small, train, until
from tests.servers import Server

SHIPPED = load_model(PRETRAINED)
INFINITE = codec.encode(torch.full((SHIPPED.latents.size,), torch.inf))
GREYS = """async canvas => {
  await new Promise(requestAnimationFrame); // what was just asked for is painted with the next frame
  return Array.from(canvas.getContext("2d").getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0);
}"""


@pytest.fixture(scope="module")
def model() -> Model:
    return SHIPPED


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    path = tmp_path_factory.mktemp("standalone") / "gan.html"
    path.write_text(standalone_page(model, "pretrained", "A <forger> of digits"))
    return path


@pytest.fixture
def alone(browser: Browser, file: Path) -> Iterator[Page]:
    """The standalone file, opened from the disk by a browser that is offline."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.get_by_test_id("digit-canvas").wait_for()
    yield page
    context.close()


def picture(page: Page) -> list[int]:
    """The grey values of the big picture, 784 of them."""
    greys: list[int] = page.get_by_test_id("digit-canvas").evaluate(GREYS)
    return greys


def query(page: Page) -> dict[str, str]:
    """What the address holds, in the page or in the standalone file."""
    parts = urlsplit(page.evaluate("location.href"))  # page.url lags behind history.replaceState
    return {name: values[0] for name, values in parse_qs(parts.fragment or parts.query).items()}


def remembered(page: Page, do: Callable[[], None]) -> dict[str, str]:
    """Does something to the model that ships, and waits until the address has followed, as it does when the hand
    rests: what it holds is what is shown."""
    before = query(page)
    do()
    until(lambda: query(page) != before and np.abs(picture(page) - by_pytorch(SHIPPED, query(page))).max() <= 2)
    return query(page)


def at_rest(page: Page) -> None:
    """Lets the time pass after which a hand rests, all at once: whatever waits for it is done."""
    page.clock.install()
    page.clock.run_for(1000)


def by_pytorch(model: Model, held: dict[str, str]) -> np.ndarray:
    y = codec.decode(held["mix"]) if "mix" in held else torch.tensor([int(held["digit"])])
    return sample(model, codec.decode(held["z"]), y)[0].numpy().ravel().astype(int)


def shows_what_pytorch_makes(page: Page, model: Model, held: dict[str, str]) -> None:
    assert np.abs(np.array(picture(page)) - by_pytorch(model, held)).max() <= 2


def drag(page: Page, name: str, to: float, steps: int = 12) -> None:
    """Drags the thumb of a slider, or the point of a pad, in many small steps."""
    page.get_by_test_id(name).scroll_into_view_if_needed()
    box = page.get_by_test_id(name).bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * to, y, steps=steps)
    page.mouse.up()


def test_explore_page_shows_what_pytorch_makes_and_its_link_opens_the_same(
    page: Page, server: Server, browser: Browser, model: Model
) -> None:
    page.goto("/explore")
    page.get_by_test_id("digit-canvas").wait_for()
    first = picture(page)
    page.get_by_test_id("digit-button-8").click()
    held = remembered(page, page.get_by_role("button", name="Random", exact=True).click)
    assert held["digit"] == "8"
    assert picture(page) != first
    shows_what_pytorch_makes(page, model, held)
    other = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    other.goto(page.evaluate("location.href"), timeout=60_000)
    other.get_by_test_id("digit-canvas").wait_for(timeout=60_000)
    until(lambda: picture(other) == picture(page))
    other.context.close()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_explore_of_an_unconditional_run_says_why_there_are_no_digits(page: Page, server: Server) -> None:
    folder = runs.create(small("vanilla"), server.runs / "20260101-000000-vanilla-0000")
    train(folder)
    page.goto(f"/explore?model={folder.name}")
    page.get_by_test_id("digit-canvas").wait_for()
    expect(page.get_by_text("never told which digit is which")).to_be_visible()
    expect(page.get_by_test_id("digit-button-0")).to_have_count(0)
    # Its centre is a blur of all digits, so it opens elsewhere.
    assert codec.decode(query(page)["z"]).norm() > 1
    before = picture(page)
    page.get_by_role("button", name="Reset", exact=True).click()
    until(lambda: picture(page) != before)


def test_page_draws_what_the_slider_says_while_it_is_dragged(alone: Page, model: Model) -> None:
    """More than one picture on the way, and at the end the latent of that length along that direction."""
    canvas = alone.get_by_test_id("digit-canvas")
    canvas.evaluate(
        """canvas => {
          const context = canvas.getContext("2d"), paint = context.putImageData.bind(context);
          window.painted = new Set();
          context.putImageData = (image, ...at) => { window.painted.add(image.data.join()); paint(image, ...at); };
        }"""
    )
    held = remembered(alone, lambda: drag(alone, "latent-slider-0", to=0.8))
    assert alone.evaluate("window.painted.size") > 3
    value = float(alone.get_by_test_id("latent-slider-0").input_value())
    assert 1.4 < value < 2.2  # 0.8 of the way from -3 to 3 is 1.8, the thumb's width aside
    assert codec.decode(held["z"]).norm().item() == pytest.approx(value, abs=0.01)
    shows_what_pytorch_makes(alone, model, held)


def test_arrow_keys_move_a_slider_and_reset_brings_it_back(alone: Page) -> None:
    first = picture(alone)
    slider = alone.get_by_test_id("latent-slider-2")
    slider.focus()
    for _ in range(40):
        alone.keyboard.press("ArrowRight")
    until(lambda: picture(alone) != first)
    assert float(slider.input_value()) == pytest.approx(0.4, abs=0.005)
    alone.get_by_role("button", name="Reset", exact=True).click()
    until(lambda: picture(alone) == first)
    assert float(slider.input_value()) == 0


def test_half_a_three_and_half_an_eight(alone: Page, model: Model) -> None:
    """However many steps the hand takes."""
    alone.get_by_text("Mix digits").click()
    held = remembered(alone, lambda: drag(alone, "mix-slider-8", to=1.1))
    assert codec.decode(held["mix"])[0].tolist() == pytest.approx([0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0], abs=1e-3)
    shows_what_pytorch_makes(alone, model, held)
    held = remembered(alone, alone.get_by_test_id("digit-button-5").click)
    assert held["digit"] == "5"
    assert "mix" not in held


def test_all_ten_digits_of_the_latent_are_in_the_row(alone: Page, model: Model) -> None:
    held = remembered(alone, alone.get_by_role("button", name="Random", exact=True).click)
    row = alone.get_by_test_id("ten-digits")
    z = codec.decode(held["z"])
    for digit in range(10):
        left = digit * 29
        greys = row.evaluate(GREYS.replace("0, 0, 28, 28", f"{left}, 0, 28, 28"))
        expected = sample(model, z, torch.tensor([digit]))[0].numpy().ravel().astype(int)
        assert np.abs(np.array(greys) - expected).max() <= 2


def test_pad_moves_both_of_its_directions(alone: Page, model: Model) -> None:
    held = remembered(alone, lambda: drag(alone, "latent-pad", to=0.9))
    first, second = (float(alone.get_by_test_id(f"latent-slider-{number}").input_value()) for number in (0, 1))
    assert first > 2
    assert second == pytest.approx(0, abs=0.1)
    shows_what_pytorch_makes(alone, model, held)


def test_plane_of_pins_has_them_at_its_corners(alone: Page, model: Model) -> None:
    corners = []
    for _ in range(3):
        held = remembered(alone, alone.get_by_role("button", name="Random", exact=True).click)
        corners.append(held["z"])
        alone.get_by_role("button", name="Pin this latent").click()
    alone.get_by_role("button", name="Plane of the pins").click()
    pad = alone.get_by_test_id("latent-pad")
    box = pad.bounding_box()
    assert box
    for (x, y), corner in zip(
        [(2, box["height"] - 2), (box["width"] - 2, box["height"] - 2), (2, 2)], corners, strict=True
    ):
        pad.click(position={"x": x, "y": y})
        z = codec.decode(corner)
        until(lambda z=z: torch.allclose(codec.decode(query(alone)["z"]), z, atol=0.01))  # type: ignore[misc]


def test_locked_coordinate_stays_and_search_finds(alone: Page, model: Model) -> None:
    alone.get_by_text(f"All {model.latents.size} coordinates").click()
    alone.get_by_role("searchbox").fill("3-4")
    expect(alone.get_by_test_id("coordinate-slider-3")).to_be_visible()
    expect(alone.get_by_test_id("coordinate-slider-5")).to_be_hidden()
    remembered(alone, lambda: alone.get_by_test_id("coordinate-slider-3").fill("1.5"))
    alone.get_by_role("button", name="Lock coordinate 3", exact=True).click()
    held = remembered(alone, alone.get_by_role("button", name="Random", exact=True).click)
    z = codec.decode(held["z"])[0]
    assert z[3].item() == 1.5
    assert z[4].item() != 0
    held = remembered(alone, alone.get_by_role("button", name="Draw coordinate 4", exact=True).click)
    later = codec.decode(held["z"])[0]
    assert later[4] != z[4]
    assert torch.equal(torch.cat((later[:4], later[5:])), torch.cat((z[:4], z[5:])))


def test_direction_keeps_the_name_that_it_was_given(alone: Page) -> None:
    alone.get_by_label("Name of direction 3").fill("my own")
    alone.get_by_label("Name of direction 3").blur()
    alone.reload()
    expect(alone.get_by_label("Name of direction 3")).to_have_value("my own")


def test_every_basis_can_be_chosen(alone: Page) -> None:
    remembered(alone, alone.get_by_role("button", name="Random", exact=True).click)
    before = picture(alone)
    for number, told in enumerate(("Constantine 2015", "Härkönen et al. 2020", "Shen and Zhou 2021")):
        held = query(alone)
        alone.get_by_label("Which directions").select_option(index=number)
        expect(alone.locator(".directions")).to_contain_text(told)
        at_rest(alone)
        assert picture(alone) == before  # another way of looking moves nothing
        assert query(alone) == held
        remembered(alone, lambda: alone.get_by_test_id("latent-slider-0").fill("2.5"))
        assert picture(alone) != before
        before = picture(alone)


def test_pad_follows_the_finger_where_directions_are_not_at_right_angles(alone: Page) -> None:
    """Components of activations are not; the point has to be where the finger is all the same."""
    alone.get_by_label("Which directions").select_option(index=1)
    alone.get_by_role("button", name="Random", exact=True).click()
    pad = alone.get_by_test_id("latent-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    for x, y in ((0.3, 0.6), (0.7, 0.2)):
        alone.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        alone.mouse.down()
        alone.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=9)
        alone.mouse.up()
        # Seven thumbnails: the plane's ±3 run from 1/14 to 13/14 of the pad.
        expected = [((share - 1 / 14) / (12 / 14) * 2 - 1) * 3 for share in (x, 1 - y)]
        sliders = [alone.get_by_test_id(f"latent-slider-{number}") for number in (0, 1)]
        picture(alone)  # is that of the next frame
        assert [float(slider.input_value()) for slider in sliders] == pytest.approx(expected, abs=0.05)


def test_link_with_other_weights_says_so_until_something_moves(alone: Page, file: Path, model: Model) -> None:
    z = codec.encode(sampling.sample(1, model.latents, seed=1)[0])
    alone.goto("about:blank")
    alone.goto(f"{file.as_uri()}#z={z}&digit=4&weights=0123456789abcdef")
    notice = alone.get_by_text("has learned since the link was made")
    expect(notice).to_be_visible()
    alone.get_by_test_id("digit-button-5").click()
    expect(notice).to_be_hidden()


def test_what_moves_nothing_leaves_the_notice_and_the_address(alone: Page, file: Path, model: Model) -> None:
    """Pins and other sliders are no move; a link that is pasted over the old one is taken."""
    z = codec.encode(sampling.sample(1, model.latents, seed=1)[0])
    link = f"{file.as_uri()}#z={z}&digit=4&weights=0123456789abcdef"
    alone.evaluate("link => { location.href = link; }", link)
    notice = alone.get_by_text("has learned since the link was made")
    expect(notice).to_be_visible()
    shows_what_pytorch_makes(alone, model, {"z": z, "digit": "4"})
    alone.get_by_role("button", name="Pin this latent").click()
    alone.get_by_role("combobox", name="Which directions").select_option(index=1)
    at_rest(alone)
    expect(notice).to_be_visible()
    assert alone.url == link


def test_explore_follows_a_run_and_keeps_what_is_in_hand(page: Page, server: Server) -> None:
    """The picture under one's finger changes while the latent stays; the page is not built anew."""
    folder = server.runs / start(page)
    until(lambda: bool(snapshots.snapshot_paths(folder)))
    page.goto(f"/explore?model={folder.name}")
    canvas = page.get_by_test_id("digit-canvas")
    canvas.wait_for()
    opened_at = query(page)["z"]
    page.get_by_role("button", name="Random", exact=True).click()
    until(lambda: query(page)["z"] != opened_at)
    held = query(page)
    canvas.evaluate("canvas => { canvas.dataset.mark = 'the same'; }")
    before = picture(page)
    until(lambda: picture(page) != before)
    assert canvas.get_attribute("data-mark") == "the same"
    until(lambda: query(page)["weights"] != held["weights"])
    assert query(page)["z"] == held["z"]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    # The run goes on, but a link is one to what one saw.
    seen, link = page.get_by_role("button", name="Copy link").evaluate(
        """button => new Promise((resolve) => {
          button.click();
          const context = button.getRootNode().querySelector(".picture").getContext("2d");
          const seen = [...context.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
          setTimeout(async () => resolve([seen, await navigator.clipboard.readText()]), 300);
        })"""
    )
    assert f"model={folder.name}%3A" in link
    page.goto(link)
    page.get_by_test_id("digit-canvas").wait_for()
    newest = snapshots.newest_snapshot(folder)
    until(lambda: snapshots.newest_snapshot(folder) != newest)
    assert picture(page) == seen
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_another_model_begins_anew(page: Page, server: Server) -> None:
    """The address of one model's latent does not follow one to another model."""
    folder = runs.create(small(), server.runs / "20260101-000000-cgan-0000")
    train(folder)
    page.goto("/explore")
    page.get_by_test_id("digit-canvas").wait_for()
    remembered(page, page.get_by_role("button", name="Random", exact=True).click)
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option").nth(1).click()
    expect(page.get_by_text("All 8 coordinates")).to_be_visible()
    held = query(page)
    assert held["model"] == folder.name
    assert codec.decode(held["z"]).tolist() == [[0.0] * 8]
    expect(page.get_by_text("has learned since")).to_be_hidden()


def test_standalone_file_asks_nobody_for_anything(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.get_by_test_id("digit-canvas").wait_for()
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []
    expect(page.get_by_role("heading", name="A <forger> of digits")).to_be_visible()
    page.close()


def test_generator_is_taken_home(page: Page, server: Server, browser: Browser, tmp_path: Path) -> None:
    page.goto("/explore")
    page.get_by_test_id("digit-canvas").wait_for()
    held = remembered(page, page.get_by_role("button", name="Random", exact=True).click)
    with page.expect_download() as download:
        page.get_by_role("button", name="Take this generator home").click()
    assert download.value.suggested_filename == "gan.html"
    download.value.save_as(tmp_path / "gan.html")
    home = browser.new_context(offline=True).new_page()
    home.goto(f"{(tmp_path / 'gan.html').as_uri()}#{page.evaluate('location.search.slice(1)')}")
    home.get_by_test_id("digit-canvas").wait_for()
    until(lambda: picture(home) == picture(page))
    assert held["z"] in home.url
    home.context.close()


def test_file_that_was_taken_home_offers_no_python(alone: Page) -> None:
    """Neither the checkout nor the model's file is there."""
    expect(alone.get_by_role("button", name="Copy link")).to_be_visible()
    expect(alone.get_by_role("button", name="Copy as Python")).to_have_count(0)


def test_buttons_say_what_is_in_the_mix(alone: Page) -> None:
    alone.get_by_text("Mix digits").click()
    drag(alone, "mix-slider-8", to=1.1)
    for digit in range(10):
        button = alone.get_by_test_id(f"digit-button-{digit}")
        expect(button).to_have_attribute("aria-pressed", "mixed" if digit in (3, 8) else "false")
        expect(button).to_have_text(f"{digit}50 %" if digit in (3, 8) else str(digit))
    alone.get_by_test_id("digit-button-5").click()
    expect(alone.get_by_test_id("digit-button-5")).to_have_attribute("aria-pressed", "true")
    expect(alone.get_by_test_id("digit-button-8")).to_have_attribute("aria-pressed", "false")


def test_name_of_a_direction_is_written_by_keyboard_alone(alone: Page) -> None:
    name = alone.get_by_label("Name of direction 3")
    first = name.input_value()
    alone.get_by_test_id("latent-slider-1").focus()
    alone.keyboard.press("Tab")
    expect(name).to_be_focused()
    alone.keyboard.type("loops")
    alone.keyboard.press("Escape")
    expect(name).to_have_value(first)
    name.focus()
    alone.keyboard.type("loops")
    alone.keyboard.press("Enter")
    expect(name).not_to_be_focused()
    expect(alone.get_by_label("loops", exact=True)).to_have_attribute("data-testid", "latent-slider-2")
    name.fill(" ")
    name.blur()
    expect(name).to_have_value(first)


@pytest.mark.parametrize("word", ["latent", "What is a direction?", "D"])
def test_word_says_what_it_means(alone: Page, word: str) -> None:
    term = alone.locator(".term").filter(has_text=word).first
    meaning = term.locator(".term-meaning")
    expect(meaning).to_be_hidden()
    term.hover()
    expect(meaning).to_be_visible()
    alone.mouse.move(0, 0)
    expect(meaning).to_be_hidden()
    term.focus()
    expect(meaning).to_be_visible()
    box = meaning.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert box["width"] > 100


@pytest.mark.parametrize("nonsense", ["z=AAAA", "z=!!", "digit=77", "mix=AAAA&digit=x", f"z={INFINITE}"])
def test_link_that_holds_nonsense_opens_all_the_same(alone: Page, file: Path, nonsense: str) -> None:
    first = picture(alone)
    alone.goto("about:blank")
    alone.goto(f"{file.as_uri()}#{nonsense}")
    alone.get_by_test_id("digit-canvas").wait_for()
    until(lambda: picture(alone) == first)
