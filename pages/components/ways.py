"""What Home shows: the three ways in, each with a moving picture, and what trains now."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import streamlit as st

from gan import render, runs
from gan.paths import WALK
from gan.runs import recordings
from pages.components import look, widget

MOST_RUNS = 3
"""Runs that are named as training now; the Runs page has all of them."""


def _text(grey: render.Bytes) -> str:
    return base64.b64encode(grey.tobytes()).decode()


@cache
def _training() -> dict[str, Any] | None:
    """The recorded run as `gan/web/src/home/training.js` takes it; None if it cannot be read."""
    recording = recordings.shipped(*recordings.HEALTHY)
    if recording is None:
        return None
    losses = {name: recording.curves[name] for name in ("loss_g", "loss_d")}
    images = losses["loss_d"][0]
    # The first steps lie far above all others.
    top = 1.2 * max(float(np.percentile(curve[2], 90)) for curve in losses.values())
    of_height = {name: (np.interp(images, curve[0], curve[2]) / top).clip(0, 1) for name, curve in losses.items()}
    cells = render.cells(recording.strip).reshape(-1, recordings.COLUMNS, 28, 28)
    return {
        "kind": "training",
        "images": images.tolist(),
        "lossG": of_height["loss_g"].tolist(),
        "lossD": of_height["loss_d"].tolist(),
        "moments": list(recording.moments),
        "strip": _text(cells.swapaxes(1, 2)),
    }


@cache
def _walking() -> dict[str, Any]:
    with np.load(WALK, allow_pickle=False) as walk:
        return {
            "kind": "walking",
            "pictures": _text(walk["images"]),
            "digits": walk["digits"].tolist(),
            "sliders": walk["sliders"].astype(float).tolist(),
        }


@dataclass(frozen=True)
class Way:
    """A way into the app."""

    label: str
    icon: str
    page: str
    says: str
    picture: Callable[[], dict[str, Any] | None]


WAYS = (
    Way(
        "Train one now",
        ":material/model_training:",
        "pages/train.py",
        "Watch a forger and a detective learn from each other. Digits can be read after a few seconds.",
        _training,
    ),
    Way(
        "Play with a trained one",
        ":material/tune:",
        "pages/explore.py",
        "Ask for a digit and move sliders; the forgery follows your fingers.",
        _walking,
    ),
    Way(
        "Understand how it works",
        ":material/school:",
        "pages/learn.py",
        "Eight short chapters, each beside something to touch. This game runs in your browser.",
        lambda: {"kind": "playing"},
    ),
)


def show() -> None:
    """The three ways, side by side; below each other on a phone."""
    for number, (way, column) in enumerate(zip(WAYS, st.columns(len(WAYS), gap="large"), strict=True)):
        with column, st.container(key=f"way-{number}"):
            if data := way.picture():
                # In a list: Streamlit looks for tables among the values of a dictionary, and imports pandas for it.
                widget.component("home")(data=[data], key=f"moving-{data['kind']}")
            if st.button(way.label, type="secondary" if number else "primary", icon=way.icon, width="stretch"):
                st.switch_page(way.page)
            st.caption(way.says)


def now() -> None:
    """The runs that train at this moment, a line each."""
    training = runs.training()
    for run in training[:MOST_RUNS]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"now-{look.short_key(run.id)}"):
            st.html(f'<div class="bar"><span class="where">{look.where(run.status)}</span></div>', width="content")
            st.page_link(
                "pages/train.py",
                label=f"Watch {run.config.preset}",
                icon=":material/visibility:",
                query_params={"run": run.id},
            )
    if (more := len(training) - MOST_RUNS) > 0:
        st.page_link("pages/runs.py", label=f"and {more} more", icon=":material/list:")
