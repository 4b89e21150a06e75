"""A run as it trains: numbers, curves and pictures that refresh."""

import streamlit as st

from gan import runs
from gan.config.fields import short, written
from gan.config.schedule import Schedule
from gan.games import rules, spec_of
from gan.glossary import term
from gan.models import snapshots
from gan.presets import differences
from gan.runs import Run, store
from gan.system.text import shown
from pages.components import charts, diagnosis, look, lookback

EVERY = {"starting": 0.3, "running": 1.0, "paused": 1.0, "silent": 1.0}
"""Seconds between two refreshes of a living run, by its state."""


def panel(run: Run) -> None:
    """Where the run stands: head, charts, pictures, progress."""
    status = run.status
    asked = lookback.asked(run)
    newest = store.read_samples(run.folder, last=1)
    moment = next(iter(newest), None) if asked is None else store.read_sample(run.folder, asked)
    at = moment.images if moment and asked is not None else None
    with st.container(key="live-head", gap=None):
        lookback.chip(run, moment)
        look.state_bar("Train", status)
    diagnosis.line(run)
    if status.state == "starting" and status.message:
        st.info(look.plain(status.message), icon=":material/downloading:")
        st.progress(min(1.0, status.progress.prepared))
    elif status.message:
        (st.error if status.state == "failed" else st.warning)(look.plain(status.message))
    if run.silent_for:
        st.warning(look.plain(runs.why_silent(run)))
    if not run.living and not status.progress.images:
        # A start that failed has neither curves nor pictures, only a reason.
        if not status.message:
            st.error("It ended before the first step.")
        return
    with st.container(key="live"):
        left, right = st.columns([1.45, 1], gap="medium")
    with left, st.container(gap="xxsmall"):
        charts.show(run, at)
        if status.quality.fcd is not None:
            with st.container(key="quality", gap="xxsmall"):
                charts.quality(charts.quality_at(run, at), run.config.data.spec)
    with right, st.container(gap="xxsmall"):
        kind = f"a hundred {term('latent', 'latents')}"
        if run.config.conditional:
            kind = term("one latent a column")
        elif spec_of(run.config).category:
            kind = term("one code a row")
        # Two elements in a line: what changes at each refresh would take the focus from the words beside it.
        with st.container(horizontal=True, horizontal_alignment="distribute", gap="xsmall"):
            st.html(
                f'<div class="quiet">{term("averaged generator", "Averaged generator")}, {kind}</div>', width="content"
            )
            if moment:
                st.html(f'<div class="quiet">after {moment.images:,} images</div>', width="content")
        spec = run.config.data.spec
        forged = st.container(key="forged")
        if moment:
            many = f"{spec.many[0].upper()}{spec.many[1:]}"
            names = spec.classes if run.config.conditional else ()
            with forged:
                look.digits(moment.png, f"{many} that the averaged generator forges", rows=names)
        else:
            look.digits(look.blank(len(spec.classes)), "Nothing forged yet")
        look.digits(look.real_images(1, spec.name), spec.real, "Real")
    if run.living and status.progress.share is not None:
        st.progress(status.progress.share)
    lookback.machine(run, moment)


def outline(run: Run) -> tuple[object, ...]:
    """What the parts of the page that do not refresh by themselves depend on."""
    status = run.status
    return status.state, status.control.lr_g, status.control.lr_d, bool(snapshots.snapshot_paths(run.folder))


def describe(run: Run) -> None:
    """What the run is: its preset and what was changed, where it computes, and what the pictures show."""
    changed = (
        ", ".join(f"{short(path)} = {written(value) or 'none'}" for path, value in differences(run.config).items())
        or "nothing"
    )
    half_life = Schedule(run.config).at(run.status.progress.images).ema_kimg
    # The folder's name and what its status says may be anything.
    name, where = look.plain(shown(run.id, 120)), f"{run.status.control.device}, {run.status.control.precision}"
    st.markdown(
        f"{name} · preset **{run.config.preset}** · changed: {look.plain(changed)} · seed {run.config.seed} · "
        f"{look.plain(where)} · created {run.created:%d %B %Y, %H:%M}\n\n"
        "The curves speak of the generator that trains; the pictures come from its average over the last "
        f"{half_life:g} thousand images or so, which is steadier. A GAN does not converge like a "
        f"classifier: both losses hover while the pictures get better. {rules(run.config).reading}"
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
    game = rules(run.config)
    answer = next((one for one in game.quantities if one.name == game.score.of_forgeries), None)
    if answer is None or answer.ideal is None or not (series := charts.of(run).series(answer.name)[0]).shape[1]:
        return f"{verb}: {done}."
    fooled = series[2, -50:].mean()
    best = ""
    if quality.best_fcd is not None and quality.best_images < 0.9 * progress.images:
        best = f" It was best after {quality.best_images:,} images; that generator is kept as well."
    return (
        f"{verb}: {done}. At the end the discriminator gave forgeries a {fooled:.0%} chance of being real; "
        f"a perfect forger's would get {answer.ideal:.0%}.{best}"
    )
