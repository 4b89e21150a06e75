"""What a visitor has done: in the session here, in the browser in tests/browser/test_lessons.py."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import deeds
from pages.components import journal

PROJECT = Path(__file__).parents[2]
DID = re.compile(r"""\bdid\(["']([^"'{}]+)["']""")


def script() -> None:
    import streamlit as st

    from pages.components import journal

    if st.button("pause"):
        st.text(str([journal.did("paused"), journal.did("paused")]))
    if st.button("forget"):
        journal.forget()
    st.markdown(",".join(sorted(journal.done())))
    journal.keep()


def test_what_was_done_is_new_once_and_can_be_forgotten() -> None:
    app = AppTest.from_function(script).run()
    assert app.markdown[0].value == ""
    app.button[0].click().run()
    assert (app.text[0].value, app.markdown[0].value) == ("[True, False]", "paused")
    app.run()
    assert app.markdown[0].value == "paused"
    app.button[1].click().run()
    assert app.markdown[0].value == ""


def test_a_deed_that_is_no_entry_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing-of-the-kind"):
        journal.did("nothing-of-the-kind")


@pytest.mark.parametrize("found", [None, 1, "paused", {"paused": 1}, [["paused"], 3, None, "x" * 100_000]])
def test_what_somebody_wrote_into_the_browser_is_no_deed(found: object) -> None:
    assert journal._reported(found) == frozenset()


def test_of_what_a_browser_reports_the_deeds_count() -> None:
    assert journal._reported(["paused", "no such", "lesson-first-look-2"]) == {"paused", "lesson-first-look-2"}


def test_what_pages_and_widgets_report_are_deeds() -> None:
    sources = [*PROJECT.glob("pages/**/*.py"), *PROJECT.glob("gan/web/src/**/*.js")]
    named = {name for source in sources for name in DID.findall(source.read_text())}
    assert sorted(name for name in named if not deeds.known(name)) == []
