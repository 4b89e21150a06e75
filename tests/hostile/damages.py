"""What can be wrong with a run folder: each damage is a small function that does it, in the table `DAMAGES`.

A damage may return something to be closed when the test is over: a lock that it holds, a socket.
"""

import os
import random
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gan.models import snapshots
from gan.runs import store
from gan.system import locks
from tests.hostile.places import remove


class Closable(Protocol):
    """Something that a damage holds."""

    def close(self) -> None:
        """Lets go of it."""


Damage = Callable[[Path], Closable | None]
DAMAGES: dict[str, Damage] = {}
COMBINED: list[str] = []
"""Names of damages that are every pair of two lists. There are many; continuous integration tries some of them."""


def damage(name: str) -> Callable[[Damage], Damage]:
    """Enters a function into the table."""

    def enter(function: Damage) -> Damage:
        assert name not in DAMAGES
        DAMAGES[name] = function
        return function

    return enter


def combine(name: str, function: Damage) -> None:
    """Enters one of many."""
    DAMAGES[name] = function
    COMBINED.append(name)


# Something else in place of a file.


def _socket(path: Path) -> Closable:
    # The address of a socket may have 107 bytes only.
    held = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        held.bind(path.name)
    finally:
        os.chdir(here)
    return held


def _full_folder(path: Path) -> None:
    (path / "deeper" / "still").mkdir(parents=True)
    (path / "deeper" / "note.txt").write_text("somebody's")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 30)


def _link_to_a_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


REPLACEMENTS: dict[str, Damage] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b"") and None,
    "a byte": lambda path: path.write_bytes(b"{") and None,
    "null": lambda path: path.write_text("null") and None,
    "random bytes": lambda path: path.write_bytes(random.Random(1).randbytes(5000)) and None,
    "zeros": lambda path: path.write_bytes(bytes(20_000)) and None,
    "sparse, 8 GB": _sparse,
    "folder": lambda path: path.mkdir(),
    "full folder": _full_folder,
    "fifo": lambda path: os.mkfifo(path),
    "socket": _socket,
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to its folder": lambda path: path.symlink_to("."),
    "link to a device without end": lambda path: path.symlink_to("/dev/zero"),
    "link to a fifo": _link_to_a_fifo,
}
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda content: content[: len(content) // 2],
    "last byte gone": lambda content: content[:-1],
    "first byte gone": lambda content: content[1:],
    "more at the end": lambda content: content + b"more",
    "bits flipped": lambda content: _flipped(content, 30),
    "bits flipped at the beginning": lambda content: _flipped(content[:64], 8) + content[64:],
    "lines as on Windows": lambda content: content.replace(b"\n", b"\r\n"),
    "backwards": lambda content: content[::-1],
}
FILES = {
    "config": store.CONFIG,
    "database": store.DATABASE,
    "write-ahead log": f"{store.DATABASE}-wal",
    "index of the log": f"{store.DATABASE}-shm",
    "checkpoint": store.CHECKPOINT,
    "best": snapshots.BEST,
    "snapshot": f"{snapshots.SNAPSHOTS}/00000640.safetensors",
    "newer snapshot": f"{snapshots.SNAPSHOTS}/00009999.safetensors",
    "snapshots": snapshots.SNAPSHOTS,
    "lock": locks.RUN,
    "worker's log": "worker.log",
}
_BESIDE = {"write-ahead log", "index of the log", "newer snapshot", "worker's log", "lock", "snapshots"}
"""Not there at all, or without content: nothing to be changed in them."""


def _flipped(content: bytes, bits: int) -> bytes:
    chance = random.Random(2)
    changed = bytearray(content)
    for _ in range(bits if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _replaced(name: str, put: Damage) -> Damage:
    def act(run: Path) -> Closable | None:
        remove(run / name)
        return put(run / name)

    return act


def _changed(name: str, change: Callable[[bytes], bytes]) -> Damage:
    def act(run: Path) -> None:
        (run / name).write_bytes(change((run / name).read_bytes()))

    return act


for _what, _name in FILES.items():
    for _how, _put in REPLACEMENTS.items():
        if _how == "fifo":  # the worst, since opening one waits for whoever reads it
            DAMAGES[f"{_what}: {_how}"] = _replaced(_name, _put)
        else:
            combine(f"{_what}: {_how}", _replaced(_name, _put))
    if _what not in _BESIDE:
        for _how, _change in CHANGES.items():
            combine(f"{_what}: {_how}", _changed(_name, _change))
        DAMAGES[f"{_what}: may not be read"] = lambda run, name=_name: (run / name).chmod(0)


def _swap(one: str, other: str) -> Damage:
    def act(run: Path) -> None:
        (run / one).rename(run / "aside")
        (run / other).rename(run / one)
        (run / "aside").rename(run / other)

    return act


for _one, _other in (
    ("config", "database"),
    ("config", "snapshot"),
    ("checkpoint", "snapshot"),
    ("checkpoint", "best"),
    ("database", "checkpoint"),
):
    DAMAGES[f"{_one} and {_other} swapped"] = _swap(FILES[_one], FILES[_other])


# The folder itself.


def _instead_of_the_run(put: Damage) -> Damage:
    def act(run: Path) -> Closable | None:
        shutil.rmtree(run)
        return put(run)

    return act


for _how, _put in REPLACEMENTS.items():
    combine(f"the folder: {_how}", _instead_of_the_run(_put))


@damage("the folder: may not be read")
def _(run: Path) -> None:
    run.chmod(0)


@damage("the folder: may be listed, not entered")
def _(run: Path) -> None:
    run.chmod(0o444)


@damage("the folder: may be entered, not listed")
def _(run: Path) -> None:
    run.chmod(0o111)


@damage("the folder: may not be written")
def _(run: Path) -> None:
    (run / snapshots.SNAPSHOTS).chmod(0o555)
    run.chmod(0o555)


@damage("the folder: a link to the neighbour")
def _(run: Path) -> None:
    shutil.rmtree(run)
    run.symlink_to(next(path for path in run.parent.iterdir() if path.name.endswith("good")))


@damage("the folder: a link to a stranger's")
def _(run: Path) -> None:
    shutil.rmtree(run)
    run.symlink_to(run.parent.parent / "stranger")


@damage("the folder: of a stranger, with a config.json")
def _(run: Path) -> None:
    shutil.rmtree(run)
    shutil.copytree(run.parent.parent / "stranger", run)


@damage("the folder: a whole folder of runs")
def _(run: Path) -> None:
    run.rename(run.with_name("aside"))
    run.mkdir()
    run.with_name("aside").rename(run / run.name)


@damage("the folder: thousands of strange files")
def _(run: Path) -> None:
    for number in range(2000):
        (run / snapshots.SNAPSHOTS / f"{number} copy.safetensors").touch()


@damage("the folder: what systems and editors leave")
def _(run: Path) -> None:
    for folder in (run, run / snapshots.SNAPSHOTS):
        for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._config.json", "config.json~", ".config.json.swp"):
            (folder / name).write_bytes(b"\0\1rubbish")
        for name in ("._00000640.safetensors", "00000640.safetensors.part", "~$000640.safetensors"):
            (folder / name).write_bytes(b"rubbish")
    (run / snapshots.SNAPSHOTS / ".stversions").mkdir()


# Times.


def _dated(nanoseconds: int) -> Damage:
    def act(run: Path) -> None:
        for path in (*run.rglob("*"), run):
            os.utime(path, ns=(nanoseconds, nanoseconds))

    return act


for _how, _second in {"1970": 0, "1931": -(2**30), "2446": 15_032_385_535, "1901": -(2**31)}.items():
    DAMAGES[f"all files are of {_how}"] = _dated(_second * 10**9)


# Snapshots as file managers, sync tools and people name their copies.

for _name in (
    "00000640 copy.safetensors",
    "00000640 (1).safetensors",
    "00000640 (conflicted copy 2026-01-01).safetensors",
    "Copy of 00000640.safetensors",
    "99999999999999999999.safetensors",
    "9" * 240 + ".safetensors",
    "640.safetensors",
    "-0000641.safetensors",
    "0x00000641.safetensors",
    "0641e3.safetensors",
    "00_641.safetensors",
    "²²²²²²²².safetensors",
    "0²²²²²²².safetensors",
    "٠٠٠٠٠٦٤١.safetensors",
    "0٠٠٠٠٦٤١.safetensors",
    "00000641.SAFETENSORS",
    "0\n.safetensors",
    "0<img src=x onerror=alert(1)>.safetensors",
    "00000640.safetensors.safetensors",
    os.fsdecode(b"0\xff\xfe.safetensors"),
):
    DAMAGES[f"a snapshot called {_name[:40]!r}"] = lambda run, name=_name: (
        shutil.copy(run / FILES["snapshot"], run / snapshots.SNAPSHOTS / name) and None
    )
