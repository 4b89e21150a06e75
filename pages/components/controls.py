"""The buttons and sliders of a run. They act on the run alone; what others see follows."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import runs
from gan.models import snapshots
from gan.runs import Run, RunError
from gan.training.messages import Command, Verb
from pages.components import address, diagnosis, journal, launching, look
from pages.components.settings import RATES_BY_HAND, rate_slider

DEEDS: dict[Verb, str] = {"pause": "paused", "resume": "resumed"}
"""What one has done who sends a command."""


def show(run: Run) -> None:
    """What can be done with a run as it is now."""
    trouble = st.container()
    buttons = st.container(horizontal=True, vertical_alignment="center")
    if not run.living:
        # Before it is resumed a run that failed may need lower rates.
        rates = _rates(run) if run.status.state == "failed" else {}
        with buttons:
            if cure := diagnosis.next_thing(run):
                if st.button(diagnosis.again_label(cure), type="primary", icon=":material/healing:"):
                    diagnosis.again(run, cure)
            else:
                _resume_button(run, rates, trouble)
            if st.button("Run it again with something changed", icon=":material/edit:"):
                address.go({"run": "new", "from": run.id})
    elif run.owned:
        with buttons:
            if run.status.state == "paused":
                if st.button("Resume", type="primary", icon=":material/play_arrow:", key="resume"):
                    _send(run, "resume", trouble)
            elif st.button("Pause", icon=":material/pause:", key="pause", disabled=run.status.state == "starting"):
                _send(run, "pause", trouble)
            if st.button("Stop and keep", icon=":material/stop:"):
                _send(run, "stop", trouble)
            if st.button("Discard", icon=":material/delete:", help="It can be had back for a day."):
                _send(run, "discard", trouble)
        _move_rates(run, _rates(run), trouble)
    else:
        st.info("Another process trains this run; from here it can only be watched.")
    if run.status.state == "paused" or (not run.living and run.status.progress.images):
        with buttons:
            st.page_link(
                "pages/steps.py", label="Step by step", icon=":material/skip_next:", query_params={"run": run.id}
            )
    if snapshots.snapshot_paths(run.folder):
        with buttons:
            link = {"model": run.id}
            st.page_link(
                "pages/explore.py", label="Explore this one", icon=":material/arrow_forward:", query_params=link
            )
            if not run.living:
                st.page_link("pages/evaluate.py", label="Evaluate it", icon=":material/grading:", query_params=link)


def _send(run: Run, verb: Verb, trouble: DeltaGenerator) -> None:
    try:
        runs.send(run.folder, Command(verb))
        if deed := DEEDS.get(verb):
            journal.did(deed)
        runs.settle(run)
    except RunError as error:
        trouble.error(look.plain(str(error)))
        return
    st.rerun()


def _resume_button(run: Run, rates: dict[str, float], trouble: DeltaGenerator) -> None:
    label, more = launching.further(run)

    def launch() -> None:
        runs.launch(run.folder, seconds=more, **rates)
        journal.did("resumed")

    if st.button(label, icon=":material/play_arrow:", type="primary"):
        launching.attempt(launch, run.id)
    launching.offer(launch, run.id, trouble)


@dataclass
class _Known:
    """The rates that a slider expects the run to have: the one that was seen last, and those that it has sent since."""

    rates: list[float]
    slider: int = 0
    """Part of the slider's key. Where the rate has changed otherwise, it becomes another slider, which begins there."""


def _known_key(run: Run, field: str) -> str:
    return f"known-{field}-{run.id}"


def _known(run: Run, field: str, now: float) -> _Known:
    known: _Known = st.session_state.setdefault(_known_key(run, field), _Known([now]))
    if now not in known.rates:
        known.slider += 1
    if now not in known.rates or now == known.rates[-1]:
        known.rates = [now]
    return known


def _rates(run: Run) -> dict[str, float]:
    """Sliders for the learning rates; returns those that are moved.

    A slider stays the same while its own moves take effect: of two that come close together the browser sends the
    second one before it has seen what came of the first.
    """
    moved = {}
    for column, field in zip(st.columns(2), RATES_BY_HAND, strict=True):
        now = getattr(run.status.control, field) or getattr(run.config.optimizer, field)
        key = f"{field}-{run.id}-{_known(run, field, now).slider}"
        with column:
            chosen = rate_slider(field, now, run.config.preset, key)
        if chosen != now:
            moved[field] = chosen
    return moved


def _move_rates(run: Run, moved: dict[str, float], trouble: DeltaGenerator) -> None:
    if not moved:
        return
    for field, rate in moved.items():
        # Before it is sent, for after that the script may be begun anew at any moment.
        st.session_state[_known_key(run, field)].rates.append(rate)
    try:
        runs.send(run.folder, Command("rates", **moved))
        runs.settle(run)
    except RunError as error:
        trouble.error(look.plain(str(error)))
    else:
        journal.did("moved-a-rate")
