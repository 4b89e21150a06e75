"""Widgets in which the generator runs in the page (gan/web): the explorer, paths between latents, drawing. They cost
the server next to nothing: it sends the weights once. A page that follows a run asks for newer ones when it has dealt
with those that it holds (component.js), and gets weights only where there are others."""

import html
import os
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan import data, runs
from gan.export import content
from gan.export.content import ExportError, Names
from gan.games import stillness
from gan.models.files import ModelError
from gan.paths import PRETRAINED as SHIPPED
from gan.system.framing import framed
from gan.system.text import shown
from pages.components import address, lesson, look, models, widget
from pages.components.models import PRETRAINED, Choice

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from gan.latents.directions import Basis
    from gan.models.model import Model

DELETED = "This run was deleted meanwhile."


@st.cache_resource(show_spinner=False, max_entries=8)
def _looked_into(key: str, _model: "Model") -> "tuple[list[Basis], str]":
    """The directions of a model, and the latent with which it opens; `key` says of which."""
    from gan.device import one_thread
    from gan.export.explorable import opening
    from gan.latents.directions import bases

    with one_thread():
        return bases(_model.generator, _model.latents), opening(_model)


def _real(entry: str, dataset: str) -> data.Bytes | None:
    """Real images that the widget needs, where the data set is here: Draw can do without."""
    if entry == "draw":
        with suppress(data.DataError):
            return data.some(*data.load(dataset).test, content.YARDSTICK)[0]
    return None


@st.cache_resource(show_spinner=False, max_entries=8)
def _content(entry: str, path: Path, modified: float, names: Names, key: str) -> bytes:
    """What the page runs; `modified` tells versions of a file apart, `key` directions."""
    if path == SHIPPED:
        return content.presented(content.shipped(), names, data.spec(), _real(entry, data.DEFAULT))
    from gan.export.explorable import explorable

    model = models.load(path, modified)
    real = _real(entry, model.config.data.dataset)
    found, start = _looked_into(key, model) if entry == "explorer" else ((), "")
    return explorable(model, names, found, real, start)


def page(title: str, entry: str, follow: bool = True) -> Choice:
    """A page that lets one choose a model (`?model=` in its address) and shows the widget (an entry of gan/web). With
    `follow` it gets the weights of a run that trains again and again. Returns what was chosen."""
    choices = models.listing()
    asked = st.query_params.get("model") or st.session_state.get("model in hand", PRETRAINED)
    head, choice, where = st.columns([1, 2, 1.8], vertical_alignment="center")
    head.container(key="model-head").title(title)
    found = models.find(asked, st.query_params.get("weights", ""), choices)
    if found is None:
        if "model" in st.query_params:
            st.warning(
                f"There is no model '{look.plain(shown(asked))}' here; this is the one that ships with Counterfeit."
            )
        found = choices[PRETRAINED]
    elif found.images is not None and found.id != asked:
        st.info(
            f"The generator of that moment is not kept any more; this is the nearest, after {found.images:,} images."
        )
    choices.setdefault(found.id, found)
    options = list(choices)
    chosen = choice.selectbox(
        "Model",
        options,
        options.index(found.id),
        format_func=lambda name: choices[name].label,
        key=f"model-{look.short_key(found.id)}",
        label_visibility="collapsed",
    )
    # Other pages that one goes to from here have the same model.
    st.session_state["model in hand"] = chosen
    if chosen != found.id:
        address.put({"model": chosen})  # a latent belongs to its model
        st.rerun()
    model = choices[chosen]
    # A run that trains is followed: its picture sharpens while one looks.
    following = follow and model.images is None and model.run is not None and model.run.living
    if model.run and (still := stillness(model.run.config)):
        st.info(still)
    st.fragment(show)(entry, model, following, where.empty())
    return model


def show(entry: str, choice: Choice, following: bool, line: "DeltaGenerator") -> None:
    """A widget with a model as its file is now, and a line on the run that it is of. `following` says that this trains
    and that the page asks again and again; what goes wrong on the way costs a sentence, and the page keeps what it
    holds."""
    key = f"{entry}-{look.short_key(choice.id + lesson.mounted_for())}"
    held, asked = _held(key)
    version, program = held, b""
    ended = False
    trouble = st.empty()  # always there, so that the widget below it keeps its place
    try:
        run = choice.run and runs.read(choice.run.folder)
        if following and run and not run.living:
            st.rerun()  # the list of models and the rest of the page say so too
        path = choice.file()
        if path is None:
            raise FileNotFoundError(DELETED)
        modified = path.stat().st_mtime
        version = look.short_key(f"{path} {modified}")
        if version != held:
            with trouble, nullcontext() if held else st.spinner("Finding directions …"):
                program = _newest(entry, choice, path, modified, following)
        said = "" if run is None or choice.images is not None else _standing(run, path, following)
        problem = ""
    except (ModelError, ExportError, runs.RunError, OSError) as error:
        ended = choice.run is not None and not choice.run.folder.exists()
        problem = DELETED if ended else str(error)
        said = f'<span class="state-failed">●</span> {html.escape(problem)}' if held else ""
    if problem and not held:
        trouble.error(look.plain(shown(problem, 500)))
    if said:
        line.html(f'<div class="bar"><span class="where">{said}</span></div>')
    about = {"version": version, "asked": asked, "follow": following and not ended, "problem": bool(problem)}
    widget.component(entry)(data=framed(about, program), key=key, on_held_change=lambda: None)


def _standing(run: runs.Run, path: Path, following: bool) -> str:
    """HTML that says where a run that trains stands; of others the list of models says it."""
    if following:
        return look.where(run.status)
    return f"as it was after {int(path.stem):,} images" if run.living and path.stem.isdecimal() else ""


def _held(key: str) -> tuple[str, int]:
    """What the page says it holds, and the number of its question: "VERSION NUMBER", as component.js puts it."""
    state = st.session_state.get(key)
    version, _, number = str(state.get("held") or "" if state else "").rpartition(" ")
    return version, int(number) if number.isdecimal() and len(number) < 13 else 0


def _newest(entry: str, choice: Choice, path: Path, modified: float, following: bool) -> bytes:
    if choice.run is None:
        return _content(entry, path, modified, _names(choice, path), "")
    # While a run trains, its directions stay for a while: sliders that mean something else every second could
    # not be used. They are found anew when the images have doubled.
    images = models.load(path, modified).images
    key = f"{choice.id} {images.bit_length()}" if following else f"{path} {modified}"
    return _content(entry, path, modified, _names(choice, path), key)


def take_home(choice: Choice) -> None:
    """A button that saves the explorer with its generator as one file, where there is a generator."""
    try:
        path = choice.file()
        if path is None:
            return
        if choice.run:
            models.load(path, path.stat().st_mtime)
    except (ModelError, OSError):
        return

    def made() -> str:  # made when it is asked for, in a thread
        from gan.export.standalone import standalone_page
        from gan.models.model import load_model

        path = choice.file()
        if path is None:
            raise FileNotFoundError(DELETED)
        return standalone_page(load_model(path), _names(choice, path).reference)

    st.download_button(
        "Take this generator home",
        made,
        "gan.html",
        "text/html",
        icon=":material/download:",
        on_click="ignore",
        help="This explorer with its generator in one file: it needs no server and works from a USB stick.",
    )


def _names(choice: Choice, path: Path) -> Names:
    """What the model in a file is called; paths are seen from where the server was started."""
    if choice.run is None:
        return Names(PRETRAINED, PRETRAINED, PRETRAINED, PRETRAINED)
    link = choice.id if choice.best or choice.images is not None else f"{choice.id}:{int(path.stem)}"
    return Names(choice.id, link, os.path.relpath(path), choice.run.id)
