"""The Failures page through Streamlit's AppTest, and the recordings that it shows."""

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan import render, runs
from gan.failures import FAILURES, Failure
from gan.runs import recordings, store
from gan.runs.recordings import Recording, RecordingError
from gan.training.messages import Sample, Status
from pages.components import failures
from pages.components.failures import KINDS
from tests.apps import open_app
from tests.recorded import recorded, run_of, status_of


@pytest.fixture(autouse=True)
def folder(runs_root: Path) -> Path:
    return runs_root


def show(**query: str) -> AppTest:
    app = open_app()
    for name, value in query.items():
        app.query_params[name] = value
    opened = app.switch_page("pages/failures.py").run()
    assert not opened.exception
    return opened


def page_html(app: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> AppTest:
    pressed = next(button for button in app.button if button.label == label).click().run()
    assert not pressed.exception
    return pressed


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_recordings_fit_the_catalogue(failure: Failure) -> None:
    for kind in KINDS:
        path = recordings.path_of(failure.name, kind)
        assert path.stat().st_size < 300_000
        found = recorded(failure.name, kind)
        config = failures.settings(failure, kind)
        values = {"seed", *failure.breaks, *failure.cure}
        there, asked = (json.loads(json.dumps(one.to_dict())) for one in (found.config, config))
        for part in (there, asked):
            part.pop("budget")
        assert there == asked, values
        assert all(curve.shape[1] <= recordings.POINTS for curve in found.curves.values())
        assert len(found.moments) == recordings.MOMENTS
        assert list(found.moments) == sorted(set(found.moments))
        assert render.cells(found.strip).shape == (recordings.MOMENTS * recordings.COLUMNS, 28, 28)
        assert failures.TELLING[failure.defining.quantity]
    assert recorded(failure.name, "broken").findings[0].kind == failure.finding
    assert recorded(failure.name, "cured").findings[0].level in ("good", "open")


def test_no_recording_lies_there_that_no_failure_has() -> None:
    known = {recordings.path_of(failure.name, kind) for failure in FAILURES for kind in KINDS}
    assert set(recordings.FOLDER.iterdir()) == known


def test_recording_comes_back_as_it_was_written() -> None:
    made = recorded("momentum")
    again = Recording.from_bytes(made.to_bytes())
    assert (again.config, again.moments, again.strip, again.last) == (made.config, made.moments, made.strip, made.last)
    assert again.curves.keys() == made.curves.keys()
    np.testing.assert_allclose(again.curves["loss_d"], made.curves["loss_d"], rtol=1e-6)


def test_what_is_no_recording_is_refused() -> None:
    whole = recorded("momentum").to_bytes()
    for content in (b"", b"PK", whole[:5000], whole[:-100], np.random.default_rng(0).bytes(1000)):
        with pytest.raises(RecordingError):
            Recording.from_bytes(content)
    assert recordings.shipped("nothing", "broken") is None


def test_cards_show_every_failure_and_open_it() -> None:
    shown = show()
    assert page_html(shown).count('class="digits"') == len(FAILURES)
    assert page_html(shown).count('class="sketch"') == len(FAILURES)
    for failure in FAILURES:
        assert failure.title in labels(shown)
    opened = press(shown, FAILURES[4].title)
    assert opened.query_params["failure"] == FAILURES[4].name
    assert {"Break it", "Cure it", "All failures"} <= set(labels(opened))
    assert "failure" not in press(opened, "All failures").query_params


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_failure_opens_with_both_recordings_and_what_the_diagnosis_says(failure: Failure) -> None:
    html = page_html(show(failure=failure.name))
    assert html.count("recorded:") == 2
    assert f'data-kind="{failure.finding}"' in html
    assert f'data-kind="{recorded(failure.name, "cured").findings[0].kind}"' in html


def test_unknown_failure_is_said_and_the_cards_are_shown() -> None:
    shown = show(failure="![x](//example.org)")
    assert "There is no failure '\\!\\[x\\]" in shown.warning[0].value
    assert FAILURES[0].title in labels(shown)


@pytest.mark.parametrize(("button", "kind"), [("Break it", "broken"), ("Cure it", "cured")])
def test_button_starts_a_run_with_the_settings_of_its_side(
    button: str, kind: failures.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = next(one for one in FAILURES if one.name == "strong-discriminator")
    got = []

    def start(config: object) -> Path:
        got.append(config)
        recording = recorded(failure.name, kind)
        return run_of(recording, status_of(recording, "stopped"))

    monkeypatch.setattr(runs, "start", start)
    shown = press(show(failure=failure.name), button)
    assert got == [failures.settings(failure, kind)]
    run = shown.query_params[kind]
    assert runs.find(run)
    assert f"{button} again" in labels(shown)
    assert page_html(shown).count("recorded:") == 1
    (link,) = shown.get("page_link")
    assert link.proto.query_string == f"run={run}"


def test_run_that_is_none_of_the_failure_is_not_shown_as_it() -> None:
    other = run_of(recorded("momentum"))
    for run_id in (other.name, "../x", "nothing"):
        assert page_html(show(failure="saturating", broken=run_id)).count("recorded:") == 2


def test_picture_of_another_size_costs_itself_alone() -> None:
    """As in a folder that was made by hand."""
    run = run_of(recorded("saturating"))
    with closing(store.Writer(run)) as writer:
        writer(Sample(1, 1.0, render.png(np.zeros((28, 28), np.uint8))))
    html = page_html(show(failure="saturating", broken=run.name))
    assert html.count("recorded:") == 1
    assert "The broken run from its beginning" in html


def test_run_that_has_just_begun_has_neither_curves_nor_a_finding() -> None:
    failure = FAILURES[0]
    run = runs.create(failures.settings(failure, "broken"))
    writer = store.Writer(run)
    writer(Status("stopped"))
    writer.close()
    assert "Nothing can be said yet." in page_html(show(failure=failure.name, broken=run.name))
