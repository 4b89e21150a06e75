import html

import streamlit as st

from gan import runs
from gan.failures import BY_NAME, FAILURES, Failure
from gan.runs import Run, RunError
from gan.system.text import shown
from gan.training.messages import Command
from pages.components import address, failures, journal, launching, live, look, start
from pages.components.failures import KINDS, Kind

start.through_app()
start.prepare()
# Key of the session: which side was started, and its run, which the address does not name yet.
STARTED = "failure-started"
A_ROW = 4
BUTTONS: dict[Kind, tuple[str, str]] = {
    "broken": ("Break it", ":material/broken_image:"),
    "cured": ("Cure it", ":material/healing:"),
}

DEEDS: dict[Kind, str] = {"broken": "broke-it", "cured": "cured-it"}


def cards() -> None:
    """All failures at a glance."""
    st.title("Failures")
    st.markdown(
        "Eight ways in which a GAN goes wrong, and the setting that cures each. Pictures: four moments of half a "
        "minute, recorded. Open one to train it here."
    )
    for at in range(0, len(FAILURES), A_ROW):
        for failure, column in zip(FAILURES[at : at + A_ROW], st.columns(A_ROW, gap="medium"), strict=False):
            with column, st.container(key=f"card-{failure.name}", gap="xsmall"):
                failures.card(failure)
                if st.button(failure.title, key=f"open-{failure.name}", type="tertiary", help=failure.sentence):
                    address.go({"failure": failure.name})
                st.html(f'<div class="quiet card-says">{html.escape(failure.sentence)}</div>')


def open_one(failure: Failure) -> None:
    """A failure beside its cure: recorded, until it is trained here."""
    journal.did("opened-a-failure")
    found = {kind: failures.run_of(failure, kind, st.query_params.get(kind, "")) for kind in KINDS}
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="failure-title"
    ):
        st.title(failure.title, anchor=False)
        if st.button("All failures", icon=":material/arrow_back:", type="tertiary"):
            address.go({})
    said, watch = html.escape(failure.sentence), html.escape(failure.watch)
    st.html(f'<div class="failure-intro">{said} <b>Watch for:</b> {watch}</div>')
    for kind, column in zip(KINDS, st.columns(2, gap="large"), strict=True):
        with column:
            head(failure, kind, found[kind])
    living = any(run is not None and run.living for run in found.values())

    @st.fragment(run_every=live.EVERY["running"] if living else None)
    def refresh() -> None:
        now = {kind: failures.run_of(failure, kind, run.id) if run else None for kind, run in found.items()}
        if outline(now) != before:
            st.rerun()
        sides = {
            kind: failures.trained(failure, run) if run else failures.recorded(failure, kind)
            for kind, run in now.items()
        }
        failures.beside(failure, {kind: side for kind, side in sides.items() if side})

    before = outline(found)
    refresh()
    if runs.parallel() == 1:
        st.caption(
            "One run trains at a time on this machine: break it, then cure it. Until it is trained here, each side "
            "shows a recording."
        )
    look.follow_scale()


def outline(found: dict[Kind, Run | None]) -> list[object]:
    """What the buttons depend on."""
    return [run and (run.id, run.status.state) for run in found.values()]


def head(failure: Failure, kind: Kind, run: Run | None) -> None:
    """The buttons of one side, and the settings that make it."""
    name, icon = BUTTONS[kind]
    key = f"{failure.name}-{kind}"

    def launch() -> None:
        folder = runs.start(failures.settings(failure, kind))
        st.session_state[STARTED] = (failure.name, kind, folder.name)
        journal.did(DEEDS[kind])

    with st.container(horizontal=True, vertical_alignment="center", key=f"head-{kind}"):
        if run and run.living:
            if st.button("Stop", icon=":material/stop:", key=f"stop-{kind}", disabled=not run.owned):
                stop(run)
        else:
            again = f"{name} again" if run else name
            if st.button(again, icon=icon, key=f"start-{kind}", type="secondary" if run else "primary"):
                launching.attempt(launch, key)
        st.html(f'<div class="quiet failure-settings">{html.escape(settings_of(failure, kind))}</div>')
        if run:
            st.page_link(
                "pages/train.py",
                label="Train page",
                icon=":material/model_training:",
                query_params={"run": run.id},
            )
    launching.offer(launch, key, st.container())


def settings_of(failure: Failure, kind: Kind) -> str:
    """What makes a side."""
    if kind == "broken":
        return f"{failure.preset} with {failures.changes(failure.breaks)}"
    return f"The same, and {failures.changes(failure.cure)}"


def stop(run: Run) -> None:
    """Ends a run; what it has stays."""
    try:
        runs.send(run.folder, Command("stop"))
        runs.settle(run)
    except RunError as error:
        st.error(look.plain(str(error)))
    else:
        st.rerun()


if STARTED in st.session_state:
    which, side, run_id = st.session_state.pop(STARTED)
    st.query_params.update({"failure": which, side: run_id})
wanted = st.query_params.get("failure", "")
if wanted in BY_NAME:
    open_one(BY_NAME[wanted])
else:
    if wanted:
        st.warning(f"There is no failure '{look.plain(shown(wanted))}' here; these are those that there are.")
    cards()
