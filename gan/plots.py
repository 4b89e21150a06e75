"""Plotly figures, from arrays. One template for all of them.

Colours are chosen for text as well as for lines: at least 4.5 : 1 against the background of their
scheme (WCAG AA). Amber and blue differ for every kind of colour blindness, and curves differ by dash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from gan.store import Array

CONFIG = {"displaylogo": False, "displayModeBar": "hover", "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
"""What `st.plotly_chart` takes as `config`, for every figure of the project."""


GAP = 0.12
"""Between two panels, as a share of the figure's height."""


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
    """One quantity of a chart: where it counts, and what a resume replaced (see `gan.store.Curves`)."""

    name: str
    role: str
    """Which colour of the palette: generator, discriminator or real."""
    dash: str
    series: Array
    tails: Sequence[Array] = ()


@dataclass(frozen=True)
class Panel:
    """One of the charts that share the axis of images seen, with its reference lines."""

    title: str
    curves: Sequence[Curve]
    lines: Sequence[tuple[float, str]] = ()
    """(value, role) of dotted horizontal lines."""
    lines_name: str = ""
    bounds: tuple[float, float] | None = None
    logarithmic: bool = False
    mark: tuple[float, float, str] | None = None
    """(images, value, text) of one point that stands out."""


def over_images(panels: Sequence[Panel], *, dark: bool = False, height: int = 530, key: str = "") -> Figure:
    """Charts below each other over thousands of images seen; hovering marks one moment in all of them.

    `key` names the run: as long as it stays the same, a zoom survives a refresh.
    """
    # Described as plain dictionaries and validated once, in the last line: adding to a Figure piece by
    # piece validates at every step, which took ten times as long as the rest of a refresh.
    palette = DARK if dark else LIGHT
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "height": height,
        "uirevision": key,
        "showlegend": False,
        "margin": {"l": 44, "r": 8, "t": 26, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.text, "size": 12},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": palette.real, "activecolor": palette.text},
        "shapes": [],
        "annotations": [],
    }
    share = (1 - GAP * (len(panels) - 1)) / len(panels)
    for number, panel in enumerate(panels):
        axis = "y" if number == 0 else f"y{number + 1}"
        top = 1 - number * (share + GAP)
        layout[axis.replace("y", "yaxis")] = {
            "domain": [max(0.0, top - share), top],
            "anchor": "x",
            "gridcolor": palette.grid,
            "zeroline": False,
            "nticks": 5,
            "range": panel.bounds,
        }
        if panel.logarithmic:
            layout[axis.replace("y", "yaxis")] |= {"type": "log", "dtick": 1, "nticks": None}
        for curve in panel.curves:
            traces.append(_line(curve, curve.series, palette, axis))
            traces += [
                _line(curve, tail, palette, axis) | {"opacity": 0.3, "hoverinfo": "skip"} for tail in curve.tails
            ]
        if panel.mark:  # after the curves, and so above them
            traces.append(_mark(panel.mark, palette, axis))
        layout["shapes"] += [_dotted(value, getattr(palette, role), axis) for value, role in panel.lines]
        layout["annotations"].append(_title(panel, palette, top))
    # One horizontal axis for all panels: that is what lets one hover mark every one of them.
    layout["xaxis"] = {
        "anchor": "y" if len(panels) == 1 else f"y{len(panels)}",
        "title": {"text": "images seen, thousands"},
        "showgrid": False,
        "zeroline": False,
        "linecolor": palette.grid,
        "rangemode": "tozero",
    }
    return Figure({"data": traces, "layout": layout})


def _line(curve: Curve, part: Array, palette: Palette, axis: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        # float32 halves what a refresh sends; a screen shows no more of it.
        "x": (part[0] / 1000).astype(np.float32),
        "y": part[2].astype(np.float32),
        "yaxis": axis,
        "name": curve.name,
        # One point makes no line.
        "mode": "lines" if part.shape[1] > 1 else "markers",
        "line": {"color": getattr(palette, curve.role), "dash": curve.dash, "width": 1.8},
        "hovertemplate": "%{y:.3f}",
    }


def _mark(mark: tuple[float, float, str], palette: Palette, axis: str) -> dict[str, Any]:
    images, value, text = mark
    return {
        "type": "scatter",
        "x": [images / 1000],
        "y": [value],
        "yaxis": axis,
        "mode": "markers",
        "marker": {"symbol": "star", "size": 11, "color": palette.text},
        "hovertemplate": f"{text}<extra></extra>",
    }


def _dotted(value: float, colour: str, axis: str) -> dict[str, Any]:
    line = {"dash": "dot", "width": 1.2, "color": colour}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": value, "y1": value, "line": line}


_DASHES = {"solid": "━", "dash": "╍", "dot": "┄"}


def _title(panel: Panel, palette: Palette, top: float) -> dict[str, Any]:
    parts = [f"<b>{panel.title}</b>"]
    for curve in panel.curves:
        parts.append(f'<span style="color:{getattr(palette, curve.role)}">{_DASHES[curve.dash]} {curve.name}</span>')
    if panel.lines_name:
        parts.append(f"┄ {panel.lines_name}")
    return {
        "text": "   ".join(parts),
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": top,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13, "color": palette.text},
    }
