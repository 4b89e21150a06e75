"""The README's pictures, taken from the real pages: `python -m benchmarks.pictures [--seconds 25]`.

Starts a server with an empty folder for runs, trains the default preset in Chromium, and writes
docs/train.gif (what one sees), docs/train.png, docs/explore.png and docs/draw.png.
"""

import argparse
import io
import math
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.overhead import server

DOCS = Path(__file__).parent.parent / "docs"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
WIDTH = 960
EVERY = 0.9


def frame(page: Page) -> Image.Image:
    """A screenshot, as wide as the README."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return image.resize((WIDTH, image.height * WIDTH // image.width), Image.Resampling.LANCZOS)


def train(page: Page, seconds: float) -> None:
    """Trains one run and films it."""
    page.goto("/train")
    page.get_by_role("button", name="Start training").wait_for()
    page.wait_for_timeout(1500)
    frames = [frame(page)]
    page.get_by_role("button", name="Start training").click()
    page.mouse.move(1, 1)  # off the chart, whose tools would show
    page.locator(".js-line").first.wait_for()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        frames.append(frame(page))
        page.wait_for_timeout(EVERY * 1000)
    page.screenshot(path=DOCS / "train.png")
    page.get_by_role("button", name="Stop and keep").click()
    page.get_by_text("Stopped:").wait_for()
    palette = frames[-1].quantize(96)
    small = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in frames]
    waits = [1500] + [350] * (len(small) - 2) + [2500]
    small[0].save(DOCS / "train.gif", save_all=True, append_images=small[1:], duration=waits, loop=0, optimize=True)


def draw(page: Page) -> None:
    """Draws a 3: two arcs, in shares of the sheet."""
    page.goto("/draw")
    page.get_by_test_id("paper").wait_for()
    box = page.get_by_test_id("paper").bounding_box()
    assert box
    arcs = [(0.47, 0.33, 0.17, 0.15), (0.48, 0.66, 0.19, 0.18)]
    places = [
        (x + width * math.cos(angle), y + height * math.sin(angle))
        for (x, y, width, height), (start, end) in zip(arcs, ((-2.6, 1.5), (-1.5, 2.7)), strict=True)
        for angle in np.linspace(start, end, 20)
    ]
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    page.get_by_test_id("yardstick").get_by_text("All 20").wait_for(timeout=300_000)
    page.screenshot(path=DOCS / "draw.png")


def main() -> None:
    """Takes all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=25.0, help="how long to train")
    args = parser.parse_args()
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, server(folder) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=url)
        page.set_default_timeout(60_000)
        train(page, args.seconds)
        page.goto("/explore")
        page.get_by_test_id("digit-canvas").wait_for()
        page.get_by_role("button", name="Random").click()
        page.wait_for_timeout(2500)
        page.screenshot(path=DOCS / "explore.png")
        draw(page)
        browser.close()


if __name__ == "__main__":
    main()
