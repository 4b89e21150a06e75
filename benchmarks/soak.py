"""Whether a page stays as light as it began: `python -m benchmarks.soak RUN_DIR [--minutes M]`.

Opens the Train page of a run that is training (in this process's $GAN_RUNS_DIR or ./runs) in Chromium, on a
server of its own, and prints a row every so often: memory of the server (resident) and of the page (JavaScript
heap after a collection), nodes in the page, and the time and size of a refresh as a follower sees them.
"""

import argparse
import asyncio
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from playwright.sync_api import CDPSession, sync_playwright

from benchmarks.follow import follow
from benchmarks.overhead import server_process
from benchmarks.pictures import ARGUMENTS
from gan import runs


def page_size(session: CDPSession) -> tuple[float, int]:
    """Megabytes of JavaScript heap after a collection, and nodes, of the page."""
    session.send("HeapProfiler.collectGarbage")
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return told["JSHeapUsedSize"] / 1e6, int(told["Nodes"])


def main() -> None:
    """Prints a row at the start, then every tenth of the time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    args = parser.parse_args()
    folder = args.run_dir.absolute()
    with (
        server_process(str(folder.parent)) as (url, process),
        sync_playwright() as playwright,
        ThreadPoolExecutor(1) as beside,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}/train?run={folder.name}")
        page.locator(".js-line").first.wait_for(timeout=60_000)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        print("| minute | images | server, MB | page, MB | nodes | refresh, ms | refresh, kB |")
        print("|---|---|---|---|---|---|---|")
        start = time.monotonic()
        for row in range(11):
            while time.monotonic() < start + row * args.minutes * 6:
                page.wait_for_timeout(1000)
            # In a thread: Playwright has an event loop of its own in this one.
            seen = beside.submit(asyncio.run, follow(f"{url}/train?run={folder.name}", 1, 8.0)).result()
            heap, nodes = page_size(session)
            resident = psutil.Process(process.pid).memory_info().rss / 1e6
            times, sizes = sorted(seen.refresh_ms), sorted(seen.refresh_bytes)
            middle = len(times) // 2
            minute, images = (time.monotonic() - start) / 60, runs.read(folder).status.progress.images
            refresh = f"{times[middle]:.0f} | {sizes[middle] / 1e3:.0f}"
            print(f"| {minute:.1f} | {images:,} | {resident:.0f} | {heap:.1f} | {nodes:,} | {refresh} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
