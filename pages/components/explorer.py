"""The generator in one's hands. It runs in the page (runtime.js), so exploring costs the server nothing: all it does is
to send the weights, once, and again when a run that trains has newer ones."""

from pathlib import Path

import streamlit as st

from pages.components import models
from pages.components.models import PRETRAINED, Choice


@st.cache_resource(show_spinner=False)
def _component() -> "st.components.v2.types.ComponentRenderer":
    from gan import standalone

    return st.components.v2.component(
        "counterfeit_explorer",
        html='<div class="root"></div>',
        css=standalone.style(),
        js=standalone.script() + (standalone.WEB / "mount.js").read_text(),
    )


@st.cache_data(show_spinner="Finding directions …", max_entries=8)
def _content(path: Path, modified: float, reference: str) -> bytes:
    """What the page runs; `modified` tells versions of a file apart. Raises `gan.checkpoint.ModelError`."""
    from gan.standalone import explorable

    return explorable(models.load(path, modified), reference)


def show(choice: Choice) -> None:
    """The explorer of a model as its file is now."""
    from gan.checkpoint import ModelError

    path = choice.file()
    if path is None:
        st.warning("This run was deleted meanwhile; choose another model.")
        return
    reference = PRETRAINED if choice.run is None else f"runs/{choice.run.id}"
    try:
        content = _content(path, path.stat().st_mtime, reference)
    except (ModelError, OSError) as error:
        st.error(str(error))
        return
    _component()(data=content, key=f"explorer-{choice.id}")
