"""What can be wrong with a run's database and its lock. More entries of the table `DAMAGES`."""

import os
import sqlite3
import struct
import zlib
from pathlib import Path

from filelock import FileLock

from gan.runs import store
from gan.system import locks
from tests.hostile.contents import DAMAGES, change_status, database, edited, nested
from tests.hostile.damages import Closable, Damage, damage
from tests.hostile.places import remove

# The database.


def _sql(*statements: str) -> Damage:
    def act(run: Path) -> None:
        with database(run) as connection:
            for statement in statements:
                connection.execute(statement)

    return act


_ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
_LOOSE = {
    "status": "CREATE TABLE status (id, json)",
    "segments": "CREATE TABLE segments (segment, images, seconds)",
    "records": "CREATE TABLE records (id INTEGER PRIMARY KEY, images, seconds, segment, quantity, mean, min, max)",
    "samples": "CREATE TABLE samples (id INTEGER PRIMARY KEY, images, seconds, png)",
}
"""The tables without what SQLite checks by itself."""


def _rows(table: str, values: str) -> Damage:
    return _sql(f"DROP TABLE {table}", _LOOSE[table], f"INSERT INTO {table} VALUES {values}")


def _huge(table: str, values: str) -> Damage:
    """The same for what is huge: in large pages, written once, and not to the write-ahead log first. It is on the disk
    before anything is tried, or whoever writes next would wait for it."""
    write = _sql(
        "PRAGMA journal_mode = DELETE",
        "PRAGMA page_size = 65536",
        "VACUUM",
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        f"DROP TABLE {table}",
        _LOOSE[table],
        f"INSERT INTO {table} VALUES {values}",
        "PRAGMA journal_mode = WAL",
    )

    def act(run: Path) -> None:
        write(run)
        with (run / store.DATABASE).open("rb+") as file:
            os.fsync(file.fileno())

    return act


for _table in _LOOSE:
    DAMAGES[f"database: {_table} missing"] = _sql(f"DROP TABLE {_table}")
    DAMAGES[f"database: {_table} with other columns"] = _sql(f"DROP TABLE {_table}", f"CREATE TABLE {_table} (a, b)")
    DAMAGES[f"database: {_table} a view without end"] = _sql(
        f"DROP TABLE {_table}",
        f"CREATE VIEW {_table} AS {_ENDLESS} SELECT x AS id, x AS json, x AS segment, x AS images, x AS seconds, "
        "'loss_g' AS quantity, x AS mean, x AS min, x AS max, x AS png FROM n WHERE x < 0",
    )

DAMAGES |= {
    "database: no tables": _sql("DROP TABLE status", "DROP TABLE segments", "DROP TABLE records", "DROP TABLE samples"),
    "database: the status a blob": _rows("status", "(0, x'ff00fe')"),
    "database: the status null": _rows("status", "(0, NULL)"),
    "database: the status a number": _rows("status", "(0, 7)"),
    "database: the status broken": _rows("status", '(0, \'{"state": "runn\')'),
    "database: the status empty": _rows("status", "(0, '')"),
    "database: the status deep": _rows("status", f"(0, '{nested(100_000)}')"),
    "database: the status of 900 MB": _huge("status", "(0, zeroblob(900000000))"),
    "database: no status": _sql("DELETE FROM status"),
    "database: several": _rows("status", "(0, '[]'), (1, 'null'), (2, NULL)"),
    "database: segments of text": _rows("segments", "('a', 'b', 'c'), (NULL, NULL, NULL), (x'00', 1, 2)"),
    "database: segments back to front": _rows("segments", "(9, 5, 1.0), (-3, 1e300, 2.0), (0, 9e999, -1)"),
    "database: records of text": _rows("records", "(1, 'a', 'b', 0, 'loss_g', 'c', 'd', 'e')"),
    "database: records of nothing": _rows("records", "(1, NULL, NULL, 0, 'loss_g', NULL, NULL, NULL)"),
    "database: records of blobs": _rows("records", "(1, x'00', x'00', x'00', x'00', x'00', x'00', x'00')"),
    "database: records without measure": _rows("records", "(1, 9e999, -9e999, 0, 'loss_g', 9e999, -9e999, 9e999)"),
    "database: records far apart": _rows(
        "records", "(1, 9223372036854775807, 1e308, 0, 'fcd', -5, -1e308, 1e308), (2, -5, -5, 0, 'fcd', 0, 0, 0)"
    ),
    "database: samples of text": _rows("samples", "(1, 'a', 'b', 'c'), (2, NULL, NULL, NULL)"),
    "database: samples that are no pictures": _rows("samples", "(1, 5, 5.0, x'89504e470d0a1a0aff')"),
    "database: an empty sample": _rows("samples", "(1, 5, 5.0, x'')"),
    "database: a sample of 900 MB": _huge("samples", "(1, 5, 5.0, zeroblob(900000000))"),
    "database: of a newer version": _sql("PRAGMA user_version = 2000000000"),
    "database: of an older one": _sql("PRAGMA user_version = -7"),
    "database: of another program": _sql("PRAGMA application_id = 252006673"),
    "database: a trigger that refuses": _sql(
        "CREATE TRIGGER no BEFORE INSERT ON status BEGIN SELECT RAISE(ABORT, 'no'); END"
    ),
    "database: a trigger that deletes": _sql(
        "CREATE TRIGGER gone AFTER INSERT ON status BEGIN DELETE FROM status; END"
    ),
}


def _png(width: int, height: int) -> bytes:
    """The head of a picture of this size, and hardly any content."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _picture(width: int, height: int) -> Damage:
    return _rows("samples", f"(1, 5, 5.0, x'{_png(width, height).hex()}')")


DAMAGES |= {
    "a sample of another size": _picture(100, 50),
    "a sample without an area": _picture(0, 0),
    "a sample of 60,000 by 60,000": _picture(60_000, 60_000),
}


@damage("database: held by another process that writes")
def _(run: Path) -> Closable:
    held = sqlite3.connect(run / store.DATABASE, isolation_level=None)
    held.execute("PRAGMA locking_mode = EXCLUSIVE")
    held.execute("BEGIN EXCLUSIVE")
    return held


@damage("database: without a write-ahead log")
def _(run: Path) -> None:
    with database(run) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


# Locks.


class _Held:
    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path, is_singleton=False)
        self._lock.acquire()

    def close(self) -> None:
        self._lock.release()


@damage("lock: held, the run ended")
def _(run: Path) -> Closable:
    return _Held(run / locks.RUN)


@damage("lock: held, the run trains")
def _(run: Path) -> Closable:
    change_status(run, lambda found: edited(found, "state", "running"))
    return _Held(run / locks.RUN)


@damage("lock: a folder, the run says that it trains")
def _(run: Path) -> None:
    change_status(run, lambda found: edited(found, "state", "running"))
    remove(run / locks.RUN)
    (run / locks.RUN).mkdir()


@damage("lock: a fifo, the run says that it trains")
def _(run: Path) -> None:
    change_status(run, lambda found: edited(found, "state", "running"))
    remove(run / locks.RUN)
    os.mkfifo(run / locks.RUN)


@damage("lock: may not be read, the run says that it trains")
def _(run: Path) -> None:
    change_status(run, lambda found: edited(found, "state", "running"))
    (run / locks.RUN).chmod(0)
