import json
import math
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gan import config as configs
from gan.config import ConfigError, Hint, TrainConfig, hints, parse, problems
from gan.presets import PRESET_NOTES, PRESETS, differences, preset
from tests.helpers import OLD, is_sentence, version_1

FIELDS = [field.name for field in fields(TrainConfig)]
HUGE = 10**400
"""A whole number that no float can hold."""


def _values(hint: Hint) -> st.SearchStrategy[Any]:
    if hint.choices:
        return st.sampled_from(hint.choices)
    if hint.kind is bool:
        return st.booleans()
    assert hint.bounds
    low, high = hint.bounds.low, hint.bounds.high
    numbers: st.SearchStrategy[Any] = (
        st.floats(low, high) if hint.kind is float else st.integers(math.ceil(low), math.floor(high))
    )
    if hint.word:
        numbers |= st.just(hint.word)
    return st.lists(numbers, min_size=1, max_size=8).map(tuple) if hint.is_tuple else numbers


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


any_settings = st.fixed_dictionaries({name: _values(hint) for name, hint in hints().items()})
any_setting = st.sampled_from(FIELDS).flatmap(lambda name: st.tuples(st.just(name), _values(hints()[name])))


@given(any_settings)
def test_config_survives_json(values: dict[str, Any]) -> None:
    assume(not problems(values))
    config = TrainConfig(**values)
    assert TrainConfig.from_json(json.dumps(config.to_dict())) == config


@given(any_setting)
def test_parse_reads_what_a_value_is_written_as(setting: tuple[str, Any]) -> None:
    name, value = setting
    assert parse(name, f" {_text(value)} ") == value


@given(st.sampled_from(FIELDS), st.text())
def test_parse_takes_or_refuses_any_text(name: str, text: str) -> None:
    message = ""
    try:
        assert problems({name: parse(name, text)}) == {}
    except ConfigError as error:
        message = str(error)
    assert not message or message.startswith(f"{name} is ")


@given(
    st.sampled_from(FIELDS),
    st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.just(HUGE)),
)
def test_problems_names_only_the_field_that_was_asked_about(name: str, value: Any) -> None:
    assert set(problems({name: value})) <= {name}


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("preset", "stylegan", "cgan, quality, vanilla, dcgan"),
        ("dataset", "cifar", "mnist"),
        ("architecture", "transformer", "mlp, conv"),
        ("architecture_d", "transformer", "same, mlp, conv"),
        ("loss", "wasserstein", "minimax, non_saturating, least_squares, hinge, relativistic"),
        ("conditional", "yes", "true or false"),
        ("latent_dim", 0, "between 1 and 512"),
        ("latent_dim", 513, "between 1 and 512"),
        ("latent_dim", 2.5, "a whole number"),
        ("latent_dim", True, "a whole number"),
        ("widths_g", (), "one to eight whole numbers"),
        ("widths_g", (1,) * 9, "one to eight whole numbers"),
        ("widths_g", (16, 0), "between 1 and 4,096"),
        ("widths_d", (16, 2.5), "one to eight whole numbers"),
        ("batch_size", 1, "between 2 and 4,096"),
        ("lr_g", 0.0, "between 1e-06 and 0.1"),
        ("lr_g", math.nan, "between 1e-06 and 0.1"),
        ("lr_d", math.inf, "between 1e-06 and 0.1"),
        ("lr_d", "fast", "a number"),
        pytest.param("lr_d", HUGE, "between 1e-06 and 0.1", id="lr_d-huge"),
        ("beta1", 1.0, "between 0 and 0.999"),
        ("label_smoothing", 0.6, "between 0 and 0.5"),
        ("ink_scale_d", -0.1, "between 0 and 100"),
        ("ink_scale_d", 100.5, "between 0 and 100"),
        ("ink_scale_d", math.nan, "between 0 and 100"),
        ("shift_d", 9, "between 0 and 8"),
        ("shift_d", 0.5, "a whole number"),
        ("spectral_norm_d", "yes", "true or false"),
        ("r1", -0.1, "between 0 and 1,000"),
        ("r1", math.nan, "between 0 and 1,000"),
        ("r2", 1000.5, "between 0 and 1,000"),
        ("penalty_every", 0, "between 1 and 1,000"),
        ("penalty_every", 1.5, "a whole number"),
        ("decay_from", 1.1, "between 0 and 1"),
        ("decay_from", "half", "a number"),
        ("d_steps", 0, "between 1 and 20"),
        ("images", -1, "between 0 and 1,000,000,000"),
        pytest.param("images", HUGE, "between 0 and 1,000,000,000", id="images-huge"),
        ("images", 63, "64"),
        ("seed", 2**31, "between 0 and 2,147,483,647"),
        ("device", "tpu", "auto, cpu, cuda, mps"),
    ],
)
def test_error_names_field_value_and_what_is_allowed(field: str, value: Any, allowed: str) -> None:
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value).strip("'")
    with pytest.raises(ConfigError) as caught:
        TrainConfig(**{field: value})
    assert caught.value.field == field
    assert field in str(caught.value)
    assert shown[:50] in str(caught.value)
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("widths_g", {"architecture": "conv"}),
        ("widths_g", {}),
        ("widths_d", {"architecture": "conv", "architecture_d": "same"}),
        ("widths_d", {"architecture": "conv", "architecture_d": "conv"}),
        ("widths_g", {"architecture": "conv", "architecture_d": "mlp"}),
        ("widths_d", {"architecture": "mlp", "architecture_d": "conv"}),
    ],
)
def test_conv_takes_at_least_two_widths(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"{field} is 64; a conv network takes at least two numbers") as caught:
        TrainConfig(**changes, **{field: (64,)})
    assert caught.value.field == field
    assert is_sentence(str(caught.value))
    for widths in ((64, 32), (64, 32, 16), (8,) * 8):
        assert getattr(TrainConfig(**changes, **{field: widths}), field) == widths


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("widths_g", {"architecture": "mlp", "architecture_d": "conv"}),
        ("widths_d", {"architecture": "conv", "architecture_d": "mlp"}),
        ("widths_g", {"architecture": "mlp"}),
        ("widths_d", {"architecture": "mlp", "architecture_d": "same"}),
        ("widths_d", {}),
    ],
)
def test_mlp_takes_one_width(field: str, changes: dict[str, Any]) -> None:
    assert getattr(TrainConfig(**changes, **{field: (64,)}), field) == (64,)


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_smoothing_needs_a_target(loss: str) -> None:
    with pytest.raises(ConfigError, match=f"label_smoothing is for losses with a target; {loss} has none") as caught:
        TrainConfig(loss=loss, label_smoothing=0.1)
    assert caught.value.field == "label_smoothing"
    assert is_sentence(str(caught.value))
    assert TrainConfig(loss=loss).label_smoothing == 0


@pytest.mark.parametrize("loss", ["minimax", "non_saturating", "least_squares"])
def test_target_can_be_smoothed(loss: str) -> None:
    assert TrainConfig(loss=loss, label_smoothing=0.1).label_smoothing == 0.1


def test_both_networks_can_be_wrong_at_once() -> None:
    both = {"architecture": "conv", "architecture_d": "same", "widths_g": (8,), "widths_d": (8,)}
    found = problems(vars(TrainConfig()) | both)
    assert set(found) == {"widths_g", "widths_d"}


@pytest.mark.parametrize(
    "values", [{"architecture": "conv"}, {"architecture_d": "conv"}, {"loss": "hinge"}, {"label_smoothing": 0.1}]
)
def test_part_of_the_settings_contradicts_nothing_that_is_not_there(values: dict[str, Any]) -> None:
    assert problems(values) == {}


OFF = {
    "ink_scale_d": 0,
    "shift_d": 0,
    "spectral_norm_d": False,
    "r1": 0,
    "r2": 0,
    "penalty_every": 1,
    "decay_from": 1,
    "patience": 0,
}


@pytest.mark.parametrize("name", ["vanilla", "dcgan"])
def test_preset_of_the_literature_has_no_later_ideas(name: str) -> None:
    assert {field: getattr(PRESETS[name], field) for field in OFF} == OFF
    assert PRESETS[name].architecture_d in ("same", PRESETS[name].architecture)


@pytest.mark.parametrize("name", OLD)
def test_version_1_is_lifted_exactly(name: str) -> None:
    """What it says stays as it is, whatever the defaults are now; what it lacks did not exist when it trained, so
    it has to be off for a resume to go on as before. Between them they say everything."""
    old = version_1(name, seed=7)
    lifted = TrainConfig.from_json(json.dumps(old))
    later = {"architecture_d": "same", "threads": "auto", **OFF}
    del old["schema_version"]
    assert set(old) | set(later) == set(FIELDS)
    assert not set(old) & set(later)
    assert (
        vars(lifted)
        == {name: tuple(value) if isinstance(value, list) else value for name, value in old.items()} | later
    )
    assert lifted.to_dict()["schema_version"] == 3
    assert TrainConfig.from_json(json.dumps(lifted.to_dict())) == lifted


@pytest.mark.parametrize("name", OLD[1:])
def test_preset_of_the_literature_is_what_it_was_in_version_1(name: str) -> None:
    """Two perceptrons are "mlp" on both sides whether the second is called so or "same"; and where no digit is
    told, none is embedded."""
    preset = PRESETS[name]
    assert TrainConfig.from_dict(version_1(name)) == preset.changed(architecture_d="same", embedding_dim=64)


def test_version_1_may_say_what_came_while_it_was_in_use() -> None:
    said = {"architecture_d": "conv", "spectral_norm_d": True, "r1": 2.0, "penalty_every": 4, "patience": 30.0}
    lifted = TrainConfig.from_dict(version_1("cgan") | said)
    assert lifted == TrainConfig.from_dict(version_1("cgan")).changed(**said)
    assert {field: getattr(lifted, field) for field in said} == said


def test_default_of_version_1_is_told_from_the_default_of_now() -> None:
    """The runs that it trained say on their pages what sets them apart from the preset of today."""
    found = differences(TrainConfig.from_dict(version_1("cgan")))
    assert {"architecture": "mlp", "widths_g": (256, 384), "batch_size": 128, "lr_d": 1e-3}.items() <= found.items()


def test_config_error_is_a_value_error() -> None:
    assert issubclass(ConfigError, ValueError)


def test_whole_number_becomes_a_float() -> None:
    config = TrainConfig(seconds=5)
    assert type(config.seconds) is float
    assert config.seconds == 5.0


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "3", "not json"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a JSON object"):
        TrainConfig.from_json(text)


@pytest.mark.parametrize("version", [None, 0, 4, 99, "1", "2", 1.5])
def test_other_schema_version_is_refused(version: Any) -> None:
    with pytest.raises(ConfigError, match=f"version {version!r} of the settings; this program reads 1 to 3"):
        TrainConfig.from_dict(TrainConfig().to_dict() | {"schema_version": version})


def test_field_left_out_takes_its_default() -> None:
    assert TrainConfig.from_dict({"schema_version": 3, "seed": 7}) == TrainConfig(seed=7)


def test_version_2_is_lifted_exactly() -> None:
    """It had no number of threads: PyTorch took all cores."""
    said = TrainConfig(seed=7).to_dict() | {"schema_version": 2}
    del said["threads"]
    assert TrainConfig.from_dict(said) == TrainConfig(seed=7, threads="auto")


@pytest.mark.parametrize(
    "call",
    [
        lambda: TrainConfig.from_dict({"schema_version": 1, "lr": 1.0}),
        lambda: TrainConfig.from_dict({"schema_version": 2, "lr": 1.0}),
        lambda: TrainConfig().changed(lr=1.0),
        lambda: parse("lr", "1"),
    ],
)
def test_unknown_field_is_refused_with_the_known_ones(call: Any) -> None:
    with pytest.raises(ConfigError, match=r"no setting 'lr'; there are preset, .*lr_g, lr_d"):
        call()


@pytest.mark.parametrize("name", FIELDS)
def test_field_has_help_and_a_hint(name: str) -> None:
    assert len(configs.help_texts()[name]) > 10
    hint = hints()[name]
    assert hint.choices or hint.bounds or hint.kind is bool


def test_help_text_stands_under_its_own_field() -> None:
    """The text is read from the source by position: an odd one would shift all that follow."""
    assert configs.help_texts()["preset"] == "The preset that the other settings started from."
    assert configs.help_texts()["seed"] == "Everything random follows from it."
    assert "\n" not in configs.help_texts()["loss"]


def test_every_preset_has_its_name_and_a_note() -> None:
    assert list(PRESETS) == list(PRESET_NOTES) == ["cgan", "quality", "vanilla", "dcgan"]
    assert all(config.preset == name for name, config in PRESETS.items())


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("cgan", {"conditional": True, "architecture": "conv", "latent_dim": 32, "embedding_dim": 32}),
        ("cgan", {"widths_g": (256, 16, 16), "widths_d": (384, 256), "architecture_d": "mlp", "ink_scale_d": 4.0}),
        ("cgan", {"loss": "non_saturating", "lr_g": 2e-3, "lr_d": 5e-4, "beta1": 0.0, "beta2": 0.95}),
        ("cgan", {"batch_size": 64, "output": "tanh", "batch_norm_g": True, "batch_norm_d": False}),
        ("vanilla", {"conditional": False, "architecture": "mlp", "latent_dim": 100}),
        ("vanilla", {"widths_g": (500, 500), "widths_d": (500, 500), "batch_size": 128, "output": "sigmoid"}),
        ("vanilla", {"activation_g": "relu", "activation_d": "relu", "weight_l1": 1e-5, "weight_l2": 1e-5}),
        ("vanilla", {"lr_g": 1e-3, "lr_d": 1e-3, "beta1": 0.5, "beta2": 0.999, "loss": "non_saturating"}),
        ("vanilla", {"batch_norm_g": False, "batch_norm_d": False, "label_smoothing": 0.0}),
        ("dcgan", {"conditional": False, "architecture": "conv", "widths_g": (64, 32), "widths_d": (32, 64)}),
        ("dcgan", {"batch_norm_g": True, "batch_norm_d": True, "activation_d": "leaky_relu"}),
        ("dcgan", {"activation_g": "relu", "output": "tanh", "lr_g": 2e-4, "lr_d": 2e-4, "beta1": 0.5}),
    ],
)
def test_preset_is_what_the_literature_says(name: str, table: dict[str, Any]) -> None:
    """The figures are those of the papers and tutorials that SUBJECT.md draws together; those of cgan were
    measured (benchmarks.recipes)."""
    assert {field: getattr(PRESETS[name], field) for field in table} == table


def test_quality_is_the_default_larger_and_patient() -> None:
    quality, default = PRESETS["quality"], PRESETS["cgan"]
    apart = {field for field in FIELDS if getattr(quality, field) != getattr(default, field)}
    larger, patient = {"widths_g", "widths_d"}, {"shift_d", "ema_kimg", "images", "seconds"}
    assert apart == {"preset", *larger, *patient}
    for field in (*larger, "ema_kimg"):
        assert np.all(np.asarray(getattr(quality, field)) >= getattr(default, field))
    # With a budget in images anybody's run is the same one; with one in seconds it would be the machine's.
    assert quality.images > 1_000_000
    assert quality.seconds == 0


def test_default_preset_is_the_conditional_one() -> None:
    assert PRESETS["cgan"] == TrainConfig()


def test_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no preset 'biggan'; choose one of cgan, quality, vanilla, dcgan"):
        preset("biggan")


def test_differences_are_those_from_the_preset_that_was_chosen() -> None:
    assert differences(preset("vanilla")) == {}
    assert differences(preset("vanilla").changed(seed=3, lr_g=2e-3)) == {"seed": 3, "lr_g": 2e-3}


def test_pages_are_up_before_torch_is() -> None:
    modules = ("gan.config", "gan.runs", "gan.render", "gan.losses", "gan.plots")
    code = f"import sys, {', '.join(modules)}; print(*({{'torch', 'streamlit'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    assert done.stdout.split() == []
