"""Files in folders that anybody may have written to: looked at before they are opened, and replaced whole."""

import errno
import os
import re
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

_PART = re.compile(r"\..+\.\d+\.part")


class StorageError(RuntimeError):
    """An event could not be kept; the message is one sentence for people."""


def check_plain(path: Path) -> os.stat_result:
    """What the system says of a plain file. Raises `FileNotFoundError`, and `StorageError` for anything else.

    Opening a named pipe waits for whoever writes to it, and a link may lead anywhere: so one looks first.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(f"{path} is {_kind(found.st_mode)}, not a file.")
    return found


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def read_text(path: Path, most: int = 1_000_000) -> str:
    """The text of a file of at most `most` bytes. Raises `FileNotFoundError`, and `StorageError` with one sentence."""
    if check_plain(path).st_size > most:
        raise StorageError(f"{path} is larger than {most:,} bytes.")
    try:
        with path.open("rb") as file:
            return file.read(most).decode()
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise StorageError(f"{path} is no text in UTF-8.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file whole: written beside, flushed to the disk, renamed. Raises `OSError`."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Removes what `write_atomically` leaves behind when its process is killed. Only for the one who writes there."""
    for entry in os.scandir(folder):
        if _PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            Path(entry.path).unlink(missing_ok=True)


def is_full(error: BaseException) -> bool:
    """Whether an error means that a disk, or somebody's share of it, is full."""
    if isinstance(error, sqlite3.Error):
        # The low byte is the kind, the rest says more.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
