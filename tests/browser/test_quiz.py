"""The quiz in a browser: twenty answers by keys and by buttons, what travels before each, the score, the link."""

import json

from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from gan.quality.quiz import COUNT, draw, right
from gan.quality.quiz_pools import shipped
from tests.servers import Server


class Overheard:
    """What the server sent to the widget: what was said, and pixels."""

    def __init__(self, page: Page) -> None:
        self.messages: list[tuple[dict[str, str], bytes]] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, frame: bytes | str) -> None:
        if not isinstance(frame, bytes):
            return
        content = ForwardMsg.FromString(frame).delta.new_element.bidi_component.bytes
        if b'"quiz"' in content:
            length = int.from_bytes(content[:4], "little")
            self.messages.append((json.loads(content[4 : 4 + length]), content[4 + length :]))


# A verdict stands for a second. So the page itself writes down what it shows with each, tries keys that answer nothing
# while a verdict stands, and goes on.
NOTE = """quiz => {
  window.noted = [];
  new MutationObserver(() => {
    if (quiz.dataset.phase !== "told") return;
    const piles = [...quiz.querySelectorAll(".pile")].map(pile => pile.childElementCount);
    const { x, y, width } = quiz.querySelector("[data-testid=quiz-picture]").getBoundingClientRect();
    window.noted.push([quiz.querySelector("[data-testid=quiz-verdict]").textContent, piles, [x, y, width]]);
    for (const key of ["r", "f", " "]) document.dispatchEvent(new KeyboardEvent("keydown", { key }));
  }).observe(quiz, { attributes: true, attributeFilter: ["data-phase"] });
}"""
AFTER = 3
"""So many answers the page is loaded anew."""


def phase(page: Page, name: str) -> None:
    expect(page.locator(".quiz")).to_have_attribute("data-phase", name)


def picture(page: Page, number: int) -> None:
    expect(page.get_by_test_id("quiz-picture")).to_have_attribute("aria-label", f"Picture {number} of {COUNT}")


def test_twenty_by_keys_and_buttons_the_score_and_the_same_twenty_for_somebody_else(page: Page, server: Server) -> None:
    seed = 7
    quiz = draw(shipped("20s"), "level=20s", seed)
    words = {"r": "real", "f": "forged"}
    heard = Overheard(page)
    page.goto(f"/quiz?level=20s&seed={seed}")
    phase(page, "asking")
    page.locator(".quiz").evaluate(NOTE)
    answers, noted = "", []
    for number in range(COUNT):
        picture(page, number + 1)
        phase(page, "asking")
        # The truth is out for what was answered, and for no more; all that travels of a picture are its pixels.
        said, pixels = heard.messages[-1]
        assert (said["given"], said["truth"]) == (answers, quiz.truth[:number])
        assert pixels == quiz.images[number].tobytes()
        assert "result" not in said
        if number == AFTER:
            noted += page.evaluate("noted")
            page.reload()
            picture(page, number + 1)
            phase(page, "asking")
            page.locator(".quiz").evaluate(NOTE)
        kind = "rf"[number % 3 == 0]
        if number % 2:
            page.get_by_test_id(f"quiz-{words[kind]}").click()
        else:
            page.keyboard.press(kind)
        answers += kind
    expect(page.get_by_test_id("quiz-score")).to_have_text(f"{right(answers, quiz.truth)} of {COUNT} right")
    noted += page.evaluate("noted")
    places = {tuple(place) for _, _, place in noted}
    assert len(places) == 1  # no picture stood elsewhere
    for number, (verdict, piles, _) in enumerate(noted):
        truth = quiz.truth[number]
        assert verdict == f"{'Right' if truth == answers[number] else 'Wrong'}: it is {words[truth]}."
        shown = quiz.truth[AFTER if number >= AFTER else 0 : number + 1]
        assert piles == [shown.count("r"), shown.count("f")]
    assert len(noted) == COUNT
    missed = COUNT - right(answers, quiz.truth)
    expect(page.get_by_test_id("quiz-missed").locator("canvas")).to_have_count(missed)
    machine = quiz.discriminator
    assert machine is not None
    detective = page.get_by_test_id("quiz-player-discriminator")
    expect(detective).to_contain_text(f"{right(machine, quiz.truth)} of {COUNT}")

    # Somebody else, with the address alone, and five seconds for each.
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page(base_url=server.address)
    again = Overheard(other)
    other.goto(f"{page.url}&limit=5")
    phase(other, "covered")
    assert again.messages[-1][1] == quiz.images[0].tobytes()
    other.get_by_test_id("quiz-start").click()
    expect(other.locator(".marks li").first).to_have_text("–")  # too late
    other.close()

    page.get_by_role("button", name="Twenty others").click()
    phase(page, "asking")
    assert page.url.split("&seed=")[1] != str(seed)
