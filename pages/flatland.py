from typing import TYPE_CHECKING

import streamlit as st

from gan import glossary, web
from pages.components import lesson, start

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

start.through_app()


@st.cache_resource(show_spinner=False)
def _component() -> "ComponentRenderer":
    return st.components.v2.component(
        "counterfeit_flatland",
        html='<div class="root"></div>',
        css=f"{glossary.STYLE}\n{web.style('flatland')}",
        js=web.script("flatland"),
    )


_component()(key=f"flatland-{lesson.mounted_for()}")
