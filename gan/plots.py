"""Plotly figures, from arrays. One template for all of them.

Colours are chosen for text as well as for lines: at least 4.5 : 1 against the background of their
scheme (WCAG AA). Amber and blue differ for every kind of colour blindness, and curves differ by dash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from gan.curves import Array, reduced

CONFIG = {
    "displaylogo": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d"],
}
"""What `st.plotly_chart` takes as `config`, for every figure of the project."""

TOP, BOTTOM, BESIDE = 26, 38, 44
"""Pixels above, below and to the left of the panels at type of the ordinary size: a heading, the axis of images, the
numbers of the other axis."""
GAP = 0.12
"""Between two panels, as a share of what the panels have in height."""
BAND_POINTS = 200
"""Points of a band. It is a background, and has two edges."""


@dataclass(frozen=True)
class Palette:
    """Colours of one scheme."""

    generator: str
    discriminator: str
    real: str
    text: str
    grid: str


LIGHT = Palette("#9a5b00", "#1d5fc4", "#5c626c", "#3a3f47", "#e6e3dd")
DARK = Palette("#f0a030", "#79aefc", "#a9afb9", "#c9ccd2", "#2c3037")


@dataclass(frozen=True)
class Curve:
    """One quantity of a chart: where it counts, and what a resume replaced (see `gan.runs.store.Curves`)."""

    name: str
    role: str
    """Which colour of the palette: generator, discriminator or real."""
    dash: str
    series: Array
    tails: Sequence[Array] = ()


@dataclass(frozen=True)
class Panel:
    """One of the charts that share the axis of images seen, with its reference lines. Headings are the page's."""

    curves: Sequence[Curve]
    lines: Sequence[tuple[float, str]] = ()
    """(value, role) of dotted horizontal lines."""
    bounds: tuple[float, float] | None = None
    """The vertical axis; None shows all there is."""
    view: str = ""
    """What `bounds` stands for. A zoom by hand is kept while this stays the same."""
    bands: bool = False
    """Whether each curve has the band from its minimum to its maximum behind it."""
    logarithmic: bool = False
    mark: tuple[float, float, str] | None = None
    """(images, value, text) of one point that stands out."""


def _gap(height: float, sentence: float) -> float:
    """Between two panels, as a share of what the panels have in height."""
    return GAP + sentence / (height - TOP - sentence - BOTTOM)


def heading_tops(panels: int, height: float, sentence: float = 0) -> list[float]:
    """Where the headings of so many panels begin, in pixels below the top of a figure of this height, at type of the
    ordinary size; each has `sentence` pixels more below it."""
    gap = _gap(height, sentence)
    share = (1 - gap * (panels - 1)) / panels
    return [number * (share + gap) * (height - TOP - sentence - BOTTOM) for number in range(panels)]


def settled(curves: Sequence[Curve], lines: Sequence[tuple[float, str]] = ()) -> tuple[float, float] | None:
    """Bounds of an axis for what happens now, the reference lines included; None where there is nothing yet.

    The first steps of a GAN reach values that would make the rest a flat line, so they do not count, and neither do
    single records. The bounds are round numbers, and so stay the same from one refresh to the next as a rule.
    """
    seen = max((curve.series[0, -1] for curve in curves if curve.series.shape[1]), default=None)
    if seen is None:
        return None
    ends = [value for value, _ in lines]
    for curve in curves:
        recent = curve.series[:, curve.series[0] >= seen / 2]
        recent = recent[:, np.isfinite(recent[2])]
        if recent.shape[1]:
            ends += [*np.quantile(recent[2], (0.01, 0.99)), np.quantile(recent[3], 0.25), np.quantile(recent[4], 0.75)]
    ends = [float(end) for end in ends if np.isfinite(end)]
    if not ends:
        return None
    low, high = min(ends), max(ends)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    step = _round_step((high - low + 2 * room) / 10)
    return float(np.floor((low - room) / step) * step), float(np.ceil((high + room) / step) * step)


def _round_step(width: float) -> float:
    """The least of 1, 2, 5, 10, … times a power of ten that is at least `width`."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width * 0.999))


def hidden(panel: Panel) -> bool:
    """Whether some of a panel's curves lie beyond its bounds."""
    if panel.bounds is None:
        return False
    low, high = panel.bounds
    return any(((curve.series[2] < low) | (curve.series[2] > high)).any() for curve in panel.curves)


def over_images(
    panels: Sequence[Panel],
    *,
    dark: bool = False,
    height: int = 530,
    key: str = "",
    scale: float = 1.0,
    zoom: Mapping[str, Sequence[float] | None] | None = None,
    sentence: float = 0,
    at: float | None = None,
    stages: Sequence[float] = (),
) -> Figure:
    """Charts below each other over thousands of images seen; hovering marks one moment in all of them.

    `key` names the run. `height` is that at type of the ordinary size; everything is `scale` times as large.
    `zoom` holds the range of each axis (xaxis, yaxis, yaxis2, …) that was set by hand, None for all there is.
    `sentence` is the height of what stands below each heading; a line marks the moment `at`, in images;
    faint ones mark where the `stages` of a schedule begin.
    """
    # Described as plain dictionaries and validated once, in the last line: adding to a Figure piece by
    # piece validates at every step, which took ten times as long as the rest of a refresh.
    palette = DARK if dark else LIGHT
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "height": round(height * scale),
        "uirevision": key,
        "showlegend": False,
        "margin": {"l": BESIDE * scale, "r": 8 * scale, "t": (TOP + sentence) * scale, "b": BOTTOM * scale},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.text, "size": 12 * scale},
        "hoverlabel": {"font": {"size": 12 * scale}},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": palette.real, "activecolor": palette.text},
        "shapes": [],
    }
    gap = _gap(height, sentence)
    share = (1 - gap * (len(panels) - 1)) / len(panels)
    for number, panel in enumerate(panels):
        axis = "y" if number == 0 else f"y{number + 1}"
        top = 1 - number * (share + gap)
        layout[axis.replace("y", "yaxis")] = {
            "domain": [max(0.0, top - share), top],
            "anchor": "x",
            "gridcolor": palette.grid,
            "zeroline": False,
            "automargin": False,  # headings are placed by the margins that are told
            "nticks": 5,
            "range": panel.bounds,
            "uirevision": f"{key} {panel.view}",
        }
        if panel.logarithmic:
            layout[axis.replace("y", "yaxis")] |= {"type": "log", "dtick": 1, "nticks": None}
        if panel.bands:  # before the curves, and so behind them
            traces += [_band(curve, palette, axis) for curve in panel.curves if curve.series.shape[1] > 1]
        for curve in panel.curves:
            traces.append(_line(curve, curve.series, palette, axis, scale))
            traces += [
                _line(curve, tail, palette, axis, scale) | {"opacity": 0.3, "hoverinfo": "skip"} for tail in curve.tails
            ]
        if panel.mark:  # after the curves, and so above them
            traces.append(_mark(panel.mark, palette, axis, scale))
        layout["shapes"] += [_dotted(value, getattr(palette, role), axis, scale) for value, role in panel.lines]
    axes = ["y", *(f"y{number}" for number in range(2, len(panels) + 1))]
    moments = [(stage, "stage", {"width": scale, "color": palette.grid, "dash": "dot"}) for stage in stages]
    if at is not None:
        moments.append((at, "moment", {"width": 1.5 * scale, "color": palette.text}))
    for images, name, line in moments:
        place = {"type": "line", "xref": "x", "x0": images / 1000, "x1": images / 1000, "y0": 0, "y1": 1}
        layout["shapes"] += [place | {"yref": f"{axis} domain", "name": name, "line": line} for axis in axes]
    # One horizontal axis for all panels: that is what lets one hover mark every one of them.
    layout["xaxis"] = {
        "anchor": "y" if len(panels) == 1 else f"y{len(panels)}",
        "title": {"text": "images seen, thousands", "font": {"size": 12 * scale}, "standoff": 3 * scale},
        "automargin": False,
        "showgrid": False,
        "zeroline": False,
        "linecolor": palette.grid,
        "rangemode": "tozero",
    }
    for axis, range_ in (zoom or {}).items():
        if axis in layout:
            layout[axis]["range"] = range_
    return Figure({"data": traces, "layout": layout})


def _line(curve: Curve, part: Array, palette: Palette, axis: str, scale: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        # float32 halves what a refresh sends; a screen shows no more of it.
        "x": (part[0] / 1000).astype(np.float32),
        "y": part[2].astype(np.float32),
        "yaxis": axis,
        "name": curve.name,
        # One point makes no line.
        "mode": "lines" if part.shape[1] > 1 else "markers",
        "line": {"color": getattr(palette, curve.role), "dash": curve.dash, "width": 1.8 * scale},
        "hovertemplate": "%{y:.3f}",
    }


def _band(curve: Curve, palette: Palette, axis: str) -> dict[str, Any]:
    """The area between minimum and maximum: once around it."""
    part = reduced(curve.series, BAND_POINTS)
    x = (part[0] / 1000).astype(np.float32)
    return {
        "type": "scatter",
        "x": np.concatenate((x, x[::-1])),
        "y": np.concatenate((part[4], part[3][::-1])).astype(np.float32),
        "yaxis": axis,
        "mode": "none",
        "fill": "toself",
        "fillcolor": _faint(getattr(palette, curve.role)),
        "hoverinfo": "skip",
    }


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def _mark(mark: tuple[float, float, str], palette: Palette, axis: str, scale: float) -> dict[str, Any]:
    images, value, text = mark
    return {
        "type": "scatter",
        "x": [images / 1000],
        "y": [value],
        "yaxis": axis,
        "mode": "markers",
        "marker": {"symbol": "star", "size": 11 * scale, "color": palette.text},
        "hovertemplate": f"{text}<extra></extra>",
    }


def _dotted(value: float, colour: str, axis: str, scale: float) -> dict[str, Any]:
    line = {"dash": "dot", "width": 1.2 * scale, "color": colour}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": value, "y1": value, "line": line}
