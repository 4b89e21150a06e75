"""The line beside Start, through Streamlit's AppTest."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.config import TrainConfig
from gan.system import memory
from pages.components import size_line, start
from tests.apps import open_app
from tests.helpers import until


def _form() -> AppTest:
    return open_app().switch_page("pages/train.py").run()


def _says(app: AppTest, text: str) -> bool:
    app.run()
    return any(text in str(part.value) for part in (*app.caption, *app.error))


def _can_start(app: AppTest) -> bool:
    return not next(button for button in app.button if button.label == "Start training").disabled


def _batch_size(app: AppTest, size: int) -> None:
    next(field for field in app.number_input if field.label == "Batch size").set_value(size)


def test_form_says_what_a_run_will_need(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And refuses what there is no room for, until it is made smaller again."""
    app = _form()
    until(lambda: _says(app, "About 222,337 + 402,817 parameters, "))
    assert _can_start(app)
    monkeypatch.setattr(memory, "free", lambda device: 60_000_000)
    _batch_size(app, 4096)
    until(lambda: _says(app, "of memory, and 60 MB is free; make batch_size smaller."))
    assert not _can_start(app)
    _batch_size(app, 64)
    until(lambda: _says(app, "About 222,337 + 402,817 parameters, "))
    assert _can_start(app)


class _DoneMeanwhile:
    """A computation that is done each time just after somebody has waited in vain."""

    def __init__(self) -> None:
        self.is_ready = True

    def result(self, timeout: float) -> None:
        self.is_ready = not self.is_ready
        if not self.is_ready:
            raise TimeoutError

    def done(self) -> bool:
        return True


def test_click_is_not_lost_where_the_size_becomes_known_meanwhile(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[TrainConfig] = []

    def begin(config: TrainConfig) -> Path:
        started.append(config)
        return runs.create(config)

    computed = _DoneMeanwhile()
    monkeypatch.setattr(size_line, "_computed", lambda config: computed)
    monkeypatch.setattr(start, "device_line", lambda: "CPU")
    monkeypatch.setattr(runs, "start", begin)
    app = _form()
    computed.is_ready = True
    next(button for button in app.button if button.label == "Start training").click().run()
    assert len(started) == 1
