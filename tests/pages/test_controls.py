"""The sliders for the learning rates of a run, through Streamlit's AppTest."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import SelectSlider

from gan import runs
from gan.training.messages import Command
from tests.pages.test_diagnosis_line import folder, show, training

__all__ = ["folder", "training"]  # fixtures


def slider(app: AppTest) -> SelectSlider[float]:
    """That of the generator."""
    return next(one for one in app.select_slider if str(one.key).startswith("lr_g-"))


def test_second_of_two_quick_moves_is_made_as_well(training: tuple[Path, list[Command]]) -> None:
    """The browser sends it from the page that was drawn before the first one took effect."""
    run, got = training
    drawn = slider(show(run))
    drawn.set_value(1e-4).run()
    drawn.set_value(5e-3).run()
    assert got == [Command("rates", lr_g=1e-4), Command("rates", lr_g=5e-3)]
    assert runs.read(run).status.control.lr_g == 5e-3


def test_rate_that_changes_otherwise_shows(training: tuple[Path, list[Command]]) -> None:
    """By a schedule, another tab, or a button beside the diagnosis; also after one has moved the slider."""
    run, got = training
    app = show(run)
    slider(app).set_value(1e-4).run()
    assert slider(app).value == 1e-4
    for rate in (5e-3, 1e-4, 2e-4):
        runs.send(run, Command("rates", lr_g=rate))
        app.run()
        assert slider(app).value == rate
    assert len(got) == 4


def test_slider_stays_where_it_was_moved_until_the_run_has_taken_it(
    training: tuple[Path, list[Command]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, got = training
    obey = runs.send
    app = show(run)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "send", lambda folder, command: None)
        slider(app).set_value(1e-4).run()
        app.run()
        assert slider(app).value == 1e-4
    obey(run, Command("rates", lr_g=1e-4))
    got.clear()
    app.run()
    assert slider(app).value == 1e-4
    assert got == []
