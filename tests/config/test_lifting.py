import json
from typing import Any

import pytest

from gan.config import SCHEMA_VERSION, ConfigError, TrainConfig, kinds
from gan.config.fields import NAMES_BEFORE_PARTS, flat
from gan.config.lifting import lifted
from gan.presets import PRESETS, differences
from tests.helpers import OLD, is_sentence, value, version_1

LATER: dict[str, Any] = {
    "architecture_d": "same",
    "ink_scale_d": 0.0,
    "shift_d": 0,
    "spectral_norm_d": False,
    "r1": 0.0,
    "r2": 0.0,
    "penalty_every": 1,
    "decay_from": 1.0,
    "patience": 0.0,
    "threads": "auto",
}
"""What version 1 did not say, by its name of then; it was off while version 1 trained."""
VERSION_3: dict[str, Any] = {
    "schema_version": 3,
    "preset": "cgan",
    "dataset": "mnist",
    "architecture": "conv",
    "architecture_d": "mlp",
    "conditional": True,
    "loss": "non_saturating",
    "latent_dim": 32,
    "embedding_dim": 32,
    "widths_g": [256, 16, 16],
    "widths_d": [384, 256],
    "batch_norm_g": True,
    "batch_norm_d": False,
    "ink_scale_d": 4.0,
    "shift_d": 0,
    "spectral_norm_d": False,
    "activation_g": "leaky_relu",
    "activation_d": "leaky_relu",
    "output": "tanh",
    "batch_size": 64,
    "lr_g": 0.002,
    "lr_d": 0.0005,
    "beta1": 0.0,
    "beta2": 0.95,
    "d_steps": 1,
    "g_steps": 1,
    "label_smoothing": 0.0,
    "weight_l1": 0.0,
    "weight_l2": 0.0,
    "r1": 0.0,
    "r2": 0.0,
    "penalty_every": 1,
    "decay_from": 1.0,
    "ema_kimg": 20.0,
    "images": 0,
    "seconds": 60.0,
    "patience": 0.0,
    "seed": 0,
    "device": "auto",
    "precision": "auto",
    "threads": "auto",
}
"""The `config.json` of the default preset as version 3 of the settings wrote it."""
_VERSION_3_OTHERS: dict[str, dict[str, Any]] = {
    "cgan": {},
    "quality": {
        "widths_g": [256, 32, 16],
        "widths_d": [512, 256],
        "shift_d": 1,
        "ema_kimg": 100.0,
        "images": 4_500_000,
        "seconds": 0.0,
    },
    "vanilla": {
        "architecture": "mlp",
        "conditional": False,
        "latent_dim": 100,
        "widths_g": [500, 500],
        "widths_d": [500, 500],
        "batch_norm_g": False,
        "ink_scale_d": 0.0,
        "activation_g": "relu",
        "activation_d": "relu",
        "output": "sigmoid",
        "batch_size": 128,
        "lr_g": 0.001,
        "lr_d": 0.001,
        "beta1": 0.5,
        "beta2": 0.999,
        "weight_l1": 1e-05,
        "weight_l2": 1e-05,
    },
    "dcgan": {
        "architecture_d": "same",
        "conditional": False,
        "latent_dim": 100,
        "widths_g": [64, 32],
        "widths_d": [32, 64],
        "batch_norm_d": True,
        "ink_scale_d": 0.0,
        "activation_g": "relu",
        "batch_size": 128,
        "lr_g": 0.0002,
        "lr_d": 0.0002,
        "beta1": 0.5,
        "beta2": 0.999,
    },
}
PRESETS_3 = tuple(_VERSION_3_OTHERS)
"""The presets that there were in version 3."""


def version_3(preset: str = "cgan", **changes: Any) -> dict[str, Any]:
    """The `config.json` of a preset as version 3 of the settings wrote it."""
    return VERSION_3 | {"preset": preset} | _VERSION_3_OTHERS[preset] | changes


def version_2(preset: str = "cgan", **changes: Any) -> dict[str, Any]:
    """The same of version 2, which had no number of threads: PyTorch took all cores."""
    said = version_3(preset, schema_version=2, **changes)
    del said["threads"]
    return said


def _said(config: TrainConfig, names: Any) -> dict[str, Any]:
    """The values of settings by their names of before there were parts, as JSON has them."""
    found = {name: value(config, name) for name in names}
    return {name: list(one) if isinstance(one, tuple) else one for name, one in found.items()}


def test_default_of_version_1_is_lifted_by_hand() -> None:
    """Every field at its place of now, written out."""
    assert TrainConfig.from_dict(version_1("cgan", seed=7)).to_dict() == {
        "schema_version": 5,
        "preset": "cgan",
        "data": {"dataset": "mnist", "batch_size": 128, "classes": [], "train_images": 0},
        "generator": {
            "architecture": "mlp",
            "latent_dim": 64,
            "latent_scale": 1.0,
            "embedding_dim": 64,
            "widths": [256, 384],
            "batch_norm": True,
            "activation": "leaky_relu",
            "output": "tanh",
        },
        "discriminator": {
            "architecture": "same",
            "widths": [384, 256],
            "batch_norm": False,
            "activation": "leaky_relu",
            "ink_scale": 0.0,
            "shift": 0,
            "spectral_norm": False,
        },
        "game": {
            "kind": "adversarial",
            "d_steps": 1,
            "g_steps": 1,
            "simultaneous": False,
            "conditional": True,
            "loss": "non_saturating",
            "label_smoothing": 0.0,
            "r1": 0.0,
            "r2": 0.0,
            "penalty_every": 1,
        },
        "optimizer": {
            "lr_g": 0.001,
            "lr_d": 0.001,
            "beta1": 0.0,
            "beta2": 0.99,
            "weight_l1": 0.0,
            "weight_l2": 0.0,
            "decay_from": 1.0,
            "ema_kimg": 20.0,
            "schedule": "",
        },
        "budget": {"images": 0, "seconds": 60.0, "patience": 0.0},
        "seed": 7,
        "device": "auto",
        "precision": "auto",
        "threads": "auto",
    }


@pytest.mark.parametrize("name", OLD)
def test_version_1_is_lifted_exactly(name: str) -> None:
    """What it says stays as it is, whatever the defaults are now; what it lacks did not exist when it trained, so
    it has to be off for a resume to go on as before. Between them they say everything."""
    old = version_1(name, seed=7)
    config = TrainConfig.from_json(json.dumps(old))
    del old["schema_version"]
    assert set(old) | set(LATER) == set(NAMES_BEFORE_PARTS)
    assert not set(old) & set(LATER)
    assert _said(config, NAMES_BEFORE_PARTS) == old | LATER
    assert config.to_dict()["schema_version"] == SCHEMA_VERSION == 5
    assert TrainConfig.from_json(json.dumps(config.to_dict())) == config


@pytest.mark.parametrize("name", OLD[1:])
def test_preset_of_the_literature_is_what_it_was_in_version_1(name: str) -> None:
    """Two perceptrons are "mlp" on both sides whether the second is called so or "same"; and where no digit is
    told, none is embedded."""
    preset = PRESETS[name]
    assert TrainConfig.from_dict(version_1(name)) == preset.changed(architecture_d="same", embedding_dim=64)


def test_version_1_may_say_what_came_while_it_was_in_use() -> None:
    said = {"architecture_d": "conv", "spectral_norm_d": True, "r1": 2.0, "penalty_every": 4, "patience": 30.0}
    config = TrainConfig.from_dict(version_1("cgan") | said)
    assert config == TrainConfig.from_dict(version_1("cgan")).changed(**said)
    assert _said(config, said) == said


def test_default_of_version_1_is_told_from_the_default_of_now() -> None:
    """The runs that it trained say on their pages what sets them apart from the preset of today."""
    found = differences(TrainConfig.from_dict(version_1("cgan")))
    expected = {
        "generator.architecture": "mlp",
        "generator.widths": (256, 384),
        "data.batch_size": 128,
        "optimizer.lr_d": 1e-3,
    }
    assert expected.items() <= found.items()


@pytest.mark.parametrize("name", PRESETS_3)
def test_version_2_is_lifted_exactly(name: str) -> None:
    old = version_2(name, seed=7)
    config = TrainConfig.from_json(json.dumps(old))
    del old["schema_version"]
    assert set(old) == set(NAMES_BEFORE_PARTS) - {"threads"}
    assert _said(config, NAMES_BEFORE_PARTS) == old | {"threads": "auto"}


@pytest.mark.parametrize("name", PRESETS_3)
def test_version_3_is_lifted_exactly(name: str) -> None:
    old = version_3(name, seed=7, threads=2, lr_g=0.0003)
    config = TrainConfig.from_json(json.dumps(old))
    del old["schema_version"]
    assert set(old) == set(NAMES_BEFORE_PARTS)
    assert _said(config, NAMES_BEFORE_PARTS) == old
    assert TrainConfig.from_json(json.dumps(config.to_dict())) == config


@pytest.mark.parametrize("name", [name for name in PRESETS_3 if name != "quality"])
def test_preset_is_what_it_was_in_version_3(name: str) -> None:
    """Parts have moved its settings and changed none. What is new is that some of them may change on the way, and
    that `quality` begins with wider shifts."""
    assert TrainConfig.from_dict(version_3(name)) == PRESETS[name].changed(schedule="")


def test_in_version_4_nothing_changed_on_the_way_unless_that_was_said() -> None:
    said = TrainConfig().to_dict() | {"schema_version": 4}
    assert TrainConfig.from_dict(said) == TrainConfig()
    del said["optimizer"]["schedule"]
    assert TrainConfig.from_dict(said) == TrainConfig().changed(schedule="")
    del said["optimizer"]
    assert TrainConfig.from_dict(said) == TrainConfig().changed(schedule="")


@pytest.mark.parametrize("old", [version_1(), version_2(), version_3()], ids=["1", "2", "3"])
def test_versions_before_parts_played_the_adversarial_game_move_by_move(old: dict[str, Any]) -> None:
    """What there is now besides the fields of then: which game, whether both move at once, and what breaks a run."""
    config = TrainConfig.from_dict(old)
    new = set(flat(config)) - set(NAMES_BEFORE_PARTS.values())
    assert {path: flat(config)[path] for path in new} == {
        "game.kind": "adversarial",
        "game.simultaneous": False,
        "data.classes": (),
        "data.train_images": 0,
        "generator.latent_scale": 1.0,
        "optimizer.schedule": "",
    }


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_field_that_an_old_version_leaves_out_is_what_it_was_then_or_the_default(version: int) -> None:
    config = TrainConfig.from_dict({"schema_version": version, "seed": 7})
    assert config == TrainConfig().changed({"seed": 7, "schedule": "", **(LATER if version == 1 else {})})


@pytest.mark.parametrize("version", [None, 0, 6, 99, "1", "5", 1.5, True, [5], "9" * 300])
def test_other_schema_version_is_refused(version: Any) -> None:
    with pytest.raises(ConfigError, match=r"version .* of the settings; this program reads 1 to 5") as caught:
        lifted(TrainConfig().to_dict() | {"schema_version": version})
    assert caught.value.field == "schema_version"
    assert repr(version)[:50] in str(caught.value)
    assert is_sentence(str(caught.value))
    assert len(str(caught.value)) < 200


def test_settings_without_a_version_are_refused() -> None:
    with pytest.raises(ConfigError, match="version None of the settings"):
        lifted({"seed": 7})


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("name", ["lr", "game", "generator", "generator.widths", "widths", "kind", "simultaneous", ""])
def test_name_that_an_old_version_did_not_have_is_refused(version: int, name: str) -> None:
    """With the names of then, not those of now."""
    with pytest.raises(ConfigError, match=r"no setting .*; there are preset, .*widths_g.*lr_g, lr_d") as caught:
        lifted({"schema_version": version, name: 1})
    assert caught.value.field == name
    assert is_sentence(str(caught.value))


def test_lifting_leaves_what_it_is_given_as_it_was() -> None:
    """A page may still show the file."""
    old = version_1()
    before = json.dumps(old)
    lifted(old)
    assert json.dumps(old) == before


@pytest.mark.parametrize("kind", kinds())
def test_version_of_now_is_read_as_it_was_written(kind: str) -> None:
    config = TrainConfig().changed(kind=kind)
    written = config.to_dict()
    assert written["game"]["kind"] == kind
    assert lifted(written) == {name: one for name, one in written.items() if name != "schema_version"}
    assert TrainConfig.from_json(json.dumps(written)) == config
