"""The look that the theme cannot give, and small pieces of page that several pages show."""

import base64
import html
import re

import numpy as np
import streamlit as st

from gan import data, render
from gan.messages import Quality, Status
from pages.components import glossary

_CSS = """
<style>
  .block-container { padding-top: 4.2rem; padding-bottom: 2rem; max-width: 1320px; }
  h1 { font-size: 1.5rem !important; padding: 0 0 .2rem 0 !important; }
  h2 { font-size: 1.05rem !important; padding: 0 0 .1rem 0 !important; }
  /* Digits are pixels, and stay pixels. */
  .digits { image-rendering: pixelated; width: 100%; display: block; border-radius: 3px; }
  /* Numbers that change keep their width; a panel that refreshes does not fade. */
  .bar, [data-testid="stProgress"] { font-variant-numeric: tabular-nums; }
  [data-stale="true"] { opacity: 1 !important; transition: none !important; }
  .bar { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .1rem 1.5rem; }
  .bar .what { font-size: 1.5rem; font-weight: 600; }
  .bar .where { opacity: .85; }
  @media (max-width: 640px) { .bar .where { font-size: .8rem; white-space: nowrap; } }
  .state-running, .state-starting { color: #2f9e62; }
  .state-paused { color: #c27a10; }
  .state-failed, .state-interrupted, .state-silent { color: #dc4c4c; }
  .histogram { display: grid; grid-template-columns: repeat(10, 1fr); gap: 2px; height: 34px; font-size: .7rem; }
  .histogram span { display: flex; flex-direction: column; justify-content: flex-end; text-align: center; }
  .histogram i { background: currentColor; opacity: .45; min-height: 1px; }
  .run { position: relative; line-height: 1.5; overflow-wrap: anywhere; }
  .name { overflow-wrap: anywhere; }
  [class*="st-key-row-"] { border-top: 1px solid rgb(128 128 128 / .25); padding-top: .6rem; }
  .quiet { opacity: .75; font-size: .875rem; padding-bottom: .25rem; }
</style>
"""


def apply() -> None:
    """Puts the style sheet into the page."""
    st.html(f"{_CSS}<style>{glossary.STYLE}</style>")


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


def quality(found: Quality) -> None:
    """How good the forgeries are by the last measurement, and how often each digit is among them."""
    said = [f"FCD {found.fcd:.1f} (real digits: {found.fcd_floor:.1f})"]
    if found.agreement is not None:
        said.insert(0, f"{found.agreement:.1%} read as asked (real digits: {found.agreement_floor:.1%})")
    most = max(found.histogram)
    bars = "".join(
        f'<span title="{count} read as {digit}"><i style="height:{100 * count / most:.0f}%"></i>{digit}</span>'
        for digit, count in enumerate(found.histogram)
    )
    when = f" after {found.measured_images:,} images" if found.measured_images else ""  # older runs do not say
    st.html(
        f'<div class="quiet">{sum(found.histogram):,} forgeries{when}: {" · ".join(said)}</div>'
        f'<div class="histogram" role="img" aria-label="How often each digit was read">{bars}</div>'
    )


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, 1:05, or hours, 1:02:03."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def digits(png: bytes, alt: str, above: str = "") -> None:
    """A picture of digits, as wide as its place, with a quiet line above it.

    It comes with the page itself, not by a request of its own, so that it never blinks while it is
    replaced.
    """
    line = f'<div class="quiet">{html.escape(above)}</div>' if above else ""
    source = base64.b64encode(png).decode()
    st.html(f'{line}<img class="digits" alt="{html.escape(alt)}" src="data:image/png;base64,{source}">')


@st.cache_data(show_spinner=False, max_entries=8)
def blank(rows: int) -> bytes:
    """A grid of ten columns with nothing in it, which keeps the place of one that is to come."""
    return render.png(render.grid(np.zeros((rows * 10, 28, 28), np.uint8), columns=10))


@st.cache_data(show_spinner=False, max_entries=8)
def real_digits(rows: int) -> bytes:
    """`rows` rows of the digits 0 to 9 from the real test images, as PNG."""
    examples = data.load().examples(rows)
    by_row = np.concatenate([examples[row::rows] for row in range(rows)])
    return render.png(render.grid(by_row, columns=10))
