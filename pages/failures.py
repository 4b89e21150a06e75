import streamlit as st

from gan.failures import FAILURES
from pages.components import look, start

start.through_app()
st.title("Failures")
for failure in FAILURES:
    st.subheader(look.plain(failure.title), anchor=False)
    st.markdown(f"{look.plain(failure.sentence)} **Watch for:** {look.plain(failure.watch)}")
