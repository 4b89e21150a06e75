import streamlit as st

from gan.figures import SAMPLES
from pages.components import evaluation, models, report, start

start.through_app()
report.apply_style()


def remember() -> None:
    """Writes the chosen models into the URL, which is where they are kept."""
    st.query_params["model"] = st.session_state["models"] or [""]


choices = models.listing()
asked = st.query_params.get_all("model")
unknown = [name for name in asked if name and name not in choices]
known = [name for name in dict.fromkeys(asked) if name in choices][: evaluation.MOST]
# Nothing asked for means the model that ships; nothing left in the list, which the URL has as an empty
# name, means nothing.
st.session_state["models"] = known or ([] if asked == [""] else [models.PRETRAINED])

with st.container(key="head"):
    head, which, count, start_at, go = st.columns([1.1, 3.4, 1, 1, 1], vertical_alignment="bottom", gap="small")
head.title("Evaluate", anchor=False)
chosen = which.multiselect(
    "Models",
    list(choices),
    format_func=lambda name: choices[name].name,
    max_selections=evaluation.MOST,
    key="models",
    on_change=remember,
    placeholder="Choose a model",
)
n = count.selectbox("Samples", evaluation.COUNTS, evaluation.COUNTS.index(SAMPLES), format_func="{:,}".format)
seed = int(start_at.number_input("Seed", 0, 2**31 - 1, 0, help="Of the latents: another seed, other forgeries."))
pressed = go.button("Evaluate", type="primary", disabled=not chosen, width="stretch")
if unknown:
    names = " or ".join(repr(name) for name in unknown)
    st.warning(f"There is no model {names} here: it was deleted, or the address is mistyped.")

with st.container(key="verdict"):
    place = st.empty()
wanted = (tuple(chosen), n, seed)
if pressed:
    examined, problems = evaluation.evaluate([choices[name] for name in chosen], n, seed, place)
    st.session_state["evaluated"] = (wanted, examined, problems)
evaluated, examined, problems = st.session_state.get("evaluated", (wanted, [], []))
if examined:
    was = f"{', '.join(one.name for one in examined)}; {evaluated[1]:,} samples, seed {evaluated[2]}"
    changed = f"This is what came out before something else was chosen: {was}." if evaluated != wanted else ""
    report.say(place, evaluation.verdict(examined), changed)
else:
    report.say(
        place,
        "<b>How good are the forgeries?</b> Evaluate measures them beside as many real digits, "
        "which takes about ten seconds the first time.",
    )
if evaluated == wanted:
    for problem in problems:
        st.error(problem)


def choose() -> evaluation.Examined:
    """The model whose details are shown: one of those that were evaluated."""
    if len(examined) == 1:
        return examined[0]
    names = {one.id: one.name for one in examined}
    name = st.selectbox("Details of", list(names), format_func=names.__getitem__, key="details")
    return next(one for one in examined if one.id == name)


def explain() -> None:
    """What the figures mean, folded away."""
    with st.expander("What the figures mean"):
        report.terms()
        report.meanings()


if len(examined) > 2:  # the table takes the whole width
    report.table(examined)
    left, right = st.columns([1.5, 1], gap="medium", vertical_alignment="bottom")
    with left:
        shown = choose()
    with right:
        report.downloads(examined)
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        report.score(shown, named=True)
        report.wall(shown, stacked=True)
    with right:
        report.readings(shown)
    explain()
else:
    left, right = st.columns([1.5, 1], gap="medium")
    if not examined:
        with left:
            report.meanings()
        with right:
            report.terms()
        st.stop()
    with right:
        shown = choose()
        report.readings(shown)
    with left:
        report.table(examined)
        report.score(shown, named=len(examined) > 1)
        report.downloads(examined)
        explain()
    report.wall(shown)
