"""The address of the page that is shown, kept in agreement with what it shows.

A link to the page where one already is runs its script with the link's parameters, but the browser's address stays
as it was (Streamlit 1.67 changes it only where the path differs), and the next click sends the old ones again.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

import streamlit as st


def announce(**query: str) -> None:
    """Says what the address holds, beside what else stands in it. The browser puts right what differs, and does
    nothing where nothing does."""
    st.query_params.update(query)


KEPT = ("lesson", "step", "present")
"""What is not a page's own, and stays in the address when the page puts something else there."""


def put(query: Mapping[str, str | Sequence[str]]) -> None:
    """Puts a page's state into the address, in place of what it was."""
    kept = {name: st.query_params[name] for name in KEPT if name in st.query_params}
    st.query_params.from_dict({**query, **kept})


def go(query: Mapping[str, str]) -> NoReturn:
    """Shows what this page shows at `query`. Back leads to where one was."""
    put(query)
    st.rerun()
