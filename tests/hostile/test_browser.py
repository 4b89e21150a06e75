"""A real server with the worst of the damages beside a good run, and with clients that send rubbish."""

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.hostile.databases import DAMAGES
from tests.hostile.places import GOOD, restore_rights
from tests.servers import Server

WORST = (
    "config: fifo",
    "database: fifo",
    "snapshot: fifo",
    "lock: a fifo, the run says that it trains",
    "snapshot: link to a device without end",
    "database: records a view without end",
    "database: the status deep",
    "settings: 100,000 brackets",
    "the folder: may not be read",
    "a snapshot called '00000640 copy.safetensors'",
    "status: it says that it runs",
)
NAME = "<img src=x onerror='document.title=1'>"


@pytest.fixture
def damaged(server: Server, trained: Path) -> Iterator[Server]:
    """A server with a good run, damaged ones, and one whose name is HTML."""
    server.runs.mkdir(exist_ok=True)
    for number, name in enumerate(WORST):
        folder = server.runs / f"20250101-000001-cgan-{number:04}"
        shutil.copytree(trained, folder)
        DAMAGES[name](folder)
    shutil.copytree(trained, server.runs / GOOD)
    shutil.copytree(trained, server.runs / NAME)
    yield server
    restore_rights(server.runs)


@pytest.fixture
def page(browser: Browser, damaged: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=damaged.address)
    page = context.new_page()
    yield page
    context.close()


def test_good_run_is_on_every_page_beside_damaged_ones(page: Page) -> None:
    seen = {
        f"/train?run={GOOD}": page.locator(".js-line").first,
        f"/explore?model={GOOD}": page.get_by_test_id("digit-canvas").first,
        f"/interpolate?model={GOOD}": page.locator("canvas").first,
        f"/draw?model={GOOD}": page.locator("canvas").first,
        f"/evaluate?model={GOOD}": page.get_by_role("button", name="Evaluate"),
        "/runs": page.get_by_text(GOOD, exact=False).first,
        f"/train?run={quote(NAME)}": page.locator(".js-line").first,
        f"/explore?model={quote(NAME)}": page.get_by_test_id("digit-canvas").first,
    }
    for address, what in seen.items():
        page.goto(address)
        expect(what, address).to_be_visible()
        expect(page.get_by_test_id("stException"), address).to_have_count(0)
        assert page.title() != "1", f"{address} reads a name as HTML"


def test_clients_that_send_rubbish_do_no_harm(page: Page, damaged: Server) -> None:
    chance = random.Random(4)
    parts = urlsplit(damaged.address)
    for number in range(40):
        message = BackMsg()
        message.rerun_script.query_string = chance.randbytes(50).decode("latin-1")
        message.rerun_script.page_name = chance.choice(["train", "../app", "\0", "x" * 5000])
        message.rerun_script.page_script_hash = "no such page"
        message.rerun_script.fragment_id = chance.choice(["", "no such fragment"])
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.json_value = "no such widget", "[" * 2000
        sent = [message.SerializeToString(), chance.randbytes(200), b"", message.SerializeToString()[:40]]
        with (
            suppress(WebSocketException, OSError),
            connect(
                f"ws://{parts.netloc}/_stcore/stream", subprotocols=["streamlit"], origin=damaged.address
            ) as socket,
        ):
            for content in sent[number % 4 :]:
                socket.send(content)
            socket.recv(5)
    page.goto(f"/train?run={GOOD}")
    expect(page.locator(".js-line").first).to_be_visible()
