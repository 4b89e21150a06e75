"""Starting a run from a button, with the way out when another one is training already."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import runs
from gan.messages import Command
from gan.runs import BusyError, Run, RunError

_BLOCKED = "blocked"
MORE = 60.0
"""Seconds that a run whose budget is spent is offered."""


def further(run: Run) -> tuple[str, float]:
    """What to write on the button that goes on with a run that ended, and how many seconds it adds."""
    return (f"Train {MORE:.0f} s more", MORE) if run.status.progress.spent else ("Resume", 0.0)


def attempt(launch: Callable[[], object], name: str, trouble: DeltaGenerator) -> None:
    """Launches and shows the page anew. What is wrong stands in `trouble`; if another run is in the way,
    `offer(…, name, …)` will say so until it is not."""
    try:
        with st.spinner("Starting …"):
            launch()
    except BusyError as error:
        st.session_state[_BLOCKED] = (name, error.run.folder)
        return
    except RunError as error:
        trouble.error(str(error))
        return
    st.session_state.pop(_BLOCKED, None)
    st.rerun()


def offer(launch: Callable[[], object], name: str, trouble: DeltaGenerator) -> None:
    """Names the run that is in the way of `name`, and offers to stop it."""
    blocked, folder = st.session_state.get(_BLOCKED, (None, None))
    if blocked != name:
        return
    try:
        other = runs.read(folder)
    except RunError:
        other = None
    if other is None or not other.living:
        del st.session_state[_BLOCKED]
        return
    with trouble:
        st.warning(runs.busy_sentence(other))
        if other.owned and st.button("Stop it and start this one", icon=":material/swap_horiz:"):
            attempt(lambda: _instead(other, launch), name, trouble)
        st.page_link("pages/train.py", label="Show it", icon=":material/visibility:", query_params={"run": other.id})


def _instead(other: Run, launch: Callable[[], object]) -> None:
    runs.send(other.folder, Command("stop"))
    runs.wait(other.folder)
    launch()
