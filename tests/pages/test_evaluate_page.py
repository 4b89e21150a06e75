"""The Evaluate page through Streamlit's AppTest, and what it is made of."""

import base64
import csv
import io
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan import render, runs
from gan.data import DataSet
from gan.models import snapshots
from gan.models.model import load_model
from gan.paths import PRETRAINED
from gan.quality import evaluation as library
from gan.quality.desk import Desk
from gan.quality.results import DEFINITIONS, KINDS
from pages.components import asking, evaluation, models
from pages.components.evaluation import Examined
from tests.apps import open_app
from tests.helpers import is_sentence, small_run, until
from tests.pages.test_pages import go, said

FEW = 1000
MEASURE = "Measure classification accuracy"


@pytest.fixture(scope="module", autouse=True)
def few(few_digits: DataSet) -> Iterator[DataSet]:
    """Real images are fewer here, and so they are for the process that evaluates."""
    command = (sys.executable, "-m", "tests.evaluator")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "Desk", lambda: Desk(command))
        asking.desk.clear()
        yield few_digits
        asking.desk().close()
    asking.desk.clear()


@pytest.fixture
def app(runs_root: Path) -> AppTest:
    return open_app(120)


def shown(app: AppTest) -> str:
    """All HTML of the page, no-break spaces as spaces."""
    return "\n".join(str(part.proto.body) for part in app.get("html")).replace("\N{NO-BREAK SPACE}", " ")


def button(app: AppTest, label: str) -> object:
    return next(button for button in app.button if button.label == label)


def open_page(app: AppTest, *model: str) -> AppTest:
    if model:
        app.query_params["model"] = list(model)
    return go(app, "evaluate")


def press(app: AppTest, n: int = FEW) -> AppTest:
    """Evaluates what is chosen, with few samples, and waits for what comes out."""
    next(box for box in app.selectbox if box.label == "Samples").set_value(n).run()
    pressed = button(app, "Evaluate").click().run()  # type: ignore[attr-defined]
    assert not pressed.exception
    return waited(pressed)


def waited(app: AppTest) -> AppTest:
    """The page when everything that was asked is answered."""
    until(lambda: asking.desk().idle)
    shown = app.run()
    assert not shown.exception
    return shown


def examined(app: AppTest) -> list[Examined]:
    found: list[Examined] = app.session_state["evaluated"][1]
    return found


def rows(app: AppTest) -> dict[str, list[str]]:
    """The table: what stands beside each figure."""
    table = re.search(r'<div class="figures[^"]*"><table>.*?</table>', shown(app), re.S)
    assert table is not None
    text = re.sub(r'<span class="term-meaning".*?</span>', "", table[0])
    cells = [re.findall(r"<td.*?>(.*?)</td>", row) for row in text.split("<tr>")[2:]]
    plain = [[re.sub(r"<.*?>", " ", cell).strip() for cell in row] for row in cells]
    return {row[0]: row[1:] for row in plain}


def test_empty_folder_offers_the_model_that_ships_and_says_what_the_figures_mean(app: AppTest) -> None:
    opened = open_page(app)
    assert not opened.exception
    assert opened.title[0].value == "Evaluate"
    assert opened.multiselect[0].value == [models.PRETRAINED]
    assert not button(opened, "Evaluate").disabled  # type: ignore[attr-defined]
    for text in [*DEFINITIONS.values(), *(kind.meaning for kind in KINDS.values())]:
        assert text in shown(opened)
    # It is drawn to its end: a page that ends the script ends app.py too, which keeps what was done in the browser.
    assert [one.proto.component_name for one in opened.get("bidi_component")] == ["counterfeit_scale"]


def test_table_has_the_figures_that_the_library_finds(app: AppTest) -> None:
    found = library.evaluate(load_model(PRETRAINED), FEW)
    opened = press(open_page(app))
    table = rows(opened)
    assert list(table) == [KINDS[name].label for name in [*found.metrics, "classification_accuracy"]]
    agreement, fcd = found.metrics["label_agreement"], found.metrics["fcd"]
    assert table["Label agreement"][1:3] == [f"{100 * agreement.value:.2f} %", f"{100 * agreement.floor:.2f} %"]
    assert table["Fréchet classifier distance (FCD)"] == [
        "lower",
        evaluation.number(fcd.value),
        evaluation.number(fcd.floor),
        f"{fcd.value / fcd.floor:.2f} ×",
    ]
    assert table["Copies"][-1] == "–"
    assert f"{100 * agreement.value:.2f} % of the forgeries as asked" in shown(opened)
    assert f"{fcd.value / fcd.floor:.1f} times the floor" in shown(opened)
    assert "with fewer they mislead" in shown(opened)


def test_button_evaluates_what_the_fields_hold_and_not_what_the_address_still_says(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser sends a click that follows at once on a change with the address of before."""
    pressed: list[tuple[int, int]] = []
    monkeypatch.setattr(asking, "press", lambda choices, n, seed: pressed.append((n, seed)))
    opened = open_page(app)
    opened.number_input(key="seed").set_value(7)
    opened.selectbox(key="samples").set_value(FEW).run()
    for name in ("seed", "n"):
        del opened.query_params[name]
    opened = button(opened, "Evaluate").click().run()  # type: ignore[attr-defined]
    assert pressed == [(FEW, 7)]
    assert opened.query_params["seed"] == "7"


def test_rerun_and_second_press_show_the_same_without_measuring_again(app: AppTest) -> None:
    opened = press(open_page(app))
    before, measured = rows(opened), examined(opened)[0].measured
    assert rows(opened.run()) == before
    opened = press(opened)
    assert rows(opened) == before
    assert examined(opened)[0].measured is measured


def test_page_waits_in_line_and_a_new_one_finds_its_question_again(app: AppTest) -> None:
    opened = press(open_page(app))
    pid = asking.desk().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        folder = small_run()
        first = open_page(open_app(120), folder.name)
        first = next(box for box in first.selectbox if box.label == "Samples").set_value(FEW).run()
        first = button(first, "Evaluate").click().run()  # type: ignore[attr-defined]
        assert re.search(r"Evaluating</b>: cgan · .*; about \d+ s", shown(first))
        opened = opened.number_input[0].set_value(77).run()
        opened = button(opened, "Evaluate").click().run()  # type: ignore[attr-defined]
        assert re.search(r"Second in line</b>; about \d+ s", shown(opened))
        assert button(opened, "Evaluate").disabled  # type: ignore[attr-defined]
        assert rows(opened)  # what came out before is still there
        anew = open_app(120)
        anew.query_params["model"] = models.PRETRAINED
        anew.query_params["n"], anew.query_params["seed"] = str(FEW), "77"
        anew = go(anew, "evaluate")
        assert "Second in line" in shown(anew)
    finally:
        os.kill(pid, signal.SIGCONT)
    anew, opened = waited(anew), waited(opened)
    assert rows(anew) == rows(opened)
    assert examined(anew)[0].measured is examined(opened)[0].measured


def test_how_long_it_takes_is_said_before(app: AppTest) -> None:
    opened = open_page(app)
    assert re.search(r"takes about \d+ (s|minutes) for one model", shown(opened))
    opened = opened.multiselect[0].set_value([models.PRETRAINED, small_run().name]).run()
    assert re.search(r"takes about \d+ (s|minutes) for 2 models", shown(opened))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (7.4, "7 s"), (13.0, "15 s"), (89.0, "90 s"), (100.0, "2 minutes")]
)
def test_durations_are_no_more_exact_than_they_are_known(seconds: float, text: str) -> None:
    assert asking.duration(seconds) == text


def test_what_was_chosen_since_is_told_apart_from_what_is_shown(app: AppTest) -> None:
    opened = press(open_page(app))
    assert "before something else was chosen" not in shown(opened)
    opened = opened.number_input[0].set_value(5).run()
    assert f"the trained one that ships; {FEW:,} samples, seed 0" in shown(opened)
    assert rows(opened)
    opened = press(opened)
    assert "before something else was chosen" not in shown(opened)
    assert examined(opened)[0].measured.found.seed == 5


def test_url_says_which_models_and_the_list_writes_it(app: AppTest) -> None:
    folder = small_run()
    opened = open_page(app, models.PRETRAINED, folder.name)
    assert opened.multiselect[0].value == [models.PRETRAINED, folder.name]
    opened = opened.multiselect[0].set_value([folder.name]).run()
    assert opened.query_params["model"] in (folder.name, [folder.name])
    assert opened.multiselect[0].value == [folder.name]


def test_nothing_chosen_cannot_be_evaluated_and_stays_nothing(app: AppTest) -> None:
    opened = open_page(app).multiselect[0].set_value([]).run()
    assert opened.multiselect[0].value == []
    assert button(opened, "Evaluate").disabled  # type: ignore[attr-defined]
    assert not opened.run().exception


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "nothing:best", "pretrained:best"])
def test_unknown_model_is_told_in_words(app: AppTest, name: str) -> None:
    opened = open_page(app, name)
    assert not opened.exception
    assert evaluation.plain(f"There is no model {name!r} here") in said(opened)
    assert opened.multiselect[0].value == [models.PRETRAINED]


def test_names_in_the_address_are_shown_as_they_are_and_not_all_of_them(app: AppTest) -> None:
    names = ["<img src=x onerror=alert(1)>", "![](https://example.org/x.png)", "x" * 5000, *map(str, range(200))]
    opened = open_page(app, *names)
    assert not opened.exception
    (warning,) = opened.warning
    assert warning.value.startswith(r"There is no model '\<img src=x onerror=alert\(1\)\>' or '\!\[\]\(https\:")
    assert "nor 200 others" in warning.value
    assert len(warning.value) < 500


@pytest.mark.parametrize(("n", "seed"), [("0", "-1"), ("many", "²"), ("1e4", "9" * 30), ("10001", "1.5")])
def test_numbers_in_the_address_that_are_none_are_passed_over(app: AppTest, n: str, seed: str) -> None:
    app.query_params["n"], app.query_params["seed"] = n, seed
    opened = go(app, "evaluate")
    assert not opened.exception
    assert next(box for box in opened.selectbox if box.label == "Samples").value == 10_000
    assert opened.number_input[0].value == 0


@pytest.mark.parametrize("damage", ["pipe", "folder", "gone"])
def test_snapshot_that_is_no_file_costs_one_sentence(app: AppTest, damage: str) -> None:
    folder = small_run()
    *older, path = snapshots.snapshot_paths(folder)
    for one in older:  # a slow machine keeps several, and the page would take the one before
        one.unlink()
    opened = open_page(app, models.PRETRAINED, folder.name)
    path.unlink()
    if damage == "pipe":
        os.mkfifo(path)
    elif damage == "folder":
        path.mkdir()
    else:
        shutil.rmtree(folder)
    opened = press(opened)
    assert is_sentence([*opened.error, *opened.warning][0].value)
    assert [one.id for one in examined(opened)] == [models.PRETRAINED]


def test_conditional_and_unconditional_side_by_side(app: AppTest) -> None:
    folder = small_run("vanilla")
    opened = press(open_page(app, models.PRETRAINED, folder.name))
    table = rows(opened)
    assert table["Label agreement"][2] == "–"
    assert table["Fréchet classifier distance (FCD)"][1] != "–"
    best = shown(opened).split("<b>")[1].split("</b>")[0]
    assert best == "the trained one that ships"
    assert "never told which digit is which" not in shown(opened)
    details = next(box for box in opened.selectbox if box.label == "Details of")
    opened = details.set_value(folder.name).run()
    assert "never told which digit is which" in shown(opened)


def test_unconditional_model_alone_has_a_histogram_and_says_why(app: AppTest) -> None:
    opened = press(open_page(app, small_run("vanilla").name))
    assert "Label agreement" not in rows(opened)
    assert "never told which digit is which" in shown(opened)
    assert re.search(r"The judge finds \d+ of 10 digits", shown(opened))


def test_four_models_at_most(app: AppTest) -> None:
    names = [small_run().name for _ in range(5)]
    opened = open_page(app, *names)
    assert opened.multiselect[0].value == names[:4]


def test_three_models_have_a_column_each(app: AppTest) -> None:
    opened = press(open_page(app, models.PRETRAINED, *(small_run().name for _ in range(2))))
    assert len(rows(opened)["Recall"]) == 1 + 3 + 1


def test_deleted_run_is_told_in_one_sentence_and_the_others_are_evaluated(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_run()
    opened = open_page(app, models.PRETRAINED, folder.name)
    listing = models.listing()
    shutil.rmtree(folder)
    monkeypatch.setattr(models, "listing", lambda: listing)
    opened = press(opened)
    (error,) = opened.error
    assert "was deleted meanwhile" in error.value
    assert is_sentence(error.value)
    assert [one.id for one in examined(opened)] == [models.PRETRAINED]


def test_damaged_file_is_told_in_one_sentence(app: AppTest) -> None:
    folder = small_run()
    path = snapshots.newest_snapshot(folder)
    assert path is not None
    path.write_bytes(path.read_bytes()[:500])
    opened = press(open_page(app, folder.name))
    (error,) = opened.error
    assert "is not a whole safetensors file" in error.value
    assert is_sentence(error.value)
    assert examined(opened) == []


def test_generator_at_its_best_can_be_chosen_where_there_is_one(app: AppTest) -> None:
    folder = small_run()
    assert "at its best · after 320 images" in models.listing()[f"{folder.name}:best"].label
    opened = press(open_page(app, f"{folder.name}:best"))
    assert examined(opened)[0].question.path == folder / snapshots.BEST
    opened = go(app, "explore", model=f"{folder.name}:best")
    assert not opened.exception
    assert not opened.warning
    (folder / snapshots.BEST).unlink()
    assert f"{folder.name}:best" not in models.listing()
    assert models.Choice(f"{folder.name}:best", "", run=runs.read(folder), best=True).file() is None


def test_runs_that_a_list_would_show_alike_are_told_apart(runs_root: Path) -> None:
    for _ in range(2):
        small_run()
    labels = [choice.label for choice in models.listing().values()]
    assert len(set(labels)) == len(labels) == 1 + 2 + 2


def test_wall_has_each_forgery_above_its_nearest_training_image(app: AppTest, few: DataSet) -> None:
    opened = press(open_page(app))
    (one,) = examined(opened)
    pictures = [
        render.cells(base64.b64decode(source))
        for source in re.findall(r'class="digits" alt="The ten .*?" src="data:image/png;base64,(.*?)"', shown(opened))
    ]
    assert [len(picture) for picture in pictures] == [10] * 4
    forged = np.concatenate([picture[:5] for picture in pictures])
    real = np.concatenate([picture[5:] for picture in pictures])
    forgeries = [*one.measured.found.best, *one.measured.found.worst]
    assert np.array_equal(real, few.train_images[[forgery.nearest for forgery in forgeries]])
    distances = ((forged / 255.0 - real / 255.0) ** 2).sum((1, 2)) ** 0.5
    assert (distances > 0).all()
    worst = one.measured.found.worst[0]
    assert f"{worst.asked} → {worst.read}" in shown(opened)


def test_csv_has_a_row_for_each_figure_and_model_and_json_all_of_it(app: AppTest) -> None:
    folder = small_run("vanilla")
    both = examined(press(open_page(app, models.PRETRAINED, folder.name)))
    table = list(csv.DictReader(io.StringIO(evaluation.as_csv(both))))
    assert len(table) == 11 + 10
    assert list(table[0]) == ["model", "figure", "value", "floor", "ratio", "n", "seed", "reference"]
    for row in table:
        figure = next(one for one in both if one.id == row["model"]).metrics[row["figure"]]
        assert (float(row["value"]), float(row["floor"])) == (figure.value, figure.floor)
        assert (row["n"], row["seed"], row["reference"]) == (str(FEW), "0", "test")
    first, second = json.loads(evaluation.as_json(both))
    assert (first["model"], second["model"]) == (models.PRETRAINED, folder.name)
    assert {key: first[key] for key in first if key != "model"} == both[0].measured.found.to_dict()
    assert second["confusion"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(57744.9, "57,745"), (160.6, "161"), (12.34, "12.3"), (2.1978, "2.20"), (0.25, "0.25"), (0.0012, "0.0012")],
)
def test_numbers_have_the_digits_that_say_something(value: float, text: str) -> None:
    assert evaluation.number(value) == text


def test_beliefs_claim_no_certainty() -> None:
    texts = [evaluation.belief(value).replace("\N{NO-BREAK SPACE}", " ") for value in (0.0, 0.5, 1.0)]
    assert texts == ["&lt; 0.01 %", "50.00 %", "&gt; 99.99 %"]


def test_score_is_measured_and_joins_the_table_and_the_files(app: AppTest) -> None:
    opened = press(open_page(app, small_run().name))
    assert rows(opened)["Classification accuracy score"] == ["higher", "–", "–", "–"]
    opened = waited(button(opened, MEASURE).click().run())  # type: ignore[attr-defined]
    score = examined(opened)[0].metrics["classification_accuracy"]
    value, floor = (f"{100 * share:.2f} %" for share in (score.value, score.floor))
    assert rows(opened)["Classification accuracy score"][:3] == ["higher", value, floor]
    assert f"classification_accuracy,{score.value},{score.floor}," in evaluation.as_csv(examined(opened))
    (content,) = json.loads(evaluation.as_json(examined(opened)))
    assert content["figures"]["classification_accuracy"]["value"] == score.value


def test_measurement_that_is_killed_gives_one_sentence_and_may_be_tried_again(app: AppTest) -> None:
    opened = press(open_page(app, small_run().name))
    pid = asking.desk().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    opened = button(opened, MEASURE).click().run()  # type: ignore[attr-defined]
    assert all(button.label != MEASURE for button in opened.button)
    os.kill(pid, signal.SIGKILL)
    opened = waited(opened)
    (error,) = opened.error
    assert "has ended before it was done" in error.value
    assert button(opened, MEASURE)


def test_details_go_on_with_the_first_model_where_theirs_is_gone(app: AppTest) -> None:
    first, second = small_run("vanilla").name, small_run().name
    opened = press(open_page(app, models.PRETRAINED, first))
    opened = next(box for box in opened.selectbox if box.label == "Details of").set_value(first).run()
    opened = press(opened.multiselect[0].set_value([models.PRETRAINED, second]).run())
    assert next(box for box in opened.selectbox if box.label == "Details of").value == models.PRETRAINED
    assert "never told which digit is which" not in shown(opened)
