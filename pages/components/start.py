"""What a server does once: settings that have to hold, torch beside the first page, and memory that stays flat."""

import ctypes
import gc
import runpy
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.watcher import local_sources_watcher
from streamlit.watcher.path_watcher import NoOpPathWatcher

APP = Path(__file__).parents[2] / "app.py"
COLLECT_EVERY = 30.0
"""Seconds between two garbage collections; config.toml turns off those after every refresh."""
SETTINGS: dict[str, Any] = {
    # In megabytes. Nothing is uploaded here; at the default anybody can fill the server's memory.
    "server.maxUploadSize": 0,
    # Modules that are loaded anew lose hold of the processes that they launched.
    "server.fileWatcherType": "none",
    # A forced collection after every refresh costs five times as much as the refresh itself.
    "runner.postScriptGC": False,
}
"""What must not depend on `.streamlit/config.toml`, which some hosts overrule."""
_device: list[str] = []
_app_has_run = threading.Event()


def once() -> None:
    """What app.py calls first: sees to the settings, and starts the housekeeping the first time."""
    _app_has_run.set()
    for name, value in SETTINGS.items():
        if config.get_option(name) != value:
            config.set_option(name, value, "app.py")
    # The first session was there before its watcher could be switched off; so it watches nothing.
    local_sources_watcher.PathWatcher = NoOpPathWatcher
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
    return _begin(_keep_house, "housekeeping")


@st.cache_resource(show_spinner=False)
def prepare() -> threading.Thread:
    """Imports torch in a thread, the first time. Pages call it from which one goes on to Explore; Evaluate does
    without, and its own process takes memory enough."""
    return _begin(_import_torch, "torch")


def _begin(work: Callable[[], None], name: str) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True, name=name)
    thread.start()
    return thread


def device_line() -> str:
    """What this machine trains on, in words; empty until torch is imported."""
    return _device[0] if _device else ""


def _import_torch() -> None:
    time.sleep(1.0)  # the first page first
    from gan.device import choose, describe

    place = choose()
    _device.append(f"{describe(place.device)}{f' ({place.note})' if place.note else ''}")
    # Modules live as long as the server does: no need to walk through them again and again.
    gc.collect()
    gc.freeze()


def _keep_house() -> None:
    while True:
        time.sleep(COLLECT_EVERY)
        gc.collect()
        with suppress(OSError, AttributeError):  # only the GNU library gives memory back when asked
            ctypes.CDLL(None).malloc_trim(0)
