"""`?present`: large type and no navigation, for a projector. It lasts until one leaves it."""

import streamlit as st

ON = "presenting"
"""Key of the session."""
OFF = ("0", "no", "off", "false")


def on() -> bool:
    """Whether the page is shown to a class."""
    if "present" in st.query_params:
        st.session_state[ON] = st.query_params["present"].lower() not in OFF
    return bool(st.session_state.get(ON))


def show() -> None:
    """What makes a page large, and the way back."""
    with st.container(key="presenting"):
        st.button("Leave", key="present-leave", icon=":material/close_fullscreen:", type="tertiary", on_click=_leave)


def _leave() -> None:
    st.session_state[ON] = False
    st.query_params.pop("present", None)
