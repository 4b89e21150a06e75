"""The form that makes the settings of a run, by parts."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from gan import games
from gan.config import TrainConfig, fields, kinds, schedule
from gan.games.adversarial import AdversarialGame
from gan.presets import PRESETS, differences
from pages.components.settings import RATES_BY_HAND, TABS, UP_FRONT
from tests.helpers import is_sentence

MADE = "made"
"""Where the page leaves the settings, as a dictionary; None while something is wrong."""
Open = Callable[..., AppTest]


def _page(base: dict | None) -> None:  # type: ignore[type-arg]
    """The form alone; everything that it needs is imported here, for a page is a program of its own."""
    import streamlit as st

    from gan.config import TrainConfig
    from pages.components import settings

    wide = st.container()
    config = settings.form(TrainConfig.from_dict(base) if base else None, "id" if base else "", wide)
    st.session_state["made"] = config.to_dict() if config else None


@pytest.fixture
def form() -> Open:
    def open_form(base: TrainConfig | None = None) -> AppTest:
        return AppTest.from_function(_page, default_timeout=60, args=(base and base.to_dict(),)).run()

    return open_form


def _made(app: AppTest) -> TrainConfig | None:
    assert not app.exception
    found = app.session_state[MADE]
    return TrainConfig.from_dict(found) if found else None


def _widgets(app: AppTest | Block) -> dict[str, Any]:
    """The fields by their keys."""
    found = [*app.selectbox, *app.text_input, *app.number_input, *app.toggle, *app.select_slider]
    return {str(widget.key): widget for widget in found}


def _field(app: AppTest, path: str) -> Any:
    """The field of a setting, by its path."""
    path = path.removeprefix("optimizer.") if path.rpartition(".")[2] in RATES_BY_HAND else path
    (found,) = (widget for key, widget in _widgets(app).items() if key.startswith(f"{path}-"))
    return found


def _preset(app: AppTest) -> Any:
    return next(box for box in app.selectbox if box.label == "Preset")


def _around(app: AppTest, path: str) -> Block:
    """What stands in the column of a field: the field, what is said of it, the button that puts it back."""
    (found,) = (
        column
        for tab in app.tabs
        for column in tab.columns
        if any(key.startswith(f"{path}-") for key in _widgets(column))
        if len([*column.columns]) == 0
    )
    return found


def _said_below(app: AppTest) -> list[str]:
    """What is wrong as it is said beside Start: outside of the tabs."""
    return [one.value for one in app.error][-1:]


def test_parts_have_a_tab_each(form: Open) -> None:
    app = form()
    assert [tab.label for tab in app.tabs] == list(TABS.values())
    parts = {path.rpartition(".")[0] for path in fields.hints()}
    assert parts == set(TABS)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_field_of_every_part_is_there_with_its_help_and_value(form: Open, preset: str) -> None:
    """And untouched, the form makes the preset."""
    app = form()
    if preset != _preset(app).value:
        app = _preset(app).set_value(preset).run()
    assert _made(app) == PRESETS[preset]
    for path, hint in fields.hints(PRESETS[preset].game.kind).items():
        if path == schedule.PATH:  # a table, which AppTest does not know
            continue
        widget = _field(app, path)
        assert hint.help in str(widget.help), path
        if path not in UP_FRONT:
            assert f"`{fields.short(path)}`" in str(widget.help), path
            assert widget.label == hint.label
            (tab,) = (tab for tab in app.tabs if str(widget.key) in _widgets(tab))
            assert TABS[path.rpartition(".")[0]] == tab.label
    assert [button.label for button in app.button] == []  # nothing differs from the preset


CHANGES: list[tuple[str, Any, Any, str]] = [
    ("generator.widths", "64,32, 16", (64, 32, 16), "changed from 256, 16, 16"),
    ("generator.batch_norm", False, False, "changed from True"),
    ("discriminator.activation", "relu", "relu", "changed from leaky_relu"),
    ("discriminator.shift", 2, 2, "changed from 0"),
    ("discriminator.ink_scale", "0.5", 0.5, "changed from 4"),
    ("game.loss", "hinge", "hinge", "changed from non_saturating"),
    ("game.r1", "1e1", 10.0, "changed from 0"),
    ("game.simultaneous", True, True, "changed from False"),
    ("optimizer.beta2", "0.99", 0.99, "changed from 0.95"),
    ("optimizer.weight_l2", "1e-5", 1e-5, "changed from 0"),
    ("budget.images", 6400, 6400, "changed from 0"),
    ("data.batch_size", 128, 128, "changed from 64"),
    ("seed", 7, 7, "changed from 0"),
    ("threads", "2", 2, "changed from auto"),
    ("device", "cpu", "cpu", "changed from auto"),
]


@pytest.mark.parametrize(("path", "typed", "value", "mark"), CHANGES)
def test_what_differs_from_the_preset_is_marked_and_can_be_put_back(
    form: Open, path: str, typed: Any, value: Any, mark: str
) -> None:
    app = form()
    _field(app, path).set_value(typed).run()
    config = _made(app)
    assert config
    assert differences(config) == {path: value}
    (button,) = app.button
    assert button.label == mark
    assert [one.label for one in _around(app, path).button] == [mark]
    button.click().run()
    assert len(app.button) == 0
    assert _made(app) == TrainConfig()
    # And then it can be changed once more.
    _field(app, path).set_value(typed).run()
    assert _made(app) == config


def test_a_page_drawn_anew_before_a_browser_saw_it_has_the_same_form(form: Open) -> None:
    """A browser that gets only the second of two pages begins each field with what that one says."""

    def begins(app: AppTest) -> dict[str, Any]:
        found = _widgets(app).items()
        return {key: getattr(widget.proto, "default", None) for key, widget in found}

    app = form()
    first = begins(app)
    assert first["optimizer.beta2-cgan-"] == "0.95"
    assert first["generator.batch_norm-cgan-"] is True
    assert begins(app.run()) == first


WRONG: list[tuple[str, Any, str]] = [
    ("generator.widths", "fast", "generator.widths is 'fast'; it takes one to eight whole numbers"),
    ("generator.widths", "64", "a conv network takes at least two numbers"),
    ("discriminator.widths", "0", "has to be between 1 and"),
    ("discriminator.ink_scale", "-1", "ink_scale is -1.0; it has to be between 0 and 100"),
    ("optimizer.beta1", "nan", "beta1 is "),
    ("optimizer.beta1", "", "beta1 is ''; it takes a number"),
    ("game.label_smoothing", "0.7", "label_smoothing is 0.7; it has to be between 0 and 0.5"),
    ("threads", "many", "threads is 'many'; it takes a whole number or auto"),
    ("budget.images", 5, "images is 5; one batch alone has 64"),
]


@pytest.mark.parametrize(("path", "typed", "sentence"), WRONG)
def test_what_is_wrong_is_said_at_the_field_and_beside_start(form: Open, path: str, typed: Any, sentence: str) -> None:
    app = form()
    _field(app, path).set_value(typed).run()
    assert _made(app) is None
    (said,) = (one.value for one in _around(app, path).error)
    assert sentence in said
    assert is_sentence(said)
    assert [one.value for one in app.error] == [said, said]
    assert _said_below(app) == [said]
    usual = fields.flat(TrainConfig())[path]
    app = (
        _field(app, path)
        .set_value(
            ", ".join(map(str, usual)) if isinstance(usual, tuple) else usual if isinstance(typed, int) else str(usual)
        )
        .run()
    )
    assert _made(app) == TrainConfig()
    assert len(app.error) == 0


def test_contradiction_is_said_where_it_can_be_cured(form: Open) -> None:
    app = form()
    _field(app, "game.label_smoothing").set_value("0.1").run()
    assert _made(app)
    _field(app, "game.loss").set_value("hinge").run()
    assert _made(app) is None
    (said,) = (one.value for one in _around(app, "game.label_smoothing").error)
    assert "hinge has none" in said


def test_several_wrong_fields_are_counted_beside_start(form: Open) -> None:
    app = form()
    _field(app, "generator.widths").set_value("fast").run()
    _field(app, "optimizer.beta2").set_value("slow").run()
    assert _made(app) is None
    (below,) = _said_below(app)
    assert below.endswith("And 1 more in All settings.")
    assert len(app.error) == 3


def test_another_preset_forgets_what_was_typed(form: Open) -> None:
    app = form()
    _field(app, "generator.widths").set_value("fast").run()
    _preset(app).set_value("vanilla").run()
    assert _made(app) == PRESETS["vanilla"]


def test_settings_of_a_run_are_where_the_form_begins(form: Open) -> None:
    """What its run changed is marked, and can be put back to what the preset has."""
    base = PRESETS["dcgan"].changed(widths_g=(32, 16), seed=5, loss="hinge", lr_g=3e-4)
    app = form(base)
    assert _made(app) == base
    assert sorted(button.label for button in app.button) == [
        "changed from 0",
        "changed from 64, 32",
        "changed from non_saturating",
    ]
    for label in ("changed from 0", "changed from 64, 32", "changed from non_saturating"):
        next(button for button in app.button if button.label == label).click().run()
    assert _made(app) == PRESETS["dcgan"].changed(lr_g=3e-4)


class _Toy(AdversarialGame):
    """A game of its own, for a form that has never heard of it."""

    kind: Literal["toy"] = "toy"  # type: ignore[assignment]
    """The game that the two networks play."""
    r1: Annotated[float, Field(ge=0, le=1000)] = 2.5
    """Other than in the other game."""
    spread: Annotated[float, Field(ge=0, le=9)] = 1.5
    """How far apart the toys lie."""
    toys: Annotated[int, Field(ge=1, le=9)] = 3
    """How many toys."""

    def problems(self, config: TrainConfig) -> dict[str, str]:
        batch_norm = {"discriminator.batch_norm": "batch_norm_d is on; a toy does not bear it."}
        return super().problems(config) | (batch_norm if config.discriminator.batch_norm else {})


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    def forget() -> None:
        for known in (fields.hints, fields._fields, fields._adapter, fields.short):
            known.cache_clear()

    monkeypatch.setitem(games.KINDS, "toy", _Toy)
    forget()
    yield "toy"
    monkeypatch.undo()
    forget()


def _choose(app: AppTest, game: str) -> AppTest:
    return app if game == app.session_state[MADE]["game"]["kind"] else _field(app, fields.KIND).set_value(game).run()


def _check_game(app: AppTest, game: str) -> None:
    """The fields are that game's and no other's, with the values that it begins with."""
    app = _choose(app, game)
    assert not app.exception
    (tab,) = (tab for tab in app.tabs if tab.label == TABS["game"])
    shown = {key.partition("-")[0] for key in _widgets(tab)}
    assert shown == {path for path in fields.hints(game) if path.startswith("game.")}
    config = _made(app)
    if config is None:  # what else it needs is said
        assert len(app.error) >= 1
        return
    assert config.game.kind == game
    assert config == TrainConfig().changed(kind=game)


def test_schedule_of_a_run_goes_through_the_table_unchanged(form: Open) -> None:
    base = TrainConfig().changed(schedule="1234567: batch_size=128, lr_g=0.0028; 2000000: ema_kimg=40, shift=1")
    assert _made(form(base)) == base


@pytest.mark.parametrize("game", list(kinds()))
def test_each_game_shows_its_own_fields(form: Open, game: str) -> None:
    _check_game(form(), game)


def test_another_game_shows_its_own_fields(form: Open, toy: str) -> None:
    app = form()
    _check_game(app, toy)
    _field(app, "game.spread").set_value("3").run()
    _field(app, "game.toys").set_value(5).run()
    config = _made(app)
    assert config
    assert config.game == _Toy(spread=3.0, toys=5)
    _field(app, "game.spread").set_value("10").run()
    assert _made(app) is None
    (said,) = (one.value for one in _around(app, "game.spread").error)
    assert "spread is 10.0; it has to be between 0 and 9." in said
    # What was typed for one game is not the other's.
    app = _field(app, fields.KIND).set_value("adversarial").run()
    assert _made(app) == TrainConfig()


def test_game_that_does_not_bear_other_settings_says_so(form: Open, toy: str) -> None:
    """And all fields stay, so that it can be cured."""
    app = _preset(form()).set_value("dcgan").run()
    app = _choose(app, toy)
    assert _made(app) is None
    (said,) = (one.value for one in _around(app, "discriminator.batch_norm").error)
    assert "does not bear it" in said
    _field(app, "discriminator.batch_norm").set_value(False).run()
    config = _made(app)
    assert config
    assert config.game.kind == toy
