import streamlit as st

from pages.components import start

start.through_app()
st.title("Failures")
