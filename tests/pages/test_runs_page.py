"""The Runs page through Streamlit's AppTest."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.runs import BusyError, processes, store, trash
from gan.training.messages import Quality, State, Status
from tests.apps import open_app
from tests.helpers import small, status_at


def _run(root: Path, name: str, status: Status | None = None, **changes: object) -> Path:
    folder = runs.create(small(**changes), root / name)
    writer = store.Writer(folder)
    writer(status or status_at("stopped", images=640, seconds=3.0))
    writer.close()
    return folder


@pytest.fixture
def open_page(runs_root: Path) -> Callable[[], AppTest]:
    def open_it() -> AppTest:
        opened = open_app().switch_page("pages/runs.py").run()
        assert not opened.exception
        return opened

    return open_it


def _html(app: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def _press(app: AppTest, label: str) -> AppTest:
    pressed = next(button for button in app.button if button.label == label).click().run()
    assert not pressed.exception
    return pressed


def _labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_row_shows_what_was_changed_and_how_good_it_is(runs_root: Path, open_page: Callable[[], AppTest]) -> None:
    quality = Quality(0.971, 5.23, (100,) * 10, 640, 0.989, 1.87)
    _run(runs_root, "run", Status("stopped", quality=quality), lr_g=5e-4)
    shown = _html(open_page())
    assert "lr_g 0.0005" in shown
    assert "generator.widths 16, 16" in shown
    assert "97.1%" in shown
    assert "5.2 (real digits: 1.9)" in shown


def test_deleted_run_is_undone_where_it_was(runs_root: Path, open_page: Callable[[], AppTest]) -> None:
    for name in ("1", "2", "3"):
        _run(runs_root, name)
    app = open_page()
    app = app.button(key="delete-2").click().run()
    assert runs.names() == ["3", "1"]
    assert [text for text in ("3", "2 is in the trash", "1") if text in _html(app)] == ["3", "2 is in the trash", "1"]
    assert _labels(app).count("Delete") == 2
    app = _press(app, "Undo")
    assert runs.names() == ["3", "2", "1"]
    assert "Undo" not in _labels(app)


def test_trash_is_shown_restored_and_emptied(runs_root: Path, open_page: Callable[[], AppTest]) -> None:
    for name in ("one", "another"):
        trash.discard(_run(runs_root, name))
    app = open_page()
    assert app.expander[0].label.startswith("Trash · 2 runs")
    assert "Undo" not in _labels(app)  # somebody else has deleted them
    app = _press(app, "Restore")
    assert len(runs.names()) == 1
    app = _press(app, "Empty the trash")
    assert trash.listing() == []
    assert len(app.expander) == 0


def test_damaged_run_costs_its_own_row_and_can_be_deleted(runs_root: Path, open_page: Callable[[], AppTest]) -> None:
    _run(runs_root, "good", lr_g=5e-4)
    (runs_root / "bad").mkdir()
    (runs_root / "link").symlink_to(runs_root / "good")
    app = open_page()
    shown = _html(app)
    assert "it has no config.json" in shown
    assert "links are left alone" in shown
    assert "lr_g 0.0005" in shown
    assert _labels(app).count("Delete") == 2  # of the link there is none
    app = app.button(key="delete-bad").click().run()
    assert set(runs.names()) == {"good", "link"}
    assert "bad is in the trash" in _html(app)


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "a & b", "quote's \"", "two\nlines", "x" * 255, "a__b"]
)
@pytest.mark.parametrize("is_run", [True, False])
def test_name_of_a_folder_is_text(runs_root: Path, open_page: Callable[[], AppTest], name: str, is_run: bool) -> None:
    if is_run:
        _run(runs_root, name)
    else:
        (runs_root / name).mkdir()
    app = open_page()
    assert "<img src=x" not in _html(app)
    app = _press(app, "Delete")
    assert "<img src=x" not in _html(app)
    assert runs.names() == []
    _press(app, "Undo")
    assert runs.names() == [name]


def test_name_that_is_no_text_is_told(runs_root: Path, open_page: Callable[[], AppTest]) -> None:
    _run(runs_root, "\udcff")
    app = open_page()
    assert "is no text that can be shown" in _html(app)
    _press(app, "Delete")
    assert runs.names() == []


def test_space_that_runs_take_is_shown_and_told_when_it_is_used_up(
    runs_root: Path, open_page: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(runs_root, "run")
    monkeypatch.setenv("GAN_RUNS_KEPT", "7")
    monkeypatch.setenv("GAN_RUNS_MB", "9")
    app = open_page()
    assert any("1 run of 7 at most, 0 MB of 9 MB at most" in caption.value for caption in app.caption)
    assert not app.warning
    monkeypatch.setenv("GAN_RUNS_KEPT", "1")
    assert "There is no room for another run" in open_page().warning[0].value


def test_offer_to_stop_what_was_in_the_way_is_over_once_the_run_has_started(
    runs_root: Path, open_page: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resume shows the Train page; whoever comes back later is offered nothing that nobody asks for any more."""
    run, other = (_run(runs_root, name) for name in ("run", "other"))
    living = {other}

    def launch(folder: Path, **_: object) -> None:
        if living:
            raise BusyError(runs.training())
        stand(folder, "running")

    def stand(folder: Path, state: State) -> None:
        (living.add if state == "running" else living.discard)(folder)
        with closing(store.Writer(folder)) as writer:
            writer(status_at(state, images=640, seconds=3.0))

    monkeypatch.setattr(runs, "launch", launch)
    monkeypatch.setattr(processes, "is_alive", lambda folder: folder in living)
    stand(other, "running")
    app = open_page()
    app = app.button(key="resume-run").click().run()
    assert "other is training now" in app.warning[0].value
    stand(other, "stopped")
    app = app.button(key="resume-run").click().run()
    assert app.query_params["run"] == "run"
    stand(run, "stopped")
    stand(other, "running")
    app = app.switch_page("pages/runs.py").run()
    assert not app.exception
    assert not app.warning


def test_many_runs_are_shown_ten_at_a_time(runs_root: Path, open_page: Callable[[], AppTest]) -> None:
    for number in range(12):
        _run(runs_root, f"{number:02}")
    app = open_page()
    assert _labels(app).count("Delete") == 10
