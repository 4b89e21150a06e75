"""How it works in a real browser: each chapter is done as it asks, and is ticked."""

import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from gan.chapters import CHAPTERS
from tests.servers import Server, library


def tell(live: Locator) -> None:
    """Presses the left one until three were right."""
    says = live.locator(".tell .says")
    for _ in range(60):
        live.get_by_test_id("tell-0").click()
        if "3 of" in says.inner_text():
            return
        live.get_by_role("button", name="Next pair").click()
    pytest.fail("sixty times wrong")


def opinion(live: Locator) -> None:
    """Draws a stroke; D is here when it says something."""
    paper = live.get_by_test_id("paper")
    paper.hover(position={"x": 120, "y": 40})
    live.page.mouse.down()
    paper.hover(position={"x": 120, "y": 200})
    live.page.mouse.up()
    expect(live.get_by_test_id("opinion")).to_contain_text(re.compile(r"Told that it is a \d, D says 0\.\d+"))
    slide(live.get_by_test_id("noise-to-digit"), "End")


def step(live: Locator) -> None:
    """Plays both moves to their end."""
    for _ in range(13):
        live.get_by_test_id("step-on").click()
    expect(live.locator(".caption")).to_contain_text("D's by 0")


def frozen(live: Locator) -> None:
    """D free: it calls real and forged alike real."""
    live.get_by_test_id("choose-free").click()
    live.get_by_test_id("g-moves").click()
    live.get_by_test_id("g-moves").click()
    expect(live.locator(".says")).to_contain_text("After 2 moves of G")


def value(live: Locator) -> None:
    """Moves the forgeries onto the data: centre 0, width 1."""
    slide(live.get_by_test_id("centre"), *["ArrowLeft"] * 40)
    slide(live.get_by_test_id("width"), *["ArrowRight"] * 8)
    expect(live.get_by_test_id("divergence")).to_have_text("0.000")


def run(live: Locator) -> None:
    """To the end of the recorded run."""
    slide(live.get_by_test_id("moment-of-run"), "End")
    expect(live.locator(".run .quiet").first).to_contain_text("times its floor")


def failures(live: Locator) -> None:
    """All three, on both sides."""
    for name in ("saturating", "learning-rate", "momentum"):
        live.get_by_test_id(f"choose-{name}").click()
        live.get_by_test_id("choose-cured").click()


def ask(live: Locator) -> None:
    """Another digit, another latent: another picture each time."""
    picture = live.get_by_test_id("asked-for")
    seen = {drawn(picture)}
    live.get_by_test_id("choose-7").click()
    seen.add(drawn(picture))
    live.get_by_test_id("another-latent").click()
    seen.add(drawn(picture))
    assert len(seen) == 3


ATTEMPTS: tuple[Callable[[Locator], None], ...] = (tell, opinion, step, frozen, value, run, failures, ask)


GAME = "([mean, width]) => { const g = bestGame(mean, width); return {...g, x: [...g.x], best: [...g.best]}; }"


def drawn(canvas: Locator) -> str:
    """What a canvas shows."""
    return str(canvas.evaluate("canvas => canvas.toDataURL()"))


def slide(slider: Locator, *keys: str) -> None:
    """Moves a slider by keys."""
    slider.focus()
    for key in keys:
        slider.press(key)


def answer(chapter: Locator, text: str) -> None:
    """Chooses an answer."""
    chapter.get_by_text(text, exact=True).click()


def test_every_chapter_is_done_as_it_asks_and_ticked(server: Server, page: Page) -> None:
    page.goto(f"{server.address}/learn")
    for number, (chapter, attempt) in enumerate(zip(CHAPTERS, ATTEMPTS, strict=True), 1):
        part = page.locator(f".st-key-chapter-{number}")
        part.scroll_into_view_if_needed()
        attempt(part)
        expect(page.get_by_test_id(f"attempt-{number}")).to_have_class(re.compile("done"))
        says = page.get_by_test_id(f"answer-{number}")
        if number == 1:
            answer(part, chapter.options[0].text)
            expect(says).to_contain_text(f"No. {chapter.options[0].why}")
        answer(part, chapter.options[chapter.right].text)
        expect(says).to_contain_text(f"Yes. {chapter.options[chapter.right].why}")
        expect(page.get_by_test_id("chapters-done")).to_have_text(f"{number} of 8 ticked")
    # Naive Bayes and the mixture are sampled anew, here and now.
    table = page.get_by_test_id("classics")
    before = [image.get_attribute("src") for image in table.locator("img").all()]
    page.get_by_role("button", name="Sample anew").click()
    expect(table.locator("img").nth(2)).not_to_have_attribute("src", str(before[2]))
    expect(table.locator("img").nth(3)).not_to_have_attribute("src", str(before[3]))
    # The browser keeps what was done.
    page.reload()
    expect(page.get_by_test_id("chapters-done")).to_have_text("8 of 8 ticked")


def test_best_discriminator_is_that_of_the_formula(browser: Browser) -> None:
    """Equal curves: 1/2 everywhere and −log 4. Curves of one width, 2 apart: D is 1/2 half way between, and at the
    forgeries' centre 1 / (1 + e²). Far apart: the divergence is log 2 and the value 0."""
    with library(browser) as page:
        equal, near, far = (page.evaluate(GAME, settings) for settings in ([0, 1], [2, 1], [4.9, 0.02]))
    assert equal["best"] == pytest.approx([0.5] * len(equal["best"]))
    assert (equal["divergence"], equal["value"]) == pytest.approx((0, -math.log(4)), abs=1e-9)
    for x, best in zip(near["x"], near["best"], strict=True):
        assert best == pytest.approx(1 / (1 + math.exp(2 * x - 2)))
    assert far["divergence"] == pytest.approx(math.log(2), rel=0.01)
