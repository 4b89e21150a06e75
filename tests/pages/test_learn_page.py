from streamlit.testing.v1 import AppTest

from gan.chapters import CHAPTERS, TASKS, answered
from pages.components import journal
from tests.pages.test_pages import app, go, shown

__all__ = ["app"]  # a fixture


def test_tasks_and_answers_that_were_done_are_ticked(app: AppTest) -> None:
    """Deeds of the first task, one of the two of the second, and one answer."""
    app.session_state[journal.DONE] = frozenset({*TASKS[0].deeds, TASKS[1].deeds[0], answered(3)})
    opened = go(app, "learn")
    assert not opened.exception
    assert "1 of 5 done" in shown(opened)
    assert "0 of 8 ticked" in shown(opened)  # what the chapter asks to try was not done
    assert [radio.value for radio in opened.radio] == [None, None, CHAPTERS[2].right, *[None] * 5]
    assert [radio.label[0] for radio in opened.radio] == ["○", "○", "✓", *["○"] * 5]
