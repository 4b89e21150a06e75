"""Every page through Streamlit's AppTest: no browser, no server."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import runs, store
from gan.checkpoint import PRETRAINED, load_model
from gan.config import TrainConfig, help_texts, hints
from tests.helpers import small, stop_at, train, until

PROJECT = Path(__file__).parent.parent


@pytest.fixture
def app(runs_root: Path) -> AppTest:
    return AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60).run()


@pytest.fixture
def trained(runs_root: Path) -> Path:
    """A small run that was stopped and has a snapshot."""
    folder = runs.create(small(images=3200))
    train(folder, stop_at(640))
    return folder


def go(app: AppTest, page: str, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}.py").run()


def said(app: AppTest) -> str:
    """All that the page says in messages and text."""
    parts = [*app.markdown, *app.error, *app.warning, *app.info, *app.caption, *app.title]
    return "\n".join(str(part.value) for part in parts)


@pytest.mark.parametrize("page", ["home", "train", "explore", "runs"])
def test_page_opens_in_an_empty_folder(app: AppTest, page: str) -> None:
    opened = go(app, page)
    assert not opened.exception
    assert opened.title[0].value


@pytest.mark.parametrize("page", ["train", "explore", "runs"])
def test_page_opens_with_a_run(trained: Path, app: AppTest, page: str) -> None:
    opened = go(app, page, run=trained.name, model=trained.name)
    assert not opened.exception


@pytest.mark.parametrize("run_id", ["nothing", "../../etc", "/etc/passwd"])
def test_train_page_says_that_a_run_does_not_exist(app: AppTest, run_id: str) -> None:
    opened = go(app, "train", run=run_id)
    assert not opened.exception
    assert f"There is no run {run_id!r} here" in said(opened)
    assert any(button.label == "Start training" for button in opened.button)


def test_explore_page_says_that_a_model_does_not_exist(app: AppTest) -> None:
    opened = go(app, "explore", model="../secret")
    assert not opened.exception
    assert "There is no model '../secret' here" in said(opened)


def test_every_setting_has_a_field_with_its_help(app: AppTest) -> None:
    opened = go(app, "train")
    widgets = [*opened.selectbox, *opened.text_input, *opened.toggle, *opened.select_slider]
    helps = [str(widget.help) for widget in widgets]
    for name in hints():
        assert any(help_texts()[name] in text for text in helps), name


def test_unconditional_model_has_no_digit_buttons_and_says_why(runs_root: Path, app: AppTest) -> None:
    folder = runs.create(small("vanilla"))
    train(folder)
    opened = go(app, "explore", model=folder.name)
    assert not opened.exception
    assert "never told which digit is which" in said(opened)
    assert len(opened.button_group) == 0


def test_random_moves_every_slider_and_reset_brings_it_back(app: AppTest) -> None:
    opened = go(app, "explore")
    sliders = [slider for slider in opened.slider if slider.label.startswith("Direction")]
    assert [slider.value for slider in sliders] == [0.0] * len(sliders)
    opened = next(button for button in opened.button if button.label == "Random").click().run()
    moved = [slider.value for slider in opened.slider if slider.label.startswith("Direction")]
    assert all(-3 <= value <= 3 for value in moved)
    # A thumb lands within 0.005 of 0, which shows as 0, once in 250 times; three of eight never do.
    assert sum(value != 0 for value in moved) >= 6, moved
    opened = next(button for button in opened.button if button.label == "Reset").click().run()
    assert {slider.value for slider in opened.slider if slider.label.startswith("Direction")} == {0.0}


def test_direction_slider_moves_the_latent_by_as_much(app: AppTest) -> None:
    """Directions are orthonormal: from the centre, 1.5 along one of them is a latent of norm 1.5."""
    opened = go(app, "explore")
    slider = next(slider for slider in opened.slider if slider.label.startswith("Direction 1"))
    opened = slider.set_value(1.5).run()
    latent = opened.session_state[f"latent-{load_model(PRETRAINED).config.latent_dim}"]
    assert float((latent**2).sum() ** 0.5) == pytest.approx(1.5, abs=1e-4)


def test_failed_run_shows_its_reason(runs_root: Path, app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.create(TrainConfig(device="mps", images=128, seconds=0))
    with pytest.raises(RuntimeError):
        train(folder)
    opened = go(app, "train", run=folder.name)
    assert not opened.exception
    assert "does not work here" in said(opened)


def test_runs_page_lists_the_run_and_deletes_it(trained: Path, app: AppTest) -> None:
    opened = go(app, "runs")
    assert "1 run in" in said(opened)
    opened = next(button for button in opened.button if button.label == "Delete it for good").click().run()
    assert not opened.exception
    until(lambda: not trained.exists())


def test_folder_that_cannot_be_written_is_told_in_words(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("GAN_RUNS_DIR", str(blocked))
    opened = go(app, "train")
    opened = next(button for button in opened.button if button.label == "Start training").click().run()
    assert not opened.exception
    assert "cannot be written" in said(opened)


def test_run_that_cannot_be_read_does_not_take_the_list_down(trained: Path, app: AppTest) -> None:
    (trained / store.CONFIG).write_text("{}")
    for page in ("runs", "train", "explore"):
        opened = go(app, page, run=trained.name)
        assert not opened.exception
