"""The programs of gan/export/program.py, run by gan/web/src/runtime.js in a real browser."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from gan.data import spec
from gan.export.program import compile_model, wire
from gan.latents import sampling
from gan.models.model import Model, load_model
from gan.paths import PRETRAINED
from tests.export.test_program import SHAPES, model_of
from tests.servers import library

CLASSES = len(spec().classes)

COUNT = 4
READ = "told => { window.program = readProgram(Uint8Array.from(atob(told), (c) => c.charCodeAt(0))); }"
RUN = """([z, mix]) => {
  const pixels = program.sample(Float32Array.from(z), Float32Array.from(mix));
  const logit = program.discriminate(pixels, Float32Array.from(mix));
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  toRgba(pixels, rgba);
  return { pixels: Array.from(pixels), logit, grey: Array.from(rgba).filter((_, i) => i % 4 === 0) };
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    with library(browser) as page:
        yield page


def _compare(page: Page, model: Model) -> None:
    page.evaluate(READ, base64.b64encode(wire(compile_model(model))).decode())
    z = sampling.sample(COUNT, model.latents, seed=4)
    for number in range(COUNT):
        y = torch.tensor([number * 3 % CLASSES])
        images = model.generator(z[number : number + 1], y)
        logit = model.discriminator(images, y).item()
        mix = np.eye(CLASSES)[y.item()].tolist()
        found = page.evaluate(RUN, [z[number].tolist(), mix])
        expected = images.flatten().numpy()
        assert np.abs(np.array(found["pixels"]) - expected).max() * 127.5 < 2
        assert np.abs(np.array(found["grey"]) - (expected + 1) * 127.5).max() < 2.5  # and rounded
        assert found["logit"] == pytest.approx(logit, rel=0.02, abs=0.02)


@pytest.mark.parametrize(("kind", "changes"), SHAPES, ids=lambda value: value if isinstance(value, str) else "")
def test_page_forges_and_judges_as_pytorch_does(blank: Page, kind: str, changes: dict[str, object]) -> None:
    _compare(blank, model_of(kind, **changes))


def test_page_forges_and_judges_as_the_shipped_model_does(blank: Page) -> None:
    _compare(blank, load_model(PRETRAINED))


def test_mix_is_linear_in_the_first_layer(blank: Page) -> None:
    """Half a 3 and half an 8 in the page is what PyTorch makes of the embedding half way."""
    model = model_of("cgan")
    assert model.generator.embedding is not None
    blank.evaluate(READ, base64.b64encode(wire(compile_model(model))).decode())
    z = sampling.sample(1, model.latents, seed=4)
    found = blank.evaluate(RUN, [z[0].tolist(), [0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0]])
    weight = model.generator.embedding.weight
    weight[0] = (weight[3] + weight[8]) / 2
    expected = model.generator(z, torch.tensor([0])).flatten().numpy()
    assert np.abs(np.array(found["pixels"]) - expected).max() * 127.5 < 2


def test_every_half_is_read_as_numpy_reads_it(blank: Page) -> None:
    """All 65,536 of them, subnormal numbers and infinities included."""
    bits = np.arange(2**16, dtype=np.uint16)
    expected = bits.view(np.float16).astype(np.float64)
    told = blank.evaluate("() => Array.from({ length: 65536 }, (_, i) => String(fromHalf(i)))")
    found = np.array([float(text) if text != "NaN" else np.nan for text in told])
    assert np.array_equal(found, expected, equal_nan=True)


def test_version_of_the_future_is_refused_in_words(blank: Page) -> None:
    content = wire(compile_model(model_of("cgan"))).replace(b'"version":1', b'"version":9')
    told = blank.evaluate(
        f"told => {{ try {{ ({READ})(told); return ''; }} catch (error) {{ return error.message; }} }}",
        base64.b64encode(content).decode(),
    )
    assert told == "This page cannot run version 9 of a model."
