"""A data set that does not ship, from the form to Explore and Evaluate, fetched from a mirror on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gan import data
from tests.browser.test_app import button, no_exception
from tests.mirror import Mirror, mirror, small_set
from tests.servers import page_of, serving

SPEC = data.spec("fashion-mnist")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[tuple[Mirror, Path, Page]]:
    """A mirror, the cache, and a page of a server that knows both."""
    folder = tmp_path_factory.mktemp("fashion")
    with mirror(folder, small_set()) as (one, environment), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with serving(folder) as server, page_of(browser, server) as page:
            yield one, folder / "cache", page


def start(page: Page) -> None:
    page.goto("/train?run=new")
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name=SPEC.title).click()
    expect(page.get_by_text("is not on this machine yet")).to_be_visible()
    button(page, "Start training")


def test_run_on_fetched_set_goes_from_the_form_to_explore_and_evaluate(served: tuple[Mirror, Path, Page]) -> None:
    one, cache, page = served
    one.fault = "slow"
    start(page)
    expect(page.get_by_text(f"Fetching {SPEC.title}")).to_be_visible()
    button(page, "Discard")
    expect(page.get_by_text("is in the trash")).to_be_visible()
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == []

    one.fault = ""
    start(page)
    expect(page.get_by_text(f"Training the classifier of {SPEC.title}")).to_be_visible(timeout=90_000)
    # Its own classifier reads the forgeries, and the classes are called by their names.
    expect(page.locator(".histogram b")).to_have_text(list(SPEC.classes), timeout=180_000)
    expect(page.get_by_text("real articles of clothing: ").first).to_be_visible()
    button(page, "Stop and keep")
    page.get_by_text("Stopped:").wait_for()
    no_exception(page)

    page.get_by_role("link", name="Explore this one").or_(page.get_by_role("button", name="Explore this one")).click()
    page.get_by_test_id("digit-button-9").click()
    expect(page.get_by_test_id("digit-button-9")).to_have_text("Ankle boot")
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.set_viewport_size({"width": 1280, "height": 800})

    run = page.evaluate("new URLSearchParams(location.search).get('model')")
    page.goto(f"/evaluate?model={run}&n=1000")
    button(page, "Evaluate")
    page.locator(".wall").nth(1).wait_for(timeout=180_000)
    expect(page.locator(".wall .captions").first).to_contain_text(" → ")
    expect(page.locator("main")).to_contain_text("Ankle boot")
    no_exception(page)
