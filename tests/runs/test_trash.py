import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gan import paths, runs
from gan.models import snapshots
from gan.runs import RunError, folders, processes, store, trash
from gan.training.messages import Status
from tests.helpers import is_sentence, small


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(runs_root: Path) -> Path:
    """A run that was stopped, with all kinds of files."""
    folder = runs.create(small())
    writer = store.Writer(folder)
    writer(Status("stopped"))
    writer.close()
    for name in (store.CHECKPOINT, snapshots.BEST, "snapshots/00000064.safetensors", ".best.safetensors.1.part"):
        (folder / name).write_bytes(b"weights")
    (folder / processes.LOG).touch()
    return folder


@pytest.fixture
def elsewhere(run: Path, tmp_path: Path) -> Path:
    """The same run outside of the runs folder."""
    return run.rename(tmp_path / "elsewhere")


def _ages(name: str, by: timedelta) -> None:
    """Makes a thing in the trash older."""
    when = datetime.now(UTC) - by
    (trash.place() / name).rename(trash.place() / f"{when:%Y%m%dT%H%M%SZ}-{name[-4:]}")


def test_discarded_run_is_listed_in_the_trash_alone_and_comes_back_as_it_was(run: Path) -> None:
    before = _contents(run)
    name = trash.discard(run)
    assert runs.names() == []
    (item,) = trash.listing()
    assert (item.name, item.run) == (name, run.name)
    assert item.until - datetime.now(UTC) > timedelta(hours=23)
    assert trash.restore(name) == run
    assert _contents(run) == before
    assert trash.listing() == []
    assert list(trash.place().iterdir()) == []


def test_run_is_restored_by_its_id_the_last_of_two_first(run: Path) -> None:
    first = trash.discard(run)
    _ages(first, timedelta(minutes=5))
    runs.create(small(seed=9), run)
    trash.discard(run)
    assert runs.read(trash.restore(run.name)).config.seed == 9
    with pytest.raises(RunError, match="exists, so nothing is put back there"):
        trash.restore(run.name)
    assert runs.read(run).config.seed == 9
    assert len(trash.listing()) == 1


@pytest.mark.parametrize("name", ["nothing", "", "..", "../x", "/", "a\0b", "x" * 5000])
def test_what_is_not_in_the_trash_is_not_restored(run: Path, name: str) -> None:
    trash.discard(run)
    with pytest.raises(RunError, match="in the trash") as caught:
        trash.restore(name)
    assert is_sentence(str(caught.value))
    assert len(str(caught.value)) < 200


def test_run_from_elsewhere_comes_back_to_where_it_was(elsewhere: Path, runs_root: Path) -> None:
    before = _contents(elsewhere)
    name = trash.discard(elsewhere)
    assert not elsewhere.exists()
    assert trash.restore(name) == elsewhere
    assert _contents(elsewhere) == before


def test_run_on_another_disk_comes_back_too(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rename does not do."""

    def rename(self: Path, target: Path) -> Path:
        if trash.TRASH in str(target) or trash.TRASH in str(self):
            raise OSError(18, "Invalid cross-device link")
        raise AssertionError("not expected")

    before = _contents(elsewhere)
    with monkeypatch.context() as context:
        context.setattr(Path, "rename", rename)
        name = trash.discard(elsewhere)
        assert not elsewhere.exists()
        assert trash.restore(name) == elsewhere
    assert _contents(elsewhere) == before


def test_trash_keeps_for_a_day(run: Path) -> None:
    another = runs.create(small())
    _ages(trash.discard(run), timedelta(hours=25))
    young = trash.discard(another)
    _ages(young, timedelta(hours=23))
    (trash.place() / "letters").mkdir()  # somebody's own
    assert trash.empty(older_than=trash.KEPT) == 1
    assert [item.name[-4:] for item in trash.listing()] == [young[-4:]]
    assert trash.empty() == 1
    assert [path.name for path in trash.place().iterdir()] == ["letters"]


def test_what_a_kill_left_in_the_runs_folder_goes_after_a_day(runs_root: Path) -> None:
    old, young, others = (runs_root / name for name in (".new-0123abcd", ".new-4567cdef", ".newest"))
    for folder in (old, young, others):
        folder.mkdir()
    for folder in (old, others):
        os.utime(folder, (0, 0))
    trash.empty()
    assert [folder.exists() for folder in (old, young, others)] == [False, True, True]


def test_start_empties_the_trash_of_what_is_old(run: Path) -> None:
    _ages(trash.discard(run), timedelta(hours=25))
    runs.create(small())
    assert trash.listing() == []


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _file(path: Path) -> None:
    path.write_text("text")


def _letters(path: Path) -> None:
    path.mkdir()
    (path / "letter.txt").write_text("text")


def _settings_of_others(path: Path) -> None:
    _letters(path)
    (path / store.CONFIG).write_text('{"editor": "vi"}')


def _run_with_a_thesis(path: Path) -> None:
    runs.create(small(), path)
    (path / "thesis.txt").write_text("text")


def _run_with_a_copy(path: Path) -> None:
    runs.create(small(), path)
    (path / snapshots.SNAPSHOTS).mkdir()
    (path / snapshots.SNAPSHOTS / "00000064 copy.safetensors").touch()


def _run_with_a_folder(path: Path) -> None:
    runs.create(small(), path)
    (path / store.DATABASE).mkdir()


NO_RUNS: list[Callable[[Path], None]] = [
    _pipe,
    _file,
    _letters,
    _settings_of_others,
    _run_with_a_thesis,
    _run_with_a_copy,
    _run_with_a_folder,
]


@pytest.mark.parametrize("make", NO_RUNS)
def test_what_lies_in_the_runs_folder_goes_to_the_trash_whatever_it_is(
    runs_root: Path, make: Callable[[Path], None]
) -> None:
    make(runs_root / "thing")
    name = trash.discard(runs_root / "thing")
    assert not (runs_root / "thing").exists()
    assert trash.restore(name) == runs_root / "thing"
    trash.discard(runs_root / "thing")
    trash.empty()
    assert list(trash.place().iterdir()) == []


@pytest.mark.parametrize("make", NO_RUNS)
def test_what_is_no_run_is_left_alone_elsewhere(runs_root: Path, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "thing")
    with pytest.raises(RunError, match="left alone") as caught:
        trash.discard(tmp_path / "thing")
    assert is_sentence(str(caught.value))
    assert (tmp_path / "thing").exists()
    assert not trash.place().exists()


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_link_to_a_run_is_left_alone(elsewhere: Path, runs_root: Path, tmp_path: Path, place: str) -> None:
    link = (runs_root if place == "inside" else tmp_path) / "link"
    link.symlink_to(elsewhere)
    with pytest.raises(RunError, match="is a link; links are left alone"):
        trash.discard(link)
    assert link.is_symlink()
    assert runs.read(elsewhere)


@pytest.mark.parametrize("name", ["/", ".", "..", "../..", "{root}", "{root}/.", "{run}/..", "{run}/../..", "{link}"])
def test_runs_folder_and_its_parents_are_left_alone(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "same").symlink_to(run.parent)
    monkeypatch.chdir(run.parent)
    path = name.format(root=run.parent, run=run, link=tmp_path / "same")
    with pytest.raises(RunError, match=r"is the runs folder or holds it|is a link"):
        trash.discard(folders.locate(path))
    assert runs.read(run)


@pytest.mark.parametrize("name", [".trash", ".launch.lock"])
def test_names_with_a_dot_are_the_program_s_own(run: Path, name: str) -> None:
    trash.discard(runs.create(small()))
    (run.parent / ".launch.lock").touch()
    with pytest.raises(RunError, match="begin with a dot"):
        trash.discard(folders.locate(name))


def test_what_is_in_the_trash_is_not_discarded_again(run: Path) -> None:
    trash.discard(run)
    with pytest.raises(RunError, match="in the trash already"):
        trash.discard(trash.listing()[0].folder)


def test_run_at_work_is_not_discarded(run: Path) -> None:
    with runs.lock(run), pytest.raises(RunError, match="is at work; stop it before deleting it"):
        trash.discard(run)
    assert runs.find(run.name) == run


def test_trash_that_is_a_link_is_not_used(run: Path, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    trash.place().symlink_to(tmp_path / "others")
    with pytest.raises(RunError, match="is a link"):
        trash.discard(run)
    assert trash.listing() == []
    assert list((tmp_path / "others").iterdir()) == []


def test_trash_that_cannot_be_made_is_told(run: Path) -> None:
    trash.place().write_text("a file")
    with pytest.raises(RunError, match="cannot be moved into the trash") as caught:
        trash.discard(run)
    assert is_sentence(str(caught.value))
    assert runs.read(run)


AS_SOMEBODY_ELSE = """
import _strptime, os, sys  # all that is imported late: somebody else may not read it
from pathlib import Path
from gan.runs import trash
os.setgid(65534), os.setuid(65534)
name = trash.discard(Path(sys.argv[1]))
trash.restore(name)
trash.discard(Path(sys.argv[1]))
print(trash.empty(), list(trash.place().iterdir()))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_folder_that_its_owner_may_not_enter_goes_too(runs_root: Path) -> None:
    """Root may do everything, so that this is tried as somebody else."""
    folder = runs_root / "closed"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").touch()
    for path in (folder / "inner" / "file", folder / "inner", folder, runs_root):
        os.chown(path, 65534, 65534)
    (folder / "inner").chmod(0)
    folder.chmod(0)
    parents = [parent for parent in runs_root.parents if parent.stat().st_mode & 0o005 != 0o005]
    for parent in parents:
        parent.chmod(parent.stat().st_mode | 0o005)
    command = [sys.executable, "-c", AS_SOMEBODY_ELSE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=paths.PROJECT, check=False)
    assert done.stdout == "1 []\n", done.stderr
    shutil.rmtree(folder, ignore_errors=True)
