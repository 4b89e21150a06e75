"""The time machine of the Train page: which moment of a run is shown, and how one gets to another.

A moment is a picture that the run has recorded, and where it is kept, the generator of then (see `gan.runs.store`). In
the address it is `at`, in images seen; while a finger moves or the film plays it is in the session alone.
"""

import streamlit as st

from gan import render
from gan.models import snapshots
from gan.runs import Run, store
from gan.system.text import shown
from gan.training.messages import Sample
from pages.components import look, widget

FRAMES = 120
"""Pictures of a film that one saves, at most."""


def asked(run: Run) -> int | None:
    """The moment that this visitor looks at, in images; None for now."""
    passing = st.session_state.get(_passing(run))
    return passing if passing is not None else _number(st.query_params.get("at", ""))


def _passing(run: Run) -> str:
    """The key of the session: the moment that the film or a finger is just passing."""
    return f"passing-{run.id}"


def _returns(run: Run) -> str:
    """The key of the session: how often one has pressed "back to now"."""
    return f"returns-{run.id}"


def forget_passing(run: Run) -> None:
    """For when the page is drawn as a whole, as when one comes to it: a film that one left is over. One that still
    plays asks for its next moment."""
    st.session_state.pop(_passing(run), None)


def _number(text: str) -> int | None:
    # No run is as long as 13 digits, and Python reads no number that is very much longer.
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 13 else None


def _go(run: Run, images: int | None, passing: bool = False) -> None:
    forget_passing(run)
    if passing and images is not None:
        st.session_state[_passing(run)] = images
    elif images is not None:
        st.query_params["at"] = str(images)
    else:
        st.query_params.pop("at", None)


def _return(run: Run) -> None:
    """Goes back to now, and tells a film that plays that it is over."""
    st.session_state[_returns(run)] = st.session_state.get(_returns(run), 0) + 1
    _go(run, None)


def chip(run: Run, moment: Sample | None) -> None:
    """Says which moment is shown, and leads back to now. It lies in the head of the page, where nothing gives way to
    it."""
    with st.container(key="chip"):  # always there, so that what follows keeps its place
        if said := _said(asked(run), st.query_params.get("at", ""), moment):
            label = f"{said} · back to now"
            st.button(label, icon=":material/history:", on_click=_return, args=(run,), key="now")


def _said(wanted: int | None, text: str, moment: Sample | None) -> str:
    """Which moment is shown of the one wanted, or of the one that an address names; empty where that is now."""
    if wanted is None:
        return f"there is no moment {look.plain(shown(text, 20))}, a number of images" if text else ""
    if moment is None:
        return "no picture of that moment is kept"
    near = "" if wanted == moment.images else f", the nearest picture to {wanted:,} that is kept"
    return f"as it was after {moment.images:,} images{near}"


def machine(run: Run, moment: Sample | None) -> None:
    """The slider over the run's life, its film, and what one can do with a moment."""
    moments = store.read_moments(run.folder)
    with st.container(key="lookback"):
        slider, doing = st.columns([1.45, 1], gap="medium", vertical_alignment="center")
    if len(moments) < 2:
        slider.html(
            '<div class="quiet">There is no moment to look back on: '
            + ("it has only begun.</div>" if run.living else "this run has kept no pictures of its life.</div>")
        )
        return
    key = f"lookback-{look.short_key(run.id)}"

    def move() -> None:
        told = st.session_state[key]["asked"]
        images, passing = told.get("at"), bool(told.get("passing"))
        _go(run, round(images) if isinstance(images, int | float) and abs(images) < 1e12 else None, passing)

    at = moment.images if moment and asked(run) is not None else None
    told = {
        "moments": moments,
        "at": at,
        "chart": "st-key-curves",
        "returns": st.session_state.get(_returns(run), 0),
    }
    with slider:
        widget.component("lookback")(data=told, key=key, on_asked_change=move)
    with doing, st.container(horizontal=True, vertical_alignment="center", key="moment-doing"):
        if at is None:
            st.html('<div class="quiet">Move it, or click on a curve, to look back.</div>', width="content")
        else:
            _explore(run, at)
        st.download_button(
            "GIF",
            lambda: _film(run),
            f"{run.id}.gif",
            "image/gif",
            key="gif",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help="The run as a film, from noise to digits.",
        )


def _explore(run: Run, at: int) -> None:
    """Leads to the generator of a moment, or of the nearest one that is kept."""
    nearest = snapshots.nearest(run.folder, at)
    if nearest is None:
        st.html('<div class="quiet">No generator of its life is kept.</div>', width="content")
        return
    near = f"The generator of then is not kept; this is the nearest, after {nearest:,} images."
    st.page_link(
        "pages/explore.py",
        label="Explore this moment",
        icon=":material/arrow_forward:",
        query_params={"model": f"{run.id}:{nearest}"},
        help=None if nearest == at else near,
    )


def _film(run: Run) -> bytes:
    """The pictures of a run as a GIF, made when it is asked for, in a thread."""
    samples = store.read_samples(run.folder)
    drop = set(store.thinned([store.moment(sample.images) for sample in samples], FRAMES))
    samples = [sample for number, sample in enumerate(samples) if number not in drop]
    pictures = [render.pixels(sample.png) for sample in samples]
    whole = [number for number, picture in enumerate(pictures) if picture.shape == pictures[-1].shape]
    captions = [f"{samples[number].images:,} images" for number in whole]
    return render.film([pictures[number] for number in whole], captions)
