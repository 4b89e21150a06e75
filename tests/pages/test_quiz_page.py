"""The quiz through Streamlit's AppTest: what an address means, and what the widget is sent."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan.models import snapshots
from gan.quality.quiz import draw
from gan.quality.quiz_pools import shipped
from tests.pages.test_pages import app, go, parted, said, sent, trained

__all__ = ["app", "trained"]  # fixtures


def pixels(app: AppTest) -> bytes:
    return sent(app)[1]


def test_address_holds_the_pictures_and_gives_them_to_somebody_else(app: AppTest) -> None:
    opened = go(app, "quiz")
    assert not opened.exception
    assert opened.query_params["level"] == "20s"
    seed = opened.query_params["seed"]
    assert pixels(opened) == draw(shipped("20s"), "level=20s", int(seed)).images[0].tobytes()
    assert sent(opened)[0]["link"] == f"?level=20s&seed={seed}"


@pytest.mark.parametrize(
    ("query", "sentence", "level"),
    [
        ({"level": "7h"}, "There is no level '7h'", "20s"),
        ({"model": "gone", "seed": "5"}, "There is no model 'gone' here: it was deleted", "20s"),
        ({"level": "5s", "seed": "x" * 5000}, "A seed is a number below 1,000,000", "5s"),
        ({"level": "5s", "seed": "-1"}, "A seed is a number below 1,000,000", "5s"),
        ({"level": "5s", "seed": "٣"}, "A seed is a number below 1,000,000", "5s"),
    ],
)
def test_nonsense_costs_a_sentence_and_something_else_is_played(
    app: AppTest, query: dict[str, str], sentence: str, level: str
) -> None:
    opened = go(app, "quiz", **query)
    assert not opened.exception
    assert len(opened.warning) == 1
    assert sentence in opened.warning[0].value
    assert len(opened.warning[0].value) < 250
    assert opened.query_params["level"] == level
    assert "model" not in opened.query_params
    assert opened.query_params["seed"].isdecimal()
    assert len(pixels(opened)) == 784


def test_run_of_ones_own_is_played_at_its_moment_and_what_becomes_of_it_changes_nothing(
    trained: Path, app: AppTest
) -> None:
    newest = snapshots.newest_snapshot(trained)
    assert newest
    moment = f"{trained.name}:{int(newest.stem)}"
    opened = go(app, "quiz", model=trained.name, seed="3")
    assert not opened.exception
    assert not opened.warning
    assert opened.query_params["model"] == moment
    assert "level" not in opened.query_params
    first = pixels(opened)
    assert len(first) == 784
    assert pixels(go(app, "quiz", model=moment, seed="3")) == first
    shutil.rmtree(trained)
    assert "it was deleted" in said(go(app, "quiz", model=moment, seed="4"))


def test_moment_that_is_not_kept_any_more_is_the_newest(trained: Path, app: AppTest) -> None:
    opened = go(app, "quiz", model=f"{trained.name}:17", seed="3")
    assert "not kept any more" in said(opened)
    assert len(pixels(opened)) == 784


def test_damaged_model_costs_a_sentence_and_leaves_the_choice(trained: Path, app: AppTest) -> None:
    newest = snapshots.newest_snapshot(trained)
    assert newest
    newest.write_bytes(newest.read_bytes()[:500])
    opened = go(app, "quiz", model=trained.name)
    assert not opened.exception
    assert ["not a whole safetensors file" in error.value for error in opened.error] == [True]
    opened = opened.selectbox[0].set_value("level=60s").run()
    assert not opened.error
    assert parted(opened.get("bidi_component")[0].proto.bytes)[0]["given"] == ""
