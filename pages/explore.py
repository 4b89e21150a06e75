import streamlit as st

from pages.components import explorer, models, start

start.through_app()

choices = models.listing()
options = list(choices)
asked = st.query_params.get("model", models.PRETRAINED)
head, choice = st.columns([1, 2], vertical_alignment="center")
head.title("Explore")
if asked not in choices:
    st.warning(f"There is no model {asked!r} here; this is the one that ships with Counterfeit.")
    asked = models.PRETRAINED
chosen = choice.selectbox(
    "Model",
    options,
    options.index(asked),
    format_func=lambda name: choices[name].label,
    key=f"model-{asked}",
    label_visibility="collapsed",
)
if chosen != asked:
    st.query_params["model"] = chosen
    st.rerun()
model = choices[chosen]
# A run that trains is followed: its picture sharpens while one looks.
following = model.run is not None and model.run.status.state == "running"
st.fragment(explorer.show, run_every=1.0 if following else None)(model)
