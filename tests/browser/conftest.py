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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gan.standalone import WEB

PROJECT = Path(__file__).parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


expect.set_options(timeout=30_000)  # machines that run tests are slow


@dataclass
class Server:
    """A Streamlit server of the project in a process of its own."""

    process: "subprocess.Popen[bytes]"
    address: str
    runs: Path


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
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
def scripts_alone(browser: Browser, *names: str) -> Iterator[Page]:
    """An empty page that has some of the scripts of pages/components."""
    page = browser.new_page()
    page.add_script_tag(content="\n".join((WEB / name).read_text() for name in names))
    yield page
    page.close()


@pytest.fixture
def server(tmp_path: Path, browser: Browser) -> Iterator[Server]:
    """A new server with an empty folder for runs."""
    with serving(tmp_path) as server:
        yield server


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A new server, ended by its process id. What trains there has one thread, and leaves a core to the browser."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    environment = {
        **os.environ,
        "GAN_RUNS_DIR": str(folder / "runs"),
        "PYTHONFAULTHANDLER": "1",
        "OMP_NUM_THREADS": "1",
    }
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


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=server.address)
    context.set_default_timeout(60_000)
    page = context.new_page()
    yield page
    context.close()
