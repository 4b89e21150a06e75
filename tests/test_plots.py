import numpy as np
import plotly.graph_objects as go
import pytest

from gan.plots import DARK, LIGHT, Curve, Palette, Panel, over_images

BACKGROUNDS = {"light": (LIGHT, "#ffffff"), "dark": (DARK, "#14161a")}  # as in .streamlit/config.toml


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def series(points: int) -> np.ndarray:
    """Images 0, 1000, …; means 0, 1, …"""
    steps = np.arange(points, dtype=float)
    return np.stack((steps * 1000, steps, steps, steps - 1, steps + 1))


def figure(**more: object) -> go.Figure:
    losses = Panel("Loss", [Curve("generator", "generator", "solid", series(3), [series(2)])], [(0.5, "real")], "ideal")
    beliefs = Panel("Belief", [Curve("forged", "real", "dash", series(3))], bounds=(0, 1))
    return over_images([losses, beliefs], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", BACKGROUNDS)
@pytest.mark.parametrize("role", ["generator", "discriminator", "real", "text"])
def test_colours_have_enough_contrast_for_text(scheme: str, role: str) -> None:
    palette, background = BACKGROUNDS[scheme]
    assert contrast(getattr(palette, role), background) >= 4.5


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_axis_is_in_thousands_of_images() -> None:
    trace = figure().data[0]
    assert list(trace.x) == [0, 1, 2]
    assert list(trace.y) == [0, 1, 2]


def test_all_panels_share_one_axis_and_one_hover() -> None:
    built = figure()
    assert {trace.xaxis or "x" for trace in built.data} == {"x"}
    assert [trace.yaxis for trace in built.data] == ["y", "y", "y2"]
    assert (built.layout.hovermode, built.layout.hoversubplots) == ("x unified", "axis")


def test_panels_do_not_overlap() -> None:
    layout = figure().layout
    assert layout.yaxis2.domain[1] < layout.yaxis.domain[0]


def test_replaced_tail_is_faint() -> None:
    assert [trace.opacity for trace in figure().data] == [None, 0.3, None]


def test_zoom_is_kept_for_one_run_and_not_for_another() -> None:
    assert figure(key="a").layout.uirevision == figure(key="a").layout.uirevision != figure(key="b").layout.uirevision


def test_reference_line_lies_at_its_value_across_the_whole_width() -> None:
    (shape,) = figure().layout.shapes
    assert (shape.y0, shape.y1, shape.x0, shape.x1, shape.yref) == (0.5, 0.5, 0, 1, "y")


@pytest.mark.parametrize(("dark", "palette"), [(False, LIGHT), (True, DARK)])
def test_scheme_chooses_the_palette(dark: bool, palette: Palette) -> None:
    assert figure(dark=dark).data[0].line.color == palette.generator
