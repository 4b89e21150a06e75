import html
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from gan import render, runs
from gan.config.fields import short, written
from gan.games import has_rows
from gan.glossary import term
from gan.presets import differences
from gan.runs import BrokenRun, Run, RunError, space, store, trash
from gan.system.text import shown
from pages.components import launching, look, refusals, start

start.through_app()
ON_A_PAGE = 10
IN_TRASH_SHOWN = 30
# In the session: where in the trash the runs are that were deleted here, by their ids.
DELETED = "deleted"


@st.cache_data(show_spinner=False, max_entries=512)
def picture(folder: Path, rows: bool, images: int) -> bytes | None:
    """The last ten forgeries of a run, one of each of its picture's rows if those mean something (a digit, the value of
    a code); `images` says of when."""
    samples = store.read_samples(folder, last=1)
    if not samples:
        return None
    try:
        cells = render.cells(samples[0].png)
        columns = len(cells) // render.COLUMNS if rows else render.COLUMNS
        # The first column is then one latent in all rows.
        return render.png(render.grid(cells[:: render.COLUMNS] if rows else cells[: render.COLUMNS], columns))
    except ValueError:  # a damaged sample costs its picture
        return None


def row(run: Run) -> None:
    """One run: its picture, what it is, what can be done with it, and below that why something was not."""
    seen, about, actions = st.columns([3, 4, 3], vertical_alignment="center", gap="small")
    with seen:
        png = picture(run.folder, has_rows(run.config), run.status.progress.images)
        look.digits(png or look.blank(1), f"The last forgeries of {run.id}")
    with about:
        status, progress = run.status, run.status.progress
        state = f'<span class="state-{status.state}">●</span> {status.state}'
        said = [state, f"{progress.images:,} images in {look.clock(progress.seconds)}", *quality(run)]
        what = f"<b>{run.config.preset}</b> · {html.escape(changed(run))}"
        name = f"{run.created:%d %b %Y, %H:%M} · {shown(run.id, 120)}"
        why = runs.why_silent(run) if run.silent_for else status.message if status.state == "failed" else ""
        below = "".join(f'<div class="quiet">{html.escape(line)}</div>' for line in (name, why) if line)
        st.html(f'<div class="run"><div>{what}</div><div>{" · ".join(said)}</div>{below}</div>')
    with actions, st.container(horizontal=True, vertical_alignment="center", key=f"do-{look.short_key(run.id)}"):
        st.page_link("pages/train.py", label="Open", query_params={"run": run.id})
        if not run.living:
            label, more = launching.further(run)
            launch = partial(runs.launch, run.folder, seconds=more)
            show = partial(st.switch_page, "pages/train.py", query_params={"run": run.id})
            if st.button(label, key=f"resume-{run.id}"):
                launching.attempt(launch, run.id, show)
            delete_button(run)
    if not run.living:
        launching.offer(launch, run.id, st.container(), show)


def changed(run: Run) -> str:
    """What makes the run different from its preset."""
    values = differences(run.config).items()
    return " · ".join(f"{short(path)} {written(value)}" for path, value in values) or "nothing changed"


def quality(run: Run) -> list[str]:
    """How good its forgeries were when they were measured last, as HTML; empty if they never were."""
    found = run.status.quality
    if found.fcd is None:
        return []
    agreement = [] if found.agreement is None else [f"{found.agreement:.1%} {term('read as asked')}"]
    return [
        *agreement,
        f"{term('FCD')}\N{NO-BREAK SPACE}{found.fcd:.1f} (real {run.config.data.spec.many}: {found.fcd_floor:.1f})",
    ]


def broken_row(broken: BrokenRun) -> None:
    """What lies in the place of a run and is none that can be read."""
    _, about, actions = st.columns([3, 4, 3], vertical_alignment="center", gap="small")
    with about:
        st.html(
            '<div class="run"><div><span class="state-failed">●</span> damaged</div>'
            f"<div>{html.escape(broken.problem)}</div>"
            f'<div class="quiet">{html.escape(shown(broken.id, 120))}</div></div>'
        )
    with actions, st.container(horizontal=True, key=f"do-{look.short_key(broken.id)}"):
        if not broken.folder.is_symlink():
            delete_button(broken)
    refusals.say(broken.id, st.container())


def delete_button(run: Run | BrokenRun) -> None:
    """Moves the run into the trash at once, and shows the list with an undo in its place."""
    if not st.button("Delete", icon=":material/delete:", key=f"delete-{shown(run.id, 999)}"):
        return
    try:
        st.session_state.setdefault(DELETED, {})[run.id] = trash.discard(run.folder)
    except RunError as error:
        refusals.keep(run.id, str(error))
    else:
        st.rerun()


def deleted_row(run_id: str, name: str) -> None:
    """In the place of a run that was just deleted."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="quiet name">{html.escape(shown(run_id, 120))} is in the trash.</div>', width="content")
        restore_button("Undo", name, f"undo-{name}")
    refusals.say(f"undo-{name}", st.container())


def restore_button(label: str, name: str, key: str) -> None:
    """Brings a thing back from the trash."""
    if st.button(label, icon=":material/undo:", key=key):
        try:
            trash.restore(name)
        except RunError as error:
            refusals.keep(key, str(error))
        else:
            st.rerun()


def trash_section(items: list[trash.Item]) -> None:
    """What is in the trash, and how to have it back or be rid of it."""
    with st.expander(f"Trash · {counted(len(items))}, {megabytes(taken.in_trash)}", icon=":material/delete:"):
        st.caption("What is here can be had back for a day, or until its space is needed for a new run.")
        for item in items[:IN_TRASH_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                restore_button("Restore", item.name, f"restore-{item.name}")
                name = html.escape(shown(item.run, 120))
                until = f"until {item.until.astimezone():%d %b, %H:%M}"
                st.html(f'<div class="quiet name">{name} · {until}</div>', width="stretch")
            refusals.say(f"restore-{item.name}", st.container())
        if len(items) > IN_TRASH_SHOWN:
            st.caption(f"… and {len(items) - IN_TRASH_SHOWN} more, which python -m gan runs list shows.")
        if st.button("Empty the trash", icon=":material/delete_forever:"):
            trash.empty()
            st.rerun()


def counted(number: int) -> str:
    return f"{number:,} run{'' if number == 1 else 's'}"


def megabytes(size: int) -> str:
    return f"{size / space.MB:,.0f} MB"


trash.empty(older_than=trash.KEPT)
in_trash = trash.listing()
kept = {item.name for item in in_trash}
there = set(runs.names())
# A run that was deleted here keeps its place, for the undo.
undoable = {
    run_id: name for run_id, name in st.session_state.get(DELETED, {}).items() if name in kept and run_id not in there
}
st.session_state[DELETED] = undoable
names = sorted(there | undoable.keys(), reverse=True)
pages = max(1, -(-len(names) // ON_A_PAGE))
number = min(st.session_state.get("page", 1), pages)
taken = space.measured()

st.title("Runs")
if not names:
    st.markdown("Nothing has been trained here yet." if not in_trash else "There are no runs.")
    st.page_link("pages/train.py", label="Train one now", icon=":material/model_training:")


@st.fragment(run_every=2.0 if runs.training() else None)
def rows() -> None:
    """The rows of this page of the list."""
    for name in names[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]:
        with st.container(key=f"row-{shown(name, 999)}"):
            if name in undoable:
                deleted_row(name, undoable[name])
            elif isinstance(found := runs.look(runs.root() / name), Run):
                row(found)
            else:
                broken_row(found)


rows()
if pages > 1:
    st.segmented_control("Page", np.arange(1, pages + 1).tolist(), default=1, required=True, key="page")
if in_trash:
    trash_section(in_trash)
st.caption(
    f"{counted(taken.runs)} of {taken.most_runs:,} at most, {megabytes(taken.bytes)} of {megabytes(taken.most_bytes)} "
    f"at most, in {shown(runs.root(), 200)}"
)
# A new run takes the place of the trash where it must.
if replace(taken, bytes=taken.bytes - taken.in_trash, free=taken.free + taken.in_trash).is_full:
    st.warning("There is no room for another run; delete some.")
