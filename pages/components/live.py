"""A run as it trains: numbers, curves and pictures that refresh, and the buttons below them."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import plots, runs, store
from gan.losses import LOSSES
from gan.messages import Command, Verb
from gan.plots import Curve, Panel
from gan.presets import differences
from gan.runs import Run, RunError
from pages.components import launching, look
from pages.components.settings import RATE_LABELS, rates_with, show_rate

EVERY = {"starting": 0.3, "running": 1.0, "paused": 1.0, "silent": 1.0}
"""Seconds between two refreshes of a living run, by its state."""
ASK_FROM = 60.0
"""Discarding so many seconds of training, or more, is asked about first."""


@st.cache_resource(show_spinner=False, max_entries=16)
def curves(folder: Path, created: float) -> store.Curves:
    """The run's records in memory, shared by everybody who looks; `created` tells a folder's runs apart."""
    return store.Curves(folder)


def figure(run: Run) -> plots.Figure:
    """Both charts of a run, as one figure."""
    records = curves(run.folder, run.created.timestamp())
    records.update()

    def curve(name: str, quantity: str, role: str, dash: str = "solid") -> Curve:
        series, tails = records.series(quantity)
        return Curve(name, role, dash, store.reduced(series), [store.reduced(tail) for tail in tails])

    loss = LOSSES[run.config.loss](run.config.label_smoothing)
    ideal, output = loss.ideal, loss.ideal_output
    losses = Panel(
        "Loss",
        [curve("generator", "loss_g", "generator"), curve("discriminator", "loss_d", "discriminator", "dash")],
        [(ideal[1], "generator"), (ideal[0], "discriminator")] if ideal else [],
        "at a perfect forger" if ideal else "",
    )
    half = "" if output is None else "1/2" if output == 0.5 else f"{output:g}"
    beliefs = Panel(
        "D says “real”" if loss.probability else "D's score",
        [curve("real, D(x)", "d_real", "real", "dash"), curve("forged, D(G(z))", "d_fake", "generator")],
        [(output, "text")] if output is not None else [],
        half,
        (-0.02, 1.02) if loss.probability else None,
    )
    quality = curve("forgeries", "fcd", "generator")
    panels, height = [losses, beliefs], 530
    if quality.series.shape[1]:
        # What stands below it takes the place that it gives up: the page keeps its height.
        panels, height = [*panels, quality_panel(run, quality)], 455
    return plots.over_images(panels, dark=look.dark(), height=height, key=run.id)


def quality_panel(run: Run, curve: Curve) -> Panel:
    """FCD of the averaged generator, beside that of real images, and where it was best."""
    found = run.status.quality
    mark = None
    if found.best_fcd is not None:
        mark = (found.best_images, found.best_fcd, f"best: {found.best_fcd:.1f} after {found.best_images:,} images")
    lines = [(found.fcd_floor, "real")] if found.fcd_floor else []
    return Panel("Distance from real digits (FCD)", [curve], lines, "real ones", logarithmic=True, mark=mark)


def panel(run: Run) -> None:
    """Where the run stands: head, charts, pictures, progress."""
    status = run.status
    look.state_bar("Train", status)
    if not run.living and not status.progress.images:
        # A start that failed has neither curves nor pictures, only a reason.
        st.error(status.message or "It ended before the first step.")
        return
    left, right = st.columns([1.45, 1], gap="medium")
    with left:
        st.plotly_chart(
            figure(run), key=f"curves-{run.id}", config=plots.CONFIG, alt="Losses and D's beliefs over images seen"
        )
        if status.quality.fcd is not None:
            look.quality(status.quality)
    with right:
        samples = store.read_samples(run.folder, last=1)
        if samples:
            layout = "one latent a column" if run.config.conditional else "a hundred latents"
            line = f"Forged after {samples[-1].images:,} images, {layout}"
            look.digits(samples[-1].png, "Digits that the averaged generator forges", line)
        else:
            look.digits(look.blank(10), "Nothing forged yet", "The first forgeries come in a few seconds")
        look.digits(look.real_digits(1), "Real handwritten digits", "Real")
    if status.progress.share is not None:
        st.progress(status.progress.share)
    if status.message:
        (st.error if status.state == "failed" else st.warning)(status.message)


def outline(run: Run) -> tuple[object, ...]:
    """What the parts of the page that do not refresh by themselves depend on."""
    status = run.status
    rates = status.control.lr_g, status.control.lr_d
    return status.state, *rates, status.progress.seconds < ASK_FROM, bool(store.snapshots(run.folder))


def controls(run: Run) -> None:
    """The buttons that go with the run's state. They act on the run alone; what others see follows."""
    state = run.status.state
    trouble = st.container()
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.living and run.owned:
            if state == "paused":
                if st.button("Resume", type="primary", icon=":material/play_arrow:"):
                    _send(run, "resume", trouble)
            elif st.button("Pause", icon=":material/pause:", disabled=state == "starting"):
                _send(run, "pause", trouble)
            if st.button("Stop and keep", icon=":material/stop:"):
                _send(run, "stop", trouble)
            _discard_button(run, trouble)
        elif not run.living:
            _resume_button(run, trouble)
            st.page_link(
                "pages/train.py",
                label="Run it again with something changed",
                icon=":material/edit:",
                query_params={"run": "new", "from": run.id},
            )
        if store.snapshots(run.folder):
            link = {"model": run.id}
            st.page_link(
                "pages/explore.py", label="Explore this one", icon=":material/arrow_forward:", query_params=link
            )
            if not run.living:
                st.page_link("pages/evaluate.py", label="Evaluate it", icon=":material/grading:", query_params=link)
    if run.living and not run.owned:
        st.info("Another process trains this run; from here it can only be watched.")
    if run.living and run.owned:
        _rates(run, trouble)


def describe(run: Run) -> None:
    """What the run is: its preset and what was changed, where it computes, and what the pictures show."""
    changed = ", ".join(f"{name} = {value}" for name, value in differences(run.config).items()) or "nothing"
    st.markdown(
        f"`{run.id}` · preset **{run.config.preset}** · changed: {changed} · seed {run.config.seed} · "
        f"{run.status.control.device}, {run.status.control.precision} · created {run.created:%d %B %Y, %H:%M}\n\n"
        "The curves speak of the generator that trains; the pictures come from its average over the last "
        f"{run.config.ema_kimg:g} thousand images or so, which is steadier. A GAN does not converge like a "
        "classifier: both losses hover while the pictures get better. Where D answers 1/2 to everything, it can "
        "no longer tell real from forged."
    )


def outcome(run: Run) -> str:
    """What came out of a run that ended, in one sentence."""
    status = run.status
    progress, quality = status.progress, status.quality
    done = f"{progress.images:,} images in {look.clock(progress.seconds)}"
    if status.state == "interrupted":
        return f"Interrupted after {done}: its process ended without warning. Resume goes on from the last checkpoint."
    if status.state == "failed":
        return f"Failed after {done}."
    verb = "Finished" if status.state == "finished" else "Stopped"
    series, _ = curves(run.folder, run.created.timestamp()).series("d_fake")
    loss = LOSSES[run.config.loss](run.config.label_smoothing)
    if series.shape[1] == 0 or loss.probability is None or loss.ideal_output is None:
        return f"{verb}: {done}."
    fooled = series[2, -50:].mean()
    best = ""
    if quality.best_fcd is not None and quality.best_images < 0.9 * progress.images:
        best = f" It was best after {quality.best_images:,} images; that generator is kept as well."
    return (
        f"{verb}: {done}. At the end the discriminator gave forgeries a {fooled:.0%} chance of being real; "
        f"a perfect forger's would get {loss.ideal_output:.0%}.{best}"
    )


def _send(run: Run, verb: Verb, trouble: DeltaGenerator) -> None:
    try:
        runs.send(run.folder, Command(verb))
        runs.settle(run)
    except RunError as error:
        trouble.error(str(error))
        return
    st.rerun()


def _discard_button(run: Run, trouble: DeltaGenerator) -> None:
    """Discards at once what has just begun, and asks about what took a while."""
    if run.status.progress.seconds < ASK_FROM:
        if st.button("Discard", icon=":material/delete:"):
            _send(run, "discard", trouble)
        return
    with st.popover("Discard", icon=":material/delete:"):
        st.write("What this run has learned, its pictures and its weights will be gone.")
        if st.button("Discard it for good", type="primary"):
            _send(run, "discard", trouble)


def _resume_button(run: Run, trouble: DeltaGenerator) -> None:
    label, more = launching.further(run)
    if st.button(label, icon=":material/play_arrow:", type="primary"):
        launching.attempt(lambda: runs.launch(run.folder, seconds=more), run.id, trouble)
    launching.offer(lambda: runs.launch(run.folder, seconds=more), run.id, trouble)


def _rates(run: Run, trouble: DeltaGenerator) -> None:
    """Sliders for the learning rates. Their keys hold the value, so that another tab's change shows."""
    for column, (field, label) in zip(st.columns(2), RATE_LABELS.items(), strict=True):
        now = getattr(run.status.control, field) or getattr(run.config, field)
        with column:
            key = f"{field}-{run.id}-{now!r}"
            chosen = st.select_slider(label, rates_with(now), now, format_func=show_rate, key=key)
        if chosen != now:
            try:
                runs.send(run.folder, Command("rates", **{field: float(chosen)}))
                runs.settle(run)
            except RunError as error:
                trouble.error(str(error))
