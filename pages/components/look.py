"""The look that the theme cannot give, and small pieces of page that several pages show."""

import hashlib
import html
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st

from gan import data, glossary, render, web
from gan.training.messages import Status
from pages.components import widget


@cache
def _sheet_and_script() -> str:
    sheet = (Path(__file__).parent / "look.css").read_text()
    # What looks like the beginning of a tag makes the page throw a script away; esbuild leaves no blank in `width<768`.
    script = re.sub(r"<(?=[\w/!])", "< ", web.script("look"))
    return f"<style>{sheet}{glossary.STYLE}</style><script>{script}</script>"


def apply() -> None:
    """Puts style sheet and script into the page."""
    st.html(_sheet_and_script(), unsafe_allow_javascript=True)


def scale() -> float:
    """How much larger than ordinary the page's type is in this tab, as far as is known; figures follow it."""
    return float(st.session_state.get("scale", 1.0))


def follow_scale() -> None:
    """Keeps `scale` what it is; says nothing, and so costs nothing, where type has the ordinary size."""

    def keep() -> None:
        st.session_state["scale"] = st.session_state["type-size"]["scale"]

    widget.listener("scale")(key="type-size", on_scale_change=keep)


def dark() -> bool:
    """Whether the reader's scheme is the dark one."""
    return st.context.theme.type == "dark"


def where(status: Status) -> str:
    """HTML that says where a run stands, in numbers."""
    progress, device = status.progress, status.control.device
    parts = [f'<span class="state-{status.state}">●</span> {status.state}', html.escape(device.split(",")[0])]
    if progress.images:
        parts.append(f"{progress.images:,} images")
    if status.state == "running" and progress.images_per_second:
        parts.append(f"{progress.images_per_second:,.0f}/s")
    if status.state in ("running", "paused") and (left := progress.seconds_left) is not None:
        parts.append(f"{clock(left)} left")
    return " · ".join(part for part in parts if part)


def state_bar(title: str, status: Status) -> None:
    """The head of a page about a run: what it is called, and where it stands."""
    what = f'<span class="what">{html.escape(title)}</span>'
    st.html(f'<div class="bar">{what}<span class="where">{where(status)}</span></div>')


def plain(text: str) -> str:
    """Text as Markdown that shows it letter by letter: what came from outside makes no links and loads no pictures."""
    return re.sub(r"[\\`*_\[\]!$<>~]|:(?=\w)", r"\\\g<0>", text)


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, 1:05, or hours, 1:02:03."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def digits(png: bytes, alt: str, above: str = "", rows: Sequence[str] = ()) -> None:
    """A picture of images, as wide as its place, with a quiet line above it. Names of its `rows` stand
    beside them, unless they are such as everybody sees: digits.

    It comes with the page itself, not by a request of its own, so that it never blinks while it is
    replaced.
    """
    line = f'<div class="quiet">{html.escape(above)}</div>' if above else ""
    image = f'<img class="digits" alt="{html.escape(alt)}" src="{render.url(png)}">'
    if any(len(name) > 1 for name in rows):
        names = "".join(f"<span>{html.escape(name)}</span>" for name in rows)
        image = f'<div class="rows"><div>{names}</div>{image}</div>'
    st.html(f"{line}{image}")


@st.cache_data(show_spinner=False, max_entries=8)
def blank(rows: int, columns: int = render.COLUMNS) -> bytes:
    """A grid with nothing in it, which keeps the place of one that is to come."""
    return render.png(render.grid(np.zeros((rows * columns, 28, 28), np.uint8), columns=columns))


@st.cache_data(show_spinner=False, max_entries=8)
def _real_images(rows: int, dataset: str) -> bytes:
    examples = data.load(dataset).examples(rows)
    by_row = np.concatenate([examples[row::rows] for row in range(rows)])
    return render.png(render.grid(by_row, columns=len(examples) // rows))


def real_images(rows: int, dataset: str) -> bytes:
    """`rows` rows of one of each class from the real test images, as PNG; an empty grid while they are not here."""
    try:
        return _real_images(rows, dataset)
    except data.DataError:
        return blank(rows, len(data.spec(dataset).classes))


def short_key(name: str) -> str:
    """A key for what belongs to a run or a model of any name: Streamlit refuses some, such as those with `__`."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
