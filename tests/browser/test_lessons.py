"""Lessons in a browser: each is done from its first step to its last, with what it asks for, and seen ticked."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gan import lessons
from tests.helpers import until
from tests.servers import Server


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def start(page: Page) -> None:
    press(page, "Start training")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_enabled(timeout=90_000)


def move_slider(page: Page, test_id: str, key: str = "ArrowRight") -> None:
    page.get_by_test_id(test_id).focus()
    page.keyboard.press(key)


def pause(page: Page) -> None:
    # So that there is a moment to look back on.
    expect(page.get_by_test_id("moment")).to_be_enabled(timeout=90_000)
    press(page, "Pause")


def go_on_and_end(page: Page) -> None:
    press(page, "Resume")
    # Once it says that it runs, the page is not drawn anew below the pointer.
    expect(page.locator(".state-running")).to_be_visible()
    press(page, "Stop and keep")


def move_of_d(page: Page) -> None:
    press(page, "Begin")
    expect(page.get_by_test_id("step-d")).to_be_enabled(timeout=90_000)
    page.get_by_test_id("step-d").click()


def step(page: Page, button: str) -> None:
    expect(page.get_by_test_id(button)).to_be_enabled()
    page.get_by_test_id(button).click()


def slow_motion(page: Page) -> None:
    page.get_by_label("Speed").fill("4")
    step(page, "step-play")


def slide_and_ask(page: Page) -> None:
    move_slider(page, "latent-slider-0")
    page.get_by_test_id("digit-button-7").click()


def cure(page: Page) -> None:
    press(page, "Stop")
    expect(page.get_by_role("button", name="Break it again")).to_be_visible()
    press(page, "Cure it")


def evaluate(page: Page) -> None:
    press(page, "Evaluate")
    page.locator(".wall").first.wait_for(timeout=180_000)


ASKED: dict[tuple[str, int], Callable[[Page], None]] = {
    ("first-look", 1): start,
    ("first-look", 2): pause,
    ("first-look", 3): lambda page: move_slider(page, "moment", "Home"),
    ("first-look", 4): go_on_and_end,
    ("first-look", 5): slide_and_ask,
    ("who-is-frozen", 1): move_of_d,
    ("who-is-frozen", 2): lambda page: step(page, "step-g"),
    ("who-is-frozen", 3): slow_motion,
    ("who-is-frozen", 4): lambda page: press(page, "Train D alone"),
    ("who-is-frozen", 5): lambda page: press(page, "Let both move at once"),
    ("reading-the-curves", 1): start,
    ("reading-the-curves", 3): lambda page: move_slider(page, "moment", "Home"),
    ("reading-the-curves", 4): lambda page: press(page, "Stop and keep"),
    ("collapse-and-cure", 2): lambda page: press(page, "Break it"),
    ("collapse-and-cure", 3): cure,
    ("latent-walks", 1): lambda page: move_slider(page, "latent-slider-0"),
    ("latent-walks", 2): lambda page: press(page, "Random"),
    ("latent-walks", 3): lambda page: move_slider(page, "scrub"),
    ("latent-walks", 5): lambda page: page.get_by_test_id("flat-play").click(),
    ("what-a-number-means", 1): evaluate,
}
"""What the tasks ask for."""


@pytest.mark.parametrize("name", [lesson.name for lesson in lessons.listing().lessons])
def test_each_lesson_is_done_and_ticked(page: Page, server: Server, name: str) -> None:
    lesson = lessons.find(name)
    page.goto(f"/{lesson.steps[0].page}?{lesson.steps[0].query}&lesson={name}&step=1")
    head = page.locator(".st-key-lesson-head")
    for number, asked in enumerate(lesson.steps, 1):
        expect(head).to_contain_text(f"step {number} of {len(lesson.steps)}")
        expect(page).to_have_url(re.compile(rf"/{asked.page}\?.*step={number}\b"))
        if asked.task:
            expect(page.locator(".lesson-task .open").first).to_be_visible()
        if do := ASKED.get((name, number)):
            do(page)
        for deed in asked.task:
            expect(page.locator(f".lesson-task [data-deed={deed}]")).to_have_class("ticked", timeout=60_000)
        if asked.question:
            expect(head).to_contain_text("to do")
            page.locator(".st-key-lesson-asks").get_by_text(
                asked.question.choices[asked.question.right - 1], exact=True
            ).click()
            expect(page.locator(".lesson-why")).to_contain_text("Right.")
        expect(head).to_contain_text("done")
        page.locator(".st-key-lesson-next button").click()
    ticked = lesson.ticked(frozenset())[1]
    expect(head).to_contain_text(f"{ticked} of {ticked} done")
    expect(page).not_to_have_url(re.compile("lesson="))


def test_a_lesson_is_made_of_a_page_and_opened(page: Page, server: Server) -> None:
    page.goto("/explore?model=pretrained&digit=4")
    page.get_by_test_id("digit-button-7").click()
    expect(page).to_have_url(re.compile("digit=7"))
    press(page, "Make a lesson of this")
    question = page.get_by_label("A question to think about")
    question.fill("Which way makes it slant?")
    question.press("Tab")
    page.get_by_label("Hide").click()
    page.get_by_role("option", name="D’s opinion").click()
    link = page.get_by_test_id("lesson-link")
    expect(link).to_have_value(re.compile("digit=7.*lesson="))
    made = lessons.from_link(link.input_value().rpartition("lesson=")[2])
    until(lambda: lessons.from_link(link.input_value().rpartition("lesson=")[2]).hide == ("opinion",))
    assert (made.page, made.ask) == ("explore", "Which way makes it slant?")

    page.goto(link.input_value())
    expect(page.locator(".st-key-lesson-text")).to_have_text("Which way makes it slant?")
    expect(page.get_by_test_id("digit-button-7")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".opinion")).to_be_hidden()
    page.locator(".st-key-lesson").get_by_text("Show what is hidden").click()
    expect(page.locator(".opinion")).to_be_visible()
    press(page, "Leave")
    expect(page.locator(".st-key-lesson")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"digit=7(?!.*lesson)"))


def test_keys_do_what_a_lecturer_does_standing(page: Page, server: Server) -> None:
    page.goto("/explore?model=pretrained&digit=4&lesson=latent-walks&step=1&present")
    expect(page.get_by_test_id("digit-button-4")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    page.keyboard.press("7")
    expect(page.get_by_test_id("digit-button-7")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.locator(".keys-sheet")).to_contain_text("ask for this digit")
    page.keyboard.press("Escape")
    expect(page.locator(".keys-sheet")).to_have_count(0)
    head = page.locator(".st-key-lesson-head")
    page.keyboard.press("PageDown")
    expect(head).to_contain_text("step 2 of 5")
    # Not while one types.
    name = page.get_by_label("Name of direction 1")
    expect(name).to_be_visible()  # the step before hides it, and what is hidden takes no key
    name.press("5")
    expect(page.get_by_test_id("digit-button-7")).to_have_attribute("aria-pressed", "true")
    name.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(".lesson-task [data-deed=drew-a-new-latent]")).to_have_class("ticked")
    page.keyboard.press("PageDown")
    expect(head).to_contain_text("step 3 of 5")
    expect(page).to_have_url(re.compile("/interpolate.*present"))
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    page.keyboard.press("PageUp")
    expect(head).to_contain_text("step 2 of 5")
    # What was done is known after a reload, and in another tab.
    other = page.context.new_page()
    other.goto("/explore?lesson=latent-walks&step=2&present=0")
    expect(other.locator(".lesson-task [data-deed=drew-a-new-latent]")).to_have_class("ticked")
    expect(other.get_by_test_id("stHeader")).to_be_visible()
