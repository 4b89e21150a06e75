import streamlit as st

from gan import runs
from pages.components import explorer, start

start.through_app()


def label(name: str) -> str:
    """What a model is called in the list."""
    if name == explorer.PRETRAINED:
        return "the trained one that ships"
    run = names[name]
    when = f"{run.created:%d %b %H:%M}"
    return f"{run.config.preset} · {when} · {run.status.images:,} images · {run.status.state}"


names = {run.id: run for run in runs.listing() if runs.newest_snapshot(run.folder)}
options = [explorer.PRETRAINED, *names]
asked = st.query_params.get("model", explorer.PRETRAINED)
head, choice = st.columns([1, 2], vertical_alignment="center")
head.title("Explore")
if asked not in options:
    st.warning(f"There is no model {asked!r} here; this is the one that ships with Counterfeit.")
    asked = explorer.PRETRAINED
chosen = choice.selectbox(
    "Model", options, options.index(asked), format_func=label, key=f"model-{asked}", label_visibility="collapsed"
)
if chosen != asked:
    st.query_params["model"] = chosen
    st.rerun()
run = names.get(chosen)
# A run that trains is followed: its picture sharpens while one looks.
following = run is not None and run.status.state == "running"
st.fragment(explorer.show, run_every=2.0 if following else None)(run.folder if run else None, following)
