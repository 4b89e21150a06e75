"""The README's pictures, taken from the real pages: `python -m benchmarks.pictures [--seconds 25]`.

Starts a server with an empty folder for runs, trains the default preset in Chromium, and writes
docs/train.gif (what one sees), docs/train.png and docs/explore.png.
"""

import argparse
import io
import shutil
import tempfile
import time
from pathlib import Path

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
        browser.close()


if __name__ == "__main__":
    main()
