"""The widget "real or forged?": what the page has answered, and what it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gan.quality import quiz_messages
from gan.quality.quiz import Pool, continued
from pages.components import widget


@dataclass(frozen=True)
class Played:
    """How far a quiz has come."""

    given: str
    """The answers so far, a letter each (`gan.quality.quiz`)."""
    wants: str
    """What was pressed at the end: "others", or "level NAME"; mostly empty."""


def play(quiz: Pool, name: str, key: str, words: Mapping[str, Any] | None = None) -> Played:
    """Shows the next picture of a quiz, or its result. `name` tells quizzes apart (no blanks), `key` widgets; `words`
    are what quiz.js knows as `Words`: with {"small": True} it is what fits into a chapter.

    Call it in a fragment: each answer runs the script around it. Answers stay in the session, so nothing is answered
    twice; the page keeps them as well, and a reload goes on where one was.
    """
    state = st.session_state.get(key)
    of, answers, *_ = [*str(state.get("answers") or "" if state else "").split(), "", ""]
    kept: dict[str, str] = st.session_state.setdefault(f"{key}-given", {})
    given = continued(kept.get(name, ""), answers if of == name else "", len(quiz.truth))
    kept[name] = given
    sent = quiz_messages.message(quiz, name, given, words or {})
    shown = widget.component("quiz")(data=sent, key=key, on_answers_change=lambda: None, on_wants_change=lambda: None)
    return Played(given, str(shown.get("wants") or ""))
