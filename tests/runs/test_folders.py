"""Folders in the place of runs that are none, or damaged: each costs its own row."""

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gan import runs
from gan.models import snapshots
from gan.runs import BrokenRun, RunError, folders, store
from gan.system import locks, text
from gan.training.messages import Status
from tests.helpers import is_sentence, small


@pytest.fixture
def good(runs_root: Path) -> Path:
    """A run that was stopped."""
    return _run(runs_root / "20260101-good")


def _run(folder: Path) -> Path:
    writer = store.Writer(runs.create(small(), folder))
    writer(Status("stopped"))
    writer.close()
    return folder


def _pipe_for(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return damage


def _folder_for(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()

    return damage


def _link_for(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).rename(folder / "moved")
        (folder / name).symlink_to(folder / "moved")

    return damage


def _settings(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / store.CONFIG).write_bytes(content) and None


def _no_settings(folder: Path) -> None:
    (folder / store.CONFIG).unlink()


def _database(content: bytes, at: int = 0) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with (folder / store.DATABASE).open("r+b") as file:
            file.seek(at)
            file.write(content)

    return damage


def _status(json: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with closing(sqlite3.connect(folder / store.DATABASE, isolation_level=None)) as connection:
            connection.execute("UPDATE status SET json = ?", (json,))

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no settings": _no_settings,
    "empty settings": _settings(b""),
    "null": _settings(b"null"),
    "a list": _settings(b"[]"),
    "brackets": _settings(b"[" * 100_000),
    "more brackets": _settings(b"[" * 99_000),
    "large": _settings(b" " * 10_000_000),
    "bytes": _settings(bytes(range(256))),
    "another field": _settings(b'{"schema_version": 2, "' + b"<b>\\n" * 2000 + b'": 1}'),
    "infinite": _settings(b'{"schema_version": 2, "seconds": 1e999, "images": ' + b"9" * 4000 + b"}"),
    "random bytes": _database(random.Random(0).randbytes(20_000)),
    "zeros at the end": _database(bytes(4000), 4096),
    "no status": _status("{"),
    "a status that is null": _status("null"),
    "a status that is a blob": _status(b"\xff\x00"),
    "a status with text for a number": _status('{"state": "stopped", "progress": {"images": "many"}}'),
    **{f"a pipe for {name}": _pipe_for(name) for name in (store.CONFIG, store.DATABASE, f"{store.DATABASE}-wal")},
    **{f"a folder for {name}": _folder_for(name) for name in (store.CONFIG, store.DATABASE)},
    **{f"a link for {name}": _link_for(name) for name in (store.CONFIG, store.DATABASE)},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_run_costs_its_own_row_alone(good: Path, damage: Callable[[Path], None]) -> None:
    bad = _run(good.with_name("20260102-bad"))
    damage(bad)
    found = runs.look(bad)
    assert isinstance(found, BrokenRun)
    assert is_sentence(found.problem)
    assert len(found.problem) < 600
    assert [entry.id for entry in runs.entries()] == [bad.name, good.name]
    assert [run.id for run in runs.listing()] == [good.name]
    assert runs.names() == [bad.name, good.name]
    assert runs.training() == []
    assert runs.find(bad.name) == bad
    with pytest.raises(RunError) as caught:
        runs.read(bad)
    assert str(caught.value) == found.problem


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_lock_that_is_no_file_is_free(good: Path, kind: str) -> None:
    (_pipe_for if kind == "pipe" else _folder_for)(locks.RUN)(good)
    assert runs.read(good).status.state == "stopped"
    with pytest.raises(RunError, match=r"cannot be written \(run\.lock is not a file\)"), runs.lock(good):
        pass


def test_files_of_other_names_are_no_snapshots(good: Path) -> None:
    for name in ("00002624.safetensors", "00002624 copy.safetensors", "notes.txt", "²2.safetensors", "x" * 200):
        (good / snapshots.SNAPSHOTS / name).touch()
    os.mkfifo(good / snapshots.SNAPSHOTS / "00009999.safetensors")
    assert snapshots.newest_snapshot(good) == good / snapshots.SNAPSHOTS / "00002624.safetensors"


def test_links_are_listed_and_not_followed(good: Path, tmp_path: Path) -> None:
    elsewhere = _run(tmp_path / "elsewhere")
    (good.parent / "linked").symlink_to(elsewhere)
    (good.parent / "broken link").symlink_to(tmp_path / "nothing")
    problems = {entry.id: entry.problem for entry in runs.entries() if isinstance(entry, BrokenRun)}
    assert set(problems) == {"linked", "broken link"}
    assert all("links are left alone" in problem for problem in problems.values())


@pytest.mark.parametrize(
    "text",
    ["", "..", ".", "nothing", "a\0b", "x" * 5000, "x/" * 3000, "/nothing", "<img src=x>", "new\nline", "\udcff"],
)
def test_what_is_not_there_is_told_in_a_short_sentence(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(runs_root)
    with pytest.raises(RunError) as caught:
        runs.read(folders.locate(text))
    assert is_sentence(str(caught.value))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_run_is_meant_by_its_id_or_its_path(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good)
    for name in (good.name, str(good), f"{good}/", f"../{good.name}", "."):
        assert folders.locate(name) == good


def test_strange_names_are_names(runs_root: Path) -> None:
    names = ['<img src=x onerror="alert(1)">', "a & b", "quote's", "two\nlines", "x" * 255, "a__b", "\udcff"]
    for name in names:
        _run(runs_root / name)
    assert sorted(runs.names()) == sorted(names)
    (unspeakable,) = [entry for entry in runs.entries() if isinstance(entry, BrokenRun)]
    assert unspeakable.id == "\udcff"
    assert is_sentence(unspeakable.problem)
    assert all(runs.find(name) == runs_root / name for name in names)
    assert all(text.shown(name).isprintable() and len(text.shown(name)) <= 60 for name in names)


def test_large_folder_is_measured_up_to_a_limit(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (runs_root / str(number)).write_bytes(b"x" * 4096)
    assert folders.size(runs_root) == 20 * 4096
    monkeypatch.setattr(folders, "MOST_ENTRIES", 10)
    assert folders.size(runs_root) == 10 * 4096
