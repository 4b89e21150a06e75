from pathlib import Path

import pytest

from gan import runs
from gan.runs import RunError, space, trash
from tests.helpers import is_sentence, small


def _fill(folder: Path, megabytes: float) -> Path:
    (folder / "worker.log").write_bytes(b"x" * int(megabytes * 1e6))
    return folder


@pytest.mark.parametrize("text", ["", "0", "-3", "many", "²", "9" * 5000])
def test_limits_that_make_no_sense_are_not_taken(monkeypatch: pytest.MonkeyPatch, runs_root: Path, text: str) -> None:
    monkeypatch.setenv("GAN_RUNS_MB", text)
    monkeypatch.setenv("GAN_RUNS_KEPT", text)
    found = space.measured()
    assert (found.most_bytes, found.most_runs) == (space.MEGABYTES * space.MB, space.RUNS)


def test_runs_and_trash_take_space(runs_root: Path) -> None:
    first, second = (_fill(runs.create(small()), 1.0) for _ in range(2))
    trash.discard(second)
    found = space.measured()
    assert found.runs == 1
    assert found.bytes == pytest.approx(2e6, rel=0.05)
    assert found.in_trash == pytest.approx(1e6, rel=0.05)
    assert first.exists()


def test_more_runs_than_are_kept_are_refused(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_RUNS_KEPT", "2")
    first, _ = runs.create(small()), runs.create(small())
    with pytest.raises(
        RunError, match=r"There are 2 runs, and no more than 2 are kept \(GAN_RUNS_KEPT\); delete"
    ) as caught:
        runs.start(small())
    assert is_sentence(str(caught.value))
    trash.discard(first)
    runs.create(small())
    assert len(runs.names()) == 2


def test_more_megabytes_than_are_kept_are_refused(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_RUNS_MB", "3")
    folder = _fill(runs.create(small()), 3.5)
    with pytest.raises(RunError, match=r"take 3 MB, and no more than 3 MB are kept \(GAN_RUNS_MB\); delete"):
        runs.create(small())
    assert runs.names() == [folder.name]


def test_trash_makes_room_the_oldest_first_and_no_more_than_it_must(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_RUNS_MB", "3")
    oldest, *others = (trash.discard(_fill(runs.create(small()), 0.9)) for _ in range(3))
    (trash.place() / oldest).rename(trash.place() / f"20000101T000000Z-{oldest[-4:]}")
    monkeypatch.setattr(trash, "KEPT", 1e12)  # so old, and yet not by its age
    _fill(runs.create(small()), 0.9)
    runs.create(small())
    assert {item.name for item in trash.listing()} == set(others)


def test_disk_that_is_nearly_full_is_told_before_a_start(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trash.discard(runs.create(small()))
    monkeypatch.setattr(space, "LEAST_FREE", 1 << 60)
    with pytest.raises(RunError, match=r"has [\d]+ MB left, and a run may take \d+; delete") as caught:
        runs.create(small())
    assert is_sentence(str(caught.value))
    assert runs.names() == []


def test_runs_folder_that_is_not_there_takes_nothing(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_RUNS_DIR", str(runs_root / "to" / "be"))
    found = space.measured()
    assert (found.runs, found.bytes, found.is_full) == (0, 0, False)
    assert found.free > 0
