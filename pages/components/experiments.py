"""Two experiments with a run that is paused, tried on copies of it: the run itself stays where it is."""

import base64
import html
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from gan import plots, render, runs
from gan.runs import Run, RunError, store
from gan.training.messages import Command
from pages.components import journal, look

EVERY = 0.4
"""Seconds between two looks at an experiment that goes on."""
LARGEST = 2_000_000
"""Bytes of the file of one."""
FADED = 0.5
"""A gradient that is shorter than this share of what it was has faded."""

DEEDS = {"alone": "trained-d-alone", "at-once": "moved-both-at-once"}
"""What one has done who presses the button of an experiment."""


@dataclass(frozen=True)
class Line:
    """A curve with its label and a class of colour."""

    label: str
    role: str
    values: list[float]
    dash: str = ""


def show(run: Run) -> None:
    """Both, each with a button, and below what came out of the last one."""
    st.header("Two experiments")
    st.caption("On copies of the networks as they are now, for a few seconds: this run stays where it is.")
    alone, together = st.columns(2, gap="medium")
    with alone:
        st.markdown(
            "**Train D to the end while G stands still.** Why not let the detective learn all it can first? Watch how "
            "much it still has to tell the forger."
        )
        _button(run, "alone", "Train D alone")
    with together:
        st.markdown(
            "**Let both move at once.** Why in turn, with the other one frozen? Two copies: in one they take turns, in "
            "the other both gradients are taken before anyone moves."
        )
        _button(run, "at-once", "Let both move at once")
    key = _key(run)
    going_on = _goes_on(run)

    @st.fragment(run_every=EVERY if going_on else None)
    def course() -> None:
        found = _read(run.folder, st.session_state.get(key, {}).get("before"))
        if found is None:
            return
        if found["name"] == "alone":
            _alone(found)
        else:
            _at_once(found)
        if going_on and found["done"]:
            st.session_state[key]["segment"] = None
            st.rerun()

    if key in st.session_state:
        course()


def _key(run: Run) -> str:
    return f"experiment-{look.short_key(run.id)}"


def _goes_on(run: Run) -> bool:
    """Whether the last experiment is not done yet. One whose process has ended never is; the next process begins
    another segment of the run."""
    segment: int | None = st.session_state.get(_key(run), {}).get("segment")
    return segment == run.status.segment


def _button(run: Run, name: str, label: str) -> None:
    off = run.status.state != "paused" or _goes_on(run)
    if st.button(label, key=f"experiment-{name}", icon=":material/science:", disabled=off):
        before = _stamp(run.folder)
        try:
            runs.send(run.folder, Command("experiment", player=name))
        except RunError as error:
            st.error(look.plain(str(error)))
        else:
            st.session_state[_key(run)] = {"before": before, "segment": run.status.segment}
            journal.did(DEEDS[name])
            st.rerun()


def _stamp(folder: Path) -> int:
    try:
        return (folder / store.INSPECTIONS["experiment"]).stat().st_mtime_ns
    except OSError:
        return 0


def _read(folder: Path, before: int | None) -> dict[str, Any] | None:
    """What an experiment has found since; None before there is anything, or where it cannot be read."""
    if _stamp(folder) == before:
        return None
    try:
        path = folder / store.INSPECTIONS["experiment"]
        if path.stat().st_size > LARGEST:
            return None
        found = json.loads(path.read_bytes())
        count = len(found["x"])
        fits = all(len(values) <= count for values in found["series"].values())
        return found if fits and isinstance(found["done"], bool) and isinstance(found["name"], str) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _alone(found: dict[str, Any]) -> None:
    series, x = found["series"], found["x"]
    lines = [Line("with the loss of this run", "generator", series.get("gradient", []))]
    if "gradient_saturating" in series:
        lines.append(Line("with log(1 − D(G(z))), the loss of 2014", "real", series["gradient_saturating"], "5 4"))
    _chart("How long G’s gradient would be, by moves of D", x, lines, logarithmic=True)
    own = series.get("gradient", [])
    if not found["done"] or len(own) < 2:
        return
    said = []
    if d_fake := series.get("d_fake"):
        said.append(f"After {x[-1]} moves alone D gives forgeries a chance of {_percent(d_fake[-1])}.")
    else:
        said.append(f"D has moved {x[-1]} times alone.")
    share = own[-1] / own[0] if own[0] else 0.0
    if share < FADED:
        said.append(
            f"G’s gradient has faded to {_percent(share)} of what it was: a detective that knows everything teaches "
            "little."
        )
    else:
        said.append(
            f"With this run’s loss G’s gradient is {share:.1f} times what it was: this loss still teaches where D "
            "wins, but D has become an expert in forgeries that G will not make again after its next move."
        )
    if saturating := series.get("gradient_saturating"):
        left = saturating[-1] / saturating[0] if saturating[0] else 0.0
        said.append(
            f"With the first loss of 2014 it is {_percent(left)} of what it was. That is the vanishing gradient, and "
            "why G moves after a move or a few of D."
        )
    st.markdown(" ".join(said))


def _at_once(found: dict[str, Any]) -> None:
    series, x = found["series"], found["x"]
    charts = st.columns(2, gap="medium")
    names = {"in_turn": ("in turn", ""), "at_once": ("at once", "5 4")}
    for column, quantity, role, title in (
        (charts[0], "loss_d", "discriminator", "Loss of D, by steps"),
        (charts[1], "loss_g", "generator", "Loss of G, by steps"),
    ):
        with column:
            lines = [
                Line(label, role, series.get(f"{name}.{quantity}", []), dash) for name, (label, dash) in names.items()
            ]
            _chart(title, x, lines)
    for name, (label, _) in names.items():
        if (images := _pictures(found.get("pictures", {}).get(name))) is not None:
            look.digits(render.png(render.grid(images, 10)), f"Forgeries, {label}", label.capitalize())
    if found["done"] and x:
        st.markdown(
            f"After {x[-1]} steps each. At once, each answers an opponent that has just moved away; in turn, G meets "
            "the D that has already looked. With small steps the two are nearly the same game; with larger ones, "
            "moving at once tends to circle, and turns are the safer habit."
        )


def _pictures(text: object) -> Any:
    try:
        return np.frombuffer(base64.b64decode(str(text)), np.uint8).reshape(10, 28, 28) if text else None
    except ValueError:
        return None


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1g}" if share else "0 %"


def _chart(title: str, x: list[int], lines: list[Line], logarithmic: bool = False) -> None:
    """A small chart with its labels beside the curves."""
    width, height, left, bottom, top = 560, 200, 46, 24, 8
    right = 10
    values = [v for line in lines for v in line.values if isinstance(v, int | float) and math.isfinite(v)]
    values = [v for v in values if v > 0] if logarithmic else values
    if not values or not x:
        st.html(f'<div class="quiet">{html.escape(title)} …</div>')
        return
    low, high = min(values), max(values)
    scale = math.log10 if logarithmic else float
    low, high = scale(low), scale(high)
    room = 0.06 * (high - low) or 0.5
    low, high = low - room, high + room
    last = max(x[-1], 1)

    def place(at: float, value: float) -> str:
        up = (scale(value) - low) / (high - low)
        return f"{left + (width - left - right) * at / last:.1f},{top + (height - top - bottom) * (1 - up):.1f}"

    palette = plots.DARK if look.dark() else plots.LIGHT
    parts = []
    for line in lines:
        points = [
            place(at, value)
            for at, value in zip(x, line.values, strict=False)
            if isinstance(value, int | float) and math.isfinite(value) and (value > 0 or not logarithmic)
        ]
        colour = getattr(palette, line.role)
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{line.dash or "none"}" '
            f'points="{" ".join(points)}"/>'
        )
    for share in (0.1, 0.5, 0.9):
        value = low + share * (high - low)
        text = f"{10**value:.2g}" if logarithmic else f"{value:.2g}"
        y = top + (height - top - bottom) * (1 - share)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y}" y2="{y}" stroke="{palette.grid}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{text}</text>')
    for at in (0, last // 2, last):
        where = left + (width - left - right) * at / last
        parts.append(f'<text x="{where}" y="{height - 6}" text-anchor="middle">{at}</text>')
    # A picture by itself: of drawings inside of a page Streamlit leaves only the words.
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="{palette.text}">{"".join(parts)}</svg>'
    )
    key = "&ensp;".join(
        f'<span class="{line.role}">{"┅┅" if line.dash else "━━"} {html.escape(line.label)}</span>' for line in lines
    )
    st.html(
        f'<div class="quiet">{html.escape(title)}&ensp;{key}</div>'
        f'<img style="width:100%;max-width:46rem;display:block" '
        f'alt="{html.escape(title)}" src="{render.url(svg.encode(), "svg+xml")}">'
    )
