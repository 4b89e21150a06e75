"""Flatland as a page, in a real browser."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect


def _open(page: Page, query: str = "") -> None:
    page.goto(f"/flatland?{query}")
    expect(page.get_by_test_id("flat-distance")).to_have_text(re.compile(r"0\.\d{3}"))


def _steps(page: Page) -> int:
    return int(re.sub(r"\D", "", page.get_by_test_id("flat-steps").inner_text()))


def _distance(page: Page) -> float:
    return float(page.get_by_test_id("flat-distance").inner_text())


def test_ring_is_covered_and_the_clouds_come_near(page: Page) -> None:
    _open(page)
    before = _distance(page)
    page.get_by_test_id("flat-play").click()
    expect(page.get_by_test_id("flat-fps")).to_have_text(re.compile(r"\d+ pictures/s"))
    expect(page.get_by_test_id("flat-blobs")).to_have_text("8 of 8 blobs covered", timeout=60_000)
    page.get_by_test_id("flat-play").click()
    assert _distance(page) < 0.6 * before


def test_moves_by_button_and_key_are_those_that_they_say(page: Page) -> None:
    _open(page, "k=2")
    page.get_by_test_id("flat-step-d").click()
    expect(page.get_by_test_id("flat-caption")).to_contain_text("The detective moved")
    page.keyboard.press("ArrowRight")  # the second of two
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("flat-caption")).to_contain_text("The forger moved")
    assert _steps(page) == 1
    page.get_by_test_id("flat-canvas").focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("flat-play")).to_have_text("Pause")


def test_address_holds_what_is_set(page: Page) -> None:
    _open(page)
    page.get_by_test_id("flat-data-line2").click()
    page.get_by_test_id("flat-game").select_option("hinge")
    page.get_by_test_id("flat-show-g").check()
    expect(page).to_have_url(re.compile("game=hinge.*show=rfmag"))
    page.reload()
    expect(page.get_by_test_id("flat-game")).to_have_value("hinge")
    expect(page.get_by_test_id("flat-show-g")).to_be_checked()
    expect(page.get_by_test_id("flat-data-line2")).to_have_attribute("aria-pressed", "true")


def test_points_of_a_finger_become_the_cloud(page: Page) -> None:
    _open(page)
    page.get_by_test_id("flat-data-own").click()
    canvas = page.get_by_test_id("flat-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 120, steps=10)
    page.mouse.up()
    expect(page).to_have_url(re.compile("data=own.*points="))
    page.get_by_test_id("flat-play").click()
    page.wait_for_function("() => true")
    expect(page.get_by_test_id("flat-steps")).not_to_have_text("0 steps")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5, 5\n6, 6\n5, 6", "3 lay out of the square"),
        ("0.5 0.5", "One point alone"),
        ("neither here nor there", "There are no two numbers"),
    ],
    ids=["outside", "one", "none"],
)
def test_whatever_is_pasted_gets_a_sentence(page: Page, text: str, told: str) -> None:
    _open(page)
    page.get_by_test_id("flat-data-own").click()
    page.get_by_test_id("flat-open-paste").click()
    page.get_by_test_id("flat-paste").fill(text)
    page.get_by_test_id("flat-use").click()
    expect(page.get_by_test_id("flat-notice")).to_contain_text(told)
    page.get_by_test_id("flat-play").click()
    expect(page.get_by_test_id("flat-steps")).not_to_have_text("0 steps")


def test_of_a_hundred_thousand_pasted_points_some_are_kept(page: Page) -> None:
    _open(page)
    page.get_by_test_id("flat-data-own").click()
    page.get_by_test_id("flat-open-paste").click()
    page.get_by_test_id("flat-paste").evaluate("""(box) => {
      const clipboardData = new DataTransfer();
      const lines = Array.from({ length: 100000 }, (_, i) => `${(i % 97) / 97}, ${(i % 89) / 89}`);
      clipboardData.setData("text", lines.join("\\n"));
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
    }""")
    expect(page.get_by_test_id("flat-notice")).to_contain_text("Of 100,000 points 400 are kept")
    assert len(page.url) < 2000


def test_nonsense_in_a_link_costs_a_sentence(page: Page) -> None:
    _open(page, f"data=own&points={'x' * 5000}&game={'%F0%9F%92%A9' * 400}&k=1e99&g=0-0&lr_d=NaN&colour=red&latents=1")
    expect(page.get_by_test_id("flat-notice")).to_contain_text("Flatland has no field “colour”")
    assert len(page.get_by_test_id("flat-notice").inner_text()) < 900
    assert parse_qs(urlparse(page.url).query) == {"latents": ["1"]}  # what fitted is kept
    page.get_by_test_id("flat-play").click()
    expect(page.get_by_test_id("flat-steps")).not_to_have_text("0 steps")


def test_on_a_phone_nothing_scrolls_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    _open(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("flat-play", "flat-step-d", "flat-step-g"):
        box = page.get_by_test_id(name).bounding_box()
        assert box
        assert box["height"] >= 40
