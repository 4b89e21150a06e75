import errno
import json
import os
import socket
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan import files, render, schema, store
from gan.files import write_atomically
from gan.messages import (
    Best,
    Checkpoint,
    Control,
    Progress,
    Record,
    Sample,
    Segment,
    Snapshot,
    Status,
    StorageError,
    Summary,
)
from gan.store import Array, Curves, Writer, read_samples, read_status, reduced, snapshots, thinned
from tests.helpers import is_sentence, status_at


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(tmp_path)) as one:
        yield one


def _record(images: int, value: float, segment: int = 0, spread: float = 0.5) -> Record:
    return Record(images, images / 100, segment, {"loss_d": Summary(value, value - spread, value + spread)})


def picture(length: int, grey: int = 0) -> bytes:
    """A whole PNG of so many bytes; what it lacks is a comment."""
    plain = render.png(np.full((28, 28), grey, np.uint8))
    comment = b"tEXt" + b"Comment\0".ljust(length - len(plain) - 12, b"x")
    chunk = struct.pack(">I", len(comment) - 4) + comment + struct.pack(">I", zlib.crc32(comment))
    return plain[:-12] + chunk + plain[-12:]


def _curves(folder: Path) -> Curves:
    curves = Curves(folder)
    curves.update()
    return curves


def _no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _fill_disk(writer: Writer) -> None:
    """What SQLite says when it can have no more pages is what it says on a full disk."""
    (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")


def _free_disk(writer: Writer) -> None:
    writer._connection.execute("PRAGMA max_page_count = 1000000")


BIG_SAMPLE = Sample(10, 0.1, picture(100_000))


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
    following = _curves(tmp_path)
    if lifted:
        for _ in range(2):  # the second writer finds it lifted
            with closing(Writer(tmp_path)) as writer:
                assert writer._connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        with closing(Writer(tmp_path)) as writer:
            writer(_record(20, 2.0))
        following.update()
    expected = [10, 20] if lifted else [10]
    assert following.series("loss_d")[0][0].tolist() == expected
    assert _curves(tmp_path).series("loss_d")[0][0].tolist() == expected
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
        writer(replace(_record(10 * (number + 1), value), steps=steps))
        means.append(_curves(tmp_path).series("loss_d")[0][2].tolist())
    assert means == [[1], [4], [6]]


def test_writer_goes_on_where_another_one_stopped(tmp_path: Path) -> None:
    for images in (10, 20):
        with closing(Writer(tmp_path)) as writer:
            writer(status_at("running", images=images))
            writer(Segment(images // 10 - 1, images - 10, 0.0))
            writer(_record(images, images, segment=images // 10 - 1))
    assert _curves(tmp_path).series("loss_d")[0][2].tolist() == [10, 20]


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: folder.mkdir()])
def test_folder_without_a_database_reads_as_empty(tmp_path: Path, make: Callable[[Path], None]) -> None:
    folder = tmp_path / "nothing"
    make(folder)
    assert read_status(folder) is None
    assert read_samples(folder) == []
    assert snapshots(folder) == []
    assert _curves(folder).series("loss_d")[0].shape == (5, 0)
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
        for event in (Segment(0, 0, 0.0), _record(10, 1.0), status_at("paused", images=10)):
            writer(event)
    monkeypatch.chdir(tmp_path)
    DAMAGES[damage](tmp_path)
    with pytest.raises(StorageError) as caught:
        read_status(tmp_path)
    assert is_sentence(str(caught.value))
    assert read_samples(tmp_path) == []
    assert _curves(tmp_path).series("loss_g")[0].shape == (5, 0)


def test_rows_that_cannot_be_shown_are_left_out(tmp_path: Path) -> None:
    """SQLite keeps anything in any column."""
    with closing(Writer(tmp_path)) as writer:
        for event in (Segment(0, 0, 0.0), _record(10, 1.0), Sample(10, 0.1, picture(500))):
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
    assert _curves(tmp_path).series("loss_d")[0].shape == (5, 1)
    assert [sample.images for sample in read_samples(tmp_path)] == [10]


def test_snapshots_are_plain_files_with_a_snapshots_name(tmp_path: Path, writer: Writer) -> None:
    writer(Snapshot(2624, b"model"))
    folder = tmp_path / store.SNAPSHOTS
    for name in ("00002624 copy.safetensors", "٣.safetensors", "²", ".00000001.safetensors", "7.safetensors.txt"):
        (folder / name).write_bytes(b"model")
    (folder / "00000001.safetensors").mkdir()
    (folder / "00000002.safetensors").symlink_to(folder / "00002624.safetensors")
    os.mkfifo(folder / "00000003.safetensors")
    assert [path.name for path in snapshots(tmp_path)] == ["00002624.safetensors"]
    writer(Segment(1, 0, 0.0))  # which drops snapshots
    writer(Snapshot(32, b"model"))
    assert [path.name for path in snapshots(tmp_path)] == ["00000032.safetensors"]


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path.parent)])
def test_anything_but_a_folder_of_snapshots_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / store.SNAPSHOTS)
    assert snapshots(tmp_path) == []
    with pytest.raises(StorageError, match="snapshots is not a folder"):
        Writer(tmp_path)


def test_writer_sweeps_what_a_killed_one_has_left(tmp_path: Path) -> None:
    Writer(tmp_path).close()
    left = [".checkpoint.safetensors.77.part", ".config.json.1234.part", "snapshots/.00000032.safetensors.5.part"]
    others = ["notes.part", ".hidden", "snapshots/.keep", ".checkpoint.safetensors.part"]
    for name in left + others:
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".a.1.part").mkdir()
    Writer(tmp_path).close()
    assert [name for name in left if (tmp_path / name).exists()] == []
    assert [name for name in others if not (tmp_path / name).exists()] == []


def test_series_has_images_seconds_mean_min_max(tmp_path: Path, writer: Writer) -> None:
    writer(Segment(0, 0, 0.0))
    writer(Record(32, 0.5, 0, {"loss_d": Summary(1.0, 0.5, 2.0), "loss_g": Summary(3.0, 3.0, 3.0)}))
    series, tails = _curves(tmp_path).series("loss_d")
    assert series.T.tolist() == [[32, 0.5, 1.0, 0.5, 2.0]]
    assert tails == []


def test_quantity_that_nobody_recorded_is_empty(tmp_path: Path, writer: Writer) -> None:
    writer(Segment(0, 0, 0.0))
    writer(_record(32, 1.0))
    assert _curves(tmp_path).series("gradient_norm_g")[0].shape == (5, 0)


def test_update_reads_only_what_is_new(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    curves = Curves(tmp_path)
    writer(Segment(0, 0, 0.0))
    for images in (10, 20, 30):
        writer(_record(images, images))
        curves.update()
        # What has been read cannot be read again.
        writer._connection.execute("DELETE FROM records WHERE images < ?", (images,))
    assert curves.series("loss_d")[0][0].tolist() == [10, 20, 30]


def test_reader_closes_what_it_opens(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def listening(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", listening)
    _curves(tmp_path)
    read_status(tmp_path)
    read_samples(tmp_path)
    assert len(opened) == 3
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_merging_keeps_means_extremes_and_the_end(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ninth record makes four pairs and an odd one: means of 0.5, 2.5, 4.5, 6.5 and 8, extremes half a
    unit around the members."""
    monkeypatch.setattr(store, "RECORDS_KEPT", 8)
    writer(Segment(0, 0, 0.0))
    for number in range(9):
        writer(_record(10 * (number + 1), number))
    images, seconds, mean, low, high = _curves(tmp_path).series("loss_d")[0]
    assert images.tolist() == [20, 40, 60, 80, 90]
    assert seconds.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.9])
    assert mean.tolist() == [0.5, 2.5, 4.5, 6.5, 8]
    assert low.tolist() == [-0.5, 1.5, 3.5, 5.5, 7.5]
    assert high.tolist() == [1.5, 3.5, 5.5, 7.5, 8.5]


def test_records_stay_within_their_number(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 20)
    writer(Segment(0, 0, 0.0))
    for number in range(200):
        writer(_record(number, number))
    series = _curves(tmp_path).series("loss_d")[0]
    assert 10 <= series.shape[1] <= 20
    assert (series[3].min(), series[4].max(), series[0, -1]) == (-0.5, 199.5, 199)
    assert (np.diff(series[0]) > 0).all()


def test_merging_keeps_segments_and_quantities_apart(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 5)
    for segment, value in ((0, 1.0), (1, 100.0)):
        writer(Segment(segment, 30 * segment, 0.0))
        for number in range(3):
            at = 30 * segment + 10 * (number + 1)
            quantities = {"loss_d": Summary(value, value, value), "loss_g": Summary(-value, -value, -value)}
            writer(Record(at, 0.0, segment, quantities))
    curves = _curves(tmp_path)
    assert curves.series("loss_d")[0][2].tolist() == [1, 1, 100, 100]
    assert curves.series("loss_g")[0][2].tolist() == [-1, -1, -100, -100]


def _with_quality(images: int, value: float) -> Record:
    quantities = {name: Summary(value, value, value) for name in ("loss_d", "fcd")}
    return Record(images, images / 100, 0, quantities)


def test_merging_leaves_alone_what_is_recorded_seldom(tmp_path: Path, writer: Writer) -> None:
    """10,000 records of the loss are merged, thrice; 100 of quality, one for each hundred, are all there."""
    writer(Segment(0, 0, 0.0))
    following = Curves(tmp_path)
    for number in range(1, 10_001):
        writer(_with_quality(number, number) if number % 100 == 0 else _record(number, number))
        if number % 1000 == 0:
            following.update()
    expected = np.arange(100.0, 10_001, 100)
    for curves in (_curves(tmp_path), following):
        quality = curves.series("fcd")[0]
        for row in (0, 2, 3, 4):
            assert np.array_equal(quality[row], expected)
        loss = curves.series("loss_d")[0]
        assert 2000 <= loss.shape[1] <= 4000
        assert (np.diff(loss[0]) > 0).all()
        assert loss[0, -1] == 10_000


def test_what_is_recorded_seldom_is_merged_once_there_is_much_of_it(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ninth loss is one too many; of quality there are five, more than half of eight: 0 and 2, 4 and 6, 8."""
    monkeypatch.setattr(store, "RECORDS_KEPT", 8)
    writer(Segment(0, 0, 0.0))
    for number in range(9):
        at = 10 * (number + 1)
        writer(_record(at, number) if number % 2 else _with_quality(at, number))
    curves = _curves(tmp_path)
    assert curves.series("fcd")[0][:3].tolist() == [[30, 70, 90], pytest.approx([0.3, 0.7, 0.9]), [1, 5, 8]]
    assert curves.series("loss_d")[0][2].tolist() == [0.5, 2.5, 4.5, 6.5, 8]


def test_reader_reloads_after_merging(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 8)
    writer(Segment(0, 0, 0.0))
    following = Curves(tmp_path)
    for number in range(30):
        writer(_record(number, number))
        following.update()
    assert np.array_equal(following.series("loss_d")[0], _curves(tmp_path).series("loss_d")[0])


def test_writer_that_takes_over_knows_how_many_records_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 4)
    for segment in range(5):
        with closing(Writer(tmp_path)) as writer:
            writer(Segment(segment, 2 * segment, 0.0))
            writer(_record(2 * segment + 1, 0.0, segment))
            writer(_record(2 * segment + 2, 0.0, segment))
    # Pairs within each segment: five segments of two records cannot be fewer than five.
    assert _curves(tmp_path).series("loss_d")[0].shape[1] <= 6


def test_resume_replaces_the_tail_beyond_its_start(tmp_path: Path, writer: Writer) -> None:
    """10, 20, 30 were seen; the checkpoint was from 20; then 30, 40: the first 30 is the tail."""
    writer(Segment(0, 0, 0.0))
    for images in (10, 20, 30):
        writer(_record(images, images))
    writer(Segment(1, 20, 0.2))
    for images in (30, 40):
        writer(_record(images, 100 + images, segment=1))
    series, tails = _curves(tmp_path).series("loss_d")
    assert series[2].tolist() == [10, 20, 130, 140]
    assert [tail[2].tolist() for tail in tails] == [[30]]


def test_resume_of_a_resume_replaces_both_tails(tmp_path: Path, writer: Writer) -> None:
    for segment, start in enumerate((0, 20, 10)):
        writer(Segment(segment, start, 0.0))
        for images in (start + 10, start + 20):
            writer(_record(images, 1000 * segment + images, segment))
    series, tails = _curves(tmp_path).series("loss_d")
    assert series[2].tolist() == [10, 2020, 2030]
    assert [tail[2].tolist() for tail in tails] == [[20], [1030, 1040]]


def test_first_segment_may_be_missing(tmp_path: Path, writer: Writer) -> None:
    """A worker that was killed while it imported torch has left a status, and no segment."""
    writer(Segment(1, 0, 0.0))
    writer(_record(10, 7.0, segment=1))
    assert _curves(tmp_path).series("loss_d")[0][2].tolist() == [7]


def test_samples_come_oldest_first(tmp_path: Path, writer: Writer) -> None:
    samples = [Sample(images, images / 10, picture(500, images)) for images in (0, 10, 20)]
    for sample in samples:
        writer(sample)
    assert read_samples(tmp_path) == samples
    assert read_samples(tmp_path, last=2) == samples[1:]


@pytest.mark.parametrize("reopen", [False, True])
def test_samples_stay_within_their_budget(tmp_path: Path, reopen: bool) -> None:
    """35,000 bytes of 100,000 are for samples: 35 of 1,000 bytes each. First and last always stay."""
    writer = Writer(tmp_path, budget=100_000)
    for number in range(200):
        writer(Sample(number, 0.0, picture(1000)))
        if reopen and number % 20 == 0:
            writer.close()
            writer = Writer(tmp_path, budget=100_000)
        assert len(read_samples(tmp_path)) <= 35
    images = [sample.images for sample in read_samples(tmp_path)]
    writer.close()
    assert len(images) > 20
    assert (images[0], images[-1]) == (0, 199)
    assert max(np.diff(images)) <= 16


def test_snapshots_stay_within_their_budget(tmp_path: Path) -> None:
    """50,000 bytes of 100,000 are for snapshots: 10 of 5,000 bytes each."""
    with closing(Writer(tmp_path, budget=100_000)) as writer:
        for number in range(1, 41):
            writer(Snapshot(100 * number, bytes(5000)))
            assert len(snapshots(tmp_path)) <= 10
    images = [int(path.stem) for path in snapshots(tmp_path)]
    assert len(images) == 10
    assert (images[0], images[-1]) == (100, 4000)
    assert max(np.diff(images)) <= 800


def test_snapshots_are_sorted_by_images_not_by_name(tmp_path: Path, writer: Writer) -> None:
    for images in (200_000_000, 99_999_999, 5):
        writer(Snapshot(images, b"model"))
    assert [int(path.stem) for path in snapshots(tmp_path)] == [5, 99_999_999, 200_000_000]


def test_checkpoint_replaces_the_one_before(tmp_path: Path, writer: Writer) -> None:
    for content in (b"first", b"second"):
        writer(Checkpoint(content))
        assert (tmp_path / store.CHECKPOINT).read_bytes() == content


def test_best_replaces_the_one_before_and_nothing_else(tmp_path: Path, writer: Writer) -> None:
    writer(Snapshot(100, b"snapshot"))
    writer(Checkpoint(b"checkpoint"))
    for images in (300, 100, 200):
        writer(Best(images, str(images).encode()))
        assert (tmp_path / store.BEST).read_bytes() == str(images).encode()
    assert [path.stem for path in snapshots(tmp_path)] == ["00000100"]
    assert (tmp_path / store.CHECKPOINT).read_bytes() == b"checkpoint"


def test_best_outlives_the_training_that_a_resume_replaces(tmp_path: Path, writer: Writer) -> None:
    """It is what was best, whether or not that training counts."""
    writer(Best(300, b"best"))
    writer(Segment(1, 200, 2.0))
    assert (tmp_path / store.BEST).read_bytes() == b"best"


def test_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path, writer: Writer) -> None:
    writer(status_at("running", images=1))
    _fill_disk(writer)
    with pytest.raises(StorageError, match=r"The disk that holds .* is full. Free some space, then resume") as caught:
        writer(BIG_SAMPLE)
    assert is_sentence(str(caught.value))
    assert read_samples(tmp_path) == []
    assert read_status(tmp_path) == status_at("running", images=1)


def test_writer_works_again_once_there_is_space(tmp_path: Path, writer: Writer) -> None:
    _fill_disk(writer)
    with pytest.raises(StorageError):
        writer(BIG_SAMPLE)
    _free_disk(writer)
    writer(BIG_SAMPLE)
    assert read_samples(tmp_path) == [BIG_SAMPLE]


def test_failed_sample_does_not_count(tmp_path: Path) -> None:
    """A sample that was not kept must not push out, by its size or its number, one that was."""
    with closing(Writer(tmp_path, budget=1_000_000)) as writer:
        writer(Sample(1, 0.0, picture(1000)))
        _fill_disk(writer)
        for _ in range(9):
            with pytest.raises(StorageError):
                writer(BIG_SAMPLE)
        _free_disk(writer)
        for images in (20, 30):
            writer(Sample(images, 0.0, picture(1000)))
    assert [sample.images for sample in read_samples(tmp_path)] == [1, 20, 30]


@pytest.mark.parametrize("event", [Checkpoint(b"new"), Snapshot(100, b"new"), Best(100, b"new")])
def test_full_disk_leaves_files_as_they_were(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch, event: Checkpoint | Snapshot | Best
) -> None:
    writer(Checkpoint(b"old"))
    writer(Best(1, b"old"))
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(StorageError, match="is full"):
        writer(event)
    assert (tmp_path / store.CHECKPOINT).read_bytes() == (tmp_path / store.BEST).read_bytes() == b"old"
    assert snapshots(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EACCES, "Permission denied: 'full'"), False),
        (sqlite3.OperationalError("no such table: full"), False),
    ],
)
def test_disk_is_full_by_the_number_of_the_error_not_by_its_text(error: Exception, full: bool) -> None:
    assert files.is_full(error) is full


def test_other_trouble_is_named(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageError, match=r"cannot be written \(.*Input/output error\)"):
        writer(Checkpoint(b"new"))


def test_folder_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        Writer(tmp_path / "file")


@pytest.mark.parametrize("victim", ["fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_atomic_write_is_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str, before: bytes | None
) -> None:
    path = tmp_path / "file"
    if before:
        path.write_bytes(before)
    monkeypatch.setattr(os, "fsync", _no_space) if victim == "fsync" else monkeypatch.setattr(
        Path, "replace", _no_space
    )
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == ({"file": before} if before else {})


def test_atomic_write_flushes_before_it_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("fsync"), fsync(number)))
    monkeypatch.setattr(Path, "replace", lambda path, target: (done.append("replace"), replace(path, target)))
    write_atomically(tmp_path / "file", b"new")
    assert done == ["fsync", "replace"]
    assert (tmp_path / "file").read_bytes() == b"new"


ascending = st.lists(st.integers(0, 10_000), min_size=1, max_size=40, unique=True).map(sorted)


@given(ascending, st.integers(0, 50))
def test_thinned_keeps_the_number_and_the_ends(positions: list[int], keep: int) -> None:
    drop = thinned(positions, keep)
    assert drop == sorted(set(drop))
    left = [index for index in range(len(positions)) if index not in drop]
    assert len(left) == min(len(positions), max(keep, 2))
    assert {left[0], left[-1]} == {0, len(positions) - 1}


@given(st.integers(3, 100), st.integers(2, 20))
def test_thinned_spreads_evenly(count: int, keep: int) -> None:
    """No gap is more than twice the gap of an even spread, rounded up to a power of two."""
    left = sorted(set(range(count)) - set(thinned(range(count), keep)))
    assert max(np.diff(left)) <= 4 * max(1, count / max(keep - 1, 1))


def test_thinned_by_hand() -> None:
    """10 has the closest neighbours (0 and 12), then 12 (0 and 50)."""
    assert thinned([0, 10, 12, 50, 100], keep=4) == [1]
    assert thinned([0, 10, 12, 50, 100], keep=3) == [1, 2]


def _series(count: int) -> Array:
    mean = np.random.default_rng(count).normal(size=count)
    return np.stack((np.arange(count) * 10.0, np.arange(count) / 10, mean, mean - 1, mean + 1))


@given(st.integers(0, 300), st.integers(1, 60))
def test_reduced_keeps_extremes_ends_and_the_overall_mean(count: int, points: int) -> None:
    series = _series(count)
    fewer = reduced(series, points)
    assert fewer.shape == (5, min(count, points))
    if count:
        assert (fewer[3].min(), fewer[4].max()) == (series[3].min(), series[4].max())
        assert fewer[:2, -1].tolist() == series[:2, -1].tolist()
        assert (np.diff(fewer[0]) > 0).all()
        assert (fewer[3] <= fewer[2]).all()
        assert (fewer[2] <= fewer[4]).all()


@given(st.integers(1, 60), st.integers(1, 5))
def test_reduced_of_even_bins_is_their_means(points: int, times: int) -> None:
    series = _series(points * times)
    assert reduced(series, points)[2] == pytest.approx(series[2].reshape(points, times).mean(1))


def test_reduced_by_hand() -> None:
    """Five columns in two bins: the first two, and the last three."""
    series = np.array([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 3, 5, 7, 9], [0, 2, 4, 6, 8], [9, 4, 6, 8, 10]], float)
    assert reduced(series, 2).tolist() == [[2, 5], [2, 5], [2, 7], [0, 4], [9, 10]]


def test_new_segment_drops_the_snapshots_of_the_tail_that_it_replaces(writer: Writer) -> None:
    for images in (100, 200, 300):
        writer(Snapshot(images, b"weights"))
    writer(Segment(1, 200, 2.0))
    assert [path.stem for path in snapshots(writer.folder)] == ["00000100", "00000200"]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


@pytest.mark.parametrize(("checkpoint", "left"), [(20_000, 6), (50_000, 1), (500_000, 1)])
def test_checkpoint_counts_as_part_of_the_budget(tmp_path: Path, checkpoint: int, left: int) -> None:
    """Of 100,000 bytes 45,000 are for samples and records, and 5,000 for the best: what the checkpoint leaves is for
    snapshots of 5,000. The newest always stays."""
    with closing(Writer(tmp_path, budget=100_000)) as writer:
        writer(Checkpoint(bytes(checkpoint)))
        writer(Best(1, bytes(5000)))
        for number in range(1, 21):
            writer(Snapshot(100 * number, bytes(5000)))
            assert _bytes(tmp_path) <= max(55_000, checkpoint + 10_000)
    images = [int(path.stem) for path in snapshots(tmp_path)]
    assert (len(images), images[-1]) == (left, 2000)


def test_writer_says_which_process_it_is(tmp_path: Path) -> None:
    assert store.read_pid(tmp_path) == 0
    Writer(tmp_path).close()
    assert store.read_pid(tmp_path) == os.getpid()
