"""How fast Flatland is, and how soon the ring of eight is covered: `python -m benchmarks.flatland [--seconds 20]`.

In a real Chromium the page plays the ring for so many seconds with each of five seeds: with the settings that it
opens with, and with those that GAN Lab opens with (its source on GitHub, src/ganlab.ts and ganlab.html: two hidden
layers of 8 units in each network, ReLU, plain gradient descent at 0.1, two moves of the discriminator a step, batches
of 150, two uniform latents). Its label smoothing and its own data are not taken over. Prints a Markdown table: pictures
and steps a second, median over the seeds, and seconds from Play until all eight blobs are covered.
"""

import argparse
import re
import shutil
import statistics
import tempfile
import time

from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS

SEEDS = range(1, 6)
SETTINGS = {
    "as it opens": "",
    "GAN Lab's": "g=8-8&d=8-8&units=relu&opt=sgd&lr_g=0.1&lr_d=0.1&k=2&noise=uniform&batch=150&",
}


def played(page: Page, address: str, seconds: float) -> tuple[float, float, float | None, str]:
    """Pictures and steps a second as the page shows them, seconds until the ring is covered, and the last distance."""
    page.goto(address)
    page.get_by_test_id("flat-blobs").filter(has_text="of 8").wait_for()
    page.get_by_test_id("flat-play").click()
    start = time.perf_counter()
    covered, paces = None, []
    while (now := time.perf_counter() - start) < seconds:
        pace = re.match(r"\d+", page.get_by_test_id("flat-fps").inner_text())
        if pace:
            paces.append(int(pace[0]))
        if covered is None and page.get_by_test_id("flat-blobs").inner_text().startswith("8"):
            covered = now
        page.wait_for_timeout(100)
    steps = int(re.sub(r"\D", "", page.get_by_test_id("flat-steps").inner_text()))
    return statistics.median(paces or [0]), steps / now, covered, page.get_by_test_id("flat-distance").inner_text()


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    print(f"{machine.line()}\n", flush=True)
    print("| ring of eight | pictures/s | steps/s | seconds until covered, by seed | distance at the end |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, server(folder) as url:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name, query in SETTINGS.items():
            found = []
            for seed in SEEDS:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                found.append(played(page, f"{url}/flatland?{query}seed={seed}", args.seconds))
                page.close()
            pictures, steps = (statistics.median(one[i] for one in found) for i in (0, 1))
            times = ", ".join("never" if one[2] is None else f"{one[2]:.1f}" for one in found)
            count = sum(one[2] is not None for one in found)
            print(
                f"| {name} | {pictures:.0f} | {steps:.0f} | {times} ({count} of {len(found)}) | "
                f"{', '.join(one[3] for one in found)} |",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
