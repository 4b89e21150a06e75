"""Files that a command is told to write: checked before its work begins, so that none is done in vain."""

import glob
import os
import tempfile
from pathlib import Path

import psutil

from gan.system.files import is_full, write_atomically
from gan.system.text import shown


class OutputError(ValueError):
    """A file that cannot be written; the message is one sentence."""


def check(path: Path, *endings: str) -> None:
    """Raises `OutputError` unless a file with one of the endings, any if there are none, can be written at `path`.
    Nothing stays there."""
    if endings and path.suffix not in endings:
        raise OutputError(f"--out {shown(path)} has to end in {' or '.join(endings)}.")
    try:
        if path.is_dir():
            raise OutputError(f"--out {shown(path)} is a folder; name a file in it.")
        if path.is_symlink() and not path.exists():
            raise OutputError(f"--out {shown(path)} is a link that leads nowhere.")
        if path.exists() and not path.is_file():
            raise OutputError(f"--out {shown(path)} is a device or a pipe, and not a file.")
        # A name that is just short enough would be too long for the file beside, which is renamed in the end.
        path.with_name(f".{path.name}.{os.getpid()}.part").exists()
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _refused(path, error) from error


def write(path: Path, content: bytes) -> None:
    """Replaces the file at once; raises `OutputError`, and then leaves what was there. What a call that was killed has
    left beside the file goes too."""
    try:
        for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            pid = part.name.split(".")[-2]
            if pid.isdecimal() and not psutil.pid_exists(int(pid)):
                part.unlink(missing_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> OutputError:
    if is_full(error):
        return OutputError(f"{shown(path)} cannot be written: the disk is full.")
    return OutputError(f"{shown(path)} cannot be written ({error.strerror}).")
