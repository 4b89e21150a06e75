import streamlit as st

from gan.paths import ASSETS
from pages.components import start

start.through_app()
start.prepare()
STRIP = ASSETS / "training.gif"

with st.container(key="home"):
    st.title("Watch a machine learn to forge handwriting")
    st.markdown(
        "A **forger** makes digits out of noise. A **detective** compares them with real ones and says how real each "
        "looks. They train against each other, live, on 60,000 handwritten digits: that is a GAN."
    )
    st.image(STRIP, width="stretch", alt="The same latents while a generator trains: noise becomes digits")
    st.caption(
        "Two latents, each asked for all ten digits, while the generator that ships with Counterfeit was trained."
    )
with st.container(horizontal=True):
    if st.button("Train one now", type="primary", icon=":material/model_training:"):
        st.switch_page("pages/train.py")
    if st.button("Play with a trained one", icon=":material/tune:"):
        st.switch_page("pages/explore.py")


@st.fragment(run_every=None if start.device_line() else 1.0)
def machine() -> None:
    device = start.device_line()
    st.caption(
        f"This machine trains on: {device or 'still looking'}. Data: MNIST, here and ready, nothing to download."
    )
    if device and not shown:
        st.rerun()


shown = bool(start.device_line())
machine()
