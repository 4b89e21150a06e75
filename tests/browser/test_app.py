import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gan import runs
from gan.models import snapshots
from gan.runs import store
from tests.helpers import until
from tests.servers import Server, page_of

AS_PNG = "canvas => canvas.toDataURL()"


def button(page: Page, name: str, exact: bool = True) -> None:
    page.get_by_role("button", name=name, exact=exact).click()


def wait_for_button(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible(timeout=60_000)


def source(page: Page, alt: str) -> str:
    """The bytes of a picture of digits, as they stand in the page."""
    found = page.get_by_alt_text(alt).first.get_attribute("src")
    assert found is not None
    return found


def changes(look: Callable[[], str], before: str) -> None:
    """Waits until what is looked at is something else."""
    until(lambda: look() != before)


def curve(page: Page) -> str:
    """The path of the generator's loss on the screen."""
    return page.locator(".js-line").first.get_attribute("d") or ""


def start(page: Page) -> str:
    """Presses Start on the Train page; returns the run's id when curves are there."""
    page.goto("/train")
    button(page, "Start training")
    wait_for_button(page, "Pause")
    page.locator(".js-line").first.wait_for()
    return page.url.split("run=")[1]


def no_exception(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_train_pause_refresh_resume_stop_and_explore(page: Page, server: Server) -> None:
    run_id = start(page)
    folder = server.runs / run_id
    forged = "Digits that the averaged generator forges"
    before, picture = curve(page), source(page, forged)
    changes(lambda: curve(page), before)
    changes(lambda: source(page, forged), picture)

    button(page, "Pause")
    wait_for_button(page, "Resume")
    paused_at = runs.read(folder).status.progress.images
    page.reload()
    wait_for_button(page, "Resume")
    page.locator(".js-line").first.wait_for()
    assert runs.read(folder).status.state == "paused"
    assert runs.read(folder).status.progress.images == paused_at

    button(page, "Resume")
    wait_for_button(page, "Pause")
    until(lambda: runs.read(folder).status.progress.images > paused_at)
    until(lambda: bool(snapshots.snapshot_paths(folder)))
    button(page, "Stop and keep")
    expect(page.get_by_text("Stopped:")).to_be_visible()
    assert runs.read(folder).status.state == "stopped"
    no_exception(page)

    page.get_by_role("link", name="Explore this one").click()
    expect(page).to_have_url(f"{server.address}/explore?model={run_id}")
    canvas = page.get_by_test_id("digit-canvas")
    canvas.wait_for()
    three = canvas.evaluate(AS_PNG)
    page.get_by_test_id("digit-button-8").click()
    changes(lambda: canvas.evaluate(AS_PNG), three)
    eight = canvas.evaluate(AS_PNG)
    page.get_by_test_id("latent-slider-0").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    changes(lambda: canvas.evaluate(AS_PNG), eight)
    button(page, "Reset")
    until(lambda: canvas.evaluate(AS_PNG) == eight)
    no_exception(page)


def test_second_tab_sees_the_run_and_its_start_is_refused_in_words(
    page: Page, browser: Browser, server: Server
) -> None:
    run_id = start(page)
    other = browser.new_page(base_url=server.address)
    other.set_default_timeout(60_000)
    other.goto("/train")
    expect(other).to_have_url(f"{server.address}/train?run={run_id}")
    wait_for_button(other, "Pause")
    other.goto("/train?run=new")
    button(other, "Start training")
    expect(other.get_by_text(f"{run_id} is training now")).to_be_visible()
    assert len(list(server.runs.glob("2*"))) == 1
    button(other, "Stop it and start this one")
    wait_for_button(other, "Pause")
    assert run_id not in other.url
    assert runs.read(server.runs / run_id).status.state == "stopped"
    expect(page.get_by_text("Stopped:")).to_be_visible()
    button(other, "Discard")
    until(lambda: len(list(server.runs.glob("2*"))) == 1)
    no_exception(other)
    other.close()


def test_learning_rate_moves_while_it_trains(page: Page, server: Server) -> None:
    folder = server.runs / start(page)
    before = runs.read(folder).status
    slider = page.get_by_role("slider", name="Learning rate of the generator")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    until(lambda: runs.read(folder).status.control.lr_g < before.control.lr_g)
    assert runs.read(folder).status.control.lr_d == before.control.lr_d
    no_exception(page)


def test_bad_setting_is_refused_beside_its_field(page: Page, server: Server) -> None:
    page.goto("/train")
    page.get_by_text("All settings").click()
    page.get_by_role("tab", name="Generator").click()
    field = page.get_by_role("tabpanel", name="Generator").get_by_label("Hidden layers", exact=True)
    field.fill("16, 0")
    field.press("Enter")
    said = page.get_by_text("generator.widths is 16, 0; it has to be between 1 and 4,096.")
    expect(said).to_have_count(2)  # under the field, and beside the button that it stops
    expect(page.get_by_role("tabpanel", name="Generator").locator(said)).to_be_visible()
    expect(said.last).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    assert list(server.runs.glob("2*")) == []


def records(folder: Path) -> list[tuple[float, ...]]:
    curves = store.Curves(folder)
    curves.update()
    return [tuple(column) for column in curves.series("loss_g")[0].T]


def test_killed_server_loses_nothing_that_a_page_has_shown(browser: Browser, own_server: Server) -> None:
    with page_of(browser, own_server) as page:
        folder = own_server.runs / start(page)
        until(lambda: runs.read(folder).status.progress.seconds > 2)
        shown = records(folder)
        seconds = runs.read(folder).status.progress.seconds
        own_server.process.send_signal(signal.SIGKILL)
        own_server.process.wait(10)
        until(lambda: runs.read(folder).status.state == "interrupted", seconds=20)
    assert records(folder)[: len(shown)] == shown
    status = store.read_status(folder)
    assert status is not None
    # The pipe's end told the worker: its checkpoint is from after the kill, so nothing is lost.
    assert (folder / store.CHECKPOINT).exists()
    assert status.progress.seconds >= seconds


PATHS = ("/", "/train", "/explore", "/interpolate", "/draw", "/evaluate", "/runs", "/quiz")


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_open_by_their_address_and_do_not_scroll_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in PATHS:
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible()
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), path
        no_exception(page)


def test_first_page_of_a_new_server_has_navigation_and_title(browser: Browser, own_server: Server) -> None:
    with page_of(browser, own_server) as page:
        page.goto("/runs")
        expect(page.locator("h1").first).to_be_visible()
        expect(page).to_have_title("Counterfeit")
        expect(page.get_by_test_id("stTopNavSection").filter(has_text="Play")).to_be_visible()
        no_exception(page)


def test_worker_killed_by_the_system_reads_interrupted_on_the_page(page: Page, server: Server) -> None:
    folder = server.runs / start(page)
    until(lambda: (folder / store.CHECKPOINT).exists())
    (worker,) = server.workers()
    killed_at = runs.read(folder).status.progress.seconds
    shown = records(folder)
    start_of_wait = time.monotonic()
    worker.kill()
    expect(page.get_by_text("Interrupted after")).to_be_visible()
    print(f"interrupted shown after {time.monotonic() - start_of_wait:.1f} s")
    button(page, "Resume")
    wait_for_button(page, "Pause")
    until(lambda: runs.read(folder).status.segment == 1 and runs.read(folder).status.state == "running")
    curves = store.Curves(folder)
    curves.update()
    resumed_at = curves._starts[1]
    valid, tails = curves.series("loss_g")
    seconds_at_resume = max((row[1] for row in valid.T if row[0] <= resumed_at), default=0.0)
    assert killed_at - seconds_at_resume <= 10
    kept = {tuple(column) for part in (valid, *tails) for column in part.T}
    assert set(shown) <= kept
    no_exception(page)
