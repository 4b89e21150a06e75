"""Widgets in which the generator runs in the page (runtime.js): the explorer, ways between latents, drawing. They cost
the server nothing: all it does is to send the weights, once, and again when a run that trains has newer ones."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan import runs
from pages.components import models
from pages.components.models import PRETRAINED, Choice

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

    from gan.checkpoint import Model
    from gan.directions import Basis
    from gan.standalone import Names


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
    from gan.device import one_thread
    from gan.directions import bases

    with one_thread():
        return bases(_model.generator, _model.config.latent_dim)


@st.cache_data(show_spinner=False, max_entries=8)
def _content(mount: str, path: Path, modified: float, names: "Names", key: str) -> bytes:
    """What the page runs; `modified` tells versions of a file apart, `key` directions."""
    from gan import data
    from gan.standalone import YARDSTICK, explorable

    model = models.load(path, modified)
    found = _bases(key, model) if mount == "mountExplorer" else ()
    real = None
    if mount == "mountDraw":
        digits = data.load()
        real, _ = data.some(digits.test_images, digits.test_labels, YARDSTICK)
    return explorable(model, names, found, real)


def page(title: str, mount: str, follow: bool = True) -> Choice:
    """A page that lets one choose a model (`?model=` in its address) and shows the widget (a key of
    `gan.standalone.SCRIPTS`). With `follow` it gets the weights of a run that trains again and again. Returns what was
    chosen."""
    choices = models.listing()
    options = list(choices)
    asked = st.query_params.get("model") or st.session_state.get("model in hand", PRETRAINED)
    head, choice = st.columns([1, 2], vertical_alignment="center")
    head.title(title)
    found = models.find(asked, st.query_params.get("weights", ""), choices)
    if found is None:
        if "model" in st.query_params:
            st.warning(f"There is no model {asked!r} here; this is the one that ships with Counterfeit.")
        found = choices[PRETRAINED]
    if st.query_params.get("model", PRETRAINED) != found.id:
        st.query_params["model"] = found.id  # what the page adds to its address belongs to this one
    if found.id not in choices:
        choices[found.id] = found
        options.append(found.id)
    chosen = choice.selectbox(
        "Model",
        options,
        options.index(found.id),
        format_func=lambda name: choices[name].label,
        key=f"model-{found.id}",
        label_visibility="collapsed",
    )
    # Other pages that one goes to from here have the same model.
    st.session_state["model in hand"] = chosen
    if chosen != found.id:
        st.query_params.from_dict({"model": chosen})  # a latent belongs to its model
        st.rerun()
    model = choices[chosen]
    # A run that trains is followed: its picture sharpens while one looks.
    following = follow and model.images is None and model.run is not None and model.run.living
    st.fragment(show, run_every=1.0 if following else None)(mount, model, following)
    return model


def show(mount: str, choice: Choice, following: bool) -> None:
    """A widget with a model as its file is now; `following` says that its run trains."""
    from gan.checkpoint import ModelError

    if following and not _trains(choice):
        st.rerun()  # there is nothing to follow any more
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
    # While a run trains, its directions stay for a while: sliders that mean something else every second could
    # not be used. They are found anew when the images have doubled.
    key = f"{choice.id} {model.images.bit_length()}" if following else f"{path} {modified}"
    _component(mount)(data=_content(mount, path, modified, _names(choice, path), key), key=f"{mount}-{choice.id}")


def _trains(choice: Choice) -> bool:
    try:
        return choice.run is not None and runs.read(choice.run.folder).living
    except runs.RunError:
        return False  # deleted


def take_home(choice: Choice) -> None:
    """A button that saves the explorer with its generator as one file."""

    def content() -> str:  # made when it is asked for, in a thread
        from gan.checkpoint import load_model
        from gan.standalone import standalone_page

        path = choice.file()
        if path is None:
            raise FileNotFoundError("This run was deleted meanwhile.")
        return standalone_page(load_model(path), _names(choice, path).reference)

    st.download_button(
        "Take this generator home",
        content,
        "gan.html",
        "text/html",
        icon=":material/download:",
        on_click="ignore",
        help="This explorer with its generator in one file: it needs no server and works from a USB stick.",
    )


def _names(choice: Choice, path: Path) -> "Names":
    """What the model in a file is called; paths are seen from where the server was started."""
    from gan.standalone import Names

    if choice.run is None:
        return Names(PRETRAINED, PRETRAINED, PRETRAINED)
    best = choice.id.endswith(models.AT_ITS_BEST)
    return Names(choice.id, choice.id if best else f"{choice.run.id}:{int(path.stem)}", os.path.relpath(path))
