"""A host may overrule `.streamlit/config.toml`; what has to hold holds all the same."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.servers import Server, serving

FORCED = (
    "--server.maxUploadSize=200",
    "--server.fileWatcherType=poll",
    "--runner.postScriptGC=true",
    "--server.enableXsrfProtection=false",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), *FORCED) as server:
        yield server


def upload(address: str, session: str, size: int) -> int:
    """The status that the server answers with to a file of so many bytes."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    request = urllib.request.Request(
        f"{address}/_stcore/upload_file/{session}/file",
        data=head + bytes(size) + b"\r\n--x--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def refused(address: str, size: int) -> int:
    """Opens a page as a browser does, and uploads while it is open."""
    place = address.removeprefix("http://")
    async with websockets.connect(
        f"ws://{place}/_stcore/stream", subprotocols=["streamlit"], max_size=None, origin=address
    ) as socket:
        message = BackMsg()
        message.rerun_script.page_name = "evaluate"
        await socket.send(message.SerializeToString())
        session = ""
        while True:
            answer = ForwardMsg.FromString(await asyncio.wait_for(socket.recv(), 60))
            if answer.WhichOneof("type") == "new_session":
                session = answer.new_session.initialize.session_id
            if answer.WhichOneof("type") == "script_finished":
                return await asyncio.to_thread(upload, address, session, size)


@pytest.mark.parametrize("size", [1, 2_000_000])
def test_nothing_can_be_uploaded(server: Server, size: int) -> None:
    # In a thread of its own: Playwright, which another test may have started, has the event loop of this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, refused(server.address, size)).result() == 413
