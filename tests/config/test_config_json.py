"""Settings out of `config.json`, whoever wrote it."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.config import SCHEMA_VERSION, ConfigError, TrainConfig, kinds
from gan.config.fields import flat, hints, problems
from tests.config.test_fields import HUGE, values_of
from tests.helpers import is_sentence, refusal

GAMES = list(kinds())
PARTS = ["data", "generator", "discriminator", "game", "optimizer", "budget"]

any_settings = st.sampled_from(GAMES).flatmap(
    lambda kind: st.fixed_dictionaries(
        {path: values_of(hint) for path, hint in hints(kind).items()} | {"game.kind": st.just(kind)}
    )
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(HUGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(any_settings)
def test_config_survives_json(values: dict[str, Any]) -> None:
    """Whatever is set; fields that contradict each other are left at their defaults."""
    while wrong := problems(TrainConfig(), values):
        for path in wrong:
            del values[path]
    config = TrainConfig().changed(values)
    assert {path: flat(config)[path] for path in values} == values
    assert TrainConfig.from_json(json.dumps(config.to_dict())) == config


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "3", "not json"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a JSON object"):
        TrainConfig.from_json(text)


@pytest.mark.parametrize("part", ["", *PARTS])
def test_part_or_field_left_out_takes_its_default(part: str) -> None:
    said: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "seed": 7}
    empty = {"kind": "adversarial"} if part == "game" else {}
    assert TrainConfig.from_dict(said | ({part: empty} if part else {})) == TrainConfig().changed(seed=7)


def test_some_fields_of_a_part_leave_the_others_at_their_defaults() -> None:
    said = {"schema_version": SCHEMA_VERSION, "optimizer": {"lr_g": 1e-3}, "game": {"kind": "wgan", "clip": 0.02}}
    assert TrainConfig.from_dict(said) == TrainConfig().changed(lr_g=1e-3, kind="wgan", clip=0.02)


@pytest.mark.parametrize(
    ("values", "path", "said"),
    [
        # A part that is no group.
        *(
            ({part: wrong}, part, rf"{part} is .*; it takes a group of settings\.")
            for part in PARTS
            for wrong in (None, 3, "conv", [1], True)
        ),
        # A field that no part has, or that another part has.
        *(({part: {"lr": 1}}, f"{part}.lr", r"no setting 'lr'.*there are preset") for part in PARTS if part != "game"),
        ({"lr": 1}, "lr", r"no setting 'lr'; there are preset"),
        ({"lr_g": 1e-3}, "lr_g", r"no setting 'lr_g'; there are preset"),
        ({"generator": {"lr_g": 1e-3}}, "generator.lr_g", r"no setting 'lr_g'; there are preset"),
        ({"generator.widths": [4, 4]}, "generator.widths", r"no setting 'generator.widths'|no setting 'widths'"),
        ({"": 1}, "", r"no setting ''; there are preset"),
        # A field with something else in it.
        ({"generator": {"widths": {"0": 1}}}, "generator.widths", "it takes one to eight whole numbers"),
        ({"generator": {"widths": [[1]]}}, "generator.widths", "it takes one to eight whole numbers"),
        ({"generator": {"widths": [16, "16"]}}, "generator.widths", "it takes one to eight whole numbers"),
        ({"generator": {"widths": []}}, "generator.widths", "it takes one to eight whole numbers"),
        ({"generator": {"batch_norm": 1}}, "generator.batch_norm", "it takes true or false"),
        ({"generator": {"architecture": None}}, "generator.architecture", "choose one of mlp, conv"),
        ({"data": {"batch_size": "64"}}, "data.batch_size", "batch_size is '64'; it takes a whole number"),
        ({"data": {"batch_size": 64.0}}, "data.batch_size", "it takes a whole number"),
        ({"budget": {"seconds": "60"}}, "budget.seconds", "it takes a number"),
        ({"budget": {"seconds": math.nan}}, "budget.seconds", "it has to be between"),
        ({"seed": None}, "seed", "it takes a whole number"),
        ({"threads": "many"}, "threads", "it takes a whole number or auto"),
        ({"threads": 0}, "threads", "it has to be between 1 and 1,024"),
        ({"preset": 3}, "preset", "choose one of cgan, quality"),
        # A game that nobody knows, or one with another's fields.
        ({"game": {"kind": "chess"}}, "game.kind", "kind is 'chess'; choose one of adversarial, "),
        ({"game": {"kind": 3}}, "game.kind", "kind is 3; choose one of adversarial, "),
        ({"game": {"kind": ["wgan"]}}, "game.kind", "choose one of adversarial, "),
        ({"game": {"kind": "wgan", "loss": "hinge"}}, "game.loss", "no setting 'loss' in the game wgan; there are"),
        ({"game": {"kind": "adversarial", "clip": 1}}, "game.clip", "no setting 'clip' in the game adversarial; "),
        ({"game": {"kind": "adversarial", "loss": 3}}, "game.loss", "loss is 3; choose one of minimax, "),
        # Settings that are each fine.
        ({"generator": {"widths": [16]}}, "generator.widths", "a conv network takes at least two numbers"),
        ({"budget": {"images": 63}}, "budget.images", "one batch alone has 64"),
        (
            {"game": {"kind": "adversarial", "simultaneous": True, "d_steps": 2}},
            "game.simultaneous",
            "takes one move a player; set d_steps and g_steps to 1",
        ),
    ],
)
def test_wrong_json_is_refused_in_a_sentence(values: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        TrainConfig.from_json(json.dumps({"schema_version": SCHEMA_VERSION, **values}))
    assert caught.value.field == path
    assert is_sentence(str(caught.value))


def _reads_or_refuses(values: Any) -> None:
    text = json.dumps(values)
    if refused := refusal(lambda: TrainConfig.from_json(text)):
        assert is_sentence(str(refused))
        assert len(str(refused)) < 1000
    else:
        config = TrainConfig.from_json(text)
        assert TrainConfig.from_json(json.dumps(config.to_dict())) == config


@given(st.integers(1, SCHEMA_VERSION), st.sampled_from(["lr_g", "widths_g", "seed", *PARTS]), any_json)
def test_any_json_in_a_place_is_read_or_refused(version: int, name: str, found: Any) -> None:
    """Somebody may have written to the file by hand."""
    _reads_or_refuses({"schema_version": version, name: found})


@given(kind=st.sampled_from(GAMES), found=any_json, data=st.data())
def test_any_json_in_a_field_is_read_or_refused(kind: str, found: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(hints(kind))))
    part, _, last = path.rpartition(".")
    values = TrainConfig().changed(kind=kind).to_dict()
    (values[part] if part else values)[last] = found
    _reads_or_refuses(values)


@given(any_json)
def test_any_json_at_all_is_read_or_refused(found: Any) -> None:
    _reads_or_refuses(found)
    if isinstance(found, dict):
        _reads_or_refuses({**found, "schema_version": SCHEMA_VERSION})
