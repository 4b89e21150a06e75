from pathlib import Path

import numpy as np
import streamlit as st

from gan import render, runs, store
from gan.runs import Run, RunError
from pages.components import launching, look, start

start.through_app()
ON_A_PAGE = 10


@st.cache_data(show_spinner=False, max_entries=512)
def picture(folder: Path, conditional: bool, images: int) -> bytes | None:
    """The last ten forgeries of a run, one of each digit if it knows digits; `images` says of when."""
    samples = store.read_samples(folder, last=1)
    if not samples:
        return None
    cells = render.cells(samples[0].png)
    # A conditional grid has a digit a row: its first column is one latent in all ten.
    return render.png(render.grid(cells[::10] if conditional else cells[:10], 10))


def row(run: Run) -> None:
    """One run: its picture, what it is, and what can be done with it."""
    seen, about, actions = st.columns([3, 3, 3], vertical_alignment="center", gap="medium")
    with seen:
        png = picture(run.folder, run.config.conditional, run.status.progress.images)
        look.digits(png or look.blank(1), f"The last forgeries of {run.id}")
    with about:
        status = run.status
        st.html(
            f'<b>{run.config.preset}</b> · <span class="state-{status.state}">●</span> {status.state} · '
            f"{status.progress.images:,} images in {look.clock(status.progress.seconds)}"
            f'<div class="quiet">{run.created:%d %b %Y, %H:%M} · {run.id}</div>'
        )
        if status.state == "failed" and status.message:
            st.caption(status.message)
    with actions, st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/train.py", label="Open", query_params={"run": run.id})
        if not run.living:
            label, more = launching.further(run)
            if st.button(label, key=f"resume-{run.id}"):
                launching.attempt(lambda: resume(run, more), run.id, trouble)
            launching.offer(lambda: resume(run, more), run.id, trouble)
            with st.popover("Delete", icon=":material/delete:"):
                st.write(f"{status.progress.images:,} images of training, its pictures and its weights will be gone.")
                if st.button("Delete it for good", type="primary", key=f"delete-{run.id}"):
                    delete(run)


def delete(run: Run) -> None:
    """Deletes the run and shows the list without it."""
    try:
        runs.delete(run.folder)
    except RunError as error:
        trouble.error(str(error))
    else:
        st.rerun()


def resume(run: Run, seconds: float) -> None:
    """Launches the run and shows it."""
    runs.launch(run.folder, seconds=seconds)
    st.switch_page("pages/train.py", query_params={"run": run.id})


st.title("Runs")
names = runs.names()
pages = max(1, -(-len(names) // ON_A_PAGE))
if not names:
    st.markdown("Nothing has been trained here yet.")
    st.page_link("pages/train.py", label="Train one now", icon=":material/model_training:")
number = st.session_state.get("page", 1) if pages > 1 else 1
trouble = st.container()


@st.fragment(run_every=2.0 if runs.training() else None)
def rows() -> None:
    """The rows of this page of the list."""
    for name in names[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]:
        try:
            row(runs.read(runs.root() / name))
        except RunError as error:
            st.caption(str(error))


rows()
if pages > 1:
    st.segmented_control("Page", np.arange(1, pages + 1).tolist(), default=1, required=True, key="page")
if names:
    st.caption(f"{len(names)} run{'' if len(names) == 1 else 's'} in {runs.root()}")
