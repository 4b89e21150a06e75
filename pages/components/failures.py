"""Failures as the page shows them: cards from recordings, and the broken run beside the cured one on the same axes."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas  # noqa: F401 (see pages/components/charts.py)
import streamlit as st

from gan import plots, render, runs
from gan.config import TrainConfig
from gan.config.fields import flat, hints, short, written
from gan.curves import Array, reduced
from gan.failures import Failure
from gan.games import rules
from gan.plots import Curve, Panel
from gan.runs import Run, RunError, diagnosing, recordings, store
from gan.training import signs
from gan.training.findings import Finding
from pages.components import charts, diagnosis, look

Kind = Literal["broken", "cured"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SECONDS = 60.0
"""A live run trains so long."""
HEIGHT = 265
"""Pixels of the curves at type of the ordinary size."""
ON_A_CARD = (1, 3, 6, 9)
"""Moments of the strip that a card shows."""


@dataclass(frozen=True)
class Telling:
    """How the quantity that defines a failure is shown."""

    label: str
    bounds: tuple[float, float] | None = (0.0, 1.0)
    """The vertical axis; None shows all there is, by powers of ten."""


TELLING: Mapping[str, Telling] = {
    "d_fake": Telling("What D says of forgeries"),
    "accuracy_fake": Telling("Forgeries that D catches"),
    "loss_d": Telling("Loss of the discriminator", None),
    "gradient_norm_d": Telling("Norm of D's gradient", None),
    "variety": Telling("Variety within a digit", (0.0, 1.2)),
    "digits": Telling("Digits forged, of ten", (0.0, 10.5)),
    "recall_9": Telling("9s that are read as 9s"),
    "trained_over_held_out": Telling("D prefers known images", (0.4, 1.0)),
}


def telling_of(quantity: str) -> Telling:
    """How a quantity is shown, also one that has no words here."""
    return TELLING.get(quantity, Telling(quantity.replace("_", " "), None))


Series = Callable[[str], Array]
NOTHING: Array = np.empty((5, 0))


@dataclass(frozen=True)
class Side:
    """The broken run or the cured one as it is shown: recorded, or one that was trained here."""

    config: TrainConfig
    series: Series
    findings: Sequence[Finding]
    picture: bytes | None
    where: str
    """HTML that says what it is and where it stands."""
    key: str
    strip: bytes | None = None
    """A row of forgeries for each of some moments."""


def recorded(failure: Failure, kind: Kind) -> Side | None:
    """The recording that ships; None where it cannot be read."""
    found = recordings.shipped(failure.name, kind)
    if found is None:
        return None
    where = f"recorded: {found.seconds:.0f} s on one core · {found.images:,} images"
    key = f"recorded-{failure.name}-{kind}"
    return Side(
        found.config,
        _or_digits(found.curves.get, lambda: found.curves),
        found.findings,
        found.last,
        where,
        key,
        found.strip,
    )


def trained(failure: Failure, run: Run) -> Side:
    """A run of this machine."""
    records = charts.of(run)
    records.update()
    samples = store.read_samples(run.folder, last=1)
    picture = samples[-1].png if samples else None
    series = _or_digits(lambda name: records.series(name)[0], lambda: diagnosing.measured(records))
    strip = _strip(failure, run)
    return Side(run.config, series, diagnosis.of(run), picture, look.where(run.status), run.id, strip)


def _strip(failure: Failure, run: Run) -> bytes | None:
    """A row of forgeries for each of some moments of a run so far."""
    moments = store.read_moments(run.folder)
    chosen = [moments[at][0] for at in recordings.spread([seconds for _, seconds in moments])]
    found = [_row(run.folder.as_posix(), images, failure.name, run.config) for images in chosen]
    rows = [row for row in found if row is not None]
    return render.png(render.grid(np.concatenate(rows), recordings.COLUMNS)) if rows else None


@st.cache_data(show_spinner=False, max_entries=256)
def _row(folder: str, images: int, failure: str, _config: TrainConfig) -> render.Bytes | None:
    sample = store.read_sample(Path(folder), images)
    try:
        return recordings.row(sample.png, _config, failure) if sample else None
    except ValueError:  # a picture of another size costs its row
        return None


def _or_digits(get: Callable[[str], Array | None], curves: Callable[[], signs.Curves]) -> Series:
    """The same, with the number of digits that are forged, which follows from all `curves`."""

    def series(name: str) -> Array:
        found = signs.digits(curves()) if name == "digits" else get(name)
        return NOTHING if found is None else found

    return series


def run_of(failure: Failure, kind: Kind, run_id: str) -> Run | None:
    """The run of an address, if it is there and is one of this failure."""
    folder = runs.find(run_id) if run_id else None
    if folder is None:
        return None
    try:
        run = runs.read(folder)
    except RunError:
        return None
    config = settings(failure, kind)
    asked, there = flat(config), flat(run.config)
    same = all(there.get(path) == asked[path] for path in {"preset", *failure.breaks, *failure.cure})
    return run if same else None


def settings(failure: Failure, kind: Kind) -> TrainConfig:
    """What is trained."""
    return failure.broken(seconds=SECONDS) if kind == "broken" else failure.cured(seconds=SECONDS)


def changes(values: Mapping[str, Any]) -> str:
    """Settings in words."""
    labels = hints()
    return ", ".join(
        f"{labels[path].label if path in labels else short(path)} = {written(value)}" for path, value in values.items()
    )


def card(failure: Failure) -> None:
    """A failure at a glance, as HTML: a strip of its digits, the curve that tells, a sentence."""
    found = recordings.shipped(failure.name, "broken")
    if found is not None:
        look.digits(_part_of_strip(failure.name), f"Digits as it trains, from top to bottom: {failure.title}")
        st.html(_sketch(failure))


@st.cache_data(show_spinner=False, max_entries=32)
def _part_of_strip(name: str) -> bytes:
    found = recordings.shipped(name, "broken")
    assert found is not None
    rows = render.cells(found.strip).reshape(-1, recordings.COLUMNS, 28, 28)
    chosen = [rows[min(at, len(rows) - 1)] for at in ON_A_CARD]
    return render.png(render.grid(np.concatenate(chosen), recordings.COLUMNS))


def _sketch(failure: Failure) -> str:
    """The quantity that defines the failure, broken and cured, without axes (HTML)."""
    sides = {kind: side for kind in KINDS if (side := recorded(failure, kind))}
    telling = telling_of(failure.defining.quantity)
    curves = {kind: reduced(side.series(failure.defining.quantity), 80) for kind, side in sides.items()}
    curves = {kind: curve for kind, curve in curves.items() if curve.shape[1]}
    if not curves:
        return ""
    values = {kind: curve[2] for kind, curve in curves.items()}
    if telling.bounds is None:
        values = {kind: np.log10(np.maximum(value, 1e-9)) for kind, value in values.items()}
    low, high = telling.bounds or (min(map(np.min, values.values())), max(map(np.max, values.values())))
    last = max(curve[0, -1] for curve in curves.values())
    palette = plots.DARK if look.dark() else plots.LIGHT
    colours = {"broken": palette.generator, "cured": palette.real}
    lines = ""
    for kind in reversed(list(curves)):
        x = 200 * curves[kind][0] / last
        y = 38 - 36 * (np.clip(values[kind], low, high) - low) / ((high - low) or 1)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        dash = ' stroke-dasharray="5 3"' if kind == "cured" else ""
        lines += f'<polyline points="{points}" stroke="{colours[kind]}"{dash} vector-effect="non-scaling-stroke"/>'
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 40" preserveAspectRatio="none" fill="none" '
        f'stroke-width="1.8">{lines}</svg>'
    )
    label = html.escape(telling.label)
    return (
        f'<div class="sketch"><div class="quiet"><span>{label}</span>'
        '<span class="keys"><span class="generator">━ broken</span> <span class="real">╍ cured</span></span></div>'
        f'<img alt="{label}, broken and cured" '
        f'src="{render.url(drawn.encode(), "svg+xml")}"></div>'
    )


def beside(failure: Failure, sides: Mapping[Kind, Side]) -> None:
    """The two runs on the same axes: what the diagnosis says of each, their curves, and below them their samples."""
    made = {kind: _panels(failure, side) for kind, side in sides.items()}
    last = max(
        (
            curve.series[0, -1]
            for _, panels in made.values()
            for panel in panels
            for curve in panel.curves
            if curve.series.shape[1]
        ),
        default=0.0,
    )
    for kind, column in zip(KINDS, st.columns(2, gap="large"), strict=True):
        with column, st.container(gap="xxsmall", key=f"side-{kind}"):
            if kind not in sides:
                st.info("There is no recording of this that can be read.")
                continue
            side = sides[kind]
            st.html(f'<div class="quiet where"><b>{kind.capitalize()}</b> · {side.where}</div>')
            said = side.findings[0] if side.findings else None
            sentence = diagnosis.sentence(said) if said else '<div class="says">Nothing can be said yet.</div>'
            st.html(f'<div class="diagnosed">{sentence}</div>')
            headings, panels = made[kind]
            shared = [_shared(at, panel, [other for _, other in made.values()]) for at, panel in enumerate(panels)]
            _curves(side, headings, shared, last / 1000)
            _samples(kind, side)


def _samples(kind: Kind, side: Side) -> None:
    """The newest forgeries, and beside them how they came to be."""
    newest = "A row for each digit, a column for each latent" if side.config.conditional else "A hundred latents"
    pictures = [(side.picture or look.blank(10), f"Forgeries of the {kind} run", newest)]
    if side.strip:
        pictures.append((side.strip, f"The {kind} run from its beginning", "From the first moment (top) to the last"))
    figures = "".join(
        f'<figure><img class="digits" alt="{alt}" src="{render.url(png)}">'
        f'<figcaption class="quiet">{caption}</figcaption></figure>'
        for png, alt, caption in pictures
    )
    st.html(f'<div class="samples">{figures}</div>')


def _shared(at: int, panel: Panel, others: Sequence[Sequence[Panel]]) -> Panel:
    """A panel with the vertical axis that suits the same panel of both runs."""
    if panel.logarithmic or panel.bounds:
        bounds = panel.bounds
        if panel.logarithmic:
            values = np.concatenate([c.series[2] for panels in others for c in panels[at].curves] or [np.ones(1)])
            values = values[np.isfinite(values) & (values > 0)]
            bounds = (float(np.log10(values.min())) - 0.1, float(np.log10(values.max())) + 0.1) if len(values) else None
    else:
        bounds = plots.settled([curve for panels in others for curve in panels[at].curves], panel.lines)
    return Panel(panel.curves, panel.lines, bounds, bands=panel.bands, logarithmic=panel.logarithmic)


def _panels(failure: Failure, side: Side) -> tuple[list[str], list[Panel]]:
    """Headings, as HTML, and charts: the losses, and the quantity that defines the failure; where that is what D says,
    what D says."""
    found: list[tuple[str, Panel]] = []
    defining = failure.defining
    for chart in rules(side.config).charts:
        curves = [Curve(one.label, one.role, one.dash, reduced(side.series(one.name))) for one in chart.quantities]
        keys = " ".join(
            f'<span class="key {one.role}">{charts.MARKS[one.dash]} {html.escape(one.label)}</span>'
            for one in chart.quantities
        )
        ideals = [(one.ideal, "text") for one in chart.quantities if one.ideal is not None]
        lines = ideals[:1] if len({ideal for ideal, _ in ideals}) == 1 else []
        heading = f"<b>{html.escape(chart.title)}</b> {keys}"
        found.append((heading, Panel(curves, lines, chart.bounds, bands=not chart.bounds)))
    if defining.quantity not in ("d_fake", "d_real"):
        telling = telling_of(defining.quantity)
        curve = Curve(telling.label, "generator", "solid", reduced(side.series(defining.quantity)))
        side_of = "above" if defining.above else "below"
        heading = f'<b>{html.escape(telling.label)}</b> <span class="key">┄ it has failed {side_of} this</span>'
        lines = [(defining.threshold, "text")]
        found.append((heading, Panel([curve], lines, telling.bounds, logarithmic=telling.bounds is None)))
    return [heading for heading, _ in found], [panel for _, panel in found]


def _curves(side: Side, headings: Sequence[str], panels: Sequence[Panel], last: float) -> None:
    with st.container(key=f"failure-curves-{look.short_key(side.key)}", gap=None):
        tops = plots.heading_tops(len(panels), HEIGHT)
        lines = "".join(
            f'<div class="heading" style="top:{top / 16:.3f}rem">{heading}</div>'
            for top, heading in zip(tops, headings, strict=True)
        )
        st.html(f'<div class="headings">{lines}</div>')
        zoom = {"xaxis": (0.0, last)} if last else None
        figure = plots.over_images(panels, dark=look.dark(), height=HEIGHT, key=side.key, scale=look.scale(), zoom=zoom)
        key = f"failure-{look.short_key(side.key)}"
        st.plotly_chart(figure, key=key, config=plots.CONFIG, alt="The run's curves over images seen")
