import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gan import cli, runs
from gan.runs import diagnosing, store
from tests.helpers import small_run


@pytest.fixture
def run(runs_root: Path) -> Path:
    return small_run()


def test_diagnose_prints_one_object_and_ends_with_0(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diagnose", str(run)]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["kind"] == "too_early"  # ten steps
    assert finding["evidence"]["images"] == 320
    assert finding["cure"] is None


@pytest.mark.parametrize("name", ["nowhere", ""])
def test_what_is_no_run_is_refused_in_a_line(runs_root: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert cli.main(["diagnose", str(runs_root / name)]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1


def test_run_that_diverged_says_so(run: Path) -> None:
    found = runs.read(run)
    with_message = "Training diverged: loss_d is no longer finite. Resume with lower learning rates."
    status = found.status.__class__("failed", with_message)
    (finding,) = diagnosing.of_folder(run, found.config, status)
    assert (finding.kind, finding.sentence) == ("divergence", with_message)


def test_run_whose_records_are_lost_says_so(run: Path) -> None:
    found = runs.read(run)
    with closing(sqlite3.connect(run / store.DATABASE)) as connection, connection:
        connection.execute("DELETE FROM records WHERE images > 64")
    (finding,) = diagnosing.of_folder(run, found.config, found.status)
    assert finding.kind == "too_early"
    assert finding.sentence == "Nothing can be said: the records of this run end after 64 of its 320 images."


def test_records_until_a_moment_are_those_before_it(run: Path) -> None:
    curves = store.Curves(run)
    curves.update()
    whole = diagnosing.measured(curves)
    assert {"loss_g", "fcd", "variety", "share_9", "recall_9", "trained_over_held_out"} <= set(whole)
    assert whole["loss_g"].shape[1] == 10
    middle = float(whole["loss_g"][1, 4])
    assert diagnosing.measured(curves, middle)["loss_g"].shape[1] == 5
