"""Model files as files: whether one may be opened at all. No torch, so that a wrong one is refused at once."""

import stat
from pathlib import Path

from gan.system.text import shown

LARGEST_HEADER = 1_000_000
"""Bytes; ours take some thousands."""


class ModelError(ValueError):
    """A file that cannot be used as a model or a checkpoint; the message says why, in one sentence."""


def damaged(path: Path) -> ModelError:
    """What to say of a file that is no safetensors file, or not a whole one."""
    return ModelError(f"{path} is not a whole safetensors file: it is cut short, damaged, or something else.")


def check(path: Path) -> None:
    """Raises `ModelError` unless this is a plain file with a header of sensible length. A pipe would wait for ever, and
    a header may announce anything."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{shown(path, 200)} is not a plain file.")
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(f"There is no file {shown(path, 200)}.") from error
    except OSError as error:
        raise ModelError(f"{shown(path, 200)} cannot be read ({error.strerror or error}).") from error
    if not 2 <= length <= min(LARGEST_HEADER, status.st_size - 8):
        raise damaged(path)
