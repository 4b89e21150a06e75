import csv
import json

import pytest
from playwright.sync_api import Page, expect

from gan.quality.results import KINDS
from tests.browser.test_app import button, no_exception
from tests.servers import Server


@pytest.mark.parametrize("width", [1280, 390])
def test_evaluate_shows_figures_matrix_and_wall_and_saves_them(page: Page, server: Server, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/evaluate?model=pretrained")
    expect(page.get_by_role("heading", name="Evaluate")).to_be_visible()
    page.get_by_label("Samples").click()
    page.get_by_role("option", name="1,000", exact=True).click()
    button(page, "Evaluate")
    page.locator(".wall").nth(1).wait_for(timeout=180_000)
    rows = page.locator(".figures").first.locator("tbody tr")
    expect(rows).to_have_count(len(KINDS))
    expect(page.locator(".verdict")).to_contain_text("times the floor")
    expect(page.locator(".js-plotly-plot .heatmaplayer image").first).to_be_attached()
    expect(page.locator(".wall img")).to_have_count(4)
    # Each caption is centred below its digit, and the answer is there without scrolling.
    picture, caption = page.locator(".wall img").first, page.locator(".wall .captions > div")
    box, third = picture.bounding_box(), caption.nth(2).bounding_box()
    assert box is not None
    assert third is not None
    assert abs(box["x"] + box["width"] / 2 - third["x"] - third["width"] / 2) < 2
    if width == 1280:
        last = rows.last.bounding_box()
        assert last is not None
        assert last["y"] + last["height"] <= 800
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    with page.expect_download() as download:
        button(page, "Save as CSV")
    found = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert [row["figure"] for row in found] == list(KINDS)[:-1]
    assert {(row["model"], row["n"], row["seed"]) for row in found} == {("pretrained", "1000", "0")}
    with page.expect_download() as download:
        button(page, "Save as JSON")
    (content,) = json.loads(download.value.path().read_text())
    assert str(content["figures"]["fcd"]["value"]) == found[1]["value"]
    no_exception(page)

    page.reload()
    expect(page.get_by_role("heading", name="Evaluate")).to_be_visible()
    assert page.url.endswith("/evaluate?model=pretrained&n=1000")
    expect(page.locator(".verdict")).to_contain_text("times the floor", timeout=180_000)
    no_exception(page)
