"""The line beside Start, through Streamlit's AppTest."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import memory
from tests.apps import open_app
from tests.helpers import until


def _form() -> AppTest:
    return open_app().switch_page("pages/train.py").run()


def _says(app: AppTest, text: str) -> bool:
    app.run()
    return any(text in str(part.value) for part in (*app.caption, *app.error))


def _can_start(app: AppTest) -> bool:
    return not next(button for button in app.button if button.label == "Start training").disabled


def _batch_size(app: AppTest, text: str) -> None:
    next(field for field in app.text_input if field.label == "batch_size").set_value(text)


def test_form_says_what_a_run_will_need(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And refuses what there is no room for, until it is made smaller again."""
    app = _form()
    until(lambda: _says(app, "About 222,337 + 402,817 parameters, "))
    assert _can_start(app)
    monkeypatch.setattr(memory, "free", lambda device: 60_000_000)
    _batch_size(app, "4096")
    until(lambda: _says(app, "of memory, and 60 MB is free; make batch_size smaller."))
    assert not _can_start(app)
    _batch_size(app, "64")
    until(lambda: _says(app, "About 222,337 + 402,817 parameters, "))
    assert _can_start(app)
