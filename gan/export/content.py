"""What a page is sent of a model: its program as bytes, and what a widget needs beside it. No torch, so that the
generator that ships is shown before torch is there: its program is a file."""

import base64
import json
from dataclasses import asdict, dataclass

from gan import glossary
from gan.data import Bytes, DataSpec
from gan.paths import SHIPPED_PROGRAM
from gan.system.framing import framed, unframed

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


def presented(program: bytes, names: Names, spec: DataSpec, real: Bytes | None = None) -> bytes:
    """A program (`gan.export.explorable.program_of`) with what a widget needs beside it: its names, those of its
    data set, real images (N, 28, 28), what its words mean."""
    header, weights = unframed(program)
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
    return framed(header | about, weights)


def shipped() -> bytes:
    """The program of the generator that ships, with its directions, as `benchmarks.ship` made it."""
    return SHIPPED_PROGRAM.read_bytes()


def shipped_fingerprint() -> str:
    """The hash by which a link knows the generator that ships (`gan.export.program.fingerprint`)."""
    with SHIPPED_PROGRAM.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(4), "little")))
    return str(header["hash"])
