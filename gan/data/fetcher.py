"""The process that fetches a data set: `python -m gan.data.fetcher NAME FOLDER`. `gan.data.fetching` starts it.

torchvision knows mirrors and checksums, downloads, and reads the files; nothing else in the project imports it. It
says on stdout, a JSON object a line, how far it is; the end of its stdin ends it. In FOLDER it makes the folder
`whole`, with the images as this project reads them, and a record of what was fetched with its SHA-256.

`$GAN_DATA_MIRROR` takes the place of the mirrors: below that address, a folder for each set's name with its files.
`$GAN_DATA_CHECKSUMS`, for a set of one's own in the format of MNIST, names a JSON file of `{set: {file: MD5}}` that
takes the place of torchvision's checksums.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gan.data.fetching import patience
from gan.data.loading import ARRAYS, IMAGES, RECORD
from gan.data.spec import DataError, DataSpec, spec

EVERY = 0.2
"""Seconds between two words on how far it is."""
SIDE = 28
_PREFIX = re.compile(r"^(<?urlopen error )?(\[Errno -?\d+\] )?")


def _kind(of: DataSpec) -> Any:
    """torchvision's class for the set, with other mirrors and checksums where the environment names some."""
    from torchvision import datasets

    kind = getattr(datasets, of.torchvision)
    mirrors, resources = list(kind.mirrors), list(kind.resources)
    if mirror := os.environ.get("GAN_DATA_MIRROR"):
        mirrors = [f"{mirror.rstrip('/')}/{of.name}/"]
    if listed := os.environ.get("GAN_DATA_CHECKSUMS"):
        try:
            own = json.loads(Path(listed).read_text()).get(of.name, {})
            resources = [(file, str(own.get(file, md5))) for file, md5 in resources]
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(f"The checksums in {listed} cannot be read.") from error
    return type(kind.__name__, (kind,), {"mirrors": mirrors, "resources": resources})


def _parts(of: DataSpec, kind: Any, folder: Path) -> tuple[Any, Any]:
    """The training set and the test set, fetched; raises `DataError` with what went wrong."""
    raw = folder / "raw" / kind.__name__ / "raw"
    where = f"{of.title} could not be fetched from {' or '.join(kind.mirrors)}"
    try:
        return tuple(kind(str(folder / "raw"), train=train, download=True) for train in (True, False))
    except TimeoutError as error:
        raise DataError(f"{where}: it said nothing for {patience():g} s.") from error
    except (OSError, RuntimeError, EOFError) as error:
        raise DataError(f"{where}: {_why(error, raw)}") from error


def _why(error: Exception, raw: Path) -> str:
    """What went wrong, as far as can be seen."""
    said = str(error)
    if "corrupted" in said or isinstance(error, EOFError):
        files = sorted(raw.glob("*.gz"), key=lambda path: path.stat().st_mtime)
        if files and _is_cut_short(files[-1]):
            return f"{files[-1].name} was cut short."
        return f"{files[-1].name if files else 'a file'} has another checksum than the one that is known."
    if "timed out" in said:
        return f"it said nothing for {patience():g} s."
    reasons = [line.strip().rstrip(".") for line in said.splitlines() if line.strip()]
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"{_PREFIX.sub('', reasons[-1].strip('<>')) if reasons else type(error).__name__}."


def _is_cut_short(path: Path) -> bool:
    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except EOFError:
        return True
    except OSError:
        return path.stat().st_size == 0
    return False


def _checked(of: DataSpec, images: Any, labels: Any) -> tuple[Any, Any]:
    """Images and labels as uint8; raises `DataError` for anything else than a set of this kind."""
    images, labels = np.asarray(images), np.asarray(labels)
    fits = images.dtype == np.uint8 and images.ndim == 3 and images.shape[1:] == (SIDE, SIDE)
    if not fits or labels.shape != images.shape[:1] or not len(labels):
        raise DataError(f"What was fetched as {of.title} is no set of images of {SIDE}×{SIDE} pixels.")
    if labels.min() < 0 or labels.max() >= len(of.classes):
        raise DataError(f"What was fetched as {of.title} has other classes than its {len(of.classes)}.")
    return images, labels.astype(np.uint8)


def fetch(of: DataSpec, folder: Path, say: Callable[[dict[str, Any]], None]) -> None:
    """Downloads, checks and converts; raises `DataError`."""
    socket.setdefaulttimeout(patience())  # urllib waits for ever otherwise
    say({"share": 0.0, "doing": f"Fetching {of.title}"})
    kind = _kind(of)
    done = threading.Event()

    def tell() -> None:
        while not done.wait(EVERY):
            size = _size(folder / "raw")
            share = min(0.95, size / of.download) if of.download else 0.0
            megabytes = f"{size / 1e6:.1f} of {of.download / 1e6:.0f} MB"
            say({"share": share, "doing": f"Fetching {of.title}: {megabytes}"})

    threading.Thread(target=tell, daemon=True).start()
    try:
        parts = _parts(of, kind, folder)
    finally:
        done.set()
    say({"share": 0.96, "doing": f"Writing {of.title}"})
    arrays: list[Any] = []
    for part in parts:
        arrays += _checked(of, part.data, part.targets)
    whole = folder / "whole"
    whole.mkdir()
    file = io.BytesIO()
    np.savez_compressed(file, **dict(zip(ARRAYS, arrays, strict=True)))
    content = file.getvalue()
    (whole / IMAGES).write_bytes(content)
    record = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "mirrors": kind.mirrors,
        "md5": dict(kind.resources),
        "licence": of.licence,
        "source": of.source,
    }
    (whole / RECORD).write_text(json.dumps(record, indent=1))


def _size(folder: Path) -> int:
    """Bytes of the packed files so far."""
    size = 0
    with contextlib.suppress(OSError):
        for path in folder.rglob("*.gz"):
            size += path.stat().st_size
    return size


def main() -> int:
    """Exit status 0 where it is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked is told of it, and ends this
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not get between the messages

    def say(message: dict[str, Any]) -> None:
        try:
            out.write(json.dumps(message) + "\n")
            out.flush()
        except OSError:
            os._exit(1)

    def end_with_asker() -> None:
        while io.FileIO(0, closefd=False).read(1):  # not sys.stdin: a thread in its buffer makes Python abort
            pass
        os._exit(1)

    threading.Thread(target=end_with_asker, daemon=True).start()
    try:
        fetch(spec(sys.argv[1]), Path(sys.argv[2]), say)
    except (DataError, urllib.error.URLError, OSError, ImportError) as error:
        say({"failed": str(error)})
        return 1
    say({"done": True})
    return 0


if __name__ == "__main__":
    sys.exit(main())
