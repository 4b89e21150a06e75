import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.models import snapshots
from gan.models.snapshots import snapshot_paths
from gan.runs import folders, store
from gan.runs.store import Writer, read_samples, read_status, thinned
from gan.system import files
from gan.system.files import StorageError, write_atomically
from gan.training.messages import Best, Checkpoint, Inspected, Sample, Segment, Snapshot
from tests.helpers import is_sentence, status_at
from tests.stored import picture


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(tmp_path)) as one:
        yield one


def _no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _fill_disk(writer: Writer) -> None:
    """What SQLite says when it can have no more pages is what it says on a full disk."""
    (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")


def _free_disk(writer: Writer) -> None:
    writer._connection.execute("PRAGMA max_page_count = 1000000")


BIG_SAMPLE = Sample(10, 0.1, picture(100_000))


def test_snapshots_are_plain_files_with_a_snapshots_name(tmp_path: Path, writer: Writer) -> None:
    writer(Snapshot(2624, b"model"))
    folder = tmp_path / snapshots.SNAPSHOTS
    for name in ("00002624 copy.safetensors", "٣.safetensors", "²", ".00000001.safetensors", "7.safetensors.txt"):
        (folder / name).write_bytes(b"model")
    (folder / "00000001.safetensors").mkdir()
    (folder / "00000002.safetensors").symlink_to(folder / "00002624.safetensors")
    os.mkfifo(folder / "00000003.safetensors")
    assert [path.name for path in snapshot_paths(tmp_path)] == ["00002624.safetensors"]
    writer(Segment(1, 0, 0.0))  # which drops snapshots
    writer(Snapshot(32, b"model"))
    assert [path.name for path in snapshot_paths(tmp_path)] == ["00000032.safetensors"]


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path.parent)])
def test_anything_but_a_folder_of_snapshots_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / snapshots.SNAPSHOTS)
    assert snapshot_paths(tmp_path) == []
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


def test_samples_come_oldest_first(tmp_path: Path, writer: Writer) -> None:
    samples = [Sample(images, images / 10, picture(500, images)) for images in (0, 10, 20)]
    for sample in samples:
        writer(sample)
    assert read_samples(tmp_path) == samples
    assert read_samples(tmp_path, last=2) == samples[1:]


@pytest.mark.parametrize("reopen", [False, True])
def test_samples_stay_within_their_budget(tmp_path: Path, reopen: bool) -> None:
    """20,000 bytes of 100,000 are for samples: 20 of 1,000 bytes each. First and last always stay, and in between each
    is at most so many times as far as the one before it."""
    writer = Writer(tmp_path, budget=100_000)
    for number in range(200):
        writer(Sample(number, 0.0, picture(1000)))
        if reopen and number % 20 == 0:
            writer.close()
            writer = Writer(tmp_path, budget=100_000)
        assert len(read_samples(tmp_path)) <= 20
    images = [sample.images for sample in read_samples(tmp_path)]
    writer.close()
    assert len(images) >= 15
    assert (images[0], images[-1]) == (0, 199)
    assert max(np.diff(np.log1p(images))) <= 4 * np.log(200) / 15


def test_snapshots_stay_within_their_budget(tmp_path: Path) -> None:
    """65,000 bytes of 100,000 are for snapshots: 13 of 5,000 bytes each."""
    with closing(Writer(tmp_path, budget=100_000)) as writer:
        for number in range(1, 41):
            writer(Snapshot(100 * number, bytes(5000)))
            assert len(snapshot_paths(tmp_path)) <= 13
    images = [int(path.stem) for path in snapshot_paths(tmp_path)]
    assert len(images) == 13
    assert (images[0], images[-1]) == (100, 4000)
    assert max(np.diff(np.log(images))) <= 4 * np.log(40) / 13


def test_snapshots_are_sorted_by_images_not_by_name(tmp_path: Path, writer: Writer) -> None:
    for images in (200_000_000, 99_999_999, 5):
        writer(Snapshot(images, b"model"))
    assert [int(path.stem) for path in snapshot_paths(tmp_path)] == [5, 99_999_999, 200_000_000]


def test_checkpoint_replaces_the_one_before(tmp_path: Path, writer: Writer) -> None:
    for content in (b"first", b"second"):
        writer(Checkpoint(content))
        assert (tmp_path / store.CHECKPOINT).read_bytes() == content


def test_best_replaces_the_one_before_and_nothing_else(tmp_path: Path, writer: Writer) -> None:
    writer(Snapshot(100, b"snapshot"))
    writer(Checkpoint(b"checkpoint"))
    for images in (300, 100, 200):
        writer(Best(images, str(images).encode()))
        assert (tmp_path / snapshots.BEST).read_bytes() == str(images).encode()
    assert [path.stem for path in snapshot_paths(tmp_path)] == ["00000100"]
    assert (tmp_path / store.CHECKPOINT).read_bytes() == b"checkpoint"


def test_best_outlives_the_training_that_a_resume_replaces(tmp_path: Path, writer: Writer) -> None:
    """It is what was best, whether or not that training counts."""
    writer(Best(300, b"best"))
    writer(Segment(1, 200, 2.0))
    assert (tmp_path / snapshots.BEST).read_bytes() == b"best"


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_inspection_replaces_that_players_one_before(tmp_path: Path, writer: Writer, player: str) -> None:
    other = next(one for one in store.INSPECTIONS if one != player)
    writer(Inspected(other, b"other"))
    for content in (b"first", b"second"):
        writer(Inspected(player, content))
        assert (tmp_path / store.INSPECTIONS[player]).read_bytes() == content
    assert (tmp_path / store.INSPECTIONS[other]).read_bytes() == b"other"
    assert read_status(tmp_path) is None  # it is no row of the database


def test_inspection_is_one_of_the_files_that_a_run_has(tmp_path: Path, writer: Writer) -> None:
    """So that a run with one can be thrown away whole."""
    for player in store.INSPECTIONS:
        writer(Inspected(player, b"seen"))
    assert folders.foreign(tmp_path) == ""


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


@pytest.mark.parametrize(
    "event", [Checkpoint(b"new"), Snapshot(100, b"new"), Best(100, b"new"), Inspected("generator", b"new")]
)
def test_full_disk_leaves_files_as_they_were(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch, event: Checkpoint | Snapshot | Best | Inspected
) -> None:
    writer(Checkpoint(b"old"))
    writer(Best(1, b"old"))
    writer(Inspected("generator", b"old"))
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(StorageError, match="is full"):
        writer(event)
    assert (tmp_path / store.CHECKPOINT).read_bytes() == (tmp_path / snapshots.BEST).read_bytes() == b"old"
    assert (tmp_path / store.INSPECTIONS["generator"]).read_bytes() == b"old"
    assert snapshot_paths(tmp_path) == []


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


def test_new_segment_drops_the_moments_of_the_tail_that_it_replaces(writer: Writer) -> None:
    for images in (100, 200, 300):
        writer(Snapshot(images, b"weights"))
        writer(Sample(images, images / 100, picture(500)))
    writer(Segment(1, 200, 2.0))
    writer(Sample(210, 2.1, picture(500)))
    assert [path.stem for path in snapshot_paths(writer.folder)] == ["00000100", "00000200"]
    assert [sample.images for sample in read_samples(writer.folder)] == [100, 200, 210]


def test_moment_has_one_picture(writer: Writer) -> None:
    """A run that is stepped by hand moves without seeing further images: the last picture counts."""
    for grey in (0, 50, 100):
        writer(Sample(100, 1.0, picture(500, grey)))
    assert read_samples(writer.folder) == [Sample(100, 1.0, picture(500, 100))]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


@pytest.mark.parametrize(("checkpoint", "left"), [(20_000, 9), (50_000, 3), (500_000, 1)])
def test_checkpoint_counts_as_part_of_the_budget(tmp_path: Path, checkpoint: int, left: int) -> None:
    """Of 100,000 bytes 30,000 are for samples and records, and 5,000 for the best: what the checkpoint leaves is for
    snapshots of 5,000. The newest always stays."""
    with closing(Writer(tmp_path, budget=100_000)) as writer:
        writer(Checkpoint(bytes(checkpoint)))
        writer(Best(1, bytes(5000)))
        for number in range(1, 21):
            writer(Snapshot(100 * number, bytes(5000)))
            assert _bytes(tmp_path) <= max(70_000, checkpoint + 10_000)
    images = [int(path.stem) for path in snapshot_paths(tmp_path)]
    assert (len(images), images[-1]) == (left, 2000)


def test_writer_says_which_process_it_is(tmp_path: Path) -> None:
    assert store.read_pid(tmp_path) == 0
    Writer(tmp_path).close()
    assert store.read_pid(tmp_path) == os.getpid()
