import numpy as np
import pytest

from gan.plots import DARK, LIGHT, Palette
from gan.plots_matrix import BACKGROUNDS, confusion, histogram, text_colour
from tests.test_plots import contrast

NAMES = tuple("0123456789")
SHARES = [f"{digit}0 %" for digit in range(10)]


def counts() -> np.ndarray:
    """Every digit was asked for 99 times; 9 of the fours were read as nines."""
    matrix = np.diag(np.full(10, 99))
    matrix[4, 4], matrix[4, 9] = 90, 9
    return matrix


def test_colour_of_an_error_is_its_logarithm_by_that_of_a_whole_row() -> None:
    """log(1 + 9) / log(1 + 99) = 1/2."""
    errors = confusion(counts(), SHARES, NAMES).data[0]
    assert errors.z[4][9] == pytest.approx(0.5)
    assert (errors.zmin, errors.zmax) == (0, 1)
    assert errors.z[4][8] == 0


def test_what_was_read_as_asked_has_no_colour_of_an_error() -> None:
    errors, right = confusion(counts(), SHARES, NAMES).data[:2]
    diagonal = np.eye(10, dtype=bool)
    assert np.isnan(np.array(errors.z, float)[diagonal]).all()
    assert np.isnan(np.array(right.z, float)[~diagonal]).all()


def test_every_count_but_zero_stands_in_its_cell() -> None:
    numbers = confusion(counts(), SHARES, NAMES).data[2]
    found = {(asked, read): text for asked, read, text in zip(numbers.y, numbers.x, numbers.text, strict=True)}
    assert found == {(digit, digit): "99" for digit in range(10)} | {(4, 4): "90", (4, 9): "9"}


def test_hovering_says_what_was_asked_and_read() -> None:
    errors = confusion(counts(), SHARES, NAMES).data[0]
    assert errors.customdata[4][9] == "asked 4, read 9: 9 of 99"


def test_rows_go_down_and_each_has_its_share() -> None:
    built = confusion(counts(), SHARES, NAMES)
    top, bottom = built.layout.yaxis.range[1], built.layout.yaxis.range[0]
    assert top < 0 < 9 < bottom
    beside = built.data[3]
    assert (list(beside.y), list(beside.text)) == (list(range(10)), SHARES)
    assert built.layout.xaxis.range[1] > beside.x[0] > 9.5


def test_axes_are_labelled() -> None:
    layout = confusion(counts(), SHARES, NAMES).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("read by the judge", "asked")
    assert histogram([1] * 10, [1] * 10, NAMES).layout.xaxis.title.text == "read by the judge"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("opacity", np.linspace(0, 1, 11))
def test_numbers_can_be_read_on_every_colour(palette: Palette, opacity: float) -> None:
    ends = [
        np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        for colour in (BACKGROUNDS[palette], palette.generator)
    ]
    mixed = "#" + "".join(f"{round(part):02x}" for part in ends[0] * (1 - opacity) + ends[1] * opacity)
    assert contrast(text_colour(palette.generator, opacity, palette), mixed) >= 4.5


def test_histogram_shows_forgeries_and_real_images() -> None:
    forged, real = list(range(10)), list(range(10, 20))
    bars, lines = histogram(forged, real, NAMES).data
    assert (list(bars.x), list(bars.y)) == (list(range(10)), forged)
    assert (list(lines.x), list(lines.y)) == (list(range(10)), real)


def test_histogram_writes_each_count_below_its_digit() -> None:
    ticks = histogram([1234] * 10, [1] * 10, NAMES).layout.xaxis.ticktext
    assert ticks[7].startswith("7<br>")
    assert "1,234" in ticks[7]


@pytest.mark.parametrize(("dark", "palette"), [(False, LIGHT), (True, DARK)])
def test_scheme_chooses_the_palette(dark: bool, palette: Palette) -> None:
    assert histogram([1] * 10, [1] * 10, NAMES, dark=dark).data[0].marker.color == palette.generator
    assert confusion(counts(), SHARES, NAMES, dark=dark).data[1].colorscale[0][1] == palette.grid
