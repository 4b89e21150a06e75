"""What was discarded or deleted, kept for a day in `.trash` in the runs folder, so that it can be had back.

A thing goes there by one rename, into a folder of its own: `.trash/20260131T120000Z-ab12/NAME`. That folder's name is
what `restore` takes; it says when that was. Anything else in `.trash` is somebody else's and stays.
"""

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gan.config import ConfigError, TrainConfig
from gan.runs import folders, processes, store
from gan.runs.folders import RunError
from gan.system import locks
from gan.system.text import shown

TRASH = ".trash"
KEPT = 86_400.0
"""For so many seconds a thing can be had back."""
_ITEM = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
_WHEN = "%Y%m%dT%H%M%SZ"
_ORIGIN = ".origin"
"""Beside a run that did not lie in the runs folder: the path that it had."""
_UNFINISHED = re.compile(r"\.(deleted-.+-[0-9a-f]{4}|new-[0-9a-f]{8})")
"""What a kill leaves in the runs folder: deletions of older versions, and runs that were just being made."""


@dataclass(frozen=True)
class Item:
    """A thing in the trash."""

    name: str
    """What `restore` takes, for this very thing."""
    run: str
    """What it was called, a run's id."""
    discarded: datetime

    @property
    def folder(self) -> Path:
        """Where it lies now."""
        return place() / self.name / self.run

    @property
    def until(self) -> datetime:
        """When it is removed for good."""
        return self.discarded + timedelta(seconds=KEPT)


def place() -> Path:
    """The trash, which may not be there yet."""
    return folders.root() / TRASH


def listing() -> list[Item]:
    """What is in the trash, newest first."""
    found = []
    for name in _item_names():
        with suppress(OSError, ValueError):
            when = datetime.strptime(name.partition("-")[0], _WHEN).replace(tzinfo=UTC)
            inside = sorted(path.name for path in (place() / name).iterdir() if path.name != _ORIGIN)
            found += [Item(name, run, when) for run in inside[:1]]
    return found


def _item_names() -> list[str]:
    if folders.kind(place()) != stat.S_IFDIR:
        return []
    try:
        return sorted(filter(_ITEM.fullmatch, os.listdir(place())), reverse=True)  # noqa: PTH208 (names are wanted)
    except OSError:
        return []


def discard(folder: Path) -> str:
    """Moves a run into the trash and returns its name there, for `restore`.

    Whatever lies directly in the runs folder is taken, a damaged run too; elsewhere only what is recognised as a run.
    Raises `RunError` for anything else, for links, and while a process is at work on it.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 (pathlib keeps `..`)
    is_direct = _check(folder)
    name = f"{datetime.now(UTC).strftime(_WHEN)}-{secrets.token_hex(2)}"
    with _told(f"{shown(folder.name)} cannot be moved into the trash"), _unused(folder):
        if place().is_symlink():
            raise RunError(f"{place()} is a link; links are left alone.")
        own = place() / name
        own.mkdir(parents=True)
        try:
            if not is_direct:
                (own / _ORIGIN).write_bytes(os.fsencode(folder))
            _move(folder, own / folder.name)
        except OSError:
            shutil.rmtree(own, ignore_errors=True)
            raise
    return name


def _check(folder: Path) -> bool:
    """Whether `folder` lies directly in the runs folder; raises `RunError` if it may not go to the trash."""
    name, root = shown(folder.name or folder), folders.root()
    kind = folders.kind(folder)
    if kind is None:
        raise RunError(f"{name} cannot be deleted: there is no such run.")
    if kind == stat.S_IFLNK:
        raise RunError(f"{name} is a link; links are left alone.")
    here, runs_folder = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    if runs_folder.is_relative_to(here):
        raise RunError(f"{name} is the runs folder or holds it; only single runs can be deleted.")
    if here.parent == runs_folder:
        if folder.name.startswith("."):
            raise RunError(f"{name} is no run: names that begin with a dot are the program's own.")
        return True
    if here.is_relative_to(runs_folder / TRASH):
        raise RunError(f"{name} is in the trash already.")
    _recognise(folder)
    return False


def _recognise(folder: Path) -> None:
    """Raises `RunError` unless a folder is a run by its settings and has nothing in it but what is a run's."""
    try:
        folders.stamps(folder)
        TrainConfig.from_json((folder / store.CONFIG).read_text())
        foreign = folders.foreign(folder)
    except (OSError, ConfigError, UnicodeDecodeError, RunError) as error:
        raise RunError(f"{shown(folder, 200)} is not a run, so it is left alone: {shown(error, 200)}") from error
    if foreign:
        raise RunError(
            f"{shown(folder, 200)} also holds {shown(foreign)}, which is no part of a run; it is left alone."
        )


@contextmanager
def _unused(folder: Path) -> Iterator[None]:
    """Holds the run, so that no worker begins meanwhile; raises `RunError` if one is at work."""
    at_work = RunError(f"{shown(folder.name)} is at work; stop it before deleting it.")
    lock = folder / locks.RUN
    if processes.is_alive(folder) or locks.is_held(lock):
        raise at_work
    with ExitStack() as stack:
        # Windows moves no folder in which a file is open; and a lock that cannot be had is no reason to keep a run.
        if os.name != "nt" and folders.kind(lock) == stat.S_IFREG:
            try:
                stack.enter_context(locks.held(lock, timeout=0.5))
            except locks.LockedError:
                raise at_work from None
            except OSError:
                pass
        yield


def _move(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except PermissionError:
        # A folder that one may not write into cannot get another parent.
        if folders.kind(folder) != stat.S_IFDIR:
            raise
        folder.chmod(0o700)
        folder.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # From another disk: it is gone there only once all of it is here.
        shutil.copytree(folder, target, symlinks=True)
        _remove(folder)


def restore(name: str) -> Path:
    """Puts a thing back where it was and returns its path; `name` is its name in the trash, or that of the run, which
    means the one that was discarded last. Raises `RunError`."""
    item = next((item for item in listing() if name in (item.name, item.run)), None)
    if item is None:
        raise RunError(f"There is no '{shown(name)}' in the trash; python -m gan runs list shows what is there.")
    own = place() / item.name
    target = folders.root() / item.run
    with _told(f"{shown(item.run)} cannot be put back"):
        if folders.kind(own / _ORIGIN) == stat.S_IFREG:
            target = Path(os.fsdecode((own / _ORIGIN).read_bytes()))
        if folders.kind(target) is not None:
            raise RunError(f"{shown(target, 200)} exists, so nothing is put back there; move that away first.")
        _move(own / item.run, target)
    shutil.rmtree(own, ignore_errors=True)
    return target


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turns an `OSError` into a `RunError` that says what could not be done, and why."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{what} ({error.strerror or error}).") from error


def empty(older_than: float = 0.0) -> int:
    """Removes for good what has been in the trash for so many seconds; returns how many things those were.

    Also removes what a kill has left in the runs folder, once it is a day old.
    """
    now = datetime.now(UTC)
    old = [item for item in listing() if (now - item.discarded).total_seconds() >= older_than]
    for item in old:
        remove(item)
    with suppress(OSError):
        for path in folders.root().iterdir():
            if _UNFINISHED.fullmatch(path.name) and now.timestamp() - path.lstat().st_mtime > KEPT:
                _remove(path)
    return len(old)


def remove(item: Item) -> None:
    """Removes a thing for good. It is out of the listing at once, so that nobody restores a half of it."""
    doomed = place() / f".gone-{item.name}"
    with suppress(OSError):
        (place() / item.name).rename(doomed)
    for path in place().glob(".gone-*"):  # what a kill has left, too
        _remove(path)


def _remove(path: Path) -> None:
    """Removes a folder or a file whatever its permissions are, as far as that can be done; links are not followed."""
    if folders.kind(path) != stat.S_IFDIR:
        with suppress(OSError):
            path.unlink()
        return
    with suppress(OSError):
        path.chmod(0o700)
        for parent, below, _ in os.walk(path):
            for name in below:
                if folders.kind(inner := Path(parent, name)) == stat.S_IFDIR:
                    inner.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
