"""What this visitor has done so far (`gan.deeds`), for lessons and chapters that tick it.

It is kept in the session, and in the browser's localStorage, so that a reload and another tab know it too. Where the
browser refuses that, it lasts as long as the session does. Nobody is asked who they are, and nothing leaves the page
but the names of deeds.
"""

import time
from typing import Any

import streamlit as st

from gan import deeds
from pages.components import widget

KEY = "journal"
# Keys of the session: what was done; when it was forgotten, in milliseconds since 1970; what of it the page that is
# shown depends on; whether the browser has just reported more.
DONE, FORGOTTEN, READ, MORE = "journal-done", "journal-forgotten", "journal-read", "journal-more"
MOST = 500
"""Names that a browser may report at once."""


def did(name: str) -> bool:
    """Says that something was done; returns whether it is new. In a fragment whoever wants what is ticked outside of it
    to follow calls `st.rerun()` then. Raises `KeyError` for what is no deed."""
    if not deeds.known(name):
        raise KeyError(f"{name!r} is no deed of gan.deeds")
    before = _all()
    if name in before:
        return False
    st.session_state[DONE] = before | {name}
    return True


def done() -> frozenset[str]:
    """What this browser has done so far. A page that asks is drawn anew when there is more."""
    st.session_state.setdefault(READ, _all())
    return _all()


def forget() -> None:
    """Forgets all of it, in the browser too."""
    st.session_state[DONE] = frozenset()
    st.session_state[FORGOTTEN] = int(time.time() * 1000)


def keep() -> None:
    """Keeps session and browser in agreement: app.py calls it once, when the page has been drawn. It shows nothing."""
    read = st.session_state.pop(READ, None)
    if read is not None and read != _all():
        st.rerun()  # something was done while the page was drawn
    _agree(read is not None)


@st.fragment
def _agree(read: bool) -> None:
    """`read` says that what is shown depends on what was done."""
    told = {"done": sorted(_all()), "forgotten": st.session_state.get(FORGOTTEN, 0)}
    # In a list: Streamlit looks for tables among the values of a dictionary, and imports pandas for it.
    widget.listener("journal")(data=[told], key=KEY, on_found_change=_take)
    if st.session_state.pop(MORE, False) and read:
        st.rerun()


def _take() -> None:
    before = _all()
    st.session_state[DONE] = before | _reported(st.session_state[KEY]["found"])
    # It stays until the page was drawn anew: where two fragments are to run at once, this one may not.
    st.session_state[MORE] = st.session_state.get(MORE, False) or st.session_state[DONE] != before


def _all() -> frozenset[str]:
    found: frozenset[str] = st.session_state.get(DONE, frozenset())
    return found


def _reported(found: Any) -> frozenset[str]:
    """The deeds in what a browser reports; there may be anything in it."""
    if not isinstance(found, list):
        return frozenset()
    return frozenset(name for name in found[:MOST] if isinstance(name, str) and deeds.known(name))
