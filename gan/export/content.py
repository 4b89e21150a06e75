"""What a page is sent of a model: its program as bytes, and what a widget needs beside it. No torch, so that the
generator that ships is shown before torch is there: its program is a file."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from gan import glossary
from gan.data import Bytes, DataSpec
from gan.paths import SHIPPED_PROGRAM

YARDSTICK = 20
"""Real images that Draw measures its search with."""


class ExportError(ValueError):
    """What cannot be exported; the message is one sentence for people."""


@dataclass(frozen=True)
class Names:
    """What a model is called."""

    model: str
    """In the app. Stays the same while its run trains."""
    link: str
    """In links: these very weights."""
    reference: str
    """On the command line and in Python: these very weights."""
    pins: str
    """Under which latents are kept that were pinned: all moments of a run share them."""


def packed(header: dict[str, Any], weights: bytes) -> bytes:
    """A program as one buffer: the length of the header (4 bytes, little endian), the header (JSON, filled up with
    blanks to a multiple of 4), the weights."""
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + weights


def unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and weights of a program."""
    end = 4 + int.from_bytes(content[:4], "little")
    return json.loads(content[4:end]), content[end:]


def presented(program: bytes, names: Names, spec: DataSpec, real: Bytes | None = None) -> bytes:
    """A program (`gan.export.explorable.program_of`) with what a widget needs beside it: its names, those of its
    data set, real images (N, 28, 28), what its words mean."""
    header, weights = unpacked(program)
    about = {
        **asdict(names),
        "classes": spec.classes,
        "digit": min(3, len(spec.classes) - 1),
        "one": spec.one,
        "many": spec.many,
        "dataset": spec.title,
        "drawn": spec.drawn,
        "words": glossary.GLOSSARY,
        "real": [base64.b64encode(image.tobytes()).decode() for image in (() if real is None else real)],
    }
    return packed(header | about, weights)


def shipped() -> bytes:
    """The program of the generator that ships, with its directions, as `benchmarks.ship` made it."""
    return SHIPPED_PROGRAM.read_bytes()


def shipped_fingerprint() -> str:
    """The hash by which a link knows the generator that ships (`gan.export.program.fingerprint`)."""
    with SHIPPED_PROGRAM.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(4), "little")))
    return str(header["hash"])
