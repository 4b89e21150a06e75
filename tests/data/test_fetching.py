"""Data sets that are fetched, from a mirror on this machine."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gan import data
from gan.cli import main
from gan.data import CancelledError, DataError, fetcher
from gan.data.spec import spec
from tests.helpers import is_sentence
from tests.mirror import Fault, Mirror, drawings, mirror, small_set

SET = "fashion-mnist"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return small_set(120, 60)


@pytest.fixture
def served(tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with mirror(tmp_path, files, SET) as (one, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield one
        socket.setdefaulttimeout(None)  # as it was before the fetcher was called in this process


def _left(tmp_path: Path) -> list[str]:
    """What lies in the cache but locks."""
    return sorted(path.name for path in (tmp_path / "cache").glob("*") if not path.name.endswith(".lock"))


def test_fetched_set_is_what_the_mirror_has_is_fetched_once_and_refused_when_damaged(
    served: Mirror, tmp_path: Path
) -> None:
    told: list[tuple[float, str]] = []
    with pytest.raises(DataError, match="Fashion-MNIST is not on this machine"):
        data.load(SET)
    data.fetch(SET, lambda share, doing: told.append((share, doing)))
    found = data.load(SET)
    images, labels = drawings(120)
    assert np.array_equal(found.train_images, images)
    assert np.array_equal(found.train_labels, labels)
    assert np.array_equal(found.test_images, drawings(60, seed=1)[0])
    assert found.judged_from == 100
    assert told[0] == (0.0, "Fetching Fashion-MNIST")
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    folder = tmp_path / "cache" / SET
    record = json.loads((folder / "fetched.json").read_text())
    assert record["sha256"] == hashlib.sha256((folder / "images.npz").read_bytes()).hexdigest()
    asked = len(served.asked)
    data.fetch(SET)
    assert len(served.asked) == asked
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    content = bytearray((damaged / "images.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / "images.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"is damaged: its SHA-256 is not the recorded one\. Remove the folder"):
        data.load(SET, damaged)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("cut", "train-images-idx3-ubyte.gz was cut short"),
        ("hang", "it said nothing for 1.5 s"),
        ("wrong", "train-images-idx3-ubyte.gz has another checksum than the one that is known"),
        ("gone", "HTTP Error 404"),
    ],
)
def test_broken_mirror_is_one_sentence(served: Mirror, tmp_path: Path, fault: Fault, said: str) -> None:
    """What the process that fetches says, here without the process."""
    served.fault = fault
    with pytest.raises(DataError, match=said) as caught:
        fetcher.fetch(spec(SET), tmp_path, lambda message: None)
    assert is_sentence(str(caught.value))
    assert not (tmp_path / "whole").exists()


def test_command_says_what_is_wrong_with_a_mirror_and_leaves_nothing(
    served: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served.fault = "cut"
    assert main(["train-judge", "--data", SET, "--out", str(tmp_path / "judge.safetensors")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "train-images-idx3-ubyte.gz was cut short" in lines[-1]
    assert is_sentence(lines[-1])
    assert "Traceback" not in "".join(lines)
    assert _left(tmp_path) == []
    assert not data.is_here(SET)


def test_no_network_is_one_sentence(served: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_DATA_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"Fashion-MNIST could not be fetched from .*Connection refused") as caught:
        fetcher.fetch(spec(SET), tmp_path, lambda message: None)
    assert is_sentence(str(caught.value))


def test_cancelled_fetch_ends_its_process_and_leaves_nothing(served: Mirror, tmp_path: Path) -> None:
    served.fault = "slow"
    began = time.monotonic()
    with pytest.raises(CancelledError):
        data.fetch(SET, cancelled=lambda: any("train-images" in path for path in served.asked))
    assert time.monotonic() - began < 60
    assert _left(tmp_path) == []


def test_two_processes_fetch_it_once(served: Mirror) -> None:
    told: list[str] = []
    other = threading.Thread(target=data.fetch, args=(SET, lambda _, doing: told.append(doing)))
    other.start()
    data.fetch(SET, lambda _, doing: told.append(doing))
    other.join()
    assert "Another process is fetching Fashion-MNIST" in told
    # torchvision asks twice for each file: for where it is, and for what it holds.
    assert len(served.asked) == 8


def test_neither_the_library_nor_a_page_imports_torchvision() -> None:
    code = (
        "import sys, gan.cli, gan.runs.worker, gan.training.loop, gan.quality.evaluation, gan.quality.judge_training, "
        "gan.export.explorable, gan.data.fetching; from gan import data; data.load(); "
        "print('torchvision' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert found.stdout.strip() == "False"
