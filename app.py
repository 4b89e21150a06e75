"""Counterfeit: `streamlit run app.py`. Navigation and page settings; the pages are in `pages/`."""

import streamlit as st

from gan.paths import ASSETS
from pages.components import journal, lesson, look, making, present, start

st.set_page_config(page_title="Counterfeit", page_icon=str(ASSETS / "icon.png"), layout="wide")
start.once()
look.apply()
presenting = present.on()
unseen = st.container(key="unseen")
page = st.navigation(
    {
        "": [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
        ],
        "Train": [
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/steps.py", title="Step by step", icon=":material/skip_next:"),
            st.Page("pages/failures.py", title="Failures", icon=":material/broken_image:"),
            st.Page("pages/runs.py", title="Runs", icon=":material/list:"),
        ],
        "Play": [
            st.Page("pages/explore.py", title="Explore", icon=":material/tune:"),
            st.Page("pages/interpolate.py", title="Interpolate", icon=":material/route:"),
            st.Page("pages/draw.py", title="Draw", icon=":material/draw:"),
        ],
        "Learn": [
            st.Page("pages/learn.py", title="How it works", icon=":material/school:"),
            st.Page("pages/flatland.py", title="Flatland", icon=":material/scatter_plot:"),
            st.Page("pages/quiz.py", title="Quiz", icon=":material/quiz:"),
        ],
    },
    position="hidden" if presenting else "top",
)
if presenting:
    present.show()
lesson.bar(page.url_path)
page.run()
if not presenting:
    making.offer(page.url_path)
with unseen:
    journal.keep()
