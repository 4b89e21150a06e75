"""Every page through Streamlit's AppTest: no browser, no server."""

import json
import re
import shutil
import struct
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan import runs
from gan.config import TrainConfig
from gan.config.fields import hints
from gan.export.program import compile_model, fingerprint
from gan.glossary import term
from gan.models import snapshots
from gan.models.find import resolve
from gan.models.model import load_model
from gan.paths import PRETRAINED
from gan.plots import Curve
from gan.runs import BusyError, store, trash
from gan.training.messages import Quality, Record, Summary
from pages.components import charts
from tests.apps import open_app
from tests.helpers import small_run, train


@pytest.fixture
def app(runs_root: Path) -> AppTest:
    return open_app()


@pytest.fixture
def trained(runs_root: Path) -> Path:
    """A small run that was stopped and has a snapshot."""
    return small_run(images=3200, stop=640)


def go(app: AppTest, page: str, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}.py").run()


def press(app: AppTest, label: str) -> AppTest:
    """The page after a button was pressed."""
    return next(button for button in app.button if button.label == label).click().run()


def said(app: AppTest) -> str:
    """All that the page says in messages and text."""
    parts = [*app.markdown, *app.error, *app.warning, *app.info, *app.caption, *app.title]
    return "\n".join(str(part.value) for part in parts)


@pytest.mark.parametrize("page", ["home", "train", "failures", "explore", "interpolate", "draw", "runs"])
def test_page_opens_in_an_empty_folder(app: AppTest, page: str) -> None:
    opened = go(app, page)
    assert not opened.exception
    assert opened.title[0].value


@pytest.mark.parametrize("page", ["train", "explore", "interpolate", "runs"])
def test_page_opens_with_a_run(trained: Path, app: AppTest, page: str) -> None:
    opened = go(app, page, run=trained.name, model=trained.name)
    assert not opened.exception


@pytest.mark.parametrize("run_id", ["nothing", "../../etc", "/etc/passwd"])
def test_train_page_says_that_a_run_does_not_exist(app: AppTest, run_id: str) -> None:
    opened = go(app, "train", run=run_id)
    assert not opened.exception
    assert f"There is no run '{run_id}' here" in said(opened)
    assert opened.query_params["run"] == run_id
    assert not any(button.label == "Start training" for button in opened.button)
    opened = press(opened, "Set up a new run")
    assert any(button.label == "Start training" for button in opened.button)


def test_address_of_a_run_makes_no_links_and_loads_nothing(app: AppTest) -> None:
    opened = go(app, "train", run="![x](//example.org/x)")
    assert not opened.exception
    assert "\\!\\[x\\]" in said(opened)


def test_what_a_folder_says_of_itself_makes_no_links_and_loads_nothing(trained: Path, app: AppTest) -> None:
    run = trained.rename(trained.with_name("![a](b)`c"))
    with closing(store.Writer(run)) as writer:
        status = runs.read(run).status
        writer(replace(status, control=replace(status.control, device="![d](e)", precision="[f](g)")))
    opened = go(app, "train", run=run.name)
    assert not opened.exception
    assert "\\!\\[a\\](b)\\`c" in said(opened)
    assert "\\!\\[d\\](e), \\[f\\](g)" in said(opened)


@pytest.mark.parametrize("page", ["train", "steps"])
def test_refusal_makes_no_links_and_loads_nothing(
    trained: Path, app: AppTest, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BusyError([runs.read(trained.with_name("![a](b)"))])

    shutil.copytree(trained, trained.with_name("![a](b)"))
    monkeypatch.setattr(runs, "launch", refuse)
    opened = go(app, page, run=trained.name)
    monkeypatch.setattr(runs, "training", lambda: [runs.read(trained.with_name("![a](b)"))])
    opened = press(opened, "Resume" if page == "train" else "Step this run itself")
    assert "\\!\\[a\\](b) is training now" in said(opened)


def test_explore_page_says_that_a_model_does_not_exist(app: AppTest) -> None:
    opened = go(app, "explore", model="../secret")
    assert not opened.exception
    assert "There is no model '../secret' here" in said(opened)


def test_every_setting_has_a_field_with_its_help(app: AppTest) -> None:
    opened = go(app, "train")
    widgets = [*opened.selectbox, *opened.text_input, *opened.number_input, *opened.toggle, *opened.select_slider]
    helps = [str(one.proto.help) for one in (*widgets, *opened.caption)]  # a table is headed by a caption
    for path, hint in hints().items():
        assert any(hint.help in text for text in helps), path


def test_wrong_setting_is_said_beside_a_start_that_does_nothing(app: AppTest, runs_root: Path) -> None:
    opened = go(app, "train")
    (widths,) = (widget for widget in opened.text_input if str(widget.key).startswith("generator.widths-"))
    opened = widths.set_value("fast").run()
    assert [error.value for error in opened.error] == [opened.error[0].value] * 2
    assert "generator.widths is 'fast'" in opened.error[0].value
    (start,) = (button for button in opened.button if button.label == "Start training")
    assert start.disabled
    assert not any(runs_root.iterdir())


def parted(content: bytes) -> tuple[dict[str, Any], bytes]:
    """What is said of something, as JSON behind its length, and the rest."""
    (length,) = struct.unpack("<I", content[:4])
    return json.loads(content[4 : 4 + length]), content[4 + length :]


def sent(app: AppTest) -> tuple[dict[str, Any], bytes]:
    """What the page's widget was sent: words about it, and a program."""
    component, *_ = app.get("bidi_component")  # below it may stand another one, the picture's birth
    return parted(component.proto.bytes)


def test_explore_page_sends_the_program_of_the_model(trained: Path, app: AppTest) -> None:
    for name, dimensions in ((trained.name, 8), ("pretrained", load_model(PRETRAINED).config.generator.latent_dim)):
        opened = go(app, "explore", model=name)
        assert not opened.exception
        about, content = sent(opened)
        header, _ = parted(content)
        assert about["version"]
        assert not about["follow"]
        assert header["latent_dim"] == dimensions
        # What "Copy as Python" calls the model is what the command line finds it by.
        newest = snapshots.newest_snapshot(trained)
        assert newest
        assert resolve(header["reference"]).samefile(PRETRAINED if name == "pretrained" else newest)
        assert header["model"] == name
        assert header["link"] == (name if name == "pretrained" else f"{name}:{int(newest.stem)}")
        assert [basis["name"] for basis in header["bases"]] == ["picture", "activations", "weights"]


def test_link_opens_the_snapshot_of_which_it_was_made(trained: Path, app: AppTest) -> None:
    """A run that went on has newer ones; and where the old one is not kept any more, the newest is shown."""
    newest = snapshots.newest_snapshot(trained)
    assert newest
    (newest.parent / "00000100.safetensors").write_bytes(newest.read_bytes())
    opened = go(app, "explore", model=f"{trained.name}:100")
    assert not opened.exception
    assert opened.selectbox[0].value == f"{trained.name}:100"
    assert "after 100 images" in opened.selectbox[0].options[-1]
    opened = go(app, "explore", model=f"{trained.name}:101")
    assert not opened.exception
    assert opened.selectbox[0].value == f"{trained.name}:100"
    assert "not kept any more; this is the nearest, after 100 images" in opened.info[0].value
    assert "There is no model" in said(go(app, "explore", model=f"{trained.name}:../1"))


def test_model_stays_in_hand_from_page_to_page(trained: Path, app: AppTest) -> None:
    go(app, "explore", model=trained.name)
    del app.query_params["model"]  # as the navigation does
    opened = go(app, "interpolate")
    assert opened.selectbox[0].value == trained.name
    trash.discard(trained)
    opened = go(app, "draw")
    assert opened.selectbox[0].value == "pretrained"
    assert not opened.warning


def test_link_finds_its_model_under_another_name_by_its_weights(trained: Path, app: AppTest) -> None:
    """As on another machine, where the id of the link is unknown."""
    snapshot = snapshots.newest_snapshot(trained)
    assert snapshot
    weights = fingerprint(compile_model(load_model(snapshot)))
    opened = go(app, "explore", model="elsewhere", weights=weights)
    assert not opened.exception
    assert not opened.warning
    assert opened.selectbox[0].value == trained.name
    assert "There is no model" in said(go(app, "explore", model="elsewhere", weights="0123456789abcdef"))


def shown(app: AppTest) -> str:
    """All HTML of the page."""
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def chart(app: AppTest) -> dict[str, Any]:
    """The curves of the Train page."""
    (one,) = app.get("plotly_chart")
    found: dict[str, Any] = json.loads(one.proto.spec)
    return found


def test_train_page_shows_the_quality_beside_that_of_real_digits(trained: Path, app: AppTest) -> None:
    status = runs.read(trained).status
    quality = status.quality
    opened = go(app, "train", run=trained.name)
    assert quality.measured_images == status.progress.images
    assert f"{sum(quality.histogram):,} forgeries after {status.progress.images:,} images" in shown(opened)
    asked, distance = term("read as asked"), term("FCD")
    assert f"{quality.agreement:.1%} {asked} (real digits: {quality.agreement_floor:.1%})" in shown(opened)
    assert f"{distance} {quality.fcd:.1f} (real digits: {quality.fcd_floor:.1f})" in shown(opened)
    built = chart(opened)
    assert built["layout"]["yaxis3"]["type"] == "log"
    (mark,) = [trace for trace in built["data"] if trace.get("marker", {}).get("symbol") == "star"]
    assert (mark["x"], mark["y"]) == ([quality.best_images / 1000], [quality.best_fcd])
    (floor,) = [shape for shape in built["layout"]["shapes"] if shape["yref"] == "y3"]
    assert floor["y0"] == quality.fcd_floor


def test_film_that_one_left_is_over(trained: Path, app: AppTest) -> None:
    app.session_state[f"passing-{trained.name}"] = 0
    assert "back to now" not in "".join(button.label for button in go(app, "train", run=trained.name).button)


def test_quality_beside_a_moment_is_of_then(trained: Path, app: AppTest) -> None:
    status = runs.read(trained).status
    (picture,) = store.read_samples(trained, last=1)
    writer = store.Writer(trained)
    writer(replace(picture, images=6000))
    for images, fcd, zeros in ((5000, 20.0, 1.0), (9000, 10.0, 0.25)):
        values = {"fcd": fcd, "agreement": 0.5} | {f"share_{label}": 0.0 for label in range(10)} | {"share_0": zeros}
        writer(Record(images, images / 6000, 0, {name: Summary(one, one, one) for name, one in values.items()}))
    writer(replace(status, quality=replace(status.quality, fcd=10.0, measured_images=9000)))
    writer.close()
    opened = shown(go(app, "train", run=trained.name, at="6000"))
    total = sum(status.quality.histogram)
    assert f"{total:,} forgeries after 5,000 images: 50.0%" in opened
    assert f"{term('FCD')} 20.0" in opened
    assert [int(count) for count in re.findall(r"<small>(\d+)<", opened)] == [total] + 9 * [0]


@pytest.mark.parametrize(
    ("counts", "shares", "even"),
    [
        # Twice an even share of 100 is full height, so 62 and 135 are told apart.
        ((62, 135, 100, 100, 100, 100, 100, 100, 103, 100), (31, 67.5, 50, 50, 50, 50, 50, 50, 51.5, 50), 50),
        ((0, 0, 0, 1000, 0, 0, 0, 0, 0, 0), (0, 0, 0, 100, 0, 0, 0, 0, 0, 0), 10),
        ((250, 750, 0, 0, 0, 0, 0, 0, 0, 0), (33.3, 100, 0, 0, 0, 0, 0, 0, 0, 0), 13.3),
    ],
)
def test_bars_tell_a_rare_digit_from_a_frequent_one_and_show_a_collapse(
    trained: Path, app: AppTest, counts: tuple[int, ...], shares: tuple[float, ...], even: float
) -> None:
    writer = store.Writer(trained)
    status = runs.read(trained).status
    writer(replace(status, quality=replace(status.quality, histogram=counts)))
    writer.close()
    opened = shown(go(app, "train", run=trained.name))
    assert [float(share) for share in re.findall(r"--share:([\d.]+)%", opened)] == pytest.approx(shares)
    assert [float(share) for share in re.findall(r"--even:([\d.]+)%", opened)] == [even]
    assert [int(count) for count in re.findall(r"<small>(\d+)<", opened)] == list(counts)
    assert "Which digits it forges" in opened


def test_button_shows_the_beginning_and_goes_back_to_now(trained: Path, app: AppTest) -> None:
    writer = store.Writer(trained)
    for images in range(1000, 51_000, 1000):
        loss = 700.0 if images < 3000 else 1.0
        writer(Record(images, images / 6000, 0, {"loss_g": Summary(loss, loss, loss)}))
    writer.close()
    opened = go(app, "train", run=trained.name)
    scaled = chart(opened)["layout"]["yaxis"]
    assert scaled["range"][1] < 2
    opened = press(opened, "Show the beginning")
    assert "range" not in chart(opened)["layout"]["yaxis"]
    assert chart(opened)["layout"]["yaxis"]["uirevision"] != scaled["uirevision"]
    assert chart(press(opened, "Fit to now"))["layout"]["yaxis"]["range"] == scaled["range"]


@pytest.mark.parametrize("label", ["Run it again with something changed", "Set up a new run"])
def test_form_for_another_run_has_an_address_of_its_own(trained: Path, app: AppTest, label: str) -> None:
    opened = press(go(app, "train", run=trained.name), label)
    assert opened.query_params["run"] == "new"
    opened = opened.run()
    assert any(button.label == "Start training" for button in opened.button)
    budget = 3200 if label.startswith("Run") else 0
    assert f"{budget:,} images" in opened.selectbox[2].options if budget else opened.selectbox[2].value == "1 minute"


def test_form_keeps_its_address_while_something_trains(
    trained: Path, app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens the page sees the run that trains, but not who has begun to set up another one."""
    opened = go(app, "train")
    assert opened.query_params["run"] == "new"
    monkeypatch.setattr(runs, "training", lambda: [runs.read(trained)])
    assert any(button.label == "Start training" for button in opened.run().button)
    del opened.query_params["run"]
    opened = opened.run()
    assert opened.query_params["run"] == trained.name
    assert not any(button.label == "Start training" for button in opened.button)


def test_form_from_a_run_that_is_gone_says_so_and_begins_with_the_preset(app: AppTest) -> None:
    opened = go(app, "train", **{"run": "new", "from": "gone"})
    assert not opened.exception
    assert "There is no run 'gone' here" in said(opened)
    assert opened.selectbox(key="preset-").value == "cgan"


def test_discarded_run_can_be_had_back_where_one_looks_for_it(trained: Path, app: AppTest) -> None:
    trash.discard(trained)
    opened = go(app, "train", run=trained.name)
    assert "is in the trash" in said(opened)
    assert "mistyped" not in said(opened)
    opened = press(opened, "Undo")
    assert not opened.exception
    assert trained.is_dir()
    assert "Stopped: 640 images" in said(opened)


def test_unconditional_run_says_nothing_of_agreement(runs_root: Path, app: AppTest) -> None:
    folder = small_run("vanilla")
    opened = go(app, "train", run=folder.name)
    assert not opened.exception
    assert "FCD" in shown(opened)
    assert "read as asked" not in shown(opened)


def test_run_that_was_never_measured_has_two_charts(trained: Path, app: AppTest) -> None:
    """As those are that an older version has trained."""
    writer = store.Writer(trained)
    writer(replace(runs.read(trained).status, quality=Quality()))
    writer._connection.execute("DELETE FROM records WHERE quantity IN ('fcd', 'agreement')")
    writer.close()
    opened = go(app, "train", run=trained.name)
    assert not opened.exception
    assert "The judge" not in shown(opened)
    assert "yaxis3" not in chart(opened)["layout"]


def test_quality_panel_marks_the_best_and_the_floor() -> None:
    quality = Quality(fcd_floor=2.5, best_fcd=17.54, best_images=12_800)
    curve = Curve("forgeries", "generator", "solid", np.empty((5, 0)))
    panel = charts.quality_panel(quality, curve)
    assert panel.logarithmic
    assert panel.lines == [(2.5, "real")]
    assert panel.mark == (12_800, 17.54, "best: 17.5 after 12,800 images")
    panel = charts.quality_panel(Quality(), curve)
    assert (panel.mark, list(panel.lines)) == (None, [])


def test_run_that_ended_early_says_why(trained: Path, app: AppTest) -> None:
    writer = store.Writer(trained)
    said_then = "Quality had not improved for 30 s, so training ended early."
    writer(replace(runs.read(trained).status, state="finished", message=said_then))
    writer.close()
    opened = go(app, "train", run=trained.name)
    assert [warning.value for warning in opened.warning] == [said_then]
    assert len(opened.error) == 0


def test_failed_run_shows_its_reason(runs_root: Path, app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.create(TrainConfig().changed(device="mps", images=128, seconds=0.0))
    with pytest.raises(RuntimeError):
        train(folder)
    opened = go(app, "train", run=folder.name)
    assert not opened.exception
    assert "does not work here" in said(opened)


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
