import streamlit as st

from gan import presets, runs
from gan.runs import Run, RunError
from gan.system.text import shown
from pages.components import address, experiments, launching, lesson, look, naming, start, stepping

start.through_app()
start.prepare()
# What stands in the address in place of a run, before the preset of a fresh one.
FRESH = "new:"
# Seconds of training that a copy of a run that ended has of its own.
OF_ITS_OWN = 60.0
MOST_RUNS = 30
# Key of the session: the run that was begun here and has not been shown yet.
BEGUN = "begun to step"


def choose(wanted: str) -> str:
    """The run to step, or a fresh one; what is in the address comes first."""
    found = {run.id: label(run) for run in runs.listing()[:MOST_RUNS]}
    if wanted and not wanted.startswith(FRESH) and wanted not in found:
        found = {wanted: shown(wanted, 60), **found}
    found |= {f"{FRESH}{name}": f"a fresh run of {name}" for name in presets.PRESETS}
    found = naming.told_apart(found, str)
    wanted = wanted if wanted in found else next(iter(found))
    options = list(found)
    chosen = st.selectbox(
        "Run",
        options,
        options.index(wanted),
        format_func=found.__getitem__,
        key=f"run-{look.short_key(wanted)}",
        label_visibility="collapsed",
    )
    if chosen != wanted:
        address.go({"run": chosen})
    return chosen


def label(run: Run) -> str:
    """A run in a list."""
    stands = "being trained" if run.living else f"{run.status.state} after {run.status.progress.images:,} images"
    return f"{run.config.preset} · {run.created:%d %b, %H:%M} · {stands}"


def fresh(preset: str) -> None:
    """Begins a run of a preset, before its first step."""
    st.markdown(
        f"**{preset}**: {presets.PRESET_NOTES[preset]}.\n\nA fresh run begins paused: nothing has been learned yet, "
        "and you see the very first move of the detective, and the forger's answer."
    )
    name = f"{FRESH}{preset}"

    def begin() -> None:
        st.session_state[BEGUN] = runs.start(presets.preset(preset), paused=True).name

    if st.button("Begin", type="primary", icon=":material/play_arrow:"):
        launching.attempt(begin, name)
    launching.offer(begin, name, st.container())


def ended(run: Run) -> None:
    """A run that ended: it is stepped as a copy, or itself if one says so."""
    st.markdown(
        f"This run is {run.status.state}, after {run.status.progress.images:,} images. Step a **copy** of it: a new "
        "run that begins where this one stands, so that this one stays as it is."
    )

    def fork() -> None:
        st.session_state[BEGUN] = runs.fork(run, OF_ITS_OWN).name

    def itself() -> None:
        runs.launch(run.folder, seconds=OF_ITS_OWN if run.status.progress.complete else 0.0, paused=True)

    with st.container(horizontal=True):
        if st.button("Step a copy", type="primary", icon=":material/content_copy:"):
            launching.attempt(fork, f"copy-{run.id}")
        if st.button("Step this run itself", icon=":material/play_arrow:", help="What you step stays in it."):
            launching.attempt(itself, run.id)
    trouble = st.container()
    launching.offer(fork, f"copy-{run.id}", trouble)
    launching.offer(itself, run.id, trouble)


def step(found: Run) -> None:
    """A run that lives."""
    if not found.owned:
        st.info("Another process trains this run; from here it can only be watched.")
        st.page_link("pages/train.py", label="Watch it", query_params={"run": found.id})
        return
    st.session_state[lesson.RUN] = found.id
    stepping.show(found)
    experiments.show(found)


if BEGUN in st.session_state:
    address.put({"run": st.session_state.pop(BEGUN)})
asked = st.query_params.get("run", "")
if not asked and (training := runs.training()):
    asked = training[0].id
head, choice = st.columns([1, 2], vertical_alignment="center")
head.container(key="model-head").title("Step by step")
with choice:
    asked = choose(asked)
address.announce(run=asked)
if asked.startswith(FRESH):
    fresh(asked.removeprefix(FRESH))
elif (folder := runs.find(asked)) is None:
    st.warning(f"There is no run '{look.plain(shown(asked))}' here: it was deleted, or the address is mistyped.")
else:
    try:
        run = runs.read(folder)
    except RunError as error:
        st.warning(look.plain(str(error)))
    else:
        (step if run.living else ended)(run)
look.follow_scale()
