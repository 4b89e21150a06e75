"""What is read from a run's folder, whoever wrote it, and whatever has become of it."""

import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan.models.snapshots import snapshot_paths
from gan.runs import schema, store
from gan.runs.store import Writer, read_samples, read_status
from gan.system.files import StorageError
from gan.training.messages import Control, Progress, Sample, Segment, Status
from tests.helpers import is_sentence, status_at
from tests.stored import a_record, curves_of, picture


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(tmp_path)) as one:
        yield one


def test_status_is_the_last_one_written(tmp_path: Path, writer: Writer) -> None:
    paused = Status("paused", "m", 4, Progress(20, 1.5, 3.25, 7, 8.0), Control(1e-3, 2e-3, "CPU", "f", 2))
    statuses = [status_at("running", images=10), paused]
    for status in statuses:
        writer(status)
        assert read_status(tmp_path) == status


MEASURED = {
    "agreement": 0.75,
    "fcd": 12.5,
    "histogram": tuple(range(95, 105)),
    "agreement_floor": 0.99,
    "fcd_floor": 2.5,
    "best_fcd": 11.5,
    "best_images": 640,
    "best_seconds": 2.25,
}


def test_status_keeps_the_quality_that_was_measured(tmp_path: Path, writer: Writer) -> None:
    for status in (
        status_at("running"),
        status_at("running", **MEASURED),
        status_at("running", **MEASURED | {"agreement": None}),
    ):
        writer(status)
        assert read_status(tmp_path) == status
        assert hash(status) == hash(read_status(tmp_path))  # a list for a tuple could not be hashed


def _write_status(folder: Path, values: dict[str, Any]) -> None:
    """A status as another version of the program may have written it."""
    with closing(Writer(folder)), closing(sqlite3.connect(folder / store.DATABASE)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO status VALUES (0, ?)", (json.dumps(values),))


def test_status_of_a_newer_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    status = status_at("paused", images=64, **MEASURED)
    values = asdict(status)
    values["progress"]["hopes"] = [1, 2]
    _write_status(tmp_path, values | {"mood": "hopeful", "colours": {"eyes": "blue"}})
    assert read_status(tmp_path) == status


FLAT = {
    "state": "paused",
    "images": 64,
    "seconds": 1.5,
    "images_per_second": 3.25,
    "images_limit": 0,
    "seconds_limit": 60.0,
    "lr_g": 1e-3,
    "lr_d": 2e-3,
    "segment": 4,
    "device": "CPU",
    "precision": "float32",
    "message": "m",
}
"""A status as it was written before it had parts, and before quality was measured."""


@pytest.mark.parametrize("measured", [{}, MEASURED])
def test_flat_status_of_an_older_version_is_lifted(tmp_path: Path, measured: dict[str, Any]) -> None:
    _write_status(tmp_path, FLAT | measured)
    assert read_status(tmp_path) == status_at(**FLAT, **measured)


VERSION_1 = f"""
CREATE TABLE status (id INTEGER PRIMARY KEY CHECK (id = 0), json TEXT NOT NULL);
CREATE TABLE segments (segment INTEGER PRIMARY KEY, images INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE records (
    id INTEGER PRIMARY KEY, images INTEGER NOT NULL, seconds REAL NOT NULL, segment INTEGER NOT NULL,
    quantity TEXT NOT NULL, mean REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL);
CREATE TABLE samples (
    id INTEGER PRIMARY KEY, images INTEGER NOT NULL, seconds REAL NOT NULL, png BLOB NOT NULL);
INSERT INTO segments VALUES (0, 0, 0.0);
INSERT INTO records VALUES (1, 10, 0.5, 0, 'loss_d', 1.0, 0.5, 2.0);
INSERT INTO samples VALUES (1, 10, 0.5, x'{picture(500).hex()}');
PRAGMA user_version = 2;
"""
"""A database of version 1, whose records were merged twice."""


@pytest.mark.parametrize("lifted", [False, True])
def test_database_of_version_1_is_read_and_lifted(tmp_path: Path, lifted: bool) -> None:
    """By a reader as it is, also when a writer lifts it meanwhile; what was merged before is not told anew."""
    with closing(sqlite3.connect(tmp_path / store.DATABASE)) as connection, connection:
        connection.executescript(VERSION_1)
        connection.execute("INSERT INTO status VALUES (0, ?)", (json.dumps(FLAT),))
    following = curves_of(tmp_path)
    if lifted:
        for _ in range(2):  # the second writer finds it lifted
            with closing(Writer(tmp_path)) as writer:
                assert writer._connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        with closing(Writer(tmp_path)) as writer:
            writer(a_record(20, 2.0))
        following.update()
    expected = [10, 20] if lifted else [10]
    assert following.series("loss_d")[0][0].tolist() == expected
    assert curves_of(tmp_path).series("loss_d")[0][0].tolist() == expected
    assert read_status(tmp_path) == status_at(**FLAT)
    assert [sample.images for sample in read_samples(tmp_path)] == [10]


def test_database_of_a_newer_version_is_not_written(tmp_path: Path) -> None:
    Writer(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / store.DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 3")
    with pytest.raises(StorageError, match="schema version 3; this program writes version 2"):
        Writer(tmp_path)


def test_merging_weighs_records_by_their_steps(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step of 1, then three of 5: the mean of four is 4. Merged again with four of 8: 6."""
    monkeypatch.setattr(store, "RECORDS_KEPT", 1)
    writer(Segment(0, 0, 0.0))
    means = []
    for number, (value, steps) in enumerate(((1.0, 1), (5.0, 3), (8.0, 4))):
        writer(replace(a_record(10 * (number + 1), value), steps=steps))
        means.append(curves_of(tmp_path).series("loss_d")[0][2].tolist())
    assert means == [[1], [4], [6]]


def test_writer_goes_on_where_another_one_stopped(tmp_path: Path) -> None:
    for images in (10, 20):
        with closing(Writer(tmp_path)) as writer:
            writer(status_at("running", images=images))
            writer(Segment(images // 10 - 1, images - 10, 0.0))
            writer(a_record(images, images, segment=images // 10 - 1))
    assert curves_of(tmp_path).series("loss_d")[0][2].tolist() == [10, 20]


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: folder.mkdir()])
def test_folder_without_a_database_reads_as_empty(tmp_path: Path, make: Callable[[Path], None]) -> None:
    folder = tmp_path / "nothing"
    make(folder)
    assert read_status(folder) is None
    assert read_samples(folder) == []
    assert snapshot_paths(folder) == []
    assert curves_of(folder).series("loss_d")[0].shape == (5, 0)
    assert list(tmp_path.rglob("*.sqlite*")) == []


def _sql(*statements: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        with closing(sqlite3.connect(folder / store.DATABASE)) as connection, connection:
            connection.executescript("; ".join(statements))

    return act


def _instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return act


def _socket(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(os.path.relpath(path))  # a socket's path may have no more than a hundred bytes


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id, x AS json FROM n"
DAMAGES: dict[str, Callable[[Path], None]] = {
    "random bytes": _instead(store.DATABASE, lambda path: path.write_bytes(np.random.default_rng(0).bytes(9000))),
    "half a database": lambda folder: os.truncate(folder / store.DATABASE, 5000),
    "other tables": _sql("DROP TABLE records", "CREATE TABLE recipes (cake TEXT)"),
    "other columns": _sql("DROP TABLE status", "CREATE TABLE status (mood TEXT)", "INSERT INTO status VALUES ('good')"),
    "an endless view": _sql("DROP TABLE status", f"CREATE VIEW status AS {ENDLESS}"),
    "a newer version": _sql("PRAGMA user_version = 99"),
    "status no JSON": _sql("UPDATE status SET json = '{'"),
    "status null": _sql("UPDATE status SET json = 'null'"),
    "status a list": _sql("UPDATE status SET json = '[1]'"),
    "status a blob": _sql("UPDATE status SET json = x'00ff'"),
    "status no UTF-8": _sql("UPDATE status SET json = CAST(x'ff' AS TEXT)"),
    "status with text for a number": _sql("""UPDATE status SET json = '{"state": "paused", "images": "many"}'"""),
    "a folder": _instead(store.DATABASE, Path.mkdir),
    "a pipe": _instead(store.DATABASE, os.mkfifo),
    "a socket": _instead(store.DATABASE, _socket),
    "a link": _instead(store.DATABASE, lambda path: path.symlink_to(__file__)),
    "a pipe for the log": _instead(f"{store.DATABASE}-wal", os.mkfifo),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_database_is_one_sentence(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no hang: pictures and curves of such a run are just not there."""
    monkeypatch.setattr(store, "LONGEST_LOOK", 0.2)
    with closing(Writer(tmp_path)) as writer:
        for event in (Segment(0, 0, 0.0), a_record(10, 1.0), status_at("paused", images=10)):
            writer(event)
    monkeypatch.chdir(tmp_path)
    DAMAGES[damage](tmp_path)
    with pytest.raises(StorageError) as caught:
        read_status(tmp_path)
    assert is_sentence(str(caught.value))
    assert read_samples(tmp_path) == []
    assert curves_of(tmp_path).series("loss_g")[0].shape == (5, 0)


def test_rows_that_cannot_be_shown_are_left_out(tmp_path: Path) -> None:
    """SQLite keeps anything in any column."""
    with closing(Writer(tmp_path)) as writer:
        for event in (Segment(0, 0, 0.0), a_record(10, 1.0), Sample(10, 0.1, picture(500))):
            writer(event)
    rows = [("'many'", 1.0, 1.0), (10, "9e999", 1.0), (10, 1.0, "x'00'"), ("NULL", 1.0, 1.0)]
    _sql(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = REPLACE(sql, ' NOT NULL', '')",
        "PRAGMA writable_schema = RESET",
        *(
            f"INSERT INTO records (images, seconds, segment, quantity, mean, min, max)"
            f" VALUES ({images}, {seconds}, 0, 'loss_d', {mean}, 1.0, 1.0)"
            for images, seconds, mean in rows
        ),
        "INSERT INTO segments VALUES (1, 'early', 'late')",
        "UPDATE meta SET value = 'often'",
        "INSERT INTO samples (images, seconds, png) VALUES (20, 0.2, x'00ff'), (30, 0.3, 'text'), (-4, NULL, NULL)",
    )(tmp_path)
    assert curves_of(tmp_path).series("loss_d")[0].shape == (5, 1)
    assert [sample.images for sample in read_samples(tmp_path)] == [10]
