"""From a click on Step by step to the new pictures: `python -m benchmarks.steps_page [--clicks 20]`.

In a real Chromium, for each preset: a fresh run, and clicks on D's move, G's move, both, ten steps. The page's own
clock measures from the click to the frame after the one in which the pictures of the move were painted. Prints a
Markdown table: median and range in milliseconds.
"""

import argparse
import os
import shutil
import statistics
import tempfile

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks import machine
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS
from gan import presets

WANTED = 300
BUTTONS = {"step-d": "D's move", "step-g": "G's move", "step-both": "both", "step-ten": "×10"}
TIMED = """(widget, id) => new Promise((resolve) => {
  const button = widget.querySelector(`[data-testid="${id}"]`);
  const began = performance.now();
  const watcher = new MutationObserver(() => {
    watcher.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
  });
  watcher.observe(widget, { attributeFilter: ["data-version"] });
  button.click();
})"""


def took(page: Page, button: str, clicks: int) -> list[float]:
    """Milliseconds of so many clicks."""
    found = []
    for _ in range(clicks):
        expect(page.get_by_test_id(button)).to_be_enabled(timeout=30_000)
        found.append(float(page.locator(".steps").evaluate(TIMED, button)))
        page.wait_for_timeout(150)
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20)
    parser.add_argument("--presets", nargs="*", default=["cgan", "dcgan", "ebgan", "infogan", "wgan-gp"])
    args = parser.parse_args()
    unknown = [name for name in args.presets if name not in presets.PRESETS]
    if unknown:
        parser.error(f"there is no preset {', '.join(unknown)}")
    print(f"{machine.line()}\n\n| preset | {' | '.join(BUTTONS.values())} |\n|---|{'---|' * len(BUTTONS)}", flush=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["GAN_RUNS_DIR"] = folder
        os.environ["GAN_PARALLEL_RUNS"] = "99"
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with server(folder) as url:
            for name in args.presets:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(f"{url}/steps?run=new:{name}")
                page.get_by_role("button", name="Begin").click()
                page.get_by_test_id("step-d").wait_for(timeout=90_000)
                page.wait_for_timeout(3000)
                took(page, "step-both", 2)  # what a process does once
                cells = []
                for button in BUTTONS:
                    times = took(page, button, args.clicks)
                    middle = statistics.median(times)
                    missed = "" if middle < WANTED or button == "step-ten" else f" (missed: {WANTED} wanted)"
                    cells.append(f"{middle:.0f} ({min(times):.0f} to {max(times):.0f}){missed}")
                print(f"| {name} | {' | '.join(cells)} |", flush=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
