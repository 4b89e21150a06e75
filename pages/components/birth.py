"""The birth of a digit: the latent in hand as the generators of a run made it, from its first moments until now."""

import html
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan import render, web
from gan.models import snapshots
from gan.runs import store
from pages.components import look
from pages.components.models import Choice

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

MOMENTS = 11
"""Pictures of a strip, at most."""
STYLE = """
button { font: inherit; font-size: .875rem; color: inherit; background: transparent; cursor: pointer;
  padding: .3rem .8rem; border: 1px solid rgb(128 128 128 / .45); border-radius: .4rem; }
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
"""


@st.cache_resource(show_spinner=False)
def _button() -> "ComponentRenderer":
    return st.components.v2.component(
        "counterfeit_birth", html='<div class="root"></div>', css=STYLE, js=web.script("birth")
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _strip(
    found: tuple[tuple[Path, float], ...], classes: int, z: str, digit: str, mix: str
) -> tuple[list[int], bytes]:
    """After how many images, and the pictures side by side as PNG; nothing for what is no latent of these models, each
    a file with when it was written."""
    from gan.models.life import born, latent_of

    try:
        images, pictures = born([path for path, _ in found], *latent_of(z, digit, mix, classes))
    except ValueError:
        return [], b""
    return images, render.png(render.grid(pictures, columns=len(images))) if images else b""


@st.fragment
def show(choice: Choice) -> None:
    """An expander for a model that belongs to a run; others have no life to show."""
    if choice.run is None:
        return
    folder, key = choice.run.folder, f"birth-{look.short_key(choice.run.id)}"
    with st.expander("The birth of this digit"):
        told = _button()(key=key, on_asked_change=lambda: None).asked
        if told:
            st.session_state[f"told-{key}"] = {name: str(told.get(name, ""))[:20_000] for name in ("z", "digit", "mix")}
        if not (asked := st.session_state.get(f"told-{key}")):
            st.caption("The same latent, seen through the generators that the run has kept, from its first moments on.")
            return
        paths = snapshots.snapshot_paths(folder)
        if len(paths) < 2:
            st.caption("This run has kept no moments of its life, so there is no birth to show.")
            return
        drop = set(store.thinned([store.moment(int(path.stem)) for path in paths], MOMENTS))
        found = []
        for number, path in enumerate(paths):
            with suppress(OSError):  # a run that trains drops moments
                found += [] if number in drop else [(path, path.stat().st_mtime)]
        images, png = _strip(tuple(found), len(choice.run.config.data.spec.classes), **asked)
        if not images:
            st.caption("The models of this run cannot make a picture of this latent.")
            return
        look.digits(png, f"The latent through the life of its run, after {images[0]:,} to {images[-1]:,} images")
        cells = "".join(f"<span>{html.escape(f'{count:,}')}</span>" for count in images)
        st.html(f'<div class="birth" style="--moments:{len(images)}">{cells}</div>')
        st.caption("Images seen, below each picture. Move the latent and press again.")
