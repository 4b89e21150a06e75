import streamlit as st

from gan.paths import ASSETS
from pages.components import lesson, look, start, ways

start.through_app()
start.prepare()
STRIP = ASSETS / "training.gif"

with st.container(key="home"):
    words, picture = st.columns([1, 1.25], gap="large", vertical_alignment="center")
    with words, st.container(key="home-words"):
        st.title("Watch a machine learn to forge handwriting")
        st.markdown(
            "A **forger** makes digits out of noise. A **detective** compares them with real ones and says how real "
            "each looks. They train against each other, live, on 60,000 handwritten digits: that is a GAN."
        )
    with picture:
        st.image(STRIP, width="stretch", alt="The same latents while a generator trains: noise becomes digits")
        st.caption("The generator that ships, while it was trained: from noise to digits.")
    ways.show()
    st.subheader("Lessons of ten minutes", anchor=False)
    lesson.cards()


@st.fragment(run_every=2.0)
def machine() -> None:
    ways.now()
    device = start.device_line()
    st.caption(
        f"This machine trains on: {device or 'still looking'}. Data: MNIST, here and ready, nothing to download."
    )


machine()
look.follow_scale()
