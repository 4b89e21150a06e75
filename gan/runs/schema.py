"""The tables of a run's database, their versions, and what may be done with them."""

import sqlite3

from gan.system.files import StorageError

VERSION = 2
"""In `PRAGMA user_version`; `lift` brings older databases up to it. Version 1 had no table `meta` and counted merges
in `user_version`, so it is told by what is missing, not by that number."""
_VERSION_1 = """
CREATE TABLE IF NOT EXISTS status (id INTEGER PRIMARY KEY CHECK (id = 0), json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS segments (segment INTEGER PRIMARY KEY, images INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, images INTEGER NOT NULL, seconds REAL NOT NULL, segment INTEGER NOT NULL,
    quantity TEXT NOT NULL, mean REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL);
CREATE TABLE IF NOT EXISTS samples (
    id INTEGER PRIMARY KEY, images INTEGER NOT NULL, seconds REAL NOT NULL, png BLOB NOT NULL);
"""
_VERSION_2 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO meta VALUES ('merges', {merges});
ALTER TABLE records ADD COLUMN steps INTEGER NOT NULL DEFAULT 1;
PRAGMA user_version = 2;
"""
# Pairs are taken within a segment and a quantity, in order; an odd one at the end stays as it is. What is
# recorded seldom (quality) is left alone until there is as much of it.
_MERGE = """
CREATE TEMP TABLE merged AS
    SELECT MAX(images) AS images, MAX(seconds) AS seconds, segment, quantity,
           SUM(mean * steps) / SUM(steps) AS mean, MIN(min) AS min, MAX(max) AS max, SUM(steps) AS steps
    FROM (SELECT *, (ROW_NUMBER() OVER (PARTITION BY segment, quantity ORDER BY id) - 1) / 2 AS pair
          FROM records
          WHERE quantity IN (SELECT quantity FROM records GROUP BY quantity HAVING COUNT(*) > {least}))
    GROUP BY segment, quantity, pair;
DELETE FROM records WHERE quantity IN (SELECT quantity FROM merged);
INSERT INTO records (images, seconds, segment, quantity, mean, min, max, steps)
    SELECT * FROM merged ORDER BY segment, images;
DROP TABLE merged;
"""
TABLES = {"status", "segments", "records", "samples"}
"""Those of every version."""


def _sound(numbers: str, others: str = "1") -> str:
    """The condition in SQL that these columns hold numbers that can be drawn: SQLite keeps anything anywhere."""
    checks = [f"typeof({name}) IN ('integer', 'real') AND ABS({name}) < 1e300" for name in numbers.split()]
    return " AND ".join([*checks, others])


SOUND_SAMPLE = _sound("images seconds", "images >= 0 AND typeof(images) = 'integer' AND typeof(png) = 'blob'")
SOUND_SEGMENT = _sound("segment images")
SOUND_RECORD = _sound("segment images seconds mean min max", "typeof(quantity) = 'text'")


def version(connection: sqlite3.Connection) -> int:
    """The schema version of a database; 1 also for one that has no tables yet."""
    has_meta = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) if has_meta else 1


def merges(connection: sqlite3.Connection) -> int:
    """How often records were merged, of whatever schema version the database is."""
    if version(connection) == 1:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    return about(connection, "merges") or 0


def about(connection: sqlite3.Connection, name: str) -> int | None:
    """A number that the table `meta` holds; None where it does not, or there is no such table yet."""
    if version(connection) == 1:
        return None
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row and isinstance(row[0], int) else None


def lift(connection: sqlite3.Connection) -> None:
    """Makes the tables, or brings those of an older version up to date. Raises `StorageError` for a newer one."""
    found = version(connection)
    if found > VERSION:
        raise StorageError(f"Its database has schema version {found}; this program writes version {VERSION}.")
    if found == 1:
        for statement in (_VERSION_1 + _VERSION_2.format(merges=merges(connection))).split(";\n"):
            connection.execute(statement)


def merge_records(connection: sqlite3.Connection, least: int) -> None:
    """Merges neighbouring records of all quantities that have more than `least`, which halves their number."""
    for statement in _MERGE.format(least=least).split(";\n"):
        connection.execute(statement)
    # Tells readers that what they hold has been rewritten.
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'merges'")
