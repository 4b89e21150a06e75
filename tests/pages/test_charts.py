"""The charts of a run that trains, through Streamlit's AppTest: when they are drawn anew."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.runs import store
from gan.training.messages import Record, Segment, State, Summary
from tests.helpers import small

IMAGES = 100_000
"""Seen when the charts are drawn first."""


def _page(of: dict) -> None:  # type: ignore[type-arg]
    """The charts alone; everything that it needs is imported here, for a page is a program of its own."""
    from pages.components import charts

    charts.show(of["run"])


class Charts:
    """A run that somebody watches."""

    def __init__(self) -> None:
        self._folder = runs.create(small())
        self._writer = store.Writer(self._folder)
        self._writer(Segment(0, 0, 0.0))
        for images in range(1000, IMAGES, 1000):
            self._record(images)
        self._of: dict[str, Any] = {}
        self.app = AppTest.from_function(_page, default_timeout=60, args=(self._of,))

    def _record(self, images: int) -> None:
        values = {name: Summary(*[images / 1e5 + place] * 3) for place, name in enumerate(("loss_g", "loss_d"))}
        self._writer(Record(images, images / 1000, 0, values))

    def at(self, images: int, state: State = "running", seconds: float = 30.0) -> str:
        """What is drawn after so many images: the figure, as it is sent to a browser."""
        self._record(images)
        run = runs.read(self._folder)
        progress = replace(run.status.progress, images=images, seconds=seconds)
        self._of["run"] = replace(run, status=replace(run.status, state=state, progress=progress))
        self.app.run()
        assert not self.app.exception
        (chart,) = self.app.get("plotly_chart")
        return str(chart.proto.spec)


class Clock:
    """In place of the monotonic clock."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("pages.components.charts.time", clock)
    return clock


@pytest.fixture
def charts(runs_root: Path, clock: Clock) -> Charts:
    return Charts()


def test_charts_of_a_run_that_trains_are_drawn_anew_when_a_curve_has_grown_visibly(
    charts: Charts, clock: Clock
) -> None:
    first = charts.at(IMAGES)
    clock.now += 1.0
    assert charts.at(IMAGES + 50_000) == first  # not at every refresh
    clock.now += 1.0
    later = charts.at(IMAGES + 50_001)
    assert later != first
    clock.now += 3.0
    assert charts.at(IMAGES + 51_000) == later  # nobody could see it
    clock.now += 2.0
    assert charts.at(IMAGES + 51_001) != later


def test_charts_are_drawn_at_each_refresh_while_most_happens(charts: Charts) -> None:
    first = charts.at(IMAGES, seconds=3.0)
    assert charts.at(IMAGES + 1, seconds=3.1) != first


def test_charts_are_drawn_anew_when_another_view_is_asked_for(charts: Charts) -> None:
    first = charts.at(IMAGES)
    charts.app.session_state["scale"] = 1.5
    assert charts.at(IMAGES + 1) != first


def test_charts_of_a_run_that_rests_show_all_of_it(charts: Charts) -> None:
    first = charts.at(IMAGES)
    paused = charts.at(IMAGES + 1, "paused")
    assert paused != first
    assert charts.at(IMAGES + 2, "paused") != paused
