import streamlit as st

from gan import processes, runs
from gan.config import TrainConfig
from gan.data import ASSETS
from gan.runs import Run, RunError
from pages.components import launching, live, look, settings, start

start.through_app()


def find(run_id: str) -> Run | None:
    """The run of the URL, or None with a sentence on the page."""
    folder = runs.find(run_id)
    if folder is None:
        st.warning(f"There is no run {run_id!r} here: it was discarded or deleted, or the address is mistyped.")
        return None
    try:
        return runs.read(folder)
    except RunError as error:
        st.error(str(error))
        return None


def set_up() -> None:
    """The form, and beside it what will happen."""
    processes.prepare()
    base: TrainConfig | None = None
    base_id = st.query_params.get("from", "")
    if base_id and (origin := find(base_id)):
        base = origin.config
    form, preview = st.columns([1, 2], gap="large")
    with form:
        config = settings.form(base, base_id)
        pressed = st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=config is None)
        trouble = st.container()
        if config is not None:

            def launch() -> None:
                st.query_params.from_dict({"run": runs.start(config).name})

            if pressed:
                launching.attempt(launch, "new", trouble)
            launching.offer(launch, "new", trouble)
    with preview:
        st.markdown(
            "**What will happen.** The generator turns random numbers into pictures; at first they are noise. "
            "The discriminator sees real digits and forgeries and learns to tell them apart; the generator learns "
            "what would have fooled it. On two processor cores digits can be recognised after a few seconds."
        )
        noise, real = st.columns(2, gap="medium")
        with noise:
            look.digits((ASSETS / "untrained.png").read_bytes(), "Noise", "What an untrained generator forges")
        with real:
            look.digits(look.real_digits(10), "Real handwritten digits", "What it never sees and has to forge")


def watch(shown: Run) -> None:
    """A run, live while it lives."""

    @st.fragment(run_every=live.EVERY.get(shown.status.state))
    def refresh() -> None:
        try:
            run = runs.read(shown.folder)
        except RunError:
            st.rerun()
        if live.outline(run) != outline:
            st.rerun()
        live.panel(run)

    outline = live.outline(shown)
    refresh()
    if not shown.living:
        st.markdown(live.outcome(shown))
    live.controls(shown)
    with st.expander("What this run is"):
        live.describe(shown)
    if not shown.living:
        st.page_link("pages/train.py", label="Set up a new run", icon=":material/add:", query_params={"run": "new"})


wanted = st.query_params.get("run", "")
if not wanted and (training := runs.training()):
    # Whoever opens the page while something trains wants to see it.
    wanted = st.query_params["run"] = training[0].id
run = find(wanted) if wanted and wanted != "new" else None
if run:
    watch(run)
else:
    st.title("Train")
    set_up()
