import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from gan.cli import main
from gan.system import outputs
from gan.system.outputs import OutputError
from tests.helpers import is_sentence


def _refused(path: Path, *endings: str) -> str:
    before = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    with pytest.raises(OutputError) as caught:
        outputs.check(path, *endings)
    assert before == (sorted(path.parent.iterdir()) if path.parent.is_dir() else [])
    assert is_sentence(str(caught.value))
    assert len(str(caught.value)) < 200
    return str(caught.value)


def test_place_for_a_new_file_is_fine(tmp_path: Path) -> None:
    outputs.check(tmp_path / "a.png", ".png", ".npz")
    outputs.check(tmp_path / "a")
    (tmp_path / "old").write_text("what is replaced")
    outputs.check(tmp_path / "old")
    assert [entry.name for entry in tmp_path.iterdir()] == ["old"]


def test_what_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder.png")
    os.mkfifo(tmp_path / "pipe")
    assert "has to end in .png or .npz" in _refused(tmp_path / "a.exe", ".png", ".npz")
    for name in ("folder.png", "link"):
        assert "is a folder" in _refused(tmp_path / name)
    for path in (tmp_path / "pipe", Path("/dev/full")):
        assert "is a device or a pipe" in _refused(path)
    for path in (tmp_path / "nowhere" / "a", tmp_path / "file" / "a", tmp_path / ("a" * 250), tmp_path / ("a" * 5000)):
        assert "cannot be written" in _refused(path)


@pytest.mark.parametrize("out", ["{}", "/dev/null/x", "/dev/full", "{}/nowhere/judge.safetensors", "*"])
def test_judge_is_not_trained_in_vain(tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str) -> None:
    assert main(["train-judge", "--out", out.format(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And leaves what was there, and nothing beside it."""
    old = tmp_path / "a.png"
    old.write_bytes(b"old")

    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["sample", "pretrained", "--out", str(old), "--n", "1"]) == 2
    said = capsys.readouterr()
    assert said.err.strip().endswith("cannot be written: the disk is full.")
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"a.png": b"old"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["sample", "pretrained", "--out", "nowhere/a.png", "--n", "1000000"],
        ["sample", "pretrained", "--out", "a.png", "--digits", "²"],
        ["sample", "pretrained", "--out", "a.png", "--digits", "٣"],
        ["sample", "pretrained", "--out", "a.png", "--n", "1_0"],
        ["sample", "pretrained", "--out", "a.png", "--n", "١٢"],
        ["sample", "x" * 5000, "--out", "a.png"],
        ["sample", "a\0b", "--out", "a.png"],
        ["sample", "a\ud800", "--out", "a.png"],
        ["sample", "/dev/zero", "--out", "a.png"],
        ["export", "pretrained", "--out", "x" * 5000],
        ["evaluate", "pretrained", "--reference", "x" * 5000],
        ["evaluate", "a\nb"],
        ["train", "--run-dir", ""],
        ["train", "--set", "x" * 5000],
        ["train", "--set", "widths_g="],
        ["train", "--set", "widths_g=" + "9" * 5000],
        ["train", "--set", "seed=١٢"],
        ["train", "--set", "batch_size=1_000"],
        ["train", "--set", "lr_g=1e999"],
        ["train", "x" * 5000],
    ],
)
def test_odd_words_are_refused_in_a_short_line(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(runs_root)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert len(said.err) < 800
    assert list(runs_root.iterdir()) == []


def test_more_pictures_than_memory_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digits = ",".join("0123456789" * 100)
    out = str(tmp_path / "a.png")
    assert main(["sample", "pretrained", "--out", out, "--n", "1000000", "--digits", digits]) == 2
    assert "1,000,000,000 pictures take about" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_call_left_is_swept_and_what_another_writes_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    left, others = tmp_path / f".a.npz.{ended.pid}.part", tmp_path / f".a.npz.{os.getppid()}.part"
    for part in (left, others):
        part.touch()
    outputs.write(tmp_path / "a.npz", b"content")
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", others.name}
