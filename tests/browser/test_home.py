"""Home: three ways in, each with a picture that moves, and what trains now."""

import re
from contextlib import closing
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from gan import runs
from gan.runs import store
from tests.helpers import small, stop_at, train, until
from tests.servers import Server

PIXELS = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.join()"""


def test_home_leads_three_ways_whose_pictures_move(page: Page, server: Server) -> None:
    page.goto("/")
    for number in range(3):
        canvas = page.locator(f".st-key-way-{number} canvas")
        expect(canvas).to_be_visible()
        first = canvas.evaluate(PIXELS)
        until(lambda canvas=canvas, first=first: canvas.evaluate(PIXELS) != first)  # type: ignore[misc]
    for name, where in (("Train one now", "train"), ("Play with a", "explore"), ("Understand", "learn")):
        page.goto("/")
        page.get_by_role("button", name=name).click()
        expect(page).to_have_url(re.compile(rf"/{where}(\?|$)"))


def test_picture_stands_still_for_somebody_who_wants_no_motion(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    canvas = page.locator(".st-key-way-1 canvas")
    expect(canvas).to_be_visible()
    until(lambda: len(set(canvas.evaluate(PIXELS).split(","))) > 8)
    assert len({canvas.evaluate(PIXELS) for _ in range(10)}) == 1


def test_home_names_the_run_that_trains(page: Page, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_RUNS_DIR", str(server.runs))
    folder = runs.create(small())
    train(folder, stop_at(64))
    with runs.lock(folder), closing(store.Writer(folder)) as writer:
        writer(replace(runs.read(folder).status, state="running"))
        page.goto("/")
        page.get_by_role("link", name="Watch cgan").click()
        expect(page).to_have_url(re.compile(rf"train\?run={folder.name}"))
