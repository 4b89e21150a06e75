"""How fast and how well Draw finds latents: `python -m benchmarks.draw`.

In a real Chromium the page searches for the latents of twenty real test digits, one after the other: for the default
preset after a minute of training, and for the generator that ships. Prints a Markdown table: seconds and difference
(root mean square, percent of black to white), median and range, and how often the digit was the right one.
"""

import os
import re
import shutil
import statistics
import tempfile

from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from benchmarks.drag import trained
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS
from gan import data
from gan.export.content import YARDSTICK

FOUND = re.compile(r"Found a (\d) that differs from yours by ([\d.]+) %, ([\d.]+) s")
WANTED = 3.0


def found(page: Page) -> tuple[list[int], list[float], list[float]]:
    """Of each real digit that the page offers: the digit found, the difference, the seconds."""
    told = page.get_by_test_id("found-told")
    results = []
    for _ in range(YARDSTICK):
        page.get_by_role("button", name="Take a real one").click()
        page.wait_for_timeout(300)
        while not (match := FOUND.match(told.inner_text())):
            page.wait_for_timeout(100)
        results.append(match.groups())
    digits, differences, seconds = zip(*results, strict=True)
    return [int(digit) for digit in digits], [float(one) for one in differences], [float(one) for one in seconds]


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    """Prints the table."""
    test = data.load()
    _, labels = data.some(test.test_images, test.test_labels, YARDSTICK)
    print(f"{machine.line()}\n\n| | seconds | difference, % | digits right |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["GAN_RUNS_DIR"] = folder
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with server(folder) as url:
            run = trained("cgan", 60.0)
            for name, address in (("cgan", f"{url}/draw?model={run.name}"), ("pretrained", f"{url}/draw")):
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(address)
                page.get_by_test_id("paper").wait_for()
                digits, differences, seconds = found(page)
                page.close()
                right = sum(digit == label for digit, label in zip(digits, labels, strict=True))
                late = "" if max(seconds) < WANTED else f" (missed: under {WANTED:.0f} wanted)"
                print(
                    f"| {name} | {spread(seconds)}{late} | {spread(differences)} | {right} of {YARDSTICK} |", flush=True
                )
        browser.close()


if __name__ == "__main__":
    main()
