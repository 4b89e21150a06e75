"""Explore, Interpolate and Draw with runs of any name, damaged models and addresses that hold nonsense, through
Streamlit's AppTest."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.export.explorable import opening
from gan.latents import codec
from gan.models import snapshots
from gan.models.model import load_model
from pages.components import look, models
from tests.export.test_program import model_of
from tests.helpers import small, train
from tests.pages.test_pages import app, go, parted, said, sent, trained

__all__ = ["app", "trained"]  # fixtures
PAGES = ("explore", "interpolate", "draw")
NAMES = (
    "with__underscores",
    "sp ace 'single' \"double\" %41 %zz #x ?y=1 &z + ;",
    "ünïcødé 数字 🙂",
    "dots.. ",
    "a:best",
    "a:100",
    "x" * 250,
    "<b>bold<b> *md* $x$ [link](http:)",
    models.PRETRAINED,
)


def test_run_whose_folder_is_called_anything_is_explored(trained: Path, app: AppTest) -> None:
    trained.rename(trained.with_name("a"))
    for name in NAMES:
        shutil.copytree(trained.with_name("a"), trained.with_name(name))
    listed = models.listing()
    found = {choice.run.id: choice.id for choice in listed.values() if choice.run and not choice.best}
    assert set(found) == {"a", *NAMES}
    for folder, model in found.items():
        opened = go(app, "explore", model=model)
        assert not opened.exception, folder
        assert opened.selectbox[0].value == model
        header, _ = parted(sent(opened)[1])
        assert header["model"] == model
        assert header["pins"] == folder


def test_models_are_told_apart_whatever_folders_are_called(trained: Path) -> None:
    """A folder that is called as another run's best generator, or as the model that ships."""
    assert (trained / snapshots.BEST).is_file()
    for name in (f"{trained.name}:best", models.PRETRAINED):
        shutil.copytree(trained, trained.with_name(name))
    listed = models.listing()
    assert len(listed) == 7  # three runs with their best, and the one that ships
    assert listed[models.PRETRAINED].run is None
    assert listed["pretrained~"].run == runs.read(trained.with_name(models.PRETRAINED))
    assert not listed[f"{trained.name}:best"].best
    assert listed[f"{trained.name}:best~"].file() == trained / snapshots.BEST
    assert len({choice.label for choice in listed.values()}) == 7


@pytest.mark.parametrize("page", PAGES)
def test_model_that_cannot_be_used_says_so_and_leaves_the_choice(trained: Path, app: AppTest, page: str) -> None:
    newest = snapshots.newest_snapshot(trained)
    assert newest
    newest.write_bytes(newest.read_bytes()[:500])
    opened = go(app, page, model=trained.name)
    assert not opened.exception
    assert [error.value for error in opened.error if "not a whole safetensors file" in error.value]
    assert sent(opened)[0]["problem"]
    assert sent(opened)[1] == b""
    opened = opened.selectbox[0].set_value(models.PRETRAINED).run()
    assert not opened.exception
    assert not opened.error
    assert sent(opened)[1]


@pytest.mark.parametrize(
    "asked", ["x" * 100_000, "\x00\ufffd", "<script>alert(1)</script>", "pretrained:7", f"{'9' * 5000}", ":", "~"]
)
def test_model_of_an_address_that_is_nonsense_costs_one_sentence(app: AppTest, asked: str) -> None:
    opened = go(app, "explore", model=asked, weights=asked)
    assert not opened.exception
    assert opened.selectbox[0].value == models.PRETRAINED
    assert len(opened.warning) == 1
    assert len(opened.warning[0].value) < 250


def test_number_of_a_snapshot_that_no_run_reaches_is_the_newest(trained: Path, app: AppTest) -> None:
    for number in ("9" * 5000, "٣", "-1", "1e3"):
        opened = go(app, "explore", model=f"{trained.name}:{number}")
        assert not opened.exception
        assert "There is no model" in said(opened)


def test_text_of_others_has_no_effect_in_markdown() -> None:
    assert look.plain("a*b*<i>[x](y)$z$:red") == r"a\*b\*\<i\>\[x\](y)\$z\$\:red"


def test_unconditional_generator_opens_at_a_latent_of_its_own(runs_root: Path) -> None:
    """Not at the centre, which is a blur of all digits; the same one each time."""
    model = model_of("vanilla")
    z = codec.decode(opening(model))
    assert z.shape == (1, model.config.generator.latent_dim)
    assert z.norm() > 1
    assert opening(model) == opening(model)
    assert opening(model_of("cgan")) == ""


def test_run_that_trains_has_one_label_all_along(runs_root: Path) -> None:
    """A browser tells the server what was chosen by its label, so that must not change meanwhile."""
    seen = set()
    folder = runs.create(small(images=3200))

    def look_on(event: object, _: object) -> None:
        seen.update(choice.label for choice in models.listing().values() if choice.run and choice.run.living)

    train(folder, look_on)
    assert {label.split(" · ")[-1] for label in seen} == {"in training"}
    assert len(seen) == 2  # the newest, and the best
    assert models.listing()[folder.name].label.endswith("3,200 images · finished")
    newest = snapshots.newest_snapshot(folder)
    assert newest
    assert load_model(newest).images == 3200
