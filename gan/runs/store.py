"""A run's folder as its worker writes it and as anybody reads it.

`run.sqlite` has one writer and is in WAL mode, so that readers never wait; they open it, read what is
new and close it, since a reader that holds on makes the log grow without bound. What a run keeps stays
within a byte budget: records are merged, and its moments (samples and snapshots) are thinned evenly over the logarithm
of the images seen, since most happens at the beginning.
"""

import math
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from gan import render
from gan.curves import Array
from gan.models.snapshots import BEST, SNAPSHOTS, is_folder, snapshot_paths, without_discriminator
from gan.runs import schema
from gan.system import files
from gan.system.files import StorageError, write_atomically
from gan.training.messages import Best, Checkpoint, Event, Inspected, Record, Sample, Segment, Snapshot, Status

DATABASE, CONFIG, CHECKPOINT = "run.sqlite", "config.json", "checkpoint.safetensors"
INSPECTIONS = {player: f"inspection-{player}.npz" for player in ("generator", "discriminator")} | {
    "": "inspection.npz",
    "experiment": "experiment.json",
}
"""Where the last inspection of each player's move is kept, the last look while nobody moved, and the course of the last
experiment."""
BUDGET = 128_000_000
"""Bytes for all that a run keeps. Where the checkpoint is large, fewer snapshots stay."""
SAMPLE_SHARE, SNAPSHOT_SHARE, RECORD_SHARE = 0.2, 0.65, 0.1
SNAPSHOTS_KEPT = 150
"""However small they are."""
RECORDS_KEPT = 4000
"""Records of a quantity; when there are more, neighbours are merged, which halves them. At ten quantities
this is about 4 MB, far less than what samples and snapshots leave."""

_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
"""What a reader may meet in the moment in which a writer opens or closes the database."""
LONGEST_LOOK = 3.0
"""Seconds that reading from a database may take, in one go."""


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Turns what a full or broken disk raises into a `StorageError` with one sentence."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if files.is_full(error):
            message = f"The disk that holds {folder} is full. Free some space, then resume."
        else:
            message = f"The run folder {folder} cannot be written ({error})."
        raise StorageError(message) from error


def moment(images: int) -> float:
    """Where a moment lies on the axis that moments are spread over: twice as many images are a step of one length."""
    return math.log1p(images)


def thinned(positions: Sequence[float], keep: int) -> list[int]:
    """Indices to drop so that `keep` of the ascending `positions` stay, spread evenly.

    Again and again the one goes whose neighbours are closest together; first and last always stay.
    """
    left = list(range(len(positions)))
    while len(left) > max(keep, 2):
        gaps = [positions[left[i + 1]] - positions[left[i - 1]] for i in range(1, len(left) - 1)]
        del left[1 + gaps.index(min(gaps))]
    return sorted(set(range(len(positions))) - set(left))


class Writer:
    """The sink that keeps a run's events in its folder. One at a time: its owner holds the run's lock."""

    def __init__(self, folder: Path, budget: int = BUDGET) -> None:
        """Raises `StorageError` if the folder cannot be written."""
        self.folder = folder
        self.budget = budget
        with _in_words(folder):
            with suppress(FileExistsError):
                (folder / SNAPSHOTS).mkdir()
            if not is_folder(folder / SNAPSHOTS):
                raise StorageError(f"{folder / SNAPSHOTS} is not a folder.")
            _check_database(folder)
            for place in (folder, folder / SNAPSHOTS):
                files.sweep(place)
            self._connection = sqlite3.connect(folder / DATABASE, isolation_level=None, timeout=10)
            self._connection.execute("PRAGMA journal_mode=WAL")
            # Commits survive the death of the process; only a power cut can take the last ones.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            with self._transaction():
                schema.lift(self._connection)
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('pid', ?)", (os.getpid(),))
            self._count_records()
            rows = self._connection.execute(
                "SELECT id, IFNULL(CAST(images AS INTEGER), 0), IFNULL(LENGTH(png), 0) FROM samples ORDER BY id"
            ).fetchall()
            self._samples: list[tuple[int, int, int]] = rows

    def __call__(self, event: Event) -> None:
        """Keeps an event; raises `StorageError` if it cannot."""
        with _in_words(self.folder):
            if isinstance(event, Snapshot):
                self._keep_snapshot(event)
            elif isinstance(event, Checkpoint):
                write_atomically(self.folder / CHECKPOINT, event.content)
            elif isinstance(event, Best):
                write_atomically(self.folder / BEST, event.content)
            elif isinstance(event, Inspected):
                write_atomically(self.folder / INSPECTIONS[event.player], event.content)
            else:
                with self._transaction():
                    self._keep_row(event)

    def close(self) -> None:
        """Lets go of the database, its log folded in."""
        with suppress(sqlite3.Error):
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def _keep_row(self, event: Status | Segment | Record | Sample) -> None:
        execute = self._connection.execute
        if isinstance(event, Status):
            execute("INSERT OR REPLACE INTO status VALUES (0, ?)", (event.to_json(),))
            execute("INSERT OR REPLACE INTO meta VALUES ('written', ?)", (int(1000 * time.time()),))
        elif isinstance(event, Segment):
            execute("INSERT OR REPLACE INTO segments VALUES (?, ?, ?)", (event.number, event.images, event.seconds))
            # Moments are those of the training that counts; what comes after it is gone.
            for path in snapshot_paths(self.folder):
                if int(path.stem) > event.images:
                    path.unlink(missing_ok=True)
            execute("DELETE FROM samples WHERE images > ?", (event.images,))
            self._samples = [row for row in self._samples if row[1] <= event.images]
        elif isinstance(event, Record):
            at = (event.images, event.seconds, event.segment, event.steps)
            rows = [(*at, name, one.mean, one.min, one.max) for name, one in event.quantities.items()]
            self._connection.executemany(
                "INSERT INTO records (images, seconds, segment, steps, quantity, mean, min, max) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._records.update(event.quantities.keys())
            if max(self._records.values(), default=0) > RECORDS_KEPT:
                self._merge_records()
        else:
            row = (event.images, event.seconds, event.png)
            replaced = [one for one in self._samples[-1:] if one[1] == event.images]  # a moment has one picture
            self._connection.executemany("DELETE FROM samples WHERE id = ?", [(number,) for number, *_ in replaced])
            cursor = execute("INSERT INTO samples (images, seconds, png) VALUES (?, ?, ?)", row)
            del self._samples[len(self._samples) - len(replaced) :]
            self._samples.append((cursor.lastrowid or 0, event.images, len(event.png)))
            self._thin_samples()

    def _merge_records(self) -> None:
        schema.merge_records(self._connection, least=RECORDS_KEPT // 2)
        self._count_records()

    def _count_records(self) -> None:
        rows = self._connection.execute("SELECT quantity, COUNT(*) FROM records GROUP BY quantity")
        self._records: Counter[str] = Counter(dict(rows))

    def _thin_samples(self) -> None:
        size = sum(length for _, _, length in self._samples)
        if size <= self.budget * SAMPLE_SHARE:
            return
        # A quarter at once, so that this is rare.
        drop = thinned([moment(images) for _, images, _ in self._samples], len(self._samples) * 3 // 4)
        self._connection.executemany("DELETE FROM samples WHERE id = ?", [(self._samples[i][0],) for i in drop])
        gone = set(drop)
        self._samples = [row for i, row in enumerate(self._samples) if i not in gone]

    def _keep_snapshot(self, event: Snapshot) -> None:
        """Keeps the newest whole, and of those before it as many as there is room for, without their discriminators."""
        newest = self.folder / SNAPSHOTS / f"{event.images:08d}.safetensors"
        before = [path for path in snapshot_paths(self.folder) if path != newest]
        write_atomically(newest, event.content)
        if before and (stripped := without_discriminator(before[-1].read_bytes())):
            write_atomically(before[-1], stripped)
        paths = snapshot_paths(self.folder)
        sizes = [path.stat().st_size for path in paths]
        excess = sum(sizes) - self._snapshot_room()
        while len(paths) > 1 and (excess > 0 or len(paths) > SNAPSHOTS_KEPT):
            (index,) = thinned([moment(int(path.stem)) for path in paths], len(paths) - 1) or [0]
            excess -= sizes.pop(index)
            paths.pop(index).unlink(missing_ok=True)

    def _snapshot_room(self) -> int:
        """Bytes for snapshots: their share, or what the checkpoint and the best model leave of the budget."""
        taken = sum(path.stat().st_size for name in (CHECKPOINT, BEST) if (path := self.folder / name).exists())
        others = self.budget * (SAMPLE_SHARE + RECORD_SHARE) + taken
        return int(min(self.budget * SNAPSHOT_SHARE, self.budget - others))


def _check_database(folder: Path) -> bool:
    """Whether there is a database; raises `StorageError` if something else lies in place of one of its files."""
    for name in (f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"):
        with suppress(FileNotFoundError):
            files.check_plain(folder / name)
    try:
        files.check_plain(folder / DATABASE)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def _reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection to a run's database for one look; None where there is none to read yet.

    Raises `StorageError` for what is no database of a run, or takes longer than a look may.
    """
    path = folder / DATABASE
    try:
        if not _check_database(folder):
            yield None
            return
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            # A view in place of a table can be made to never end.
            deadline = time.monotonic() + LONGEST_LOOK
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
            tables = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
            if tables and not {name for name, kind in tables.items() if kind == "table"} >= schema.TABLES:
                raise StorageError(f"{path} is not the database of a run.")
            if tables and (version := schema.version(connection)) > schema.VERSION:
                raise StorageError(f"{path} has schema version {version}; this program reads {schema.VERSION}.")
            yield connection if tables else None
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{path} cannot be read ({error}).") from error


def read_status(folder: Path) -> Status | None:
    """The last status that was written; None where there is none. Raises `StorageError`."""
    try:
        return _read_status(folder)
    except StorageError as error:
        if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF not in _PASSING:
            raise
    time.sleep(0.05)
    return _read_status(folder)


def _read_status(folder: Path) -> Status | None:
    with _reading(folder) as connection:
        if connection is None:
            return None
        row = connection.execute("SELECT typeof(json), SUBSTR(json, 1, 1000000) FROM status").fetchone()
        if row is None:
            return None
        try:
            if row[0] != "text":
                raise ValueError("it is no text")
            return Status.from_json(row[1])
        except ValueError as error:
            raise StorageError(f"The status in {folder / DATABASE} is damaged: {error}.") from error


def read_pid(folder: Path) -> int:
    """The process that has written last, or writes now; 0 where that is not known."""
    return _meta(folder, "pid") or 0


def written_at(folder: Path) -> float | None:
    """When the last status was written, by its writer's clock; None where that is not known.

    The files' own times will not do: on a full disk an attempt to write changes them as well.
    """
    written = _meta(folder, "written")
    return None if written is None else written / 1000


def _meta(folder: Path, name: str) -> int | None:
    with suppress(StorageError), _reading(folder) as connection:
        return schema.about(connection, name) if connection else None
    return None


def read_samples(folder: Path, last: int = 0) -> list[Sample]:
    """The samples of a run, oldest first, or the `last` ones where a number is given. What is damaged is left out."""
    limit = last if last > 0 else -1
    query = f"SELECT images, seconds, png FROM samples WHERE {schema.SOUND_SAMPLE} ORDER BY id DESC LIMIT ?"
    with suppress(StorageError), _reading(folder) as connection:
        if connection:
            found = [Sample(*row) for row in connection.execute(query, (limit,))][::-1]
            return [sample for sample in found if render.is_png(sample.png)]
    return []


def read_moments(folder: Path) -> list[tuple[int, float]]:
    """The moments whose pictures a run has kept, in images and seconds, oldest first. What is damaged is left out."""
    query = f"SELECT images, seconds FROM samples WHERE {schema.SOUND_SAMPLE} ORDER BY images"
    with suppress(StorageError), _reading(folder) as connection:
        if connection:
            return list(dict(connection.execute(query)).items())
    return []


def read_sample(folder: Path, images: int) -> Sample | None:
    """The sample that was taken nearest to so many images; None where there is none that can be shown."""
    # First which ones, then their pictures: to sort, SQLite holds all that it is asked for.
    near = f"SELECT id FROM samples WHERE {schema.SOUND_SAMPLE} ORDER BY ABS(images - ?), id DESC LIMIT 5"
    with suppress(StorageError), _reading(folder) as connection:
        if connection is None:
            return None
        for (number,) in connection.execute(near, (images,)).fetchall():
            row = connection.execute("SELECT images, seconds, png FROM samples WHERE id = ?", (number,)).fetchone()
            if row and render.is_png(row[2]):
                return Sample(*row)
    return None


class Curves:
    """The records of a run as arrays, kept up to date by reading what is new. Safe to share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._reset(merges=-1)

    def _reset(self, merges: int) -> None:
        self._merges = merges
        self._last_id = 0
        self._starts: dict[int, int] = {}
        self._rows: dict[tuple[str, int], list[tuple[float, ...]]] = {}

    def update(self) -> None:
        """Reads what was written since the last call; everything if the writer has merged records."""
        with self._lock, suppress(StorageError), _reading(self.folder) as connection:
            if connection is None:
                return
            connection.execute("BEGIN")  # one consistent view for all three queries
            if (merges := schema.merges(connection)) != self._merges:
                self._reset(merges)
            segments = f"SELECT segment, images FROM segments WHERE {schema.SOUND_SEGMENT} ORDER BY segment"
            self._starts = dict(connection.execute(segments))
            query = (
                "SELECT id, quantity, segment, images, seconds, mean, min, max FROM records "
                f"WHERE id > ? AND {schema.SOUND_RECORD} ORDER BY id"
            )
            for number, quantity, segment, *values in connection.execute(query, (self._last_id,)):
                self._rows.setdefault((quantity, segment), []).append(tuple(values))
                self._last_id = number

    def quantities(self) -> list[str]:
        """The names of all quantities that there are records of."""
        with self._lock:
            return sorted({quantity for quantity, _ in self._rows})

    def series(self, quantity: str) -> tuple[Array, list[Array]]:
        """A quantity over the run: the curve that counts, and the tails that a resume replaced.

        Each is an array (5, N) with the rows images, seconds, mean, min, max.
        """
        with self._lock:
            valid, tails = [], []
            for number in self._starts:
                rows = self._rows.get((quantity, number))
                if not rows:
                    continue
                array = np.array(rows).T
                # Later segments that began earlier have replaced what lies beyond their start.
                end = min((start for later, start in self._starts.items() if later > number), default=np.inf)
                keep = array[0] <= end
                valid.append(array[:, keep])
                if not keep.all():
                    tails.append(array[:, ~keep])
        return (np.concatenate(valid, axis=1) if valid else np.empty((5, 0))), tails
