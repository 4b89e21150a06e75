"""Models whose latents hold codes, and discriminators that draw, in a real browser: what is seen is what PyTorch makes
of the latent that the address holds."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gan.data import DataSet
from gan.export.content import Names
from gan.export.explorable import explorable
from gan.export.program import compile_model, wire
from gan.export.standalone import standalone_page
from gan.games import KINDS
from gan.latents import codec, sampling
from gan.models.model import Model, load_model, model_content
from gan.models.sampling import sample
from gan.training.trainer import Trainer
from tests.browser.test_explore import GREYS, picture, query
from tests.browser.test_runtime import READ
from tests.helpers import CPU, until
from tests.latents.test_codes import CODES, are_codes, config_of, model_of
from tests.servers import PROJECT, library

UNIFORM, VALUES = slice(6, 9), slice(9, 13)


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    with library(browser) as page:
        yield page


def read(page: Page, model: Model) -> None:
    page.evaluate(READ, base64.b64encode(wire(compile_model(model))).decode())


@pytest.mark.parametrize("kind", KINDS)
def test_page_forges_and_judges_as_pytorch_does(blank: Page, kind: str) -> None:
    """Pictures to 2 of 255 grey values; a score to what rounding to float16 leaves, an energy to a thousandth."""
    model = model_of(kind)
    read(blank, model)
    code = """([z, digit]) => {
      const mix = mixOfClass(digit, 10);
      const pixels = program.sample(Float32Array.from(z), mix);
      return [Array.from(pixels), program.discriminate(pixels, mix), Array.from(program.reconstruction())];
    }"""
    z = sampling.sample(4, model.latents, seed=4)
    for number in range(4):
        y = torch.tensor([3 * number])
        images = model.generator(z[number : number + 1], y)
        score, others = model.discriminator.answers(images, y)  # type: ignore[operator]
        pixels, said, drawing = blank.evaluate(code, [z[number].tolist(), 3 * number])
        assert np.abs(np.array(pixels) - images.flatten().numpy()).max() * 127.5 < 2
        if "drawn" in others:
            assert said == pytest.approx(score.item(), rel=1e-3)
            assert np.abs(np.array(drawing) - others["drawn"].flatten().numpy()).max() * 127.5 < 2
        else:
            assert said == pytest.approx(score.item(), rel=0.02, abs=0.02)


PARTS = """const latents = new LatentSpec(
  [["normal", 6], ["uniform", 3], ["categorical", 4]].map(([kind, size]) => ({ kind, size })),
);"""


def test_latents_are_drawn_as_in_training(blank: Page) -> None:
    """Each part from its own distribution; shares and means are right to within five standard errors."""
    found = blank.evaluate(f"() => {{ {PARTS} return Array.from({{ length: 2000 }}, () => [...latents.draw()]); }}")
    z = torch.tensor(found)
    assert are_codes(z)
    assert (z[:, VALUES].mean(0) - 0.25).abs().max() < 5 * (0.25 * 0.75 / 2000) ** 0.5
    assert z[:, UNIFORM].mean().abs() < 5 / (3 * 6000) ** 0.5
    assert z[:, :6].mean().abs() < 5 / 12000**0.5
    assert (z[:, :6].square().mean() - 1).abs() < 5 * (2 / 12000) ** 0.5
    assert blank.evaluate(f"() => {{ {PARTS} return [...latents.centre()]; }}") == [0.0] * 9 + [1.0] + [0.0] * 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([7, 0.5, -1.5, 2, 2, -1, 0, 0], [7, 0.5, -1, 1, 1, 0, 0, 0]),
        ([-7, 0, 0, 0, 0.5, 0.25, 0.25, 0], [-7, 0, 0, 0, 0.5, 0.25, 0.25, 0]),
        ([0, 0, 0, 0, 0, 0, -1, 0], [0, 0, 0, 0, 1, 0, 0, 0]),
    ],
)
def test_nearest_codes_by_hand(blank: Page, given: list[float], expected: list[float]) -> None:
    parts = PARTS.replace("6", "1", 1)
    assert blank.evaluate(f"z => {{ {parts} return [...latents.project(Float32Array.from(z))]; }}", given) == expected


@pytest.mark.parametrize("path", ["lerp", "slerp", "spline", "circle"])
def test_ways_bend_in_the_normal_numbers_and_go_straight_in_codes(blank: Page, path: str) -> None:
    pins = sampling.sample(3, CODES, seed=2)
    t = [0.0, 0.25, 0.5, 0.75, 1.0]
    code = f"""([path, pins, t]) => {{
      {PARTS}
      const rows = pins.map((z) => Float32Array.from(z));
      const alone = rows.map((z) => z.slice(0, 6));
      return t.map((at) => [[...latentAlong(path, rows, at, latents)], [...PATHS[path].at(alone, at)]]);
    }}"""
    found = blank.evaluate(code, [path, pins.tolist(), t])
    z, alone = (torch.tensor([row[which] for row in found]) for which in (0, 1))
    assert torch.equal(z[:, :6], alone)
    codes = pins[:, 6:]
    middle = [(codes[i] + codes[i + 1]) / 2 for i in (0, 1)]
    there = [codes[0], middle[0], codes[1], middle[1], codes[2]]
    expected = torch.stack([codes[0], middle[0], codes[1], middle[0], codes[0]] if path == "circle" else there)
    assert torch.allclose(z[:, 6:], expected, atol=1e-6)


def test_seeds_give_codes_that_there_are(blank: Page) -> None:
    code = f"() => {{ {PARTS} return Array.from({{ length: 50 }}, (_, seed) => [...pinOfSeed(seed, latents, 10).z]); }}"
    z = torch.tensor(blank.evaluate(code))
    assert are_codes(z)
    assert set(z[:, VALUES].argmax(1).tolist()) == {0, 1, 2, 3}


def test_search_keeps_codes_what_they_are(blank: Page) -> None:
    """Pictures that the generator itself has made: the search comes nearer than the nearest of 200 latents by chance,
    by way of latents whose codes are some."""
    model = model_of("infogan")
    model.generator.layers[-2].weight.mul_(16)  # untrained, all its pictures are grey
    read(blank, model)
    z = sampling.sample(200, model.latents, seed=6)
    pictures = model.generator(z).flatten(1)
    code = """target => {
      const random = seeded(1);
      const seen = [];
      let last;
      for (const now of fit(program, Float32Array.from(target), random)) seen.push([...(last = now).z]);
      return [last.error, seen.filter((_, i) => i % 10 === 0 || i === seen.length - 1)];
    }"""
    error, seen = blank.evaluate(code, pictures[0].tolist())
    assert are_codes(torch.tensor(seen))
    assert len({tuple(z[9:]) for z in seen}) > 1
    assert error < ((pictures[1:] - pictures[0]) ** 2).mean(1).min().item() / 4


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of("infogan")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    path = tmp_path_factory.mktemp("codes") / "gan.html"
    path.write_text(standalone_page(model, "mine"))
    return path


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    page.clock.install()  # before the page sets a timer
    page.goto(address)
    page.get_by_test_id("digit-canvas").wait_for()
    yield page
    context.close()


@pytest.fixture
def alone(browser: Browser, file: Path) -> Iterator[Page]:
    with opened(browser, file.as_uri()) as page:
        yield page


def held(page: Page, model: Model) -> torch.Tensor:
    """The latent (1, 13) that the address holds once the hand rests; the picture is what PyTorch makes of it."""
    page.clock.run_for(1000)
    z = codec.decode(query(page)["z"])
    assert np.abs(picture(page) - sample(model, z, None)[0].numpy().ravel().astype(int)).max() <= 2
    return z


def test_buttons_and_sliders_of_codes_change_the_picture(alone: Page, model: Model) -> None:
    expect(alone.get_by_text("Nobody has labelled")).to_be_visible()
    expect(alone.get_by_test_id("digit-button-0")).to_have_count(0)
    expect(alone.get_by_test_id("code-button-4")).to_have_count(0)
    expect(alone.get_by_test_id("code-slider-3")).to_have_count(0)
    shown = []
    for value in (2, 0, 3):
        alone.get_by_test_id(f"code-button-{value}").click()
        z = held(alone, model)
        assert z[0, VALUES].tolist() == np.eye(4)[value].tolist()
        expect(alone.get_by_test_id(f"code-button-{value}")).to_have_attribute("aria-pressed", "true")
        expect(alone.locator("[data-testid^=code-button][aria-pressed=true]")).to_have_count(1)
        shown.append(picture(alone))
    assert len({tuple(one) for one in shown}) == 3
    for number in range(3):
        slider = alone.get_by_test_id(f"code-slider-{number}")
        assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("-1", "1")
        slider.fill("-0.5")
        after = held(alone, model)
        assert after[0, 6 + number].item() == -0.5
        assert picture(alone) != shown[-1]


def test_random_and_reset_know_what_a_code_is(alone: Page, model: Model) -> None:
    draws = []
    for _ in range(12):
        alone.get_by_role("button", name="Random", exact=True).click()
        draws.append(held(alone, model))
    z = torch.cat(draws)
    assert are_codes(z.float())
    assert len(set(z[:, VALUES].argmax(1).tolist())) > 1
    assert z[:, :6].abs().max() > 1
    alone.get_by_role("button", name="Lock the value", exact=True).click()
    alone.get_by_role("button", name="Lock code 2", exact=True).click()
    for do in ("Random", "Random", "Reset"):
        alone.get_by_role("button", name=do, exact=True).click()
        later = held(alone, model)
        assert torch.equal(later[0, VALUES], z[-1, VALUES])
        assert later[0, 7] == z[-1, 7]
    assert later[0, :7].tolist() == [0.0] * 7
    alone.get_by_role("button", name="Lock the value", exact=True).click()
    alone.get_by_role("button", name="Lock code 2", exact=True).click()
    alone.get_by_role("button", name="Reset", exact=True).click()
    assert held(alone, model)[0].tolist() == [0.0] * 9 + [1.0, 0.0, 0.0, 0.0]


def test_strip_shows_each_value_and_takes_the_one_that_is_pressed(alone: Page, model: Model) -> None:
    alone.get_by_role("button", name="Random", exact=True).click()
    z = held(alone, model)
    strip = alone.get_by_test_id("code-strip-0")
    each = torch.cat((z[:, :9].repeat(4, 1), torch.eye(4)), dim=1)
    for value, expected in enumerate(sample(model, each, None).numpy().reshape(4, -1).astype(int)):
        greys = GREYS.replace("0, 0, 28, 28", f"{value * 29}, 0, 28, 28")
        until(lambda greys=greys, made=expected: np.abs(strip.evaluate(greys) - made).max() <= 2)  # type: ignore[misc]
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box
    for value in (3, 1):
        strip.click(position={"x": (value + 0.5) * box["width"] / 4, "y": box["height"] / 2})
        z[0, VALUES] = torch.eye(4)[value]
        assert torch.equal(held(alone, model), z)


def test_link_with_a_mix_of_values_shows_how_much_of_each(alone: Page, file: Path, model: Model) -> None:
    """As one gets it half way from one pin to the next."""
    z = sampling.sample(1, CODES, seed=1)[0]
    z[VALUES] = torch.tensor([0.0, 0.75, 0.25, 0.0])
    alone.goto("about:blank")
    alone.goto(f"{file.as_uri()}#z={codec.encode(z)}")
    alone.get_by_test_id("digit-canvas").wait_for()
    assert torch.allclose(held(alone, model)[0], z, atol=2e-3)
    for value, text in enumerate(("0", "175 %", "225 %", "3")):
        expect(alone.get_by_test_id(f"code-button-{value}")).to_have_text(text)
        pressed = "mixed" if value in (1, 2) else "false"
        expect(alone.get_by_test_id(f"code-button-{value}")).to_have_attribute("aria-pressed", pressed)


def test_codes_keep_the_names_that_they_were_given(alone: Page) -> None:
    alone.get_by_test_id("code-button-2").click()
    name = alone.get_by_label("Name of this value")
    name.fill("sevens")
    name.press("Enter")
    expect(alone.get_by_test_id("code-button-2")).to_have_text("2sevens")
    alone.get_by_test_id("code-button-1").click()
    expect(name).to_have_value("")
    alone.get_by_label("Name of code 2").fill("slant")
    alone.get_by_label("Name of code 2").press("Enter")
    alone.reload()
    expect(alone.get_by_test_id("code-button-2")).to_have_text("2sevens")
    expect(alone.get_by_label("Name of code 2")).to_have_value("slant")
    expect(alone.get_by_label("slant", exact=True)).to_have_attribute("data-testid", "code-slider-1")


def test_coordinates_and_directions_leave_codes_alone(alone: Page, model: Model) -> None:
    alone.get_by_role("button", name="Random", exact=True).click()
    before = held(alone, model)
    alone.get_by_text("All 6 coordinates").click()
    expect(alone.get_by_test_id("coordinate-slider-5")).to_be_visible()
    expect(alone.get_by_test_id("coordinate-slider-6")).to_have_count(0)
    alone.get_by_test_id("coordinate-slider-5").fill("1.5")
    alone.get_by_test_id("latent-slider-0").fill("2")
    after = held(alone, model)
    assert torch.equal(after[:, 6:], before[:, 6:])
    assert not torch.equal(after[:, :6], before[:, :6])


def test_plane_of_pins_has_codes_that_there_are(alone: Page, model: Model) -> None:
    for _ in range(4):
        alone.get_by_role("button", name="Random", exact=True).click()
        alone.get_by_role("button", name="Pin this latent").click()
    corner = held(alone, model)
    alone.get_by_role("button", name="Plane of the pins").click()
    pad = alone.get_by_test_id("latent-pad")
    box = pad.bounding_box()
    assert box
    pad.click(position={"x": box["width"] - 2, "y": 2})
    assert torch.allclose(held(alone, model), corner, atol=0.01)
    pad.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    middle = held(alone, model)[0]
    assert middle[UNIFORM].abs().max() <= 1
    assert middle[VALUES].sum().item() == pytest.approx(1, abs=2e-3)


def test_pad_offers_uniform_codes_from_end_to_end(alone: Page, model: Model) -> None:
    alone.get_by_role("button", name="Random", exact=True).click()
    before = held(alone, model)
    alone.get_by_label("Direction to the right").select_option(label="Code 1")
    alone.get_by_label("Direction upwards").select_option(label="Code 3")
    pad = alone.get_by_test_id("latent-pad")
    box = pad.bounding_box()
    assert box
    pad.click(position={"x": box["width"] - 2, "y": box["height"] - 2})
    before[0, [6, 8]] = torch.tensor([1.0, -1.0])
    assert torch.allclose(held(alone, model), before, atol=1e-3)


def test_lines_of_python_draw_what_is_in_hand(browser: Browser, digits: DataSet, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_content(Trainer(config_of("infogan"), digits, CPU).model(0.0)))
    model = load_model(path)
    with library(browser) as page:
        told = base64.b64encode(explorable(model, Names("x", "x", str(path), "x"))).decode()
        page.evaluate(READ, told)
        z, lines = page.evaluate(
            """() => {
              const selection = new LatentSelection(program);
              selection.setLatent(selection.latents.draw());
              return [[...selection.z], pythonCode(selection)];
            }"""
        )
    (tmp_path / "draw.py").write_text(lines)
    environment: dict[str, Any] = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "draw.py"], cwd=tmp_path, env=environment, check=True, timeout=300)
    with Image.open(tmp_path / "forged.png") as image:
        found = np.asarray(image.convert("L"))[10::20, 10::20]
    assert are_codes(torch.tensor([z]))
    assert np.array_equal(found, sample(model, torch.tensor([z]), None)[0].numpy())


def test_what_the_discriminator_draws_stands_beside_the_picture(browser: Browser, tmp_path: Path) -> None:
    model = model_of("ebgan")
    path = tmp_path / "gan.html"
    path.write_text(standalone_page(model, "mine"))
    with opened(browser, path.as_uri()) as page:
        page.get_by_role("button", name="Random", exact=True).click()
        z = held(page, model)
        score, others = model.discriminator.answers(model.generator(z))  # type: ignore[operator]
        greys = np.array(page.get_by_test_id("drawing").evaluate(GREYS))
        assert np.abs(greys - (others["drawn"].flatten().numpy() + 1) * 127.5).max() < 2.5
        found = re.search(r": (\d\.\d+), the error of D's own drawing", page.locator(".hand .line").inner_text())
        assert found
        assert float(found[1]) == pytest.approx(score.item(), rel=6e-3)  # three digits
        expect(page.get_by_test_id("code-button-0")).to_have_count(0)


def test_who_scores_draws_nothing(alone: Page) -> None:
    expect(alone.get_by_test_id("drawing")).to_have_count(0)
