import numpy as np
import plotly.graph_objects as go
import pytest

from gan.plots import BOTTOM, DARK, LIGHT, TOP, Curve, Palette, Panel, heading_tops, hidden, over_images, settled

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
    losses = Panel([Curve("generator", "generator", "solid", series(3), [series(2)])], [(0.5, "real")])
    beliefs = Panel([Curve("forged", "real", "dash", series(3))], bounds=(0, 1))
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


def quality(**more: object) -> go.Figure:
    """A third panel whose axis is logarithmic, with a floor and a best."""
    plain = Panel([Curve("generator", "generator", "solid", series(3))])
    distance = Panel(
        [Curve("forgeries", "generator", "solid", series(3))],
        [(2.5, "real")],
        logarithmic=True,
        mark=(12_800, 17.5, "best: 17.5"),
    )
    return over_images([plain, plain, distance], **more)  # type: ignore[arg-type]


def test_logarithmic_is_one_panel_alone() -> None:
    layout = quality().layout
    assert [layout.yaxis.type, layout.yaxis2.type, layout.yaxis3.type] == [None, None, "log"]
    assert layout.yaxis3.range is None  # whatever the values are, they are seen


def test_reference_line_of_a_logarithmic_panel_lies_at_its_value() -> None:
    """Plotly takes shapes in the values of the data, and only ranges in logarithms."""
    (shape,) = quality().layout.shapes
    assert (shape.y0, shape.y1, shape.yref) == (2.5, 2.5, "y3")


def test_mark_is_one_point_of_its_panel() -> None:
    (mark,) = [trace for trace in quality().data if trace.mode == "markers"]
    assert (list(mark.x), list(mark.y), mark.yaxis, mark.xaxis or "x") == ([12.8], [17.5], "y3", "x")
    assert mark.hovertemplate.startswith("best: 17.5")
    assert [trace.yaxis for trace in quality().data if trace.mode == "lines"] == ["y", "y2", "y3"]


def test_nothing_is_marked_unless_told() -> None:
    assert {trace.mode for trace in figure().data} == {"lines"}


def test_three_panels_share_the_height_and_one_axis() -> None:
    layout = quality().layout
    domains = [layout.yaxis.domain, layout.yaxis2.domain, layout.yaxis3.domain]
    heights = [high - low for low, high in domains]
    assert heights == pytest.approx([heights[0]] * 3)
    assert (domains[0][1], domains[2][0]) == pytest.approx((1, 0))
    assert domains[0][0] > domains[1][1] > domains[1][0] > domains[2][1]
    assert layout.xaxis.anchor == "y3"


@pytest.mark.parametrize("dark", [False, True])
def test_mark_has_the_colour_of_text(dark: bool) -> None:
    (mark,) = [trace for trace in quality(dark=dark).data if trace.mode == "markers"]
    assert mark.marker.color == (DARK if dark else LIGHT).text


@pytest.mark.parametrize(("dark", "palette"), [(False, LIGHT), (True, DARK)])
def test_scheme_chooses_the_palette(dark: bool, palette: Palette) -> None:
    assert figure(dark=dark).data[0].line.color == palette.generator


def loss_curve(means: np.ndarray, spread: float = 0.0, images: float = 64_000) -> Curve:
    at = np.linspace(images / len(means), images, len(means))
    return Curve("generator", "generator", "solid", np.stack((at, at / 6000, means, means - spread, means + spread)))


def settling(start: float, points: int = 400) -> np.ndarray:
    """A loss that begins at `start`, falls within the first twentieth, and then swings between 0.9 and 1.1."""
    steps = np.arange(points)
    return np.where(steps < points // 20, start, 1 + 0.1 * np.sin(steps))


@pytest.mark.parametrize("start", [12.0, 700.0])
def test_axis_is_scaled_to_what_matters_now(start: float) -> None:
    """The swing of 0.2 takes most of the axis, whatever the first steps were; they lie beyond it."""
    curve = loss_curve(settling(start))
    bounds = settled([curve])
    assert bounds is not None
    low, high = bounds
    assert low <= 0.9 < 1.1 <= high
    assert high - low < 0.4
    assert hidden(Panel([curve], bounds=bounds))
    assert not hidden(Panel([curve]))


def test_single_record_does_not_fix_the_axis() -> None:
    means = settling(1.0)
    means[300] = 50
    bounds = settled([loss_curve(means)])
    assert bounds is not None
    assert bounds[1] < 1.5


def test_axis_has_room_for_reference_lines_and_every_curve() -> None:
    bounds = settled([loss_curve(settling(12)), loss_curve(settling(12) + 3)], [(0.69, "real"), (4.5, "real")])
    assert bounds is not None
    assert 0 <= bounds[0] < 0.69
    assert 4.5 < bounds[1] < 5.2


def test_axis_stays_the_same_while_little_changes() -> None:
    """Its ends are round numbers, so that it does not creep from one refresh to the next."""
    ends = {settled([loss_curve(settling(12, points))]) for points in range(390, 410)}
    assert len(ends) == 1


@pytest.mark.parametrize("means", [[1.0, 1.0], [0.0], [0.0, np.nan], [-3.0, np.inf, -3.0]])
def test_axis_of_odd_curves_is_an_interval_around_them(means: list[float]) -> None:
    bounds = settled([loss_curve(np.array(means))])
    assert bounds is not None
    assert np.isfinite(bounds).all()
    assert bounds[0] < means[0] < bounds[1]


def test_no_curve_has_no_axis_yet() -> None:
    assert settled([Curve("generator", "generator", "solid", np.empty((5, 0)))]) is None
    assert settled([loss_curve(np.array([np.nan, np.nan]))]) is None


def test_band_goes_from_minimum_to_maximum_behind_its_curve() -> None:
    panel = Panel([Curve("generator", "generator", "solid", series(3))], bands=True)
    band, line = over_images([panel]).data
    assert (list(band.x), list(band.y)) == ([0, 1, 2, 2, 1, 0], [1, 2, 3, 1, 0, -1])
    assert (band.fill, band.hoverinfo, band.mode) == ("toself", "skip", "none")
    assert list(line.y) == [0, 1, 2]


def test_zoom_by_hand_is_kept_until_another_view_is_asked_for() -> None:
    def revision(view: str) -> str:
        panel = Panel([Curve("generator", "generator", "solid", series(3))], bounds=(0, 1), view=view)
        return str(over_images([panel], key="run").layout.yaxis.uirevision)

    assert revision("now") == revision("now") != revision("whole")


@pytest.mark.parametrize("panels", [2, 3])
def test_headings_stand_above_their_panels(panels: int) -> None:
    height = 455
    plain = Panel([Curve("generator", "generator", "solid", series(3))])
    layout = over_images([plain] * panels, height=height).layout
    inside = height - TOP - BOTTOM
    axes = [layout["yaxis" if number == 0 else f"yaxis{number + 1}"] for number in range(panels)]
    tops = [TOP + (1 - axis.domain[1]) * inside for axis in axes]
    assert heading_tops(panels, height) == pytest.approx([top - TOP for top in tops])
    assert not any(axis.automargin for axis in (*axes, layout.xaxis))  # or the panels would lie elsewhere


def test_scale_makes_everything_larger() -> None:
    plain, large = figure(), figure(scale=1.5)
    assert large.layout.height == pytest.approx(1.5 * plain.layout.height, abs=1)
    assert large.layout.font.size == 1.5 * plain.layout.font.size
    assert large.layout.margin.l == 1.5 * plain.layout.margin.l
    assert large.data[0].line.width == 1.5 * plain.data[0].line.width
