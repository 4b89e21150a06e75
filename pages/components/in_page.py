"""Widgets in which the generator runs in the page (runtime.js): the explorer, and ways between latents. They cost the
server nothing: all it does is to send the weights, once, and again when a run that trains has newer ones."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.components import models
from pages.components.models import PRETRAINED, Choice

REAL = 20
"""Test digits that Draw measures its search with."""

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

    from gan.checkpoint import Model
    from gan.directions import Basis


@st.cache_resource(show_spinner=False)
def _component(mount: str) -> "ComponentRenderer":
    from gan import standalone

    return st.components.v2.component(
        f"counterfeit_{mount}",
        html='<div class="root"></div>',
        css=standalone.style(mount),
        js=f"{standalone.script(mount)}\nconst mountWidget = {mount};\n{(standalone.WEB / 'mount.js').read_text()}",
    )


@st.cache_resource(show_spinner="Finding directions …", max_entries=8)
def _bases(key: str, _model: "Model") -> "list[Basis]":
    """The directions of a model; `key` says of which."""
    from gan.directions import bases

    return bases(_model.generator, _model.config.latent_dim)


@st.cache_data(show_spinner=False, max_entries=8)
def _content(mount: str, path: Path, modified: float, reference: str, key: str) -> bytes:
    """What the page runs; `modified` tells versions of a file apart, `key` directions."""
    from gan import data
    from gan.standalone import explorable

    model = models.load(path, modified)
    found = _bases(key, model) if mount == "mountExplorer" else ()
    real = None
    if mount == "mountDraw":
        digits = data.load()
        real, _ = data.some(digits.test_images, digits.test_labels, REAL)
    return explorable(model, reference, found, real)


def page(title: str, mount: str, follow: bool = True) -> None:
    """A page that lets one choose a model (`?model=` in its address) and shows the widget (a key of
    `gan.standalone.SCRIPTS`). With `follow` it gets the weights of a run that trains again and again."""
    choices = models.listing()
    options = list(choices)
    asked = st.query_params.get("model", PRETRAINED)
    head, choice = st.columns([1, 2], vertical_alignment="center")
    head.title(title)
    if asked not in choices and (same := models.with_weights(st.query_params.get("weights", ""), choices)):
        asked = same.id  # a link from another machine, where the model has another name
    if asked not in choices:
        st.warning(f"There is no model {asked!r} here; this is the one that ships with Counterfeit.")
        asked = PRETRAINED
    chosen = choice.selectbox(
        "Model",
        options,
        options.index(asked),
        format_func=lambda name: choices[name].label,
        key=f"model-{asked}",
        label_visibility="collapsed",
    )
    if chosen != asked:
        st.query_params.from_dict({"model": chosen})  # a latent belongs to its model
        st.rerun()
    model = choices[chosen]
    # A run that trains is followed: its picture sharpens while one looks.
    following = follow and model.run is not None and model.run.status.state == "running"
    st.fragment(show, run_every=1.0 if following else None)(mount, model, following)


def show(mount: str, choice: Choice, following: bool) -> None:
    """A widget with a model as its file is now; `following` says that its run trains."""
    from gan.checkpoint import ModelError

    path = choice.file()
    if path is None:
        st.warning("This run was deleted meanwhile; choose another model.")
        return
    try:
        modified = path.stat().st_mtime
        model = models.load(path, modified)
    except (ModelError, OSError) as error:
        st.error(str(error))
        return
    # While a run trains, its directions stay for a while: sliders that mean something else every two seconds could
    # not be used. They are found anew when the images have doubled.
    key = f"{choice.id} {model.images.bit_length()}" if following else f"{path} {modified}"
    _component(mount)(data=_content(mount, path, modified, _reference(choice, path), key), key=f"{mount}-{choice.id}")


def _reference(choice: Choice, path: Path) -> str:
    """What the command line calls the model, from where the server was started."""
    if choice.run is None:
        return PRETRAINED
    return os.path.relpath(path if choice.id.endswith(models.AT_ITS_BEST) else choice.run.folder)
