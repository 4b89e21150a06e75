"""What the curves say on the Train page, through Streamlit's AppTest, of runs whose curves were recorded."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.config.fields import flat
from gan.runs import RunError, processes, store
from gan.training.messages import Command, Quality, Status
from pages.components import diagnosis, live
from tests.apps import open_app
from tests.helpers import status_at
from tests.recorded import recorded, run_of, status_of


@pytest.fixture(autouse=True)
def folder(runs_root: Path) -> Path:
    return runs_root


def show(run: Path, query: dict[str, str] | None = None) -> AppTest:
    app = open_app()
    for name, value in (query or {"run": run.name}).items():
        app.query_params[name] = value
    opened = app.switch_page("pages/train.py").run()
    assert not opened.exception
    return opened


def page_html(app: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def text(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.markdown, *app.info, *app.warning, *app.error])


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_line_shows_the_finding_with_its_evidence_and_the_failure_that_shows_it() -> None:
    shown = show(run_of(recorded("learning-rate")))
    html = page_html(shown)
    assert 'data-kind="divergence"' in html
    assert 'class="level-bad" role="img" aria-label="something is wrong"' in html
    assert "D's loss, in times what it should be" in html.replace("&#x27;", "'")
    assert "What usually helps." in html
    (link,) = (link for link in shown.get("page_link") if "A learning rate" in link.proto.label)
    assert link.proto.query_string == "failure=learning-rate"


def test_run_that_went_well_has_a_green_line_and_no_cure() -> None:
    shown = show(run_of(recorded("learning-rate", "cured")))
    assert 'data-kind="healthy"' in page_html(shown)
    assert 'class="level-good"' in page_html(shown)
    assert "It ended badly" not in text(shown)
    assert "Train 60 s more" in labels(shown)
    assert not any("again with" in label and "something" not in label for label in labels(shown))


def test_run_that_ended_badly_says_what_was_changed_and_leads_to_a_form_with_the_cure() -> None:
    run = run_of(recorded("saturating"))
    shown = show(run)
    assert "**It ended badly.** The generator's gradient has faded" in text(shown)
    assert "loss = minimax" in text(shown)
    assert "set loss to non\\_saturating; it was minimax" in text(shown)
    assert "Train 60 s more" not in labels(shown)
    form = next(one for one in shown.button if one.label == "Run it again with loss = non_saturating").click().run()
    assert not form.exception
    assert form.query_params["run"] == "new"
    assert "loss is non\\_saturating, it was minimax" in text(form)
    (loss,) = (box for box in form.selectbox if str(box.key).startswith("game.loss-"))
    assert loss.value == "non_saturating"
    assert "Start training" in labels(form)


@pytest.mark.parametrize("change", ["game.loss=none", "nothing=1", "", "=", "optimizer.lr_d=-1", "__class__=2"])
def test_change_in_an_address_that_makes_no_sense_leaves_the_settings(change: str) -> None:
    run = run_of(recorded("saturating"))
    form = show(run, {"run": "new", "from": run.name, "change": change})
    assert ("cannot be made" in text(form)) == bool(change)
    (loss,) = (box for box in form.selectbox if str(box.key).startswith("game.loss-"))
    assert loss.value == "minimax"


def test_failed_run_can_be_resumed_and_says_that_it_diverged() -> None:
    recording = recorded("learning-rate")
    status = status_of(recording, "failed", message="Training diverged: loss_d is not a number.", seconds_limit=60.0)
    shown = show(run_of(recording, status))
    assert 'data-kind="divergence"' in page_html(shown)
    assert "Resume" in labels(shown)
    assert "It ended badly" in text(shown)


def test_run_without_measurements_of_quality_says_that_nothing_is_known() -> None:
    recording = recorded("saturating")
    few = {name: curve for name, curve in recording.curves.items() if name in ("loss_d", "loss_g")}
    status = replace(status_of(recording), quality=Quality())
    for run in (run_of(replace(recording, curves=few), status), empty(status)):
        shown = show(run)
        assert 'class="level-open"' in page_html(shown)
        assert "It ended badly" not in text(shown)


def empty(status: Status) -> Path:
    folder = runs.create(recorded("saturating").config)
    writer = store.Writer(folder)
    writer(status)
    writer.close()
    return folder


def test_run_that_has_not_trained_has_no_line() -> None:
    assert "says" not in page_html(show(empty(status_at("failed", message="No."))))


def test_curves_that_nobody_has_measured_break_nothing() -> None:
    recording = recorded("momentum")
    for bad in (np.inf, -1e300, 0.0):
        curves = {name: np.where(np.arange(5)[:, None] > 1, bad, curve) for name, curve in recording.curves.items()}
        run = run_of(replace(recording, curves=curves))
        assert diagnosis.of(runs.read(run)) is not None
        show(run)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[Command]]:
    """A run that this process trains as far as the page can see, and the commands that reach it; it obeys."""
    recording = recorded("learning-rate")
    run = run_of(recording, status_of(recording, "running", seconds_limit=90.0))
    got: list[Command] = []

    def send(folder: Path, command: Command) -> None:
        got.append(command)
        status = runs.read(folder).status
        moved = {name: value for name in ("lr_g", "lr_d") if (value := getattr(command, name)) is not None}
        writer = store.Writer(folder)
        writer(replace(status, state="running", control=replace(status.control, **moved)))
        writer.close()

    monkeypatch.setattr(processes, "is_alive", lambda folder: folder == run)
    monkeypatch.setattr(runs, "send", send)
    monkeypatch.setattr(runs, "settle", lambda run: None)
    return run, got


def press(app: AppTest, label: str) -> AppTest:
    pressed = next(button for button in app.button if button.label == label).click().run()
    assert not pressed.exception
    return pressed


def test_cure_sets_the_rate_of_a_running_run_and_is_undone(training: tuple[Path, list[Command]]) -> None:
    run, got = training
    usual, broken = 5e-4, flat(recorded("learning-rate").config)["optimizer.lr_d"]
    back = f"Put learning rate of the discriminator back to {broken:g}"
    shown = show(run)
    assert back not in labels(shown)
    shown = press(shown, f"Set learning rate of the discriminator to {usual:g} now")
    assert got[-1] == Command("rates", lr_d=usual)
    shown = press(shown, back)
    assert got[-1] == Command("rates", lr_d=broken)
    assert runs.read(run).status.control.lr_d == broken
    assert back not in labels(shown)


def test_click_is_not_lost_where_the_page_is_begun_anew_at_that_moment(
    training: tuple[Path, list[Command]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fragment sees that the run has changed before it draws the button."""
    _, got = training
    shown = show(training[0])
    outline, calls = live.outline, count()
    monkeypatch.setattr(live, "outline", lambda run: (*outline(run), next(calls) == 1))
    press(shown, "Set learning rate of the discriminator to 0.0005 now")
    assert got == [Command("rates", lr_d=5e-4)]


def test_refused_change_of_a_rate_says_why(
    training: tuple[Path, list[Command]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, command: Command) -> None:
        raise RunError("It *has* just ended.")

    shown = show(training[0])
    monkeypatch.setattr(runs, "send", refuse)
    shown = press(shown, "Set learning rate of the discriminator to 0.0005 now")
    assert [error.value for error in shown.error] == ["It \\*has\\* just ended."]


def test_run_of_another_process_can_only_be_watched(
    training: tuple[Path, list[Command]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = training
    monkeypatch.setattr(processes, "is_alive", lambda folder: False)
    shown = show(run)
    assert not any(label.startswith("Set learning rate") for label in labels(shown))
