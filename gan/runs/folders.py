"""Run folders as files: where they are, which of their files are ours, and how much they take.

What lies in the runs folder was perhaps put there by somebody else. Nothing here follows a link, opens anything but a
plain file, or takes a folder for a run because of its place alone.
"""

import itertools
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from gan.models import snapshots
from gan.runs import processes, store
from gan.system import locks
from gan.system.text import shown

LARGEST_CONFIG = 100_000
"""Bytes; settings take a thousand or two."""
MOST_ENTRIES = 50_000
"""So many files are counted at most when something is measured; a run has some hundreds."""
_FILES = {
    store.CONFIG,
    store.DATABASE,
    *(f"{store.DATABASE}-{end}" for end in ("wal", "shm", "journal")),
    store.CHECKPOINT,
    snapshots.BEST,
    *store.INSPECTIONS.values(),
    locks.RUN,
    processes.LOG,
}
_PART = re.compile(r"\..+\.part")


class RunError(RuntimeError):
    """Something about a run that cannot be done; the message is one sentence for people."""


def root() -> Path:
    """Where runs are kept: $GAN_RUNS_DIR, else ./runs."""
    return Path(os.environ.get("GAN_RUNS_DIR") or "runs").absolute()


def names() -> list[str]:
    """The ids of the runs under `root()`, newest first, damaged ones too: all its folders, and links to some."""
    try:
        with os.scandir(root()) as entries:
            found = [entry.name for entry in entries if entry.is_symlink() or entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted((name for name in found if not name.startswith(".")), reverse=True)


def locate(text: str) -> Path:
    """What somebody means by a run's id or a path to its folder; raises `RunError` if there is no such thing.

    Whatever lies directly under `root()` can be named so, a run or not.
    """
    missing = RunError(f"There is no run '{shown(text)}'; python -m gan runs list shows what there is.")
    if not text or "\0" in text:
        raise missing
    places = [Path(text).absolute()]
    if Path(text).name == text and text not in (".", ".."):
        places.insert(0, root() / text)
    for place in places:
        # Without `..` and a slash at the end, which would follow a link.
        path = Path(os.path.abspath(place))  # noqa: PTH100 (pathlib keeps `..`)
        if kind(path) is not None:
            return path
    raise missing


def kind(path: Path) -> int | None:
    """The file type of what lies at `path` (see `stat.S_IFMT`), links not followed; None for nothing."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except (OSError, ValueError):
        return None


def stamps(folder: Path) -> tuple[int, ...]:
    """Changes whenever the files change that say what a run is and where it stands.

    Raises `RunError` if one of them is anything but a plain file, which might never answer, and `OSError`.
    """
    mode = folder.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise RunError(f"{shown(folder.name)} is a link; links are left alone.")
    if not stat.S_ISDIR(mode):
        raise RunError(f"{shown(folder, 200)} is not a folder.")
    found = []
    for name in (store.CONFIG, store.DATABASE, *(f"{store.DATABASE}-{end}" for end in ("wal", "shm", "journal"))):
        try:
            status = (folder / name).lstat()
        except FileNotFoundError:
            if name == store.CONFIG:
                raise RunError(f"There is no run in {shown(folder, 200)}: it has no {name}.") from None
            continue
        if not stat.S_ISREG(status.st_mode):
            raise RunError(f"{name} in {shown(folder, 200)} is not a file.")
        if name == store.CONFIG and status.st_size > LARGEST_CONFIG:
            raise RunError(f"{name} in {shown(folder, 200)} is too large to be settings.")
        if not name.endswith("-shm"):  # readers write there
            found += [status.st_mtime_ns, status.st_size, status.st_ino]
    return tuple(found)


def foreign(folder: Path) -> str:
    """The first thing in a folder that no run has there, as a path within it; empty if all is ours.

    Raises `OSError`.
    """
    for below in (Path(), Path(snapshots.SNAPSHOTS)):
        if below.name and kind(folder / below) != stat.S_IFDIR:
            continue
        with os.scandir(folder / below) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    ours = entry.name in _FILES if not below.name else snapshots.SNAPSHOT.fullmatch(entry.name)
                    fits = bool(ours or _PART.fullmatch(entry.name))
                else:
                    fits = not below.name and entry.name == snapshots.SNAPSHOTS and entry.is_dir(follow_symlinks=False)
                if not fits:
                    return str(below / entry.name)
    return ""


def size(folder: Path) -> int:
    """Bytes on the disk of all files below a folder; what cannot be looked at counts as nothing."""
    total, seen, waiting = 0, 0, [str(folder)]
    while waiting and seen < MOST_ENTRIES:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in itertools.islice(entries, MOST_ENTRIES):
                seen += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    with suppress(OSError):
                        total += _on_disk(entry.stat(follow_symlinks=False))
    return total


def _on_disk(status: os.stat_result) -> int:
    blocks: int | None = getattr(status, "st_blocks", None)  # not on Windows
    return status.st_size if blocks is None else 512 * blocks
