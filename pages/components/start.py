"""What a server does once: import torch beside the first page, and keep its memory flat."""

import gc
import runpy
import threading
import time
from pathlib import Path

import streamlit as st

APP = Path(__file__).parents[2] / "app.py"
COLLECT_EVERY = 30.0
"""Seconds between two garbage collections; config.toml turns off those after every refresh."""
_device: list[str] = []
_app_has_run = threading.Event()


def once() -> None:
    """What app.py calls first: starts the housekeeping, the first time."""
    _app_has_run.set()
    _housekeeping()


def through_app() -> None:
    """What every page calls first: sends a link that leads straight into a new server through app.py.

    Until st.navigation has been called once, Streamlit takes a folder named pages for an app of the old
    kind and runs the page alone, without navigation, settings and style.
    """
    if not _app_has_run.is_set():
        runpy.run_path(str(APP))
        st.stop()


@st.cache_resource(show_spinner=False)
def _housekeeping() -> threading.Thread:
    thread = threading.Thread(target=_keep_house, daemon=True, name="housekeeping")
    thread.start()
    return thread


def device_line() -> str:
    """What this machine trains on, in words; empty until torch is imported."""
    return _device[0] if _device else ""


def _keep_house() -> None:
    time.sleep(1.0)  # the first page first
    from gan.device import choose, describe

    place = choose()
    _device.append(f"{describe(place.device)}{f' ({place.note})' if place.note else ''}")
    # Modules live as long as the server does: no need to walk through them again and again.
    gc.collect()
    gc.freeze()
    while True:
        time.sleep(COLLECT_EVERY)
        gc.collect()
