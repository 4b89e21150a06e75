"""How long a new server takes to show the shipped generator's first digit:
`python -m benchmarks.first_picture [--rounds 5]`.

In a real Chromium, each time with a server that no page was opened on before: from opening the address of a page to the
digit that it paints; and from a click on Explore, the moment Home is there. Starting the server does not count. Prints
a Markdown table: seconds, median and range.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable

from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from benchmarks.overhead import server
from benchmarks.pictures import ARGUMENTS

WANTED = 1.5
PAINTED = """canvas => new Promise((found) => {
  const look = () => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const levels = new Set(pixels.filter((_, place) => place % 4 === 0));
    levels.size > 8 ? found() : requestAnimationFrame(look);
  };
  look();
})"""
"""Waits until a canvas holds more than a blank sheet: a digit has grey edges."""


def painted(page: Page, name: str = "digit-canvas") -> None:
    """Waits for the digit."""
    page.get_by_test_id(name).evaluate(PAINTED)


def opened(page: Page, path: str) -> float:
    """Seconds from opening a page to its digit."""
    start = time.perf_counter()
    page.goto(path, wait_until="commit")
    painted(page)
    return time.perf_counter() - start


def after_home(page: Page) -> float:
    """Seconds from a click on Home's button to the digit."""
    page.goto("/")
    button = page.get_by_role("button", name="Play with a trained one")
    button.wait_for()
    start = time.perf_counter()
    button.click()
    painted(page)
    return time.perf_counter() - start


CASES: dict[str, Callable[[Page], float]] = {
    "/explore": lambda page: opened(page, "/explore"),
    "Home first, then Explore": after_home,
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(machine.line(), flush=True)
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for _ in range(args.rounds):
            for name, measured in CASES.items():
                with tempfile.TemporaryDirectory() as folder, server(folder) as url:
                    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=url)
                    context.set_default_timeout(60_000)
                    seconds[name].append(measured(context.new_page()))
                    context.close()
        browser.close()
    print("\n| seconds to the first digit | median | range |\n|---|---|---|")
    for name, values in seconds.items():
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} to {max(values):.2f} |")
    print(f"\nWanted of /explore: at most {WANTED:g}.")


if __name__ == "__main__":
    main()
