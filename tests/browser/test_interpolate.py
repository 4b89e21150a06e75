"""Ways between pinned latents, and the files that are made of them, in a real browser."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gan.latents import codec, paths, sampling
from tests.helpers import until
from tests.servers import Server, library

T = [0.0, 0.1, 0.5, 0.75, 1.0]


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    with library(browser) as page:
        yield page


def way(page: Page, name: str, pins: torch.Tensor, t: list[float]) -> torch.Tensor:
    code = "([name, pins, t]) => t.map((at) => Array.from(PATHS[name].at(pins.map((z) => Float32Array.from(z)), at)))"
    return torch.tensor(page.evaluate(code, [name, pins.tolist(), t]))


@pytest.mark.parametrize("name", ["lerp", "slerp"])
@pytest.mark.parametrize("scale", [1.0, 0.0, 2.0, -1.0, -3.0])
def test_way_between_two_is_that_of_python(blank: Page, name: str, scale: float) -> None:
    """Between latents in general position (scale 0), parallel ones and opposite ones."""
    start, other = sampling.sample(2, 6, seed=1)
    end = scale * start if scale else other
    expected = getattr(paths, name)(start, end, torch.tensor(T))
    assert torch.allclose(way(blank, name, torch.stack((start, end)), T), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["lerp", "slerp", "spline"])
def test_way_through_several_passes_each(blank: Page, name: str) -> None:
    pins = sampling.sample(4, 6, seed=2)
    assert torch.allclose(way(blank, name, pins, [0, 1 / 3, 2 / 3, 1]), pins, atol=1e-5)


def test_way_on_a_line_goes_through_the_centre(blank: Page) -> None:
    assert way(blank, "slerp", torch.tensor([[1.0], [-2.0]]), [0, 0.5, 1]).flatten().tolist() == [1, -0.5, -2]


def test_circle_by_hand(blank: Page) -> None:
    """From (1, 0) by (0, 1): a quarter of the way is (0, 1), half (-1, 0), three quarters (0, -1), and back."""
    found = way(blank, "circle", torch.tensor([[1.0, 0.0], [0.0, 1.0]]), [0, 0.25, 0.5, 0.75, 1])
    assert torch.allclose(found, torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1], [1, 0]]), atol=1e-6)


def test_spline_by_hand(blank: Page) -> None:
    """Through 0, 1, 3 on a line: the tangent at 1 is (3 - 0) / 2 = 1.5, at the start 1, since it goes on straight.
    Half way of the first leg: 1/2 + (1 - 1.5) / 8 = 0.4375."""
    found = way(blank, "spline", torch.tensor([[0.0], [1.0], [3.0]]), [0.25])
    assert found.item() == pytest.approx(0.4375, abs=1e-6)


def test_spline_through_points_of_a_line_that_are_evenly_spaced_is_the_line(blank: Page) -> None:
    pins = torch.tensor([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])
    t = np.linspace(0, 1, 9).tolist()
    assert torch.allclose(way(blank, "spline", pins, t), way(blank, "lerp", pins, t), atol=1e-6)


def _file(page: Page, code: str) -> bytes:
    return bytes(page.evaluate(f"async () => Array.from(await (async () => {{ {code} }})())"))


# Numbers that JavaScript and numpy both make without rounding.
_PICTURES = ((np.arange(5 * 1600) ** 2 // 7) % 251).astype(np.uint8).reshape(5, 40, 40)
_NUMBERS = """const frames = Array.from({ length: 5 }, (_, f) =>
  Uint8Array.from({ length: 1600 }, (_, i) => Math.floor((f * 1600 + i) ** 2 / 7) % 251));"""


@pytest.mark.parametrize(("kind", "wait"), [("gif", 50), ("apng", 50)])
def test_moving_picture_opens_in_pillow_as_it_was(blank: Page, kind: str, wait: int) -> None:
    content = _file(blank, f"{_NUMBERS} return {kind}(frames, 40, 0.05);")
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == 5
        for number in range(5):
            image.seek(number)
            assert image.info["duration"] == wait
            assert np.array_equal(np.asarray(image.convert("L")), _PICTURES[number])


def test_arrays_open_in_numpy_as_they_were(blank: Page) -> None:
    code = f"""{_NUMBERS}
      const z = Float32Array.from({{ length: 10 }}, (_, i) => i / 4);
      const images = Uint8Array.from(frames.flatMap((frame) => [...frame]));
      return npz({{ images: npy(images, [5, 40, 40], "|u1"), latents: npy(z, [5, 2], "<f4") }});"""
    with np.load(io.BytesIO(_file(blank, code))) as arrays:
        assert np.array_equal(arrays["images"], _PICTURES)
        assert np.array_equal(arrays["latents"], np.arange(10, dtype=np.float32).reshape(5, 2) / 4)
        assert arrays["latents"].dtype == np.float32


def test_pins_of_explore_are_walked_in_interpolate_and_saved(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto("/explore")
    page.get_by_test_id("digit-canvas").wait_for()
    for digit in (3, 8):
        page.get_by_test_id(f"digit-button-{digit}").click()
        page.get_by_role("button", name="Random", exact=True).click()
        page.get_by_role("button", name="Pin this latent").click()
    page.goto("/interpolate")
    expect(page.get_by_test_id("pin-1")).to_be_visible()
    expect(page.get_by_test_id("pin-2")).to_have_count(0)
    moving = page.get_by_test_id("path-canvas-slerp")
    seen = moving.evaluate("canvas => canvas.toDataURL()")
    until(lambda: moving.evaluate("canvas => canvas.toDataURL()") != seen)
    for button, name, frames in (("GIF", "slerp.gif", 94), ("APNG", "slerp.apng", 94)):
        with page.expect_download() as download:
            page.get_by_role("button", name=button, exact=True).click()
        assert download.value.suggested_filename == name
        with Image.open(download.value.path()) as image:
            assert image.n_frames == frames
            assert image.size == (224, 224)
    with page.expect_download() as download:
        page.get_by_role("button", name="NPZ").click()
    with np.load(download.value.path()) as arrays:
        assert arrays["images"].shape == (94, 28, 28)
        assert len(arrays["latents"]) == 94
    page.get_by_role("button", name="Pin a random latent").click()
    expect(page.get_by_test_id("analogy")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def pins_of(page: Page, text: str, dimensions: int = 6) -> list[tuple[list[float], list[float]]] | None:
    code = """([text, dimensions]) => {
      const found = pinsOfText(text, new LatentSpec([{ kind: "normal", size: dimensions }]), 10);
      return found && found.pins.map(({ z, mix }) => [Array.from(z), Array.from(mix)]);
    }"""
    found: list[tuple[list[float], list[float]]] | None = page.evaluate(code, [text, dimensions])
    return found


def test_seeds_are_normal_and_independent_of_their_neighbours(blank: Page) -> None:
    """Of 20,000 numbers the mean is 0 and the deviation 1 to within five standard errors; so is what neighbouring
    seeds have in common. Each digit is asked for."""
    code = """() => {
      const latents = new LatentSpec([{ kind: "normal", size: 6 }]);
      return Array.from({ length: 2000 }, (_, seed) => pinOfSeed(seed, latents, 10))
        .map(({ z, mix }) => [Array.from(z), Array.from(mix)]);
    }"""
    found = blank.evaluate(code)
    z = np.array([z for z, _ in found])
    digits = {int(np.argmax(mix)) for _, mix in found}
    assert digits == set(range(10))
    z = z[:, :5]
    for common in (z.mean(), (z**2).mean() - 1, (z[1:] * z[:-1]).mean(), (z[:, 1:] * z[:, :-1]).mean()):
        assert abs(common) < 5 * 2**0.5 / z.size**0.5
    assert pins_of(blank, " 7 ") == pins_of(blank, "7") == [found[7]]


def test_links_hold_several_pins(blank: Page) -> None:
    """One of a single digit, one of a mix."""
    code = """pins => pinsToText(pins.map(([z, mix]) => ({ z: Float32Array.from(z), mix: Float32Array.from(mix) })))"""
    mix = [0.0, 0.25, 0.75] + [0.0] * 7
    pins = [[[0.5, -1.25, 0, 2, 0.125, 1], [0.0] * 9 + [1.0]], [[1.0] * 6, mix]]
    text = blank.evaluate(code, pins)
    assert pins_of(blank, f"https://example.org/interpolate?model=x&pins={text}&weights=0") == pins
    assert pins_of(blank, f"?z={text.split('.')[0]}&digit=9") == pins[:1]
    nothing, negative = codec.encode(torch.zeros(10)), codec.encode(torch.tensor([2.0, -1.0] + [0.0] * 8))
    for what in (nothing, negative):
        assert pins_of(blank, f"?pins={text.split('.')[0]}.{what}") is None
    for other in ("", "hello", "-1", "1.5", "?z=abc", f"?pins={text}.", f"?pins={text}", "12345678901"):
        assert pins_of(blank, other, 6 if other != f"?pins={text}" else 7) is None, other


def _shown(page: Page) -> list[str]:
    pins = page.locator("[data-testid^=pin-] canvas")
    return [pins.nth(i).evaluate("canvas => canvas.toDataURL()") for i in range(pins.count())]


def test_example_gives_way_to_seeds_whose_link_opens_the_same(page: Page, server: Server, browser: Browser) -> None:
    page.goto("/interpolate")
    expect(page.get_by_text("An example.")).to_be_visible()
    expect(page.get_by_test_id("path-canvas-slerp")).to_be_visible()
    page.get_by_role("button", name="Start empty").click()
    expect(page.get_by_test_id("pin-0")).to_have_count(0)
    expect(page.get_by_text("An example.")).to_be_hidden()
    text = page.get_by_role("searchbox", name="A seed, or a link")
    for seed in ("7", "44"):
        text.fill(seed)
        text.press("Enter")
    expect(page.get_by_test_id("pin-1")).to_be_visible()
    text.fill("seven")
    text.press("Enter")
    expect(page.get_by_text("neither a seed")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    other = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    other.goto(link, timeout=60_000)
    expect(other.get_by_text("came with the link")).to_be_visible()
    assert _shown(other) == _shown(page)
    # They are lent until one keeps them.
    other.reload()
    expect(other.get_by_text("came with the link")).to_be_visible()
    other.get_by_role("button", name="Keep them").click()
    expect(other.get_by_text("came with the link")).to_be_hidden()
    other.goto(f"{server.address}/interpolate")
    expect(other.get_by_test_id("pin-1")).to_be_visible()
    assert _shown(other) == _shown(page)
    other.context.close()


def test_pins_of_a_link_leave_ones_own_alone(page: Page, server: Server) -> None:
    page.goto("/interpolate")
    page.get_by_role("button", name="Start empty").click()
    page.get_by_role("button", name="Pin a random latent").click()
    mine = _shown(page)
    page.goto(f"/interpolate?pins={'AAAA' * 21}AA.3")
    expect(page.get_by_text("came with the link")).to_be_visible()
    assert len(_shown(page)) == 1
    assert _shown(page) != mine
    page.get_by_role("button", name="Back to mine").click()
    expect(page.get_by_text("came with the link")).to_be_hidden()
    assert _shown(page) == mine
