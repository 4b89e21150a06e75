"""Starting a run from a button, with the way out when others train already."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import runs
from gan.runs import BusyError, Run, RunError
from gan.training.messages import Command
from pages.components import look, refusals

_BLOCKED = "blocked"
MORE = 60.0
"""Seconds that a run whose budget is spent is offered."""


def further(run: Run) -> tuple[str, float]:
    """What to write on the button that goes on with a run that ended, and how many seconds it adds."""
    return (f"Train {MORE:.0f} s more", MORE) if run.status.progress.complete else ("Resume", 0.0)


def attempt(launch: Callable[[], object], name: str, then: Callable[[], object] = st.rerun) -> None:
    """Launches, and then shows the page anew, or what else `then` shows. What is wrong, `offer(…, name, …)` says, and
    if other runs are in the way, it says so until they are not."""
    try:
        with st.spinner("Starting …"):
            launch()
    except BusyError:
        st.session_state[_BLOCKED] = name
        return
    except RunError as error:
        refusals.keep(name, str(error))
        return
    st.session_state.pop(_BLOCKED, None)
    refusals.forget()
    then()


def offer(
    launch: Callable[[], object], name: str, trouble: DeltaGenerator, then: Callable[[], object] = st.rerun
) -> None:
    """Says in `trouble` why `name` was refused, names the runs that are in its way, and offers to stop one of them."""
    refusals.say(name, trouble)
    if st.session_state.get(_BLOCKED) != name:
        return
    others = runs.training()
    if len(others) < runs.parallel():
        del st.session_state[_BLOCKED]
        return
    with trouble:
        st.warning(look.plain(runs.busy_sentence(others)))
        for other in others:
            which = "it" if len(others) == 1 else look.plain(other.id)
            with st.container(horizontal=True, vertical_alignment="center"):
                key = f"instead-{other.id}"
                if other.owned and st.button(f"Stop {which} and start this one", icon=":material/swap_horiz:", key=key):
                    attempt(partial(_instead, other, launch), name, then)
                    refusals.say(name, trouble)
                show = {"run": other.id}
                st.page_link("pages/train.py", label=f"Show {which}", icon=":material/visibility:", query_params=show)


def _instead(other: Run, launch: Callable[[], object]) -> None:
    runs.send(other.folder, Command("stop"))
    runs.wait(other.folder)
    launch()
