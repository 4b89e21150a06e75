"""The lesson that one follows: a bar at the top of every page, what it hides there, and the list of all lessons.

`?lesson=NAME&step=2` opens one of the folder, `?lesson=CODE` one that somebody made of a page. It stays in the session
until one leaves it, also on pages that one goes to in between.
"""

import html
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import deeds, lessons
from gan.lessons import PAGES, Lesson, LessonError, Made, Step
from gan.lessons.files import is_name
from pages.components import address, hiding, journal, look, present

# Keys of the session: the lesson as the address has it, and the step; what was wrong with the last one; whether the bar
# is folded; the page on screen.
OPEN, WRONG, FOLDED, PAGE = "lesson-open", "lesson-wrong", "lesson-folded", "lesson-page"
# What came of a lesson that was finished, and on which page; how often a step has put its state into the address.
FINISHED, MOUNT = "lesson-finished", "lesson-mount"
RUN = "run in hand"
"""Key of the session: the run that was looked at last."""
CURRENT_RUN = "@run"


@dataclass(frozen=True)
class Place:
    """A step of a lesson."""

    lesson: Lesson
    number: int
    """Counted from 1."""

    @property
    def step(self) -> Step:
        """What stands there."""
        return self.lesson.steps[self.number - 1]


def page_file(page: str) -> str:
    """The script of a page, as Streamlit knows it."""
    return f"pages/{page}.py"


def bar(page: str) -> None:
    """The lesson that is open, if one is, above the page that is about to be drawn."""
    page = page or "home"
    st.session_state[PAGE] = page
    _take_from_address()
    found = _current()
    if wrong := st.session_state.pop(WRONG, ""):
        st.warning(f"{look.plain(wrong)} Here is the page without it.")
    if found is None:
        _finished(page)
        return
    st.session_state.pop(FINISHED, None)
    step_page, hidden = (found.page, found.hide) if isinstance(found, Made) else (found.step.page, found.step.hide)
    if hidden and step_page == page and not _reveals():
        st.html(f"<style>{hiding.sheet(page, hidden)}</style>")
    with st.container(key="lesson", gap="xsmall"):
        if isinstance(found, Made):
            _made(found, page)
        else:
            _step(found, page)


def hides(part: str) -> bool:
    """Whether the lesson hides a part of the page on screen; a page asks that draws a part by itself. Raises `KeyError`
    for what is no part of any: a part of a page that one has just left may still be drawn once."""
    page = st.session_state.get(PAGE, "")
    if not any(part in parts for parts in lessons.PARTS.values()):
        raise KeyError(part)
    found = _current()
    if found is None or _reveals():
        return False
    step = found if isinstance(found, Made) else found.step
    return step.page == page and part in step.hide


def _reveal_key() -> str:
    """The key of the switch that shows what this step hides. It is another in each step: a browser keeps a switch as it
    is for as long as its key stays, and the next step would begin with nothing hidden."""
    text, number = st.session_state.get(OPEN, ("", 1))
    return f"lesson-reveal-{look.short_key(text)}-{number}"


def _reveals() -> bool:
    return bool(st.session_state.get(_reveal_key()))


def mounted_for() -> str:
    """Goes into the key of a widget that reads its state from the address when it is built: another each time a step of
    a lesson has put another state there, and only then. Whoever leaves the lesson keeps what the widget holds."""
    return str(st.session_state.get(MOUNT, ""))


def _take_from_address() -> None:
    query = st.query_params
    if "lesson" not in query:
        return
    asked = (query["lesson"], _number(query.get("step", "")))
    if asked != st.session_state.get(OPEN):
        if asked[0] != st.session_state.get(OPEN, ("", 1))[0]:
            st.session_state.pop(FOLDED, None)
        st.session_state[OPEN] = asked


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 4 else 1


def _current() -> Place | Made | None:
    """What is open. What cannot be read is closed, and a sentence about it is left for the bar."""
    text, number = st.session_state.get(OPEN, ("", 1))
    if not text:
        return None
    try:
        if not is_name(text):
            return lessons.from_link(text)
        lesson = lessons.find(text)
    except LessonError as error:
        st.session_state[WRONG] = str(error)
        leave()
        return None
    return Place(lesson, min(max(1, number), len(lesson.steps)))


def leave() -> None:
    """Closes the lesson."""
    for key in (OPEN, FOLDED):
        st.session_state.pop(key, None)
    for name in ("lesson", "step"):
        st.query_params.pop(name, None)


def go(lesson: str, number: int, step: Step) -> None:
    """Goes to a step: its page, in its state."""
    asked = {name: _filled(value) for name, value in step.parameters.items()}
    here = st.session_state.get(PAGE) == step.page
    if here and not step.query:
        asked = {name: st.query_params[name] for name in st.query_params if name not in address.KEPT}
    else:
        st.session_state[MOUNT] = st.session_state.get(MOUNT, 0) + 1
    query = {name: value for name, value in asked.items() if value}
    query |= {"lesson": lesson, "step": str(number)}
    if present.on():
        query["present"] = ""
    st.session_state[OPEN] = (lesson, number)
    if here:
        st.query_params.from_dict(query)
        st.rerun()
    st.switch_page(page_file(step.page), query_params=query)


def _filled(value: str) -> str:
    """A value of a step's query; the run that was looked at last stands for `@run`."""
    return value.replace(CURRENT_RUN, st.session_state.get(RUN, "")) if CURRENT_RUN in value else value


def _step(place: Place, page: str) -> None:
    lesson, number, step = place.lesson, place.number, place.step
    folded = bool(st.session_state.get(FOLDED))
    done = journal.done()
    asked = lesson.asks(number)
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-head", gap="small"):
        mark = ""
        if asked:
            mark = '<span class="ticked">✓ done</span>' if asked <= done else '<span class="open">○ to do</span>'
        st.html(
            f'<div class="lesson-title"><b>{html.escape(lesson.title)}</b>'
            f'<span class="quiet">step {number} of {len(lesson.steps)}</span>{mark}</div>'
        )
        if step.hide and step.page == page:
            _switch(step.page, step.hide)
        back = st.button("Back", key="lesson-back", icon=":material/chevron_left:", disabled=number == 1)
        last = number == len(lesson.steps)
        onward = st.button(
            "Finish" if last else "Next",
            key="lesson-next",
            icon=":material/check:" if last else ":material/chevron_right:",
            type="primary" if asked <= done else "secondary",
        )
        st.button(
            "Unfold" if folded else "Fold",
            key="lesson-fold",
            icon=":material/expand_more:" if folded else ":material/expand_less:",
            type="tertiary",
            on_click=_fold,
        )
        st.button("Leave", key="lesson-leave", icon=":material/close:", type="tertiary", on_click=leave)
    if back:
        go(lesson.name, number - 1, lesson.steps[number - 2])
    if onward and last:
        ticked, of = lesson.ticked(done)
        leave()
        st.session_state[FINISHED] = (page, f"{lesson.title}: {ticked} of {of} done.")
        st.rerun()
    if onward:
        go(lesson.name, number + 1, lesson.steps[number])
    if folded:
        return
    left, right = st.columns([1.5, 1], gap="large")
    with left, st.container(key="lesson-text"):
        st.markdown(step.text)
        if step.page != page and st.button(
            f"Back to {PAGES[step.page]}, where this step is", key="lesson-there", icon=":material/undo:"
        ):
            go(lesson.name, number, step)
        why = st.container()
    with right, st.container(key="lesson-asks", gap="xsmall"):
        if step.task:
            _task(step, done)
        if step.question:
            _question(place, done, why)


def _finished(page: str) -> None:
    """What came of the lesson that was finished on this page."""
    where, said = st.session_state.get(FINISHED, ("", ""))
    if where != page:
        return
    with st.container(key="lesson"), st.container(horizontal=True, vertical_alignment="center", key="lesson-head"):
        st.html(f'<div class="lesson-title"><b>{html.escape(said)}</b></div>')
        if st.button("Close", key="lesson-close", icon=":material/close:", type="tertiary"):
            del st.session_state[FINISHED]
            st.rerun()


def _fold() -> None:
    st.session_state[FOLDED] = not st.session_state.get(FOLDED)


def _task(step: Step, done: frozenset[str]) -> None:
    lines = "".join(
        f'<li class="{"ticked" if name in done else "open"}" data-deed="{name}">'
        f"{'✓' if name in done else '○'} {html.escape(deeds.DEEDS[name].to_do)}</li>"
        for name in step.task
    )
    st.html(f'<ul class="lesson-task">{lines}</ul>')


def _question(place: Place, done: frozenset[str], why: DeltaGenerator) -> None:
    """The question with its choices; what there is to say about an answer comes to where there is room."""
    question = place.step.question
    assert question is not None
    deed = place.lesson.deed(place.number)
    known = deed in done
    options = list(question.choices)
    # What was answered before is known only when the browser has reported it, after a reload in the second run. A key
    # that stayed would keep the choice of the first run, none.
    chosen = st.radio(
        look.plain(question.ask),
        options,
        index=question.right - 1 if known else None,
        format_func=look.plain,
        key=f"answer-{look.short_key(deed)}-{known}",
    )
    if chosen is None:
        return
    if options.index(chosen) == question.right - 1:
        if journal.did(deed):
            st.rerun()  # the bar above says so
        why.html(f'<div class="lesson-why"><span class="ticked">✓ Right.</span> {html.escape(question.why)}</div>')
    else:
        why.html(
            '<div class="lesson-why"><span class="open">Not this one.</span> Look again, and choose another.</div>'
        )


def _switch(page: str, hidden: tuple[str, ...]) -> None:
    named = ", ".join(lessons.PARTS[page][part] for part in hidden)
    st.toggle("Show what is hidden", key=_reveal_key(), help=f"Hidden: {named}.")


def _made(made: Made, page: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-head", gap="small"):
        st.html('<div class="lesson-title"><b>A question to think about</b></div>')
        if made.hide and made.page == page:
            _switch(made.page, made.hide)
        st.button("Leave", key="lesson-leave", icon=":material/close:", type="tertiary", on_click=leave)
    with st.container(key="lesson-text"):
        st.markdown(look.plain(made.ask))
        if made.page != page:
            st.html(f'<div class="quiet">It was asked about the page {PAGES[made.page]}.</div>')


def cards() -> None:
    """The lessons that there are, each with how much of it is done."""
    found = lessons.listing()
    done = journal.done()
    rows = [found.lessons[at : at + 3] for at in range(0, len(found.lessons), 3)]
    with st.container(key="lessons"):
        for row in rows:
            for lesson, column in zip(row, st.columns(3, gap="medium"), strict=False):
                with column, st.container(border=True, key=f"lesson-card-{lesson.name}", gap="xsmall"):
                    _card(lesson, done)
        if not found.lessons:
            st.caption("There is no lesson in the folder of lessons.")
        for sentence in found.broken:
            st.caption(f":material/error: {look.plain(sentence)}")


def _card(lesson: Lesson, done: frozenset[str]) -> None:
    ticked, of = lesson.ticked(done)
    first = next((n for n in range(1, len(lesson.steps) + 1) if not lesson.asks(n) <= done), 1) if ticked else 1
    state = f"{ticked} of {of} done" if ticked else f"{len(lesson.steps)} steps"
    mark = " ticked" if of and ticked == of else ""
    st.html(
        f'<div class="lesson-card"><b>{html.escape(lesson.title)}</b>'
        f'<span class="quiet{mark}">{lesson.minutes} minutes · {state}</span>'
        f"<p>{html.escape(lesson.about)}</p></div>"
    )
    label = "Go on" if 0 < ticked < of else "Do it again" if mark else "Begin"
    if st.button(label, key=f"lesson-open-{lesson.name}", icon=":material/school:"):
        go(lesson.name, first, lesson.steps[first - 1])
