"""The charts of a run: its curves, and which digits it forges."""

import html
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas  # noqa: F401 (plotly takes pandas from sys.modules, where another thread may have put it half imported)
import streamlit as st
from plotly.graph_objects import Figure

from gan import plots
from gan.config.schedule import Schedule
from gan.curves import Array, reduced
from gan.data import DataSpec
from gan.games import rules, words
from gan.games.game import Chart, Quantity
from gan.glossary import term
from gan.plots import Curve, Panel
from gan.runs import Run, store
from gan.training.messages import Quality
from gan.training.signs import SHARE
from pages.components import lesson, look, widget

HEIGHT, HEIGHT_WITH_QUALITY = 545, 420
"""Pixels of the curves at type of the ordinary size. Where quality was measured, its chart stands below them, and the
page keeps its height."""
SENTENCE = 18
"""Pixels below the heading of each chart, for what it says in words."""
RECENT = 20
"""Records that make up what a curve shows at a moment."""
VISIBLE = 0.02
"""By what share of itself a curve grows before it is drawn anew."""
SOONEST, LATEST = 1.5, 4.0
"""Seconds before which it is not, and after which it is in any case."""
LIVELY = 10.0
"""Seconds of training in which it is drawn at each refresh: most happens at the beginning."""
DRAWN = "charts-drawn"
"""Key of the session: the charts as they were drawn last."""


@st.cache_resource(show_spinner=False, max_entries=16)
def curves(folder: Path, created: float) -> store.Curves:
    """The run's records in memory, shared by everybody who looks; `created` tells a folder's runs apart."""
    return store.Curves(folder)


def of(run: Run) -> store.Curves:
    """The records of a run as they are in memory."""
    return curves(run.folder, run.created.timestamp())


def show(run: Run, at: int | None = None) -> None:
    """The curves of a run, their headings with a sentence each, and the button that shows the first steps as well. A
    line marks the moment `at`, in images, and the sentences are of then."""
    # What this tab looks at: everything, or ranges that were set by hand. Both are views of one visitor.
    whole_key, zoom_key = f"whole-{run.id}", f"zoomed-{run.id}"
    whole, zoom = bool(st.session_state.get(whole_key)), st.session_state.get(zoom_key, {})

    def keep_zoom() -> None:
        st.session_state[zoom_key] = zoom | dict(st.session_state[f"zoom-{look.short_key(run.id)}"]["zoom"])

    def other_view() -> None:
        st.session_state[whole_key] = not (whole or zoom)
        st.session_state[zoom_key] = {}

    drawn = _drawn(run, whole, zoom, at)
    if drawn is None:
        st.html('<div class="quiet">The curves are hidden in this lesson.</div>')
        return
    with st.container(key="curves", gap=None):
        st.html(drawn.headings)
        st.plotly_chart(
            drawn.figure, key=f"curves-{run.id}", config=plots.CONFIG, alt="The run's curves over images seen"
        )
        if whole or zoom or drawn.hides:
            st.button(
                "Fit to now" if whole or zoom else "Show the beginning",
                key="whole-range",
                type="tertiary",
                icon=":material/zoom_in:" if whole or zoom else ":material/zoom_out_map:",
                help="A double click on the chart shows everything; drag to look closer.",
                on_click=other_view,
            )
        # Where there is no room for them above.
        st.html(drawn.sentences)
        widget.listener("zoom")(key=f"zoom-{look.short_key(run.id)}", on_zoom_change=keep_zoom)


@dataclass(frozen=True)
class _Drawn:
    """The charts as they were drawn, and of what."""

    view: tuple[Any, ...]
    images: int
    when: float
    """On the monotonic clock."""
    figure: Figure
    headings: str
    sentences: str
    """Both HTML."""
    hides: bool
    """Whether some of a curve lies beyond its axis."""


def _drawn(run: Run, whole: bool, zoom: Mapping[str, Any], at: int | None) -> _Drawn | None:
    """The charts of a run; None where a lesson hides all of them.

    While the run trains they are drawn anew where a curve has grown by what one can see, else after a while: to draw
    them costs a browser, and a core that the run could use, more than everything else on the page.
    """
    hidden = tuple(lesson.hides(part) for part in (*PARTS, "distance"))
    seen = run.status.progress.images
    view = (
        run.id,
        run.created,
        run.status.state,
        run.status.quality,
        whole,
        zoom,
        at,
        look.dark(),
        look.scale(),
        hidden,
    )
    last: _Drawn | None = st.session_state.get(DRAWN)
    if last and last.view == view and run.status.state == "running" and run.status.progress.seconds > LIVELY:
        stands = LATEST if seen < (1 + VISIBLE) * last.images else SOONEST
        if time.monotonic() - last.when < stands:
            return last
    headings, sentences, panels = _panels(run, whole, at)
    if not panels:
        return None
    height = {1: HEIGHT // 2, 2: HEIGHT}.get(len(panels), HEIGHT_WITH_QUALITY)
    tops = plots.heading_tops(len(panels), height, SENTENCE)
    lines = "".join(
        f'<div class="heading" style="top:{top / 16:.3f}rem">{heading}'
        f'<span class="chart-says">{html.escape(said)}</span></div>'
        for top, heading, said in zip(tops, headings, sentences, strict=True)
    )
    figure = plots.over_images(
        panels,
        dark=look.dark(),
        height=height,
        key=run.id,
        scale=look.scale(),
        zoom=zoom,
        sentence=SENTENCE,
        at=at,
        # Those to come would stretch the axis.
        stages=[stage.images for stage in Schedule(run.config).stages if stage.images <= seen],
    )
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences if sentence)
    drawn = _Drawn(
        view,
        seen,
        time.monotonic(),
        figure,
        f'<div class="headings">{lines}</div>',
        f'<div class="all-says">{said}</div>',
        any(plots.hidden(panel) for panel in panels),
    )
    st.session_state[DRAWN] = drawn
    return drawn


PARTS = ("losses", "beliefs")
"""What lessons call the charts that every game has, in their order."""
MARKS = {"solid": "━", "dash": "╍"}


def _panels(run: Run, whole: bool, at: int | None) -> tuple[list[str], list[str], list[Panel]]:
    """The headings of a run's charts, as HTML, a sentence on each as it is at a moment, and the charts; `whole` shows
    the first steps too."""
    records = of(run)
    records.update()

    def curve(name: str, quantity: str, role: str, dash: str = "solid") -> Curve:
        series, tails = records.series(quantity)
        return Curve(name, role, dash, reduced(series), [reduced(tail) for tail in tails])

    def panel(curves: Sequence[Curve], lines: Sequence[tuple[float, str]]) -> Panel:
        bounds = None if whole else plots.settled(curves, lines)
        return Panel(curves, lines, bounds, view="whole" if whole else "now", bands=True)

    panels, headings, sentences = [], [], []
    for chart, part in zip_longest(rules(run.config).charts, PARTS):
        if chart is None or (part and lesson.hides(part)):
            continue
        curves = [curve(_name(one), one.name, one.role, one.dash) for one in chart.quantities]
        lines = _ideals(chart)
        panels.append(Panel(curves, lines, chart.bounds) if chart.bounds else panel(curves, lines))
        keys = [_key(one.role, MARKS[one.dash], _explained(one)) for one in chart.quantities]
        perfect = _key("text", "┄", term("at a perfect forger")) if lines else ""
        title = term(chart.meaning, chart.title) if chart.meaning else chart.title
        headings.append(_heading(title, *keys, perfect))
        sentences.append(chart.says(_values(records, chart, at)))
    fcd = curve("forgeries", "fcd", "generator")
    if fcd.series.shape[1] and not lesson.hides("distance"):
        panels.append(quality_panel(run.status.quality, fcd))
        sentences.append(_distance(records, run.status.quality, at))
        headings.append(
            _heading(
                f"Distance from real {run.config.data.spec.many} ({term('FCD')})",
                _key("generator", "━", "forgeries"),
                _key("real", "┄", "real ones"),
                _key("text", "★", term("best")),
            )
        )
    return headings, sentences, panels


def _until(records: store.Curves, quantity: str, at: int | None) -> Array:
    """A quantity until a moment, (5, N); all there is where that is now."""
    series, _ = records.series(quantity)
    return series if at is None else series[:, series[0] <= at]


def _values(records: store.Curves, chart: Chart, at: int | None) -> dict[str, float]:
    """What the curves of a chart show at a moment: means over the last records before it."""
    found = {one.name: _until(records, one.name, at)[2, -RECENT:] for one in chart.quantities}
    return {name: float(values.mean()) for name, values in found.items() if values.size and np.isfinite(values).all()}


def _distance(records: store.Curves, found: Quality, at: int | None) -> str:
    """What the chart of the distance shows at a moment, in words."""
    fcd = _until(records, "fcd", at)
    if not fcd.shape[1]:
        return words.of_distance(None, None, None, 0)
    best = int(fcd[2].argmin())
    return words.of_distance(float(fcd[2, -1]), found.fcd_floor, float(fcd[2, best]), int(fcd[0, best]))


def _ideals(chart: Chart) -> list[tuple[float, str]]:
    """Where the curves of a chart settle at a perfect forger: one line where all do at the same value."""
    ideals = [(one.ideal, one.role) for one in chart.quantities if one.ideal is not None]
    return [(ideals[0][0], "text")] if len({value for value, _ in ideals}) == 1 else ideals


def _name(quantity: Quantity) -> str:
    word = quantity.meaning
    return quantity.label if word in ("", quantity.label) else f"{quantity.label}, {word}"


def _explained(quantity: Quantity) -> str:
    """The name of a curve, its word with what it means (HTML)."""
    word = quantity.meaning
    if word == quantity.label:
        return term(word)
    return f"{quantity.label}, {term(word)}" if word else quantity.label


def _heading(title: str, *keys: str) -> str:
    return f"<b>{title}</b> {' '.join(filter(None, keys))}"


def _key(role: str, mark: str, text: str) -> str:
    """What a line of a chart means: its colour and dash, and a name (HTML)."""
    return f'<span class="key {role}">{mark} {text}</span>'


def quality_panel(found: Quality, curve: Curve) -> Panel:
    """FCD of the averaged generator, beside that of real images, and where it was best."""
    mark = None
    if found.best_fcd is not None:
        mark = (found.best_images, found.best_fcd, f"best: {found.best_fcd:.1f} after {found.best_images:,} images")
    lines = [(found.fcd_floor, "real")] if found.fcd_floor else []
    return Panel([curve], lines, logarithmic=True, mark=mark)


def quality_at(run: Run, at: int | None) -> Quality:
    """The quality that a run had when it was last measured before a moment; the newest where that is now, and in runs
    of versions that did not record it."""
    found, records = run.status.quality, of(run)
    if at is None:
        return found
    shares = [_until(records, f"{SHARE}_{label}", at) for label in range(len(found.histogram))]
    fcd, agreement = (_until(records, name, at) for name in ("fcd", "agreement"))
    if not all(one.shape[1] for one in (fcd, *shares)):
        return found
    total = sum(found.histogram)
    return replace(
        found,
        fcd=float(fcd[2, -1]),
        agreement=float(agreement[2, -1]) if agreement.shape[1] else None,
        histogram=tuple(round(total * float(share[2, -1])) for share in shares),
        measured_images=int(fcd[0, -1]),
    )


def quality(found: Quality, spec: DataSpec) -> None:
    """How good the forgeries are by the last measurement, and how often each class of the data set is among them."""
    total, most = sum(found.histogram), max(found.histogram)
    even = 1 / len(spec.classes)
    names = [spec.classes[place] if place < len(spec.classes) else str(place) for place in range(len(found.histogram))]
    # Full height is twice an even share, or the most frequent class where that is more: of a collapsed
    # generator one bar is left, and the line of the even share lies near the ground.
    full = max(2 * even * total, most)
    bar = '<span><i style="--share:{:.1f}%"></i><b>{}</b><small>{}</small></span>'
    bars = "".join(
        bar.format(100 * count / full, html.escape(name), count)
        for name, count in zip(names, found.histogram, strict=True)
    )
    said = [f"{term('FCD')} {found.fcd:.1f} (real {spec.many}: {found.fcd_floor:.1f})"]
    if found.agreement is not None:
        said.insert(0, f"{found.agreement:.1%} {term('read as asked')} (real {spec.many}: {found.agreement_floor:.1%})")
    when = f" after {found.measured_images:,} images" if found.measured_images else ""  # older runs do not say
    spoken = html.escape(", ".join(f"{name}: {count}" for name, count in zip(names, found.histogram, strict=True)))
    st.html(f'<div class="quiet">{total:,} forgeries{when}: {" · ".join(said)}</div>')
    st.html(
        f'<div class="histogram-heading"><b>Which {spec.many} it forges</b>'
        f'<span class="key">┄ {term("even share")}</span></div>'
    )
    kind = "histogram long" if max(map(len, names)) > 2 else "histogram"
    st.html(
        f'<div class="{kind}" role="img" aria-label="Of {total} forgeries, by {spec.one}: {spoken}" '
        f'style="--even:{100 * even * total / full:.1f}%">{bars}</div>'
    )
