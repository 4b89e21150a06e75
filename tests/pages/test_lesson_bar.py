"""The bar of a lesson above a page, and what it does with the address. The lessons themselves are driven in
tests/browser/test_lessons.py."""

import pytest
from streamlit.testing.v1 import AppTest

from gan import lessons
from pages.components import hiding, journal


def script() -> None:
    import streamlit as st

    from pages.components import journal, lesson

    lesson.bar(st.session_state.get("on", "explore"))
    st.text(lesson.mounted_for())
    journal.keep()


def opened(name: str, step: str = "1") -> AppTest:
    app = AppTest.from_function(script)
    app.query_params["lesson"] = name
    app.query_params["step"] = step
    return app.run()


def pieces(app: AppTest) -> list[str]:
    return [str(one.proto.body) for one in app.get("html")]


def title(app: AppTest) -> str:
    return next((one for one in pieces(app) if "lesson-title" in one), "")


@pytest.fixture
def first() -> AppTest:
    return opened("first-look", "5")


def test_a_step_is_shown_on_any_page_until_one_leaves(first: AppTest) -> None:
    assert not first.exception
    assert "step 5 of 5" in title(first)
    first.session_state["on"] = "runs"
    del first.query_params["lesson"]
    first.run()
    assert "step 5 of 5" in title(first)
    assert first.button("lesson-there").label == "Back to Explore, where this step is"
    first.button("lesson-leave").click().run()
    assert title(first) == ""
    assert "lesson" not in first.query_params


def test_a_right_answer_is_ticked_and_explained(first: AppTest) -> None:
    question = lessons.find("first-look").steps[4].question
    assert question is not None
    radio = next(one for one in first.radio if one.label == question.ask)
    assert radio.value is None
    radio.set_value(question.choices[0]).run()
    assert any("Not this one" in one for one in pieces(first))
    radio = next(one for one in first.radio if one.label == question.ask)
    radio.set_value(question.choices[question.right - 1]).run()
    assert any(question.why in one for one in pieces(first))


def mounted(app: AppTest) -> str:
    return str(app.text[0].value)


@pytest.mark.parametrize("way_out", ["lesson-leave", "lesson-next"])
def test_widgets_of_the_page_are_built_anew_by_a_step_and_not_by_the_end(way_out: str) -> None:
    """What one has in hand on the page stays there, whether one leaves the lesson or finishes it."""
    app = opened("first-look", "4")
    app.session_state["on"] = "explore"
    first = mounted(app)
    app.button("lesson-next").click().run()
    assert "step 5 of 5" in title(app)
    last = mounted(app)
    assert last != first
    app.button(way_out).click().run()
    assert "step" not in title(app)
    assert mounted(app) == last
    # And the same step of the same lesson puts its state there once more.
    app.query_params["lesson"] = "first-look"
    app.query_params["step"] = "4"
    app.run()
    app.button("lesson-next").click().run()
    assert mounted(app) not in (first, last)


def test_each_step_begins_with_its_parts_hidden() -> None:
    """A browser keeps a switch as it is for as long as its key stays."""
    app = AppTest.from_function(script)
    app.session_state["on"] = "train"
    app.query_params["lesson"] = "reading-the-curves"
    app.query_params["step"] = "1"
    app.run()
    [switch] = app.toggle
    switch.set_value(True).run()
    assert not any("--see-train-diagnosis" in one for one in pieces(app))
    app.query_params["step"] = "2"
    app.run()
    assert app.toggle[0].key != switch.key
    assert not app.toggle[0].value
    assert any("--see-train-diagnosis" in one for one in pieces(app))


def test_answer_is_there_once_the_browser_has_reported_it(first: AppTest) -> None:
    """After a reload the page is drawn before the browser says what was done."""
    place = lessons.find("first-look")
    question = place.steps[4].question
    assert question is not None
    first.session_state[journal.DONE] = frozenset({place.deed(5)})
    first.run()
    radio = next(one for one in first.radio if one.label == question.ask)
    assert radio.value == question.choices[question.right - 1]
    assert any(question.why in one for one in pieces(first))


@pytest.mark.parametrize(
    ("lesson", "said"),
    [("no-such", "There is no lesson 'no-such' here"), ("A" * 10_000, "too long"), ("eyJ2Ijoy", "cut off or changed")],
)
def test_a_lesson_that_cannot_be_opened_costs_a_sentence(lesson: str, said: str) -> None:
    app = opened(lesson)
    assert not app.exception
    [warning] = app.warning
    assert said in warning.value
    assert title(app) == ""


def test_every_part_that_can_be_hidden_has_a_rule() -> None:
    for page, parts in lessons.PARTS.items():
        for part in parts:
            assert f"--see-{page}-{part}: hidden" in hiding.sheet(page, [part])
    assert all(part in lessons.PARTS[page] for page, part in hiding.SELECTORS)
