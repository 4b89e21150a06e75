import streamlit as st

from gan import glossary, web
from pages.components import start

start.through_app()


@st.cache_resource(show_spinner=False)
def _component():  # noqa: ANN202 - the type of what Streamlit makes is private
    return st.components.v2.component(
        "counterfeit_flatland",
        html='<div class="root"></div>',
        css=f"{glossary.STYLE}\n{web.style('flatland')}",
        js=web.script("flatland"),
    )


_component()(key="flatland")
