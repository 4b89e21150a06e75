"""How it works: the chapters as the page shows them, what is ticked, and the tasks. Words are in `gan.chapters`."""

import html
from collections.abc import Callable
from typing import Any

import streamlit as st

from gan import data
from gan.chapters import CHAPTERS, TASKS, answered, tried
from gan.export import content
from gan.export.content import Names
from gan.system.framing import framed
from pages.components import classics, journal, recorded, widget

TICK, OPEN = "✓", "○"
# What stands beside each chapter: its name in gan/web/src/entries/learn.js, and what it is told.
THINGS: tuple[tuple[str, Callable[[], dict[str, Any]]], ...] = (
    ("tell", recorded.threes),
    ("opinion", dict),
    ("step", recorded.step),
    ("frozen", recorded.frozen),
    ("value", dict),
    ("run", recorded.run),
    ("failures", recorded.failures),
    ("ask", dict),
)


def complete(number: int, done: frozenset[str]) -> bool:
    """Whether a chapter's task is done and its question answered."""
    return {tried(number), answered(number)} <= done


def contents(done: frozenset[str]) -> None:
    """The title, and a line with the chapters and how many are complete, which stays in sight."""
    st.title("How it works", anchor=False)
    links = []
    for number, chapter in enumerate(CHAPTERS, 1):
        state = "done" if complete(number, done) else ""
        title = html.escape(chapter.title)
        links.append(f'<a href="#how-{number}" class="{state}" title="{title}" aria-label="{title}">{number}</a>')
    count = sum(complete(number, done) for number in range(1, len(CHAPTERS) + 1))
    with st.container(key="chapters-nav"):
        st.html(
            f'<nav class="chapter-links" aria-label="Chapters"><span>{"".join(links)}</span>'
            f'<span class="quiet" data-testid="chapters-done">{count} of {len(CHAPTERS)} ticked</span></nav>'
        )


def show(number: int, done: frozenset[str]) -> None:
    """A chapter beside its live thing."""
    chapter = CHAPTERS[number - 1]
    with st.container(key=f"chapter-{number}"):
        words, live = st.columns([1, 1.25], gap="large")
        with words:
            paragraphs = "".join(f"<p>{text}</p>" for text in chapter.paragraphs)
            st.header(f"{number}. {chapter.title}", anchor=f"how-{number}")
            st.html(f'<div class="chapter-words">{paragraphs}</div>')
            with st.container(key=f"ask-{number}", gap="xsmall"):
                _question(number, answered(number) in done)
        with live:
            has = tried(number) in done
            st.html(
                f'<div class="attempt {"done" if has else ""}" data-testid="attempt-{number}">'
                f"<span>{TICK if has else OPEN}</span> {html.escape(chapter.attempt)}</div>"
            )
            _live(number)
            if number == 1:
                classics.table()


@st.fragment
def _question(number: int, was_answered: bool) -> None:
    """The question of a chapter, and what there is to say about the chosen answer."""
    chapter, key = CHAPTERS[number - 1], f"question-{number}"
    if was_answered and st.session_state.get(key) is None:
        st.session_state[key] = chapter.right
    chosen = st.radio(
        f"{TICK if was_answered else OPEN} **{chapter.question}**",
        range(len(chapter.options)),
        index=None,
        format_func=lambda option: chapter.options[option].text,
        key=key,
    )
    says = ""
    if chosen is not None:
        right = chosen == chapter.right
        word = "Yes." if right else "No."
        says = f"<b>{word}</b> {html.escape(chapter.options[chosen].why)}"
        if right and journal.did(answered(number)):
            st.rerun()
    st.html(f'<div class="answer" aria-live="polite" data-testid="answer-{number}">{says}</div>')


@st.fragment
def _live(number: int) -> None:
    """What one can touch. The generator that ships is sent once one comes near to a chapter that needs it."""
    kind, told = THINGS[number - 1]
    key = f"live-{kind}"
    state = st.session_state.get(key)
    program = _program() if state and state.get("near") else b""
    about = {"kind": kind, "deed": tried(number), **told()}
    widget.component("learn")(data=framed(about, program), key=key, on_near_change=lambda: None)


@st.cache_resource(show_spinner=False)
def _program() -> bytes:
    names = Names(*["pretrained"] * 4)
    return content.presented(content.shipped(), names, data.spec())


def tasks(done: frozenset[str]) -> None:
    """What to do in the app itself."""
    with st.container(key="tasks", gap="xxsmall"):
        st.header("Now do it yourself", anchor="tasks")
        ticked = sum(set(task.deeds) <= done for task in TASKS)
        st.html(f'<div class="quiet">{ticked} of {len(TASKS)} done. The app ticks them by itself.</div>')
        for task in TASKS:
            icon = ":material/check_circle:" if set(task.deeds) <= done else ":material/radio_button_unchecked:"
            st.page_link(f"pages/{task.page}.py", label=task.sentence, icon=icon)
