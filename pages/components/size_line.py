"""The line beside Start: how large the networks are and what they need, or why that is too much."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from functools import lru_cache

import streamlit as st

from gan.config import TrainConfig
from pages.components import start

_background = ThreadPoolExecutor(1, thread_name_prefix="sizes")
PATIENCE = 0.3
"""Seconds that a page waits for the line; after that it comes by itself."""
LOOK_AGAIN = "1s"
NBSP = "\N{NO-BREAK SPACE}"


@lru_cache(maxsize=64)
def _computed(config: TrainConfig) -> "Future[None]":
    """The size of a model, computed beside the page: the first time, torch imports more for it."""

    def compute() -> None:
        from gan.runs import footprint

        footprint.of(config)

    return _background.submit(compute)


def _words(config: TrainConfig) -> tuple[str, str]:
    """The line, or what is in the way of such a run; torch has to be there."""
    from gan import device
    from gan.runs import footprint
    from gan.system import memory

    try:
        needed = footprint.check(config, device.choose(config.device).device)
    except (footprint.FootprintError, device.DeviceError) as error:
        return "", str(error)
    memory_size, disk_size = (memory.size(size).replace(" ", NBSP) for size in (needed.memory, needed.disk))
    return (
        f"About {needed.generator:,} + {needed.discriminator:,} parameters, {memory_size} of memory, "
        f"{disk_size} on disk"
    ), ""


def show(config: TrainConfig) -> bool:
    """Draws the line; says whether such a run can start. While nothing is known yet, the worker will find out."""
    with st.container(key="size"):  # keeps its place while it is empty, so that the button below stays where it is
        return _show(config)


def _show(config: TrainConfig) -> bool:
    ready = False
    if start.device_line():  # torch is imported
        try:
            _computed(config).result(PATIENCE)
            ready = True
        except NotYet:
            pass
    if not ready:
        _wait(config)
        return True
    line, trouble = _words(config)
    if trouble:
        st.error(trouble)
    else:
        st.caption(line)
    return not trouble


def _wait(config: TrainConfig) -> None:
    """An empty line that shows the page anew once the size is known."""
    # Not in the run that draws the page: that may be the one of a click on a button below, which would be lost.
    is_drawn = False

    @st.fragment(run_every=LOOK_AGAIN)
    def look() -> None:
        nonlocal is_drawn
        st.caption(NBSP)
        if is_drawn and start.device_line() and _computed(config).done():
            st.rerun()
        is_drawn = True

    look()
