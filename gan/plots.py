"""Plotly figures, from arrays. One template for all of them.

Colours are chosen for text as well as for lines: at least 4.5 : 1 against the background of their
scheme (WCAG AA). Amber and blue differ for every kind of colour blindness, and curves differ by dash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gan.store import Array

CONFIG = {"displaylogo": False, "displayModeBar": "hover", "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
"""What `st.plotly_chart` takes as `config`, for every figure of the project."""


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


def over_images(panels: Sequence[Panel], *, dark: bool = False, height: int = 500, key: str = "") -> go.Figure:
    """Charts below each other over thousands of images seen; hovering marks one moment in all of them.

    `key` names the run: as long as it stays the same, a zoom survives a refresh.
    """
    palette = DARK if dark else LIGHT
    figure = make_subplots(rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.14)
    for row, panel in enumerate(panels, start=1):
        for curve in panel.curves:
            colour = getattr(palette, curve.role)
            for part, opacity in ((curve.series, 1.0), *((tail, 0.3) for tail in curve.tails)):
                figure.add_trace(_line(curve, part, colour, opacity), row=row, col=1)
        for value, role in panel.lines:
            line = {"dash": "dot", "width": 1.2, "color": getattr(palette, role)}
            axis = "y" if row == 1 else f"y{row}"
            figure.add_shape(type="line", xref="paper", x0=0, x1=1, yref=axis, y0=value, y1=value, line=line)
        figure.add_annotation(**_title(panel, palette, row))
        if panel.bounds:
            figure.update_yaxes(range=panel.bounds, row=row, col=1)
    # All traces on one horizontal axis: that is what lets one hover mark every panel.
    last = f"x{len(panels)}" if len(panels) > 1 else "x"
    figure.update_traces(xaxis=last)
    _apply_template(figure, palette, height, key)
    axis = figure.layout[last.replace("x", "xaxis")]
    axis.update(title="images seen, thousands", showticklabels=True)
    return figure


def _line(curve: Curve, part: Array, colour: str, opacity: float) -> go.Scatter:
    # float32 halves what a refresh sends; a screen shows no more of it.
    return go.Scatter(
        x=(part[0] / 1000).astype(np.float32),
        y=part[2].astype(np.float32),
        name=curve.name,
        mode="lines",
        line={"color": colour, "dash": curve.dash, "width": 1.8},
        opacity=opacity,
        hovertemplate="%{y:.3f}",
        hoverinfo="skip" if opacity < 1 else None,
    )


_DASHES = {"solid": "━", "dash": "╍", "dot": "┄"}


def _title(panel: Panel, palette: Palette, row: int) -> dict[str, Any]:
    parts = [f"<b>{panel.title}</b>"]
    for curve in panel.curves:
        parts.append(f'<span style="color:{getattr(palette, curve.role)}">{_DASHES[curve.dash]} {curve.name}</span>')
    if panel.lines_name:
        parts.append(f"┄ {panel.lines_name}")
    suffix = "" if row == 1 else str(row)
    return {
        "text": "   ".join(parts),
        "xref": "paper",
        "yref": f"y{suffix} domain",
        "x": 0,
        "y": 1,
        "yanchor": "bottom",
        "xanchor": "left",
        "showarrow": False,
        "font": {"size": 13, "color": palette.text},
        "align": "left",
    }


def _apply_template(figure: go.Figure, palette: Palette, height: int, key: str) -> None:
    figure.update_layout(
        height=height,
        uirevision=key,
        showlegend=False,
        margin={"l": 44, "r": 8, "t": 26, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.text, "size": 12},
        hovermode="x unified",
        hoversubplots="axis",
    )
    figure.update_xaxes(showgrid=False, zeroline=False, linecolor=palette.grid, rangemode="tozero")
    figure.update_yaxes(gridcolor=palette.grid, zeroline=False, nticks=5, fixedrange=False)
