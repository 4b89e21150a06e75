"""Widgets that run in the page: an entry of gan/web as a component of Streamlit."""

from typing import TYPE_CHECKING

import streamlit as st

from gan import glossary, web

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


@st.cache_resource(show_spinner=False)
def component(entry: str) -> "ComponentRenderer":
    """A widget that draws itself into the page, with its style sheet."""
    return st.components.v2.component(
        f"counterfeit_{entry}",
        html='<div class="root"></div>',
        css=f"{glossary.STYLE}\n{web.style(entry)}",
        js=web.script(entry),
    )


@st.cache_resource(show_spinner=False)
def listener(entry: str) -> "ComponentRenderer":
    """One that shows nothing, and only tells what happens in the page."""
    return st.components.v2.component(f"counterfeit_{entry}", js=web.script(entry))
