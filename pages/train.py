import streamlit as st

from gan import data, runs
from gan.config import TrainConfig
from gan.paths import ASSETS
from gan.runs import Run, RunError, processes, trash
from gan.system.text import shown
from pages.components import (
    address,
    controls,
    diagnosis,
    journal,
    launching,
    lesson,
    live,
    look,
    lookback,
    settings,
    size_line,
    start,
)

start.through_app()
start.prepare()
# What stands in the address in place of a run where one sets up another.
NEW = "new"
# Key of the session: the run that was started and has not been shown yet.
STARTED = "started"
# The same: the run that trained when it was last seen here.
LIVED = "lived"


def find(run_id: str) -> Run | str:
    """The run of an address, or a sentence about why it cannot be shown."""
    folder = runs.find(run_id)
    if folder is None:
        return f"There is no run '{shown(run_id)}' here: it was deleted, or the address is mistyped."
    try:
        return runs.read(folder)
    except RunError as error:
        return str(error)


def set_up() -> None:
    """The form, and beside it what will happen."""
    processes.prepare()
    base: TrainConfig | None = None
    base_id = st.query_params.get("from", "")
    if base_id:
        origin = find(base_id)
        if isinstance(origin, Run):
            base = origin.config
            if change := st.query_params.get("change", ""):
                base, what = diagnosis.with_change(base, change)
                st.info(look.plain(what))
                base_id = f"{base_id}-{change}"
        else:
            st.warning(f"{look.plain(origin)} The form starts from a preset instead.")
            base_id = ""
    form, preview = st.columns([1, 2], gap="large")
    everything = preview.container()  # fields by parts take the width, and leave Start where it is
    with form:
        config = settings.form(base, base_id, everything)
        fits = config is not None and size_line.show(config)
        pressed = st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=not fits)
        trouble = st.container()
        if config is not None:

            def launch() -> None:
                st.session_state[STARTED] = runs.start(config).name

            if pressed:
                launching.attempt(launch, NEW)
            launching.offer(launch, NEW, trouble)
    with preview:
        spec = config.data.spec if config else data.spec()
        st.markdown(
            "**What will happen.** The generator turns random numbers into pictures; at first they are noise. The "
            f"discriminator sees real {spec.many} and forgeries and learns to tell them apart; the generator learns "
            f"what would have fooled it. On two processor cores {spec.many} can be recognised after a few seconds."
        )
        noise, real = st.columns(2, gap="medium")
        with noise:
            look.digits((ASSETS / "untrained.png").read_bytes(), "Noise", "What an untrained generator forges")
        with real:
            shown_data(spec)


def shown_data(spec: data.DataSpec) -> None:
    """Real images of a data set, or where they will come from."""
    if data.is_here(spec.name):
        look.digits(look.real_images(10, spec.name), spec.real, "What it never sees and has to forge")
    else:
        look.digits(look.blank(10, len(spec.classes)), f"{spec.title} is not here yet", "What it has to forge")
        st.caption(
            f"{spec.title} ({spec.download / 1e6:.0f} MB) is not on this machine yet: it is fetched when training "
            "starts, and its own classifier, which says how good forgeries are, is trained once, about a minute."
        )


def watch(first: Run) -> None:
    """A run, live while it lives."""

    # What draws the page shows what was read for it. Were the page begun anew because the run has just changed, a click
    # on a button below would be lost.
    at_first = [first]

    @st.fragment(run_every=live.EVERY.get(first.status.state))
    def refresh() -> None:
        try:
            run = at_first.pop() if at_first else runs.read(first.folder)
        except RunError:
            st.rerun()
        if live.outline(run) != outline:
            st.rerun()
        live.panel(run)

    outline = live.outline(first)
    st.session_state[lesson.RUN] = first.id
    if first.living:
        st.session_state[LIVED] = first.id
    elif st.session_state.get(LIVED) == first.id:
        journal.did("finished-a-run")
    lookback.forget_passing(first)
    refresh()
    if not first.living:
        st.markdown(live.outcome(first))
        diagnosis.epilogue(first)
    controls.show(first)
    with st.container(key="about-run"), st.expander("What this run is"):
        live.describe(first)
    if not first.living:
        new_run_button()
    look.follow_scale()


def new_run_button() -> None:
    """Leads to an empty form."""
    if st.button("Set up a new run", icon=":material/add:"):
        address.go({"run": NEW})


def out_of_reach(run_id: str, sentence: str) -> None:
    """Why there is nothing to show, and where one can go from here."""
    discarded = next((item for item in trash.listing() if item.run == run_id), None)
    trouble = st.container()
    if discarded:
        until = f"{discarded.until.astimezone():%d %B, %H:%M}"
        trouble.info(f"{look.plain(run_id)} is in the trash. It can be had back until {until}.")
    else:
        trouble.warning(look.plain(sentence))
    with st.container(horizontal=True, vertical_alignment="center"):
        if discarded and st.button("Undo", icon=":material/undo:", type="primary"):
            try:
                trash.restore(discarded.name)
            except RunError as error:
                trouble.error(look.plain(str(error)))
            else:
                st.rerun()
        new_run_button()
        st.page_link("pages/runs.py", label="All runs", icon=":material/list:")


if STARTED in st.session_state:
    # Also where a second click on Start came in between, which would else show the form again.
    journal.did("started-a-run")
    address.put({"run": st.session_state.pop(STARTED)})
wanted = st.query_params.get("run", "")
if not wanted:
    # Whoever opens the page while something trains wants to see it.
    training = runs.training()
    wanted = training[0].id if training else NEW
address.announce(run=wanted)
if wanted == NEW:
    st.title("Train")
    set_up()
elif isinstance(found := find(wanted), Run):
    watch(found)
else:
    st.title("Train")
    out_of_reach(wanted, found)
