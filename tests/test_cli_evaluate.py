"""`python -m gan evaluate` and `train-judge`, on fewer real images than there are."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gan import data
from gan.cli import main
from gan.models.find import resolve
from gan.models.model import load_model
from gan.quality import evaluation, judge, judge_training
from gan.quality.results import ACCURACY_SCORE, KINDS, Metric
from tests.helpers import small_run
from tests.test_cli import _refused, _small

pytestmark = pytest.mark.usefixtures("few_digits")


def _evaluated(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What `evaluate` prints, which has to be one line of JSON as the standard has it, without NaN."""
    capsys.readouterr()
    assert main(["evaluate", *arguments]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert "100%" in said.err

    def never(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    found: dict[str, Any] = json.loads(said.out, parse_constant=never)
    return found


ABOUT = ["model", "preset", "images", "n", "seed", "dataset", "reference", "figures"]
REST = ["histogram", "confusion", "digits", "best", "worst", "seconds"]


def test_evaluate_prints_all_figures_beside_their_floors(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the model that ships, but the one that takes a minute."""
    found = _evaluated(capsys, "pretrained", "--n", "1000")
    model = load_model(resolve("pretrained"))
    assert list(found) == ABOUT + REST
    expected = ["pretrained", model.config.preset, model.images, 1000, 0, "mnist", "test"]
    assert [found[name] for name in ABOUT[:-1]] == expected
    assert list(found["figures"]) == [name for name in KINDS if name != ACCURACY_SCORE]
    for figure in found["figures"].values():
        assert list(figure) == ["value", "floor", "ratio"]
        assert math.isfinite(figure["value"])
        assert math.isfinite(figure["floor"])
        assert figure["ratio"] == (figure["value"] / figure["floor"] if figure["floor"] > 0 else None)
    confusion = np.array(found["confusion"])
    assert confusion.shape == (10, 10)
    assert confusion.sum() == 1000
    assert confusion.sum(0).tolist() == found["histogram"]["value"]
    assert confusion.sum(1).tolist() == np.bincount(evaluation.yardstick("test", 1000).labels).tolist()
    assert np.trace(confusion) / 1000 == pytest.approx(found["figures"]["label_agreement"]["value"])
    assert [digit["value"] for digit in found["digits"]] == pytest.approx(
        (np.diag(confusion) / confusion.sum(1)).tolist()
    )
    assert sum(found["histogram"]["floor"]) == 1000
    assert [len(found["best"]), len(found["worst"])] == [10, 10]
    assert list(found["best"][0]) == ["index", "asked", "read", "confidence", "nearest"]
    assert found["seconds"] > 0


def test_evaluate_of_an_unconditional_model_has_no_digits_to_ask_for(
    runs_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _evaluated(capsys, str(small_run("vanilla")), "--n", "1000")
    assert (found["preset"], found["images"]) == ("vanilla", 320)
    assert found["confusion"] is found["digits"] is None
    assert "label_agreement" not in found["figures"]
    assert all(math.isfinite(figure["floor"]) for figure in found["figures"].values())
    assert {forgery["asked"] for forgery in found["best"] + found["worst"]} == {None}
    assert sum(found["histogram"]["value"]) == 1000


def _never(*_: Any, **__: Any) -> None:
    raise AssertionError("this was not asked for")


def test_only_is_that_figure_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two classifiers that take one step each stand in for two that take half a minute."""
    train, taught = judge_training.train, []

    def briefly(*lesson: Any, **given: Any) -> judge.Judge:
        taught.append(len(lesson[0]))
        return train(*lesson, **given | {"passes": 0})

    monkeypatch.setattr(judge_training, "train", briefly)
    monkeypatch.setattr(evaluation, "evaluate", _never)
    found = _evaluated(capsys, "pretrained", "--n", "1000", "--seed", "3", "--only", "classification_accuracy")
    assert list(found) == ABOUT
    assert (found["n"], found["seed"], found["reference"]) == (1000, 3, "test")
    (figure,) = found["figures"].values()
    assert list(found["figures"]) == ["classification_accuracy"]
    assert 0 < figure["value"] < 1
    assert 0 < figure["floor"] < 1
    assert taught == [1000, 1000]


def test_all_adds_the_figure_that_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluation, "accuracy_score", lambda *_: Metric(0.75, 0.96875))
    found = _evaluated(capsys, "pretrained", "--n", "1000", "--all")
    assert list(found) == ABOUT + REST
    assert list(found["figures"]) == list(KINDS)
    assert found["figures"][ACCURACY_SCORE] == {"value": 0.75, "floor": 0.96875, "ratio": 0.75 / 0.96875}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (10_000, 0, "test")),
        (("--n", "2000", "--seed", "7", "--reference", "validation"), (2000, 7, "validation")),
    ],
)
def test_evaluate_measures_as_it_was_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    expected: tuple[Any, ...],
) -> None:
    """The figures themselves are tested where they are made."""
    asked: list[Any] = []

    def noting(_: Any, *given: Any) -> SimpleNamespace:
        asked.append(given[:3])
        for stage in ("a", "b", "c", "d"):
            given[3](0.5, stage)
        return SimpleNamespace(to_dict=lambda: {"figures": {}})

    monkeypatch.setattr(evaluation, "evaluate", noting)
    monkeypatch.setattr(evaluation, "accuracy_score", _never)
    _evaluated(capsys, "pretrained", *arguments)
    assert asked == [expected]


@pytest.mark.parametrize("arguments", [("evaluate", "pretrained", "--n", "1000"), ("train", *_small())])
def test_judge_that_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """A progress bar may have begun."""

    def missing(*_: Any) -> None:
        raise judge.JudgeError("The judge is missing.")

    monkeypatch.setattr(judge, "load", missing)
    more = ("--run-dir", str(tmp_path / "run")) if arguments[0] == "train" else ()
    assert main([*arguments, *more]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == "The judge is missing."
    assert "Traceback" not in said.err


def _made(dataset: str, watch: Callable[[int, int], None]) -> tuple[bytes, dict[str, float]]:
    """Stands in for minutes of training."""
    for step in (1, 2):
        watch(step, 2)
    return b"a judge", {"accuracy_test": 0.99375}


@pytest.mark.parametrize("out", [True, False])
def test_train_judge_writes_its_file_and_says_how_good_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: bool
) -> None:
    """Where it was told to, or else in the place of the one that ships."""
    path = tmp_path / "judge.safetensors"
    monkeypatch.setattr(judge_training, "make_judge", _made)
    monkeypatch.setattr(data, "judge_path", lambda _: tmp_path / "shipped" if out else path)
    assert main(["train-judge", *(["--out", str(path)] if out else [])]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == str(path)
    assert [line.split() for line in said.out.splitlines()[1:]] == [["accuracy_test", "0.9938"]]
    assert "2/2" in said.err
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {path.name: b"a judge"}


def test_judge_that_cannot_be_written_is_refused_before_it_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judge_training, "make_judge", _never)
    out = str(tmp_path / "nowhere" / "judge.safetensors")
    assert "cannot be written" in _refused(capsys, "train-judge", "--out", out)
