"""Step by step through Streamlit's AppTest: which run is stepped. The steps themselves are driven in
tests/browser/test_steps.py."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.runs import processes, store
from gan.training.messages import Command
from pages.components import stepping
from tests.apps import open_app
from tests.helpers import small, status_at


@pytest.fixture
def app(runs_root: Path) -> AppTest:
    return open_app()


def ended(name: str) -> Path:
    folder = runs.create(small(), runs.root() / name)
    with closing(store.Writer(folder)) as writer:
        writer(status_at("stopped", images=64))
    return folder


def choose(app: AppTest, run: str) -> AppTest:
    chosen = app.selectbox[0].set_value(run).run()
    assert not chosen.exception
    return chosen


def test_runs_that_are_alike_can_each_be_chosen(app: AppTest) -> None:
    """They were made in the same minute with the same settings."""
    for name in ("first", "second", "third"):
        ended(name)
    opened = app.switch_page("pages/steps.py").run()
    for name in ("first", "third", "second"):
        opened = choose(opened, name)
        assert opened.query_params["run"] == name


def test_run_is_chosen_whatever_became_of_it_since_the_page_was_drawn(app: AppTest) -> None:
    folder = ended("run")
    app.query_params["run"] = "new:cgan"
    opened = app.switch_page("pages/steps.py").run()
    with closing(store.Writer(folder)) as writer:
        writer(replace(runs.read(folder).status, state="finished"))
    assert choose(opened, "run").query_params["run"] == "run"


def test_experiments_can_be_begun_again_where_the_process_of_one_has_ended(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says then that it is done."""
    folder = ended("run")
    monkeypatch.setattr(processes, "is_alive", lambda one: one == folder)
    monkeypatch.setattr(runs, "send", lambda folder, command: None)

    def stand(segment: int) -> None:
        with closing(store.Writer(folder)) as writer:
            writer(status_at("paused", images=64, segment=segment))

    def is_off(app: AppTest) -> list[bool]:
        assert not app.exception
        return [app.button(key=f"experiment-{name}").disabled for name in ("alone", "at-once")]

    stand(0)
    app.query_params["run"] = "run"
    opened = app.switch_page("pages/steps.py").run()
    assert is_off(opened) == [False, False]
    opened = opened.button(key="experiment-alone").click().run()
    assert is_off(opened) == [True, True]
    stand(1)
    assert is_off(opened.run()) == [False, False]


def test_seconds_of_training_are_part_of_the_command(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the run pauses by itself, also where nobody looks on."""
    folder = ended("run")
    with closing(store.Writer(folder)) as writer:
        writer(status_at("paused", images=64))
    got: list[Command] = []
    monkeypatch.setattr(processes, "is_alive", lambda one: one == folder)
    monkeypatch.setattr(runs, "send", lambda folder, command: got.append(command))
    monkeypatch.setattr(runs, "settle", lambda run: None)
    assert stepping._carry_out(runs.read(folder), ["train"]) == []
    assert got == [Command("resume", seconds=5.0)]
