"""Whether exploring keeps up with the finger: `python -m benchmarks.drag [--seconds 3] [--rounds 3]`.

In a real Chromium the mouse drags the first slider to and fro, and the distinct pictures that are painted are
counted: for the default preset and for the generator that ships, on the Explore page and in the standalone file from
file://. Prints a Markdown table: pictures a second, median and range, and what the page itself says of its pace.
"""

import argparse
import math
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS
from gan import presets, runs
from gan.export.standalone import standalone_page
from gan.models import snapshots
from gan.models.model import load_model
from gan.paths import PRETRAINED

COUNT = """() => {
  const canvas = window.countedCanvas;
  const context = canvas.getContext("2d");
  const paint = context.putImageData.bind(context);
  window.painted = new Set();
  context.putImageData = (image, ...place) => {
    window.painted.add(image.data.join());
    paint(image, ...place);
  };
}"""
WANTED = 50


def dragged(page: Page, address: str, seconds: float) -> tuple[float, str]:
    """Distinct pictures a second while the first slider is dragged, and what the page says of its pace."""
    page.goto(address)
    canvas, slider = page.get_by_test_id("digit-canvas"), page.get_by_test_id("latent-slider-0")
    canvas.wait_for()
    page.wait_for_timeout(1500)
    canvas.evaluate("canvas => { window.countedCanvas = canvas; }")
    page.evaluate(COUNT)
    box = slider.bounding_box()
    assert box
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] * 0.45
    page.mouse.move(x, y)
    page.mouse.down()
    # While a button is down, Playwright's own mouse.move asks the page about dragging and takes two frames a move; the
    # browser's own protocol takes one.
    mouse = page.context.new_cdp_session(page)
    start = time.perf_counter()
    while (now := time.perf_counter() - start) < seconds:
        # Never twice at the same place: two ways of swinging that have no common period.
        at = x + reach * (0.7 * math.sin(2.1 * now) + 0.3 * math.sin(5.7 * now))
        mouse.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": at, "y": y, "button": "left", "buttons": 1})
    page.mouse.up()
    painted = page.evaluate("window.painted.size")
    return painted / now, page.get_by_test_id("fps").inner_text()


def trained(preset: str, seconds: float) -> Path:
    """The folder of a run that has trained."""
    run = runs.start(presets.preset(preset).changed(seconds=seconds))
    while runs.read(run).living:
        time.sleep(0.2)
    return run


def places(folder: Path, url: str) -> dict[str, str]:
    """What is dragged: name -> address."""
    run = trained("cgan", 5.0)
    addresses = {"cgan, Explore": f"{url}/explore?model={run.name}", "pretrained, Explore": f"{url}/explore"}
    snapshot = snapshots.newest_snapshot(run)
    assert snapshot
    for name, path in (("cgan", snapshot), ("pretrained", PRETRAINED)):
        file = folder / f"{name}.html"
        file.write_text(standalone_page(load_model(path), name))
        addresses[f"{name}, standalone file"] = file.as_uri()
    return addresses


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(f"{machine.line()}\n\n| | distinct pictures a second | as the page says |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["GAN_RUNS_DIR"] = folder
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with server(folder) as url:
            for name, address in places(Path(folder), url).items():
                found, told = [], ""
                for _ in range(args.rounds):
                    page = browser.new_page(viewport={"width": 1280, "height": 800})
                    pace, told = dragged(page, address, args.seconds)
                    found.append(pace)
                    page.close()
                middle = statistics.median(found)
                verdict = "" if middle >= WANTED else f" (missed: {WANTED} wanted)"
                spread = f"{middle:.1f} ({min(found):.1f} to {max(found):.1f}){verdict}"
                print(f"| {name} | {spread} | {told} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
