from collections.abc import Sequence

import streamlit as st

from gan.quality.results import SAMPLES
from pages.components import address, asking, evaluation, journal, look, models, report, start

start.through_app()
report.apply_style()


def remember(unknown: Sequence[str] = ()) -> None:
    """Writes what the fields hold into the URL, which is where it is kept, and names of the URL that no field holds."""
    state = st.session_state
    kept = {"model": [*state["models"], *unknown] or [""]}
    if state["samples"] != SAMPLES:
        kept["n"] = [str(state["samples"])]
    if state["seed"]:
        kept["seed"] = [str(state["seed"])]
    address.put(kept)


def number(name: str, default: int) -> int:
    """A number in the URL."""
    text = st.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else default


choices = models.listing()
asked = st.query_params.get_all("model")
unknown = [name for name in dict.fromkeys(asked) if name and name not in choices]
known = [name for name in dict.fromkeys(asked) if name in choices][: evaluation.MOST]
# Nothing asked for means the model that ships; nothing left in the list, which the URL has as an empty
# name, means nothing.
st.session_state["models"] = known or ([] if asked == [""] else [models.PRETRAINED])
n = number("n", SAMPLES)
st.session_state["samples"] = n if n in evaluation.COUNTS else SAMPLES
st.session_state["seed"] = min(number("seed", 0), 2**31 - 1)

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
n = count.selectbox("Samples", evaluation.COUNTS, format_func="{:,}".format, key="samples", on_change=remember)
seed = start_at.number_input(
    "Seed", 0, 2**31 - 1, key="seed", on_change=remember, help="Of the latents: another seed, other forgeries."
)
wanted = (tuple(chosen), n, seed)
press = asking.remembered(wanted)
waiting = press is not None and asking.waits(press.asked)
# A click that follows at once on a change still comes with the URL of before.
off = not chosen or waiting
if go.button("Evaluate", type="primary", disabled=off, width="stretch", on_click=remember, args=(unknown,)):
    asking.press([choices[name] for name in chosen], n, seed)
    st.rerun()
if unknown:
    st.warning(evaluation.unknown(unknown))

if press is not None and not waiting:
    st.session_state["evaluated"] = (wanted, *evaluation.results(press))
    if st.session_state["evaluated"][1]:
        journal.did("evaluated")
evaluated, examined, problems = st.session_state.get("evaluated", (wanted, [], []))
with st.container(key="verdict"):
    if press is not None and waiting:
        asking.wait(press.asked)
    elif examined:
        was = f"{', '.join(one.name for one in examined)}; {evaluated[1]:,} samples, seed {evaluated[2]}"
        changed = f"This is what came out before something else was chosen: {was}." if evaluated != wanted else ""
        report.say(evaluation.verdict(examined), changed)
    else:
        now = asking.ask_about([choices[name] for name in chosen], n, seed)
        takes = asking.duration(asking.desk().left([one.question for one in now.asked]))
        many = "one model" if len(chosen) == 1 else f"{len(chosen)} models"
        report.say(
            "<b>How good are the forgeries?</b> Evaluate measures them beside as many real images, "
            f"which takes about {takes} for {many}."
        )
if evaluated == wanted and not waiting:
    for problem in problems:
        st.error(evaluation.plain(problem))


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


def before() -> None:
    """What will be measured, where nothing has been yet."""
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        report.meanings()
    with right:
        report.terms()


def closely() -> None:
    """One model or two: the table leaves room beside it."""
    left, right = st.columns([1.5, 1], gap="medium")
    with right:
        shown = choose()
        report.readings(shown)
    with left:
        report.table(examined)
        report.score(shown, named=len(examined) > 1)
        report.downloads(examined)
        explain()
    report.wall(shown)


def side_by_side() -> None:
    """More of them: the table takes the whole width."""
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


if not examined:
    before()
elif len(examined) <= 2:
    closely()
else:
    side_by_side()
look.follow_scale()
