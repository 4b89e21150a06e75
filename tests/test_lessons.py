"""Lessons: what a file may say, what is said of one that is none, and what a link holds."""

import base64
import json
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan import lessons
from gan.lessons import PAGES, PARTS, Lesson, LessonError, Made
from tests.helpers import is_sentence

GOOD = """
title = "A title"
minutes = 3
about = "What it is about."

[[steps]]
page = "train"
query = "run=new&from=@run"
text = "Do this."
hide = ["losses"]
task = ["paused", "resumed"]

[[steps]]
page = "home"
[steps.question]
ask = "Which?"
choices = ["this", "that"]
right = 2
why = "Because."

[[steps]]
page = "home"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAN_LESSONS_DIR", str(tmp_path))
    return tmp_path


def test_a_file_is_a_lesson_of_its_name(folder: Path) -> None:
    (folder / "good.toml").write_text(GOOD)
    lesson = lessons.find("good")
    assert (lesson.title, lesson.minutes, len(lesson.steps)) == ("A title", 3, 3)
    assert lesson.steps[0].parameters == {"run": "new", "from": "@run"}
    assert [lesson.asks(number) for number in (1, 2, 3)] == [{"paused", "resumed"}, {"lesson-good-2"}, set()]


@pytest.mark.parametrize(
    ("done", "ticked"),
    [(set(), 0), ({"paused"}, 0), ({"paused", "resumed"}, 1), ({"paused", "resumed", "lesson-good-2"}, 2)],
)
def test_steps_that_ask_for_something_are_ticked(folder: Path, done: set[str], ticked: int) -> None:
    (folder / "good.toml").write_text(GOOD)
    assert lessons.find("good").ticked(frozenset(done)) == (ticked, 2)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('title = "A title"', "", "title: it is missing"),
        ("minutes = 3", 'minutes = "three"', "minutes: it takes a whole number"),
        ("minutes = 3", "minutes = 3\nteacher = 1", "teacher: there is no such field"),
        ('page = "train"', 'page = "trian"', "step 1, page: there is no page 'trian'"),
        ('hide = ["losses"]', 'hide = ["lossses"]', "step 1: 'lossses' is no part of Train"),
        ('task = ["paused", "resumed"]', 'task = ["fly"]', "step 1, task: there is no deed 'fly'"),
        ("right = 2", "right = 3", "step 2, question: right is 3, but there are 2 choices"),
        ('choices = ["this", "that"]', 'choices = ["this"]', "step 2, question, choices: it takes at least 2"),
        ('text = "Do this."', f'text = "{"x" * 1501}"', "step 1, text: it is longer than 1500 characters"),
        ("[[steps]]", "[[steps", "is no TOML"),
        ('title = "A title"', 'title = "A title"\nname = "other"', "name: there is no such field"),
    ],
)
def test_a_broken_file_costs_its_own_line(folder: Path, old: str, new: str, named: str) -> None:
    (folder / "good.toml").write_text(GOOD)
    (folder / "bad.toml").write_text(GOOD.replace(old, new, 1))
    found = lessons.listing()
    assert [lesson.name for lesson in found.lessons] == ["good"]
    [said] = found.broken
    assert is_sentence(said)
    assert said.startswith("bad.toml")
    assert named in said


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"x" * 300_000, b"a = " + b"[" * 5000], ids=["bytes", "large", "deep"]
)
def test_what_is_no_text_is_a_sentence(folder: Path, content: bytes) -> None:
    (folder / "bad.toml").write_bytes(content)
    [said] = lessons.listing().broken
    assert is_sentence(said)


def test_names_of_files_are_plain(folder: Path) -> None:
    (folder / "Mine_1.toml").write_text(GOOD)
    [said] = lessons.listing().broken
    assert "Mine_1.toml" in said


@pytest.mark.parametrize("name", ["no-such", "../lessons/good", "", "x" * 10_000])
def test_a_lesson_that_is_not_here_is_a_sentence(folder: Path, name: str) -> None:
    with pytest.raises(LessonError) as caught:
        lessons.find(name)
    assert is_sentence(str(caught.value))
    assert len(str(caught.value)) < 100


def test_the_lessons_that_ship_have_four_to_seven_steps_and_nothing_is_wrong_with_them() -> None:
    found = lessons.listing()
    assert found.broken == ()
    names = ["first-look", "who-is-frozen", "reading-the-curves", "collapse-and-cure", "latent-walks"]
    assert [lesson.name for lesson in found.lessons] == [*names, "what-a-number-means"]
    assert all(4 <= len(lesson.steps) <= 7 and lesson.ticked(frozenset())[1] >= 4 for lesson in found.lessons)


def made() -> st.SearchStrategy[Made]:
    def of(page: str) -> st.SearchStrategy[Made]:
        parts = st.lists(st.sampled_from(sorted(PARTS.get(page, {"": ""}))), unique=True).map(tuple)
        return st.builds(
            Made,
            page=st.just(page),
            ask=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=500),
            hide=parts if page in PARTS else st.just(()),
        )

    return st.sampled_from(sorted(PAGES)).flatmap(of)


@given(made())
def test_a_link_holds_what_was_made(lesson: Made) -> None:
    text = lessons.to_link(lesson)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    if len(text) <= 4000:  # five hundred letters of some scripts are more
        assert lessons.from_link(text) == lesson


@given(made(), st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_a_made_lesson_is_a_file_as_well(lesson: Made, query: str) -> None:
    text = lessons.to_toml(lesson, query)
    [step] = Lesson.model_validate({**tomllib.loads(text), "name": "made"}).steps
    assert (step.page, step.query, step.text, step.hide) == (lesson.page, query, lesson.ask, lesson.hide)


def coded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (coded({"v": 2, "page": "train", "ask": "?"}), "another version"),
        (coded({"page": "train", "ask": "?"}), "another version"),
        (coded({"v": 1, "page": "train", "ask": "?", "teacher": 1}), "teacher: there is no such field"),
        (coded({"v": 1, "page": "nowhere", "ask": "?"}), "there is no page 'nowhere'"),
        (coded({"v": 1, "page": "train", "ask": "?", "hide": ["everything"]}), "'everything' is no part of Train"),
        (coded({"v": 1, "page": "train"}), "ask: it is missing"),
        (coded([1]), "it is none"),
        ("A" * 10_000, "too long: 10,000 characters"),
        ("not base64!", "cut off or changed"),
        ("AAAA", "cut off or changed"),
        (coded("[" * 2000)[:2000], "cut off or changed"),
    ],
)
def test_what_is_wrong_with_a_link_is_said(text: str, said: str) -> None:
    with pytest.raises(LessonError) as caught:
        lessons.from_link(text)
    assert said in str(caught.value)
    assert is_sentence(str(caught.value))


@given(st.text(max_size=200))
def test_any_text_is_a_lesson_or_refused(text: str) -> None:
    with suppress(LessonError):
        lessons.from_link(text)
