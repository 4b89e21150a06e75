import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from gan import paths, render, runs
from gan.cli import main
from gan.config import TrainConfig
from gan.data import DataSet
from gan.latents import sampling
from gan.models import snapshots
from gan.models.find import resolve
from gan.models.model import load_model
from gan.presets import PRESETS
from gan.runs import store, trash
from gan.system import memory
from gan.system.files import StorageError
from gan.training.checkpoint import load_checkpoint
from gan.training.messages import Event
from gan.training.trainer import Trainer
from tests.helpers import CPU, LARGE, assert_equal, small, status_at, until

SMALL = ("widths_g=16,16", "widths_d=16,16", "latent_dim=8", "batch_size=32", "device=cpu", "precision=float32")


def _small(*more: str) -> list[str]:
    return [part for setting in (*SMALL, *more) for part in ("--set", setting)]


def _train(folder: Path, preset: str = "cgan", images: int = 320, *more: str) -> int:
    return main(["train", "--preset", preset, "--images", str(images), "--run-dir", str(folder), *_small(), *more])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Run folders by preset, ten steps old; read only."""
    folders: dict[str, Path] = {}

    def get(preset: str) -> Path:
        if preset not in folders:
            folders[preset] = tmp_path_factory.mktemp("trained") / preset
            assert _train(folders[preset], preset) == 0
        return folders[preset]

    return get


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said when this is refused: status 2, one line on stderr, nothing on stdout."""
    capsys.readouterr()
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    return said.err.strip()


def _checkpoint(folder: Path, digits: DataSet) -> dict[str, torch.Tensor]:
    trainer = Trainer(runs.read(folder).config, digits, CPU)
    load_checkpoint(folder / store.CHECKPOINT, trainer)
    return trainer.tensors()


def _disk_fills_up(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    keep = store.Writer.__call__

    def full(self: store.Writer, event: Event) -> None:
        if getattr(event, "images", 0) >= at:
            raise StorageError("The disk is full.")
        keep(self, event)

    monkeypatch.setattr(store.Writer, "__call__", full)


UNAVAILABLE = "mps" if sys.platform != "darwin" else "cuda"
"""A device that no machine of this kind has."""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "following arguments are required: command"),
        (["paint"], "invalid choice: 'paint' (choose from"),
        (["train", "--preset", "stylegan"], f"no preset 'stylegan'; choose one of {', '.join(PRESETS)}."),
        (["train", "--seconds", "0"], "'0' is not a number of seconds from 0.001 to 1,000,000"),
        (["train", "--seconds", "nan"], "'nan' is not a number of seconds"),
        (["train", "--seconds", "-5"], "'-5' is not a number of seconds"),
        (["train", "--images", "0"], "'0' is not a whole number of images from 1"),
        (["train", "--images", "1.5"], "'1.5' is not a whole number of images"),
        (["train", "--images", "9" * 400], "is not a whole number of images"),
        (["train", "--images", "5"], f"images is 5; one batch alone has {TrainConfig().data.batch_size} (batch_size)."),
        (["train", "--images", "100", "--seconds", "1"], "not allowed with argument"),
        (["train", "--seed", "-1"], "'-1' is not a whole number from 0"),
        (["train", "--seed", "2147483648"], "is not a whole number from 0 to 2,147,483,647"),
        (["train", "--set", "lr_g"], "--set takes FIELD=VALUE, not 'lr_g'"),
        (["train", "--set", "lr=1"], "There is no setting 'lr'; there are preset"),
        (["train", "--set", "lr_g=fast"], "lr_g is 'fast'; it takes a number"),
        (["train", "--set", "lr_g=7"], "lr_g is 7.0; it has to be between 1e-06 and 0.1"),
        (["train", "--set", "widths_g="], "generator.widths is ''; it takes one to eight whole numbers"),
        (["train", "--set", f"images={'9' * 400}"], "it has to be between 0 and 1,000,000,000"),
        (["train", "--set", "conditional=perhaps"], "conditional is 'perhaps'; it takes true or false"),
        (["train", "--set", "architecture=conv", "--set", "widths_g=8"], "takes at least two numbers"),
        (["train", "--set", "preset=dcgan"], "The preset is chosen with --preset"),
        (["train", "--set", f"device={UNAVAILABLE}"], "does not work here"),
        (["train", "--flag"], "nrecognized arguments: --flag"),
        (["resume"], "following arguments are required: run_dir"),
        (["resume", "nowhere"], "There is no run in nowhere"),
        (["sample", "nowhere", "--out", "a.png"], "There is no file nowhere"),
        (["sample", "nowhere"], "following arguments are required: --out"),
        (["sample", "nowhere", "--out", "a.jpg"], "--out a.jpg has to end in .png or .npz"),
        (["sample", "nowhere", "--out", "a.png", "--digits", "3,10"], "is not a list of classes"),
        (["sample", "nowhere", "--out", "a.png", "--digits", ""], "is not a list of classes"),
        (["sample", "nowhere", "--out", "a.png", "--digits", "²"], "--digits"),
        (["sample", "nowhere", "--out", "a.png", "--n", "0"], "'0' is not a whole number from 1"),
        (["sample", ".", "--out", "a.png"], "is a folder without a snapshot"),
        (["export", "pretrained"], "following arguments are required: --out"),
        (["export", "nowhere", "--out", "a.html"], "There is no file nowhere"),
        (["export", "pretrained", "--out", "a.exe"], "--out a.exe has to end in .html or .onnx"),
        (["export", "pretrained", "--out", "nowhere/a.html"], "nowhere/a.html cannot be written"),
        (["evaluate"], "following arguments are required: model"),
        (["evaluate", "nowhere"], "There is no file nowhere"),
        (["evaluate", "."], "is a folder without a snapshot"),
        (["evaluate", "pretrained", "--n", "50"], "'50' is not a whole number from 1000 to 10,000"),
        (["evaluate", "pretrained", "--n", "10001"], "'10001' is not a whole number from 1000 to 10,000"),
        (["evaluate", "pretrained", "--n", "1e3"], "'1e3' is not a whole number"),
        (["evaluate", "pretrained", "--seed", "-1"], "'-1' is not a whole number from 0"),
        (["evaluate", "pretrained", "--reference", "train"], "invalid choice: 'train' (choose from"),
        (["evaluate", "pretrained", "--only", "fid"], "invalid choice: 'fid' (choose from"),
        (["evaluate", "pretrained", "--all", "--only", "classification_accuracy"], "not allowed with argument"),
        (["runs"], "following arguments are required: action"),
        (["runs", "show", "nothing"], "There is no run 'nothing'"),
        (["runs", "rm", ".."], "is the runs folder or holds it; only single runs can be deleted"),
    ],
)
def test_bad_input_is_one_line_status_2_and_nothing_written(
    runs_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(runs_root)
    assert said in _refused(capsys, *arguments)
    assert list(runs_root.parent.rglob("*")) == [runs_root]


def test_run_dir_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").touch()
    assert "already holds something" in _refused(capsys, "train", "--run-dir", str(tmp_path), *_small())
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_run_dir_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in _refused(capsys, "train", "--run-dir", str(tmp_path / "file"), *_small())


def test_train_prints_the_folder_and_shows_progress_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(tmp_path / "run") == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'run'}\n"
    assert "100%" in said.err
    assert "320 images" in said.err


def test_train_says_what_the_schedule_makes_of_a_setting_that_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless the schedule was given as well."""
    assert _train(tmp_path / "usual", "cgan", 64) == 0
    assert "The schedule makes batch_size 128 from 120,000 images on" in capsys.readouterr().err
    assert _train(tmp_path / "own", "cgan", 64, "--set", "schedule=90000: batch_size=16") == 0
    assert "The schedule makes" not in capsys.readouterr().err


def test_train_without_a_folder_makes_one_in_the_root(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--images", "64", "--seed", "9", *_small()]) == 0
    (name,) = runs.names()
    assert capsys.readouterr().out == f"{runs_root / name}\n"
    assert runs.read(runs_root / name).config == small(images=64, seed=9)


def test_set_and_preset_make_the_config(tmp_path: Path) -> None:
    _train(tmp_path / "run", "vanilla", 64, "--set", "lr_g=3e-4", "--set", "loss=minimax")
    expected = small("vanilla", images=64, lr_g=3e-4, loss="minimax")
    assert runs.read(tmp_path / "run").config == expected


def test_train_for_seconds(tmp_path: Path) -> None:
    assert main(["train", "--seconds", "0.2", "--run-dir", str(tmp_path / "run"), *_small()]) == 0
    run = runs.read(tmp_path / "run")
    assert (run.config.budget.seconds, run.config.budget.images, run.status.state) == (0.2, 0, "finished")
    assert run.status.progress.seconds >= 0.2


def test_train_and_resume_equal_the_unbroken_run(tmp_path: Path, digits: DataSet) -> None:
    """But for learning rates that fall: at the end of a first budget they had fallen to nothing."""
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    steady = ("--set", "decay_from=1")
    assert _train(whole, "cgan", 640, *steady) == 0
    assert _train(halves, "cgan", 320, *steady) == 0
    assert main(["resume", str(halves), "--images", "320"]) == 0
    assert_equal(_checkpoint(whole, digits), _checkpoint(halves, digits))


def test_spent_run_is_not_resumed_without_more(
    trained: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "has spent its budget" in _refused(capsys, "resume", str(trained("cgan")))


def test_run_at_work_is_not_resumed(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs.create(small())
    writer = store.Writer(folder)
    writer(status_at("running"))
    writer.close()
    with runs.lock(folder):
        assert "is running in another process" in _refused(capsys, "resume", str(folder))


def test_way_out_of_a_lost_checkpoint_is_a_new_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It begins where the newest snapshot was: steps so small that they change nothing show it."""
    lost, new = tmp_path / "lost", tmp_path / "new"
    _train(lost)
    (lost / store.CHECKPOINT).unlink()
    said = _refused(capsys, "resume", str(lost), "--images", "32")
    assert said.endswith(f"python -m gan train --from {lost}.")
    still = ["--set", "lr_g=1e-6", "lr_d=1e-6", "--images", "32"]
    assert "keep the settings of its networks" in _refused(
        capsys, "train", "--from", str(lost), "--run-dir", str(new), "--set", "latent_dim=9"
    )
    assert not new.exists()
    assert main(["train", "--from", str(lost), "--run-dir", str(new), *still]) == 0
    run, before = runs.read(new), load_model(snapshots.newest_snapshot(lost))
    assert (run.status.progress.images, run.config.optimizer.lr_g) == (32, 1e-6)
    after = load_model(snapshots.newest_snapshot(new))
    for weight, then in zip(after.generator.parameters(), before.generator.parameters(), strict=True):
        assert torch.allclose(weight, then, atol=1e-3)


def test_preset_and_model_to_begin_with_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert "not allowed with" in _refused(capsys, "train", "--from", "pretrained", "--preset", "cgan")


def test_resume_sets_learning_rates_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    _train(folder)
    for setting, said in (("latent_dim=9", "lr_g and lr_d can"), ("lr_g=-1", "lr_g"), ("lr_d", "FIELD=VALUE")):
        assert said in _refused(capsys, "resume", str(folder), "--images", "32", "--set", setting)
    assert main(["resume", str(folder), "--images", "32", "--set", "lr_g=1e-4", "lr_d=2e-4"]) == 0
    control = runs.read(folder).status.control
    assert (control.lr_g, control.lr_d) == (1e-4, 2e-4)


def test_damaged_checkpoint_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _train(tmp_path / "run")
    (tmp_path / "run" / store.CHECKPOINT).write_bytes(b"damaged")
    said = _refused(capsys, "resume", str(tmp_path / "run"), "--images", "32")
    assert "is not a whole safetensors file" in said


def test_run_that_diverges_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Trainer, "is_finite", lambda self: self.images_seen < 96)
    assert _train(tmp_path / "run") == 1
    assert "Training diverged" in capsys.readouterr().err


def test_full_disk_ends_the_run_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can press Resume: it must neither wait nor show a traceback."""
    _disk_fills_up(monkeypatch, at=96)
    assert _train(tmp_path / "run") == 1
    said = capsys.readouterr().err
    assert said.endswith("The disk is full.\n")
    assert "Traceback" not in said


def test_signal_handlers_are_put_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    _train(tmp_path / "run", "cgan", 32)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def _process(*arguments: str, **options: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gan", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=paths.PROJECT, **options
    )


@pytest.mark.parametrize("while_importing", [False, True])
def test_ctrl_c_saves_the_checkpoint_and_exits_130(tmp_path: Path, digits: DataSet, while_importing: bool) -> None:
    """Also within the seconds that importing torch takes; and then the run goes on."""
    folder = tmp_path / "run"
    process = _process("train", "--images", str(LARGE), "--run-dir", str(folder), *_small())
    if while_importing:
        until(lambda: "torch" in Path(f"/proc/{process.pid}/maps").read_text())
    else:
        until(lambda: (folder / store.CONFIG).exists() and runs.read(folder).status.progress.images > 0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, f"{folder}\n")
    assert "Traceback" not in err
    stopped = runs.read(folder).status
    assert stopped.state == "stopped"
    assert main(["resume", str(folder), "--images", "32"]) == 0
    assert runs.read(folder).status.progress.images == stopped.progress.images + 32


def test_program_passes_its_status_on() -> None:
    process = _process("train", "--preset", "stylegan", stdin=subprocess.DEVNULL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert "stylegan" in err


def test_help_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "--help"])
    assert caught.value.code == 0
    assert "--run-dir" in capsys.readouterr().out


def _sample(model: Path | str, out: Path, *more: str) -> dict[str, np.ndarray[Any, Any]]:
    assert main(["sample", str(model), "--out", str(out), *more]) == 0
    with np.load(out, allow_pickle=False) as arrays:
        return dict(arrays)


def test_npz_of_a_conditional_model(trained: Callable[[str], Path], tmp_path: Path) -> None:
    """`--n` pictures of each digit, in the order that was asked for."""
    arrays = _sample(trained("cgan"), tmp_path / "a.npz", "--digits", "7,3", "--n", "4")
    assert {name: (array.shape, str(array.dtype)) for name, array in arrays.items()} == {
        "images": ((8, 28, 28), "uint8"),
        "labels": ((8,), "uint8"),
        "latents": ((8, 8), "float32"),
    }
    assert arrays["labels"].tolist() == [7] * 4 + [3] * 4


def test_npz_has_all_ten_digits_unless_told_otherwise(trained: Callable[[str], Path], tmp_path: Path) -> None:
    assert np.bincount(_sample(trained("cgan"), tmp_path / "a.npz", "--n", "3")["labels"]).tolist() == [3] * 10


@pytest.mark.parametrize("preset", ["vanilla", "dcgan"])
def test_npz_of_an_unconditional_model(trained: Callable[[str], Path], tmp_path: Path, preset: str) -> None:
    """`--n` is the total, and 255 says that nobody knows the digit."""
    arrays = _sample(trained(preset), tmp_path / "a.npz", "--n", "7")
    assert arrays["labels"].tolist() == [255] * 7
    assert [len(array) for array in arrays.values()] == [7, 7, 7]


def test_digits_of_an_unconditional_model_are_refused(
    trained: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(trained("vanilla"))
    said = _refused(capsys, "sample", model, "--out", str(tmp_path / "a.npz"), "--digits", "3")
    assert "is unconditional: it cannot be asked for digits" in said
    assert list(tmp_path.iterdir()) == []


def test_export_writes_a_page_and_onnx(trained: Callable[[str], Path], tmp_path: Path) -> None:
    page, network = tmp_path / "gan.html", tmp_path / "gan.onnx"
    assert main(["export", str(trained("cgan")), "--out", str(page)]) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert main(["export", str(trained("cgan")), "--out", str(network)]) == 0
    inputs = onnxruntime.InferenceSession(network.read_bytes(), providers=["CPUExecutionProvider"]).get_inputs()
    assert [(given.name, given.shape) for given in inputs] == [("z", ["N", 8]), ("mix", ["N", 10])]


def test_export_without_the_package_onnx_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", "pretrained", "--out", str(tmp_path / "gan.onnx")]) == 2
    assert capsys.readouterr().err == "An ONNX file needs the package onnx: pip install onnx.\n"
    assert not list(tmp_path.iterdir())


def test_sample_is_what_the_generator_makes_of_the_latents(trained: Callable[[str], Path], tmp_path: Path) -> None:
    arrays = _sample(trained("cgan"), tmp_path / "a.npz", "--n", "2", "--seed", "5")
    model = load_model(resolve(str(trained("cgan"))))
    with torch.no_grad():
        images = model.generator(torch.from_numpy(arrays["latents"]), torch.from_numpy(arrays["labels"]).long())
    expected = ((images[:, 0] + 1) * 127.5).round().numpy()
    assert np.abs(expected - arrays["images"]).max() <= 1
    assert np.array_equal(arrays["latents"][:2], sampling.sample(2, 8, seed=5).numpy())


def test_sample_follows_from_the_seed(trained: Callable[[str], Path], tmp_path: Path) -> None:
    first, again, other = (
        _sample(trained("cgan"), tmp_path / f"{number}.npz", "--seed", seed)["images"]
        for number, seed in enumerate(("1", "1", "2"))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_one_latent_is_one_column_for_every_digit(trained: Callable[[str], Path], tmp_path: Path) -> None:
    latents = _sample(trained("cgan"), tmp_path / "a.npz", "--n", "4")["latents"].reshape(10, 4, 8)
    assert all(np.array_equal(row, latents[0]) for row in latents)
    assert len(np.unique(latents[0], axis=0)) == 4


@pytest.mark.parametrize(
    ("preset", "arguments", "count", "columns"),
    [("cgan", ("--digits", "1,2,3", "--n", "4"), 12, 4), ("vanilla", ("--n", "25"), 25, 10)],
)
def test_png_is_a_grid_of_the_same_pictures(
    trained: Callable[[str], Path], tmp_path: Path, preset: str, arguments: tuple[str, ...], count: int, columns: int
) -> None:
    images = _sample(trained(preset), tmp_path / "a.npz", *arguments)["images"]
    assert main(["sample", str(trained(preset)), "--out", str(tmp_path / "a.png"), *arguments]) == 0
    content = (tmp_path / "a.png").read_bytes()
    assert np.array_equal(render.cells(content)[:count], images)
    assert Image.open(io.BytesIO(content)).width == columns * 29 - 1


def test_model_may_be_a_file(trained: Callable[[str], Path], tmp_path: Path) -> None:
    snapshot = snapshots.newest_snapshot(trained("cgan"))
    assert snapshot
    folder, file = (
        _sample(model, tmp_path / f"{number}.npz") for number, model in enumerate((trained("cgan"), snapshot))
    )
    assert np.array_equal(folder["images"], file["images"])


def test_checkpoint_is_no_model(
    trained: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(trained("cgan") / store.CHECKPOINT)
    assert "but not a model" in _refused(capsys, "sample", model, "--out", str(tmp_path / "a.png"))


def test_out_that_cannot_be_written_is_refused(
    trained: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "nowhere" / "a.png")
    assert "cannot be written (No such file" in _refused(capsys, "sample", str(trained("cgan")), "--out", out)


def test_list_shows_each_run_in_a_line(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [_train(runs_root / name) or name for name in ("20260101-a", "20260102-b")]
    capsys.readouterr()
    assert main(["runs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in lines] == [[name, "cgan", "finished", "320"] for name in reversed(names)]


@pytest.mark.parametrize("by_id", [True, False])
def test_show_tells_status_and_settings(runs_root: Path, capsys: pytest.CaptureFixture[str], by_id: bool) -> None:
    folder = runs_root / "run"
    _train(folder)
    capsys.readouterr()
    assert main(["runs", "show", folder.name if by_id else str(folder)]) == 0
    shown = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert (shown["state"], shown["progress.images_limit"], shown["generator.widths"]) == (
        ["finished"],
        ["320"],
        ["16,", "16"],
    )
    assert (shown["progress.images"], shown["budget.images"]) == (["320"], ["320"])
    assert sum(int(count.rstrip(",")) for count in shown["quality.histogram"]) == 1000
    assert float(shown["quality.best_fcd"][0]) == float(shown["quality.fcd"][0]) > 0


def test_show_json_is_one_object(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs.create(small(seed=7), runs_root / "run")
    assert main(["runs", "show", "--json", "run"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["id", "folder", "created", "status", "config"]
    assert (found["id"], found["folder"]) == ("run", str(folder))
    assert datetime.fromisoformat(found["created"]).tzinfo
    assert found["status"]["state"] == "interrupted"
    assert found["status"]["progress"]["images_limit"] == 320
    assert TrainConfig.from_dict(found["config"]) == small(seed=7)


def test_no_two_lines_of_show_have_one_name(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs.create(small(), runs_root / "run")
    assert main(["runs", "show", "run"]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(shown) == len(set(shown))


def test_removed_run_is_listed_in_the_trash_and_restored(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs.create(small(), runs_root / "run")
    assert main(["runs", "rm", "run"]) == 0
    (item,) = trash.listing()
    assert f"python -m gan runs restore {item.name} brings it back" in capsys.readouterr().out
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out.startswith(f"run  in the trash as {item.name} until 20")
    assert main(["runs", "restore", "run"]) == 0
    assert capsys.readouterr().out == f"{folder}\n"
    assert runs.read(folder).config == small()


def test_trash_is_emptied(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs.create(small(), runs_root / "run")
    main(["runs", "rm", "run"])
    assert main(["runs", "empty-trash"]) == 0
    assert "1 removed for good" in capsys.readouterr().out
    assert trash.listing() == []
    assert "There is no 'run' in the trash" in _refused(capsys, "runs", "restore", "run")


def test_damaged_run_has_a_line_and_can_be_removed(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs.create(small(), runs_root / "good")
    (runs_root / "\x1b[31mbad").mkdir()
    assert main(["runs", "list"]) == 0
    good, bad = sorted(capsys.readouterr().out.splitlines(), key=len)
    assert good.startswith("good ")
    assert bad.startswith(r"\x1b[31mbad  damaged: There is no run in ")
    for verb in (["show"], ["show", "--json"]):
        assert "it has no config.json" in _refused(capsys, "runs", *verb, "\x1b[31mbad")
    assert main(["runs", "rm", "\x1b[31mbad"]) == 0
    assert runs.names() == ["good"]


def test_folder_of_somebody_else_is_not_removed(
    runs_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "config.json").write_text("{}")
    assert "is not a run, so it is left alone" in _refused(capsys, "runs", "rm", str(tmp_path / "texts"))
    assert (tmp_path / "texts" / "config.json").exists()


def test_rm_of_a_run_at_work_is_refused(runs_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs.create(small())
    with runs.lock(folder):
        assert "is at work; stop it before deleting" in _refused(capsys, "runs", "rm", folder.name)
    assert folder.exists()


def test_bad_input_is_refused_without_waiting_for_torch() -> None:
    code = "import sys, gan.cli; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.PROJECT, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("setting", "said"),
    [("widths_g=4096,4096,4096,4096", "GB on disk at the least"), ("batch_size=4096", "of memory, and 40 MB is free")],
)
def test_training_that_there_is_no_room_for_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], setting: str, said: str
) -> None:
    monkeypatch.setattr(memory, "free", lambda device: 40_000_000)
    assert said in _refused(capsys, "train", "--set", setting, "--run-dir", str(tmp_path / "run"))
    assert list(tmp_path.iterdir()) == []
