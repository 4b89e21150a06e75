"""A mirror of data sets on this machine, and small sets in the real format, so that no test needs a network."""

import gzip
import hashlib
import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import numpy as np

from gan.data import Bytes

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
Fault = Literal["", "cut", "hang", "silent", "wrong", "slow", "gone"]


def drawings(count: int, seed: int = 0) -> tuple[Bytes, Bytes]:
    """Ten kinds of garment, (count, 28, 28), each drawn from a few polygons of somewhat random size, and labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % 10
    rows, columns = np.mgrid[:28, :28]
    images = np.zeros((count, 28, 28), np.uint8)
    for number, label in enumerate(labels):
        dx, dy, width = rng.uniform(-1.5, 1.5), rng.uniform(-1.5, 1.5), rng.uniform(0.85, 1.15)
        x, y = (columns - 13.5 - dx) / width, rows - 13.5 - dy
        body, sleeves = (abs(x) < 5.5) & (abs(y) < 10), (abs(x) < 11) & (y > -10)
        shape = {
            0: body | (sleeves & (y < -4)),
            1: (abs(y) < 12) & (abs(x) < 5.5) & ~((abs(x) < 1.2) & (y > -5)),
            2: body | ((abs(x) < 10) & (abs(x) > 6.8) & (abs(y) < 10)) | (sleeves & (y < -6)),
            3: (abs(y) < 12) & (abs(x) < 2.5 + (y + 12) * 0.2),
            4: ((abs(x) < 10) & (abs(y) < 12)) & ~(abs(x) < 0.7),
            5: (abs(x) < 12)
            & ((y > 4) & (y < 7) | (abs(x + y) < 1.4) & (abs(y) < 6) | (abs(x - y) < 1.4) & (abs(y) < 6)),
            6: (body | (sleeves & (abs(y + 6) < 3.5))) & (abs(x) > 0.6),
            7: (abs(x) < 12) & (y > 1 - 0.25 * (x + 12) * (x < 0)) & (y < 7),
            8: (abs(x) < 10) & (y > -3) & (y < 9) | (abs(np.hypot(x, y + 3) - 6) < 1.2) & (y < -2),
            9: (x > -3) & (x < 5) & (abs(y) < 11) | (abs(x) < 11) & (x < 5) & (y > 4) & (y < 11),
        }[int(label)]
        shade = rng.uniform(140, 255) + rng.uniform(-18, 18, (28, 28))
        images[number] = np.where(shape, np.clip(shade, 0, 255), 0).astype(np.uint8)
    order = rng.permutation(count)
    return images[order], labels[order]


def idx(values: Bytes) -> bytes:
    """An array in the format of MNIST's files, packed."""
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return gzip.compress(header + values.tobytes(), mtime=0)


def small_set(train: int = 6000, test: int = 1000) -> dict[str, bytes]:
    """The four files of a set, by name."""
    images, labels = drawings(train)
    others, their = drawings(test, seed=1)
    return dict(zip(FILES, map(idx, (images, labels, others, their)), strict=True))


class Mirror:
    """Speaks as a mirror does, and with a `fault` as one does that is broken."""

    def __init__(self, files: dict[str, bytes], name: str = "fashion-mnist") -> None:
        self.files = {f"/{name}/{file}": content for file, content in files.items()}
        self.wrong = gzip.compress(b"something else", mtime=0)
        self.fault: Fault = ""
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.ended = threading.Event()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        content = self.files.get(request.path)
        if self.fault == "silent":
            self.ended.wait(60)
            return
        if content is None or self.fault == "gone":
            request.send_error(404)
            return
        if self.fault == "wrong":
            content = self.wrong
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        half = len(content) // 2
        try:
            request.wfile.write(content[:half])
            if self.fault == "cut":
                request.wfile.flush()
                request.connection.close()
                return
            if self.fault == "hang":
                self.ended.wait(60)
                return
            if self.fault == "slow":
                for start in range(half, len(content), 2000):
                    request.wfile.write(content[start : start + 2000])
                    if self.ended.wait(0.2):
                        return
                return
            request.wfile.write(content[half:])
        except OSError:
            pass


@contextmanager
def mirror(
    folder: Path, files: dict[str, bytes], name: str = "fashion-mnist"
) -> Iterator[tuple[Mirror, dict[str, str]]]:
    """A mirror that serves, and the environment that makes this project use it, with a cache in `folder`."""
    one = Mirror(files, name)
    thread = threading.Thread(target=one.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    checksums = folder / "checksums.json"
    known = {file: hashlib.md5(content, usedforsecurity=False).hexdigest() for file, content in files.items()}
    checksums.write_text(json.dumps({name: known}))
    try:
        yield (
            one,
            {
                "GAN_DATA_DIR": str(folder / "cache"),
                "GAN_DATA_MIRROR": one.url,
                "GAN_DATA_CHECKSUMS": str(checksums),
                "GAN_DATA_TIMEOUT": "1.5",
            },
        )
    finally:
        one.ended.set()
        one.server.shutdown()
        one.server.server_close()


def until(what: "object", seconds: float = 60.0) -> bool:
    """Whether something that is asked again and again becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False
