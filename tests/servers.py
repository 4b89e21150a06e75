"""A browser, and servers of the app for it.

A process has one server, from its first test that asks for `server` or `page` on: to start one and to get its workers
ready takes as long as several tests do. Whatever a test trains there is ended and removed after it. A test that kills
its server, or that has to be the first to open a page there, asks for `own_server` and opens pages of it with
`page_of`. Where there is no Chromium, those tests are skipped.

`tests/conftest.py` registers this module, so that a process has one browser whatever it tests.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

PROJECT = Path(__file__).parents[1]
CHROMIUM = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
"""Commands, the first that is there is taken: the headless shell draws no window around its pages, which is most of the
work of opening one."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


expect.set_options(timeout=60_000)  # machines that run tests are slow


@dataclass
class Server:
    """A Streamlit server of the project in a process of its own."""

    process: "subprocess.Popen[bytes]"
    address: str
    runs: Path

    def workers(self) -> list[psutil.Process]:
        """The processes that train here: those with a file of the runs folder open. The one that the server keeps
        ready has none."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any(Path(file.path).is_relative_to(self.runs) for file in child.open_files()):
                    found.append(child)
        return found

    def clear(self) -> None:
        """Ends what trains here, by process id, and empties the runs folder."""
        from tests.helpers import until  # and with it torch

        for worker in self.workers():
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        until(lambda: self.workers() == [])
        for folder in self.runs.glob("*/"):
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and CI has to have one")
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def library(browser: Browser) -> Iterator[Page]:
    """An empty page in which everything that gan/web/src/entries/library.js exports is at hand by its name."""
    from gan import web

    page = browser.new_page()
    address = "data:text/javascript;base64," + base64.b64encode(web.script("library").encode()).decode()
    page.evaluate("async (address) => { Object.assign(window, await import(address)); }", address)
    yield page
    page.close()


@pytest.fixture(scope="session")
def _shared_server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(_shared_server: Server) -> Iterator[Server]:
    """The server that tests share. Its runs folder is empty before and after each test."""
    yield _shared_server
    _shared_server.clear()


@pytest.fixture
def own_server(tmp_path: Path, browser: Browser) -> Iterator[Server]:
    """A new server for one test alone."""
    with serving(tmp_path) as server:
        yield server


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """A new server, ended by its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.headless=true",
        f"--server.port={port}",
        *options,
    ]
    environment = {**os.environ, "GAN_RUNS_DIR": str(folder / "runs"), "PYTHONFAULTHANDLER": "1"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                assert process.poll() is None, (folder / "server.log").read_text()
                time.sleep(0.1)
        yield Server(process, address, folder / "runs")
    finally:
        _end(process, folder / "server.log")


def _end(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ends a server. uvicorn waits for its connections without a limit, and on a busy machine one may linger
    after its browser has gone: what the server's threads then did is told in a warning."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler writes all stacks
        process.wait(30)
        warnings.warn(f"The server had to be aborted:\n{log.read_text()[-6000:]}", stacklevel=1)


@contextmanager
def page_of(browser: Browser, server: Server) -> Iterator[Page]:
    """An empty tab whose addresses are those of the server, in a browser that remembers nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=server.address)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A tab for the server that tests share."""
    with page_of(browser, server) as page:
        yield page
