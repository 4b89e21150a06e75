from pathlib import Path

import pytest

from gan import deeds
from gan.chapters import CHAPTERS, TASKS, Chapter, answered, tried
from gan.paths import PROJECT


def test_there_are_eight_chapters_and_five_tasks() -> None:
    assert (len(CHAPTERS), len(TASKS)) == (8, 5)


@pytest.mark.parametrize(("number", "chapter"), enumerate(CHAPTERS, 1))
def test_chapter_is_short_and_its_question_can_be_answered(number: int, chapter: Chapter) -> None:
    words = " ".join(chapter.paragraphs).split()
    assert 60 < len(words) < 220  # glossary's meanings, which are hidden, included
    assert 0 <= chapter.right < len(chapter.options) >= 3
    assert all(option.why for option in chapter.options)
    assert deeds.known(tried(number))
    assert deeds.known(answered(number))


def test_tasks_ask_for_what_the_app_can_see_on_pages_that_there_are() -> None:
    for task in TASKS:
        assert all(map(deeds.known, task.deeds))
        assert (PROJECT / "pages" / Path(task.page).with_suffix(".py")).is_file()
