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


def phase(page: Page, name: str) -> None:
    expect(page.locator(".quiz")).to_have_attribute("data-phase", name)


def test_twenty_by_keys_and_buttons_the_score_and_the_same_twenty_for_somebody_else(page: Page, server: Server) -> None:
    seed = 7
    quiz = draw(shipped("20s"), "level=20s", seed)
    heard = Overheard(page)
    page.goto(f"/quiz?level=20s&seed={seed}")
    phase(page, "asking")
    place = page.get_by_test_id("quiz-picture").bounding_box()
    answers = ""
    for number in range(COUNT):
        expect(page.get_by_test_id("quiz-picture")).to_have_attribute("aria-label", f"Picture {number + 1} of {COUNT}")
        # The truth is out for what was answered, and for no more; all that travels of a picture are its pixels.
        said, pixels = heard.messages[-1]
        assert (said["given"], said["truth"]) == (answers, quiz.truth[:number])
        assert pixels == quiz.images[number].tobytes()
        assert "result" not in said
        if number == 3:  # a reload goes on where one was
            page.reload()
            expect(page.get_by_test_id("quiz-picture")).to_have_attribute("aria-label", f"Picture 4 of {COUNT}")
            phase(page, "asking")
        kind = ("real", "forged")[number % 3 == 0]
        if number % 2:
            page.get_by_test_id(f"quiz-{kind}").click()
        else:
            page.keyboard.press(kind[0])
        answers += kind[0]
        phase(page, "told")
        page.keyboard.press("f" if number % 2 else "r")  # answers nothing: it was not asked
        word = "Right" if quiz.truth[number] == kind[0] else "Wrong"
        truth = {"r": "real", "f": "forged"}[quiz.truth[number]]
        expect(page.get_by_test_id("quiz-verdict")).to_have_text(f"{word}: it is {truth}.")
        assert page.get_by_test_id("quiz-picture").bounding_box() == place
        page.keyboard.press("Space")
    expect(page.get_by_test_id("quiz-score")).to_have_text(f"{right(answers, quiz.truth)} of {COUNT} right")
    missed = COUNT - right(answers, quiz.truth)
    expect(page.get_by_test_id("quiz-missed").locator("canvas")).to_have_count(missed)
    machine = quiz.discriminator
    assert machine is not None
    expect(page.get_by_test_id("quiz-player-discriminator")).to_contain_text(f"{right(machine, quiz.truth)} of {COUNT}")

    # Somebody else, with the address alone, and five seconds for each.
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page(base_url=server.address)
    again = Overheard(other)
    other.goto(f"{page.url}&limit=5")
    phase(other, "covered")
    assert again.messages[-1][1] == quiz.images[0].tobytes()
    other.get_by_test_id("quiz-start").click()
    phase(other, "asking")
    other.close()

    page.get_by_role("button", name="Twenty others").click()
    phase(page, "asking")
    assert f"seed={seed}" not in page.url.split("&")
    page.get_by_test_id("quiz-limit").check()
    expect(page.get_by_test_id("quiz-verdict")).to_contain_text("Too late")
