"""Why something that was asked for was not done: said where one looks, for as long as it takes to read it.

A sentence that is written once is gone when the page or its fragment is drawn again. So it is kept in the session.
"""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components import look

_REFUSED = "refused"
STANDS = 3.0
"""Seconds that a sentence outlives redraws. A page that has just been opened draws itself once more when it knows the
size of what is to be trained, and lists of what trains refresh every two seconds."""


def keep(name: str, sentence: str) -> None:
    """Remembers why `name` was refused."""
    st.session_state[_REFUSED] = (name, sentence, time.monotonic() + STANDS)


def say(name: str, trouble: DeltaGenerator) -> None:
    """Says in `trouble` why `name` was refused, if it has just been."""
    refused, sentence, until = st.session_state.get(_REFUSED, ("", "", 0.0))
    if refused == name and time.monotonic() < until:
        trouble.error(look.plain(sentence))


def forget() -> None:
    """Forgets the last refusal: something was done since."""
    st.session_state.pop(_REFUSED, None)
