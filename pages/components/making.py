"""What "Make a lesson of this" does: a question over a page as it is now, in a link that one can hand on."""

import streamlit as st

from gan import lessons
from gan.lessons import LONGEST, PARTS, Made
from pages.components import widget

LETTERS = 500
"""Of a question, at most."""


def offer(page: str) -> None:
    """The button at the foot of a page of which a lesson can be made; nothing on the others."""
    if page in PARTS:
        with st.container(key="make-a-lesson"):
            _offer(page)


@st.fragment
def _offer(page: str) -> None:
    parts = PARTS[page]
    with st.popover("Make a lesson of this", icon=":material/school:", type="tertiary", width="content"):
        st.markdown("A link that opens this page as it is now, with a question, and with some of it hidden.")
        ask = st.text_area(
            "A question to think about",
            key=f"make-ask-{page}",
            max_chars=LETTERS,
            placeholder="What would happen if …",
            height=90,
        )
        hide = st.multiselect(
            "Hide", list(parts), format_func=parts.__getitem__, key=f"make-hide-{page}", placeholder="Nothing"
        )
        told = {"code": "", "file": ""}
        if ask.strip():
            made = Made(page=page, ask=ask.strip(), hide=tuple(hide))
            told = {"code": lessons.to_link(made), "file": lessons.to_toml(made, "@query")}
        if len(told["code"]) > LONGEST:
            st.warning("This question is too long for a link; write it shorter.")
            told = {"code": "", "file": ""}
        widget.component("lesson_link")(data=told, key=f"make-link-{page}")
        if not told["code"]:
            st.caption("Write a question, and the link is here.")
