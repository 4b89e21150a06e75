"""What the tests of a run's folder write into it, and read from it."""

import struct
import zlib
from pathlib import Path

import numpy as np

from gan import render
from gan.runs.store import Curves
from gan.training.messages import Record, Summary


def a_record(images: int, value: float, segment: int = 0, spread: float = 0.5) -> Record:
    return Record(images, images / 100, segment, {"loss_d": Summary(value, value - spread, value + spread)})


def picture(length: int, grey: int = 0) -> bytes:
    """A whole PNG of so many bytes; what it lacks is a comment."""
    plain = render.png(np.full((28, 28), grey, np.uint8))
    comment = b"tEXt" + b"Comment\0".ljust(length - len(plain) - 12, b"x")
    chunk = struct.pack(">I", len(comment) - 4) + comment + struct.pack(">I", zlib.crc32(comment))
    return plain[:-12] + chunk + plain[-12:]


def curves_of(folder: Path) -> Curves:
    curves = Curves(folder)
    curves.update()
    return curves
