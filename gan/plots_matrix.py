"""Which digit was read where which was asked, and how often each: plotly figures, from counts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from plotly.graph_objects import Figure

from gan.plots import DARK, LIGHT, Palette

BACKGROUNDS = {LIGHT: "#ffffff", DARK: "#14161a"}
"""What the figures stand on; as in .streamlit/config.toml."""
BESIDE = 0.1
"""How far right of the classes' own columns that of shares stands."""
LONG = 3
"""Letters of a class's name from which on names stand aslant under a chart."""


def confusion(
    matrix: npt.ArrayLike,
    shares: Sequence[str],
    names: Sequence[str],
    *,
    dark: bool = False,
    height: int = 430,
    key: str = "",
    scale: float = 1.0,
) -> Figure:
    """Asked classes (rows) against read ones (columns), from counts (classes, classes); `shares` says beside each row
    how much of it was read as asked. `height` is that at type of the ordinary size; everything is `scale` times as
    large.

    An error's colour grows with the logarithm of its count, on the same scale for every model: one in a
    thousand can be seen, and a row lost to another class cannot be overlooked. What was read as asked is grey.
    """
    palette = DARK if dark else LIGHT
    counts = np.asarray(matrix, np.float64)
    places = np.arange(len(counts))
    asked, read = np.meshgrid(places, places, indexing="ij")
    as_asked = len(counts) + BESIDE
    hits = asked == read
    strength = np.log1p(counts) / np.log1p(counts.sum(1).max())
    said = [
        [f"asked {a}, read {r}: {count:,.0f} of {row.sum():,.0f}" for r, count in zip(names, row, strict=True)]
        for a, row in zip(names, counts, strict=True)
    ]
    shown = counts > 0
    amber = palette.generator
    cells: dict[str, Any] = {"type": "heatmap", "x": places, "y": places, "xgap": 1.5, "ygap": 1.5, "showscale": False}
    errors = cells | {
        "z": np.where(hits, np.nan, strength),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, _faded(amber, 0)], [1, _faded(amber, 1)]],
        "customdata": said,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    right = errors | {"z": np.where(hits, 1.0, np.nan), "colorscale": [[0, palette.grid], [1, palette.grid]]}
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": read[shown],
        "y": asked[shown],
        "text": [f"{int(count)}" for count in counts[shown]],
        "textfont": {
            "size": 11 * scale,
            "color": [
                palette.text if hit else text_colour(amber, share, palette)
                for hit, share in zip(hits[shown], strength[shown], strict=True)
            ],
        },
        "hoverinfo": "skip",
    }
    beside = {
        "type": "scatter",
        "mode": "text",
        "x": np.full(len(places), as_asked),
        "y": places,
        "text": list(shares),
        "textposition": "middle center",
        "textfont": {"size": 11 * scale, "color": palette.text},
        "hoverinfo": "skip",
    }
    layout = _layout(palette, height, key, scale)
    layout["xaxis"] |= {
        "title": _title("read by the judge", palette, scale),
        "tickvals": [*places, as_asked],
        "ticktext": [*names, "agreed"],
        "range": [-0.55, as_asked + 0.75],
    }
    layout["yaxis"] |= {
        "title": _title("asked", palette, scale),
        "tickvals": places,
        "ticktext": list(names),
        "range": [len(places) - 0.45, -0.55],
    }
    _make_room(layout, names, scale, left=True)
    return Figure({"data": [errors, right, numbers, beside], "layout": layout})


def histogram(
    forged: Sequence[int],
    real: Sequence[int],
    names: Sequence[str],
    *,
    dark: bool = False,
    height: int = 430,
    key: str = "",
    scale: float = 1.0,
) -> Figure:
    """How often each class is read among forgeries (bars) and among as many real images (lines); `scale` as above."""
    palette = DARK if dark else LIGHT
    places = list(range(len(forged)))
    bars = {
        "type": "bar",
        "x": places,
        "y": list(forged),
        "marker": {"color": palette.generator},
        "name": "forged",
        "hovertemplate": "%{y:,}",
    }
    lines = {
        "type": "scatter",
        "mode": "markers",
        "x": places,
        "y": list(real),
        "marker": {
            "symbol": "line-ew",
            "size": 18 * scale,
            "line": {"width": 2 * scale, "color": palette.discriminator},
        },
        "name": "real",
        "hovertemplate": "%{y:,}",
    }
    layout = _layout(palette, height, key, scale)
    layout |= {"bargap": 0.3, "hovermode": "x unified"}
    # The counts stand below the names, where no bar and no line can cross them.
    style = f"font-size:{10 * scale:g}px;color:{palette.generator}"
    counts = [f'<span style="{style}">{count:,}</span>' for count in forged]
    layout["xaxis"] |= {
        "title": _title("read by the judge", palette, scale),
        "tickvals": places,
        "ticktext": [f"{name}<br>{count}" for name, count in zip(names, counts, strict=True)],
        "tickangle": 0,
    }
    layout["yaxis"] |= {
        "gridcolor": palette.grid,
        "showgrid": True,
        "nticks": 5,
        "rangemode": "tozero",
        "tickformat": ",d",
    }
    names = [f'<span style="color:{palette.generator}">■ forged</span>']
    names.append(f'<span style="color:{palette.discriminator}">━ real</span>')
    layout["annotations"] = [
        {
            "text": "   ".join(names),
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": 1,
            "xanchor": "left",
            "yanchor": "bottom",
            "yshift": 6 * scale,
            "showarrow": False,
            "font": {"size": 13 * scale},
        }
    ]
    layout["margin"] |= {"t": 34 * scale, "l": 48 * scale, "b": 60 * scale}
    _make_room(layout, names, scale)
    return Figure({"data": [bars, lines], "layout": layout})


def _layout(palette: Palette, height: int, key: str, scale: float) -> dict[str, Any]:
    # A finger that scrolls the page over a fixed axis scrolls the page.
    ink = {"color": palette.text, "size": 12 * scale}
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "ticks": "", "tickfont": ink}
    return {
        "height": round(height * scale),
        "uirevision": key,
        "showlegend": False,
        "dragmode": False,
        "margin": {"l": 44 * scale, "r": 4 * scale, "t": 6 * scale, "b": 48 * scale},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.text, "size": 12 * scale},
        "hoverlabel": {"font": {"size": 12 * scale}},
        "xaxis": dict(axis),
        "yaxis": dict(axis),
    }


def _make_room(layout: dict[str, Any], names: Sequence[str], scale: float, left: bool = False) -> None:
    """Long names stand aslant under a chart, and have room there and, where they stand there too, on its `left`."""
    longest = max(map(len, names))
    if longest < LONG:
        return
    room = 6.2 * longest * scale
    layout["xaxis"]["tickangle"] = -50
    layout["margin"]["b"] += 0.8 * room
    if left:
        layout["margin"]["l"] += room


def _title(text: str, palette: Palette, scale: float) -> dict[str, Any]:
    return {"text": text, "standoff": 9 * scale, "font": {"color": palette.text, "size": 13 * scale}}


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _faded(colour: str, opacity: float) -> str:
    red, green, blue = _channels(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def _luminance(channels: Sequence[float]) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [part / 255 for part in channels]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_colour(colour: str, opacity: float, palette: Palette) -> str:
    """Black or white, whichever is easier to read on a colour laid over the scheme's background."""
    mixed = [
        opacity * over + (1 - opacity) * under
        for over, under in zip(_channels(colour), _channels(BACKGROUNDS[palette]), strict=True)
    ]
    # The two contrasts, (1 + 0.05) / (L + 0.05) and (L + 0.05) / 0.05, are equal at L = 0.179 (WCAG 2.2).
    return "#000000" if _luminance(mixed) > 0.179 else "#ffffff"
