from typing import Any

import numpy as np
import pytest

from gan.config import ConfigError, TrainConfig, kinds
from gan.config.fields import flat
from gan.presets import PRESET_NOTES, PRESETS, differences, preset
from tests.helpers import value

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
    assert {field: value(PRESETS[name], field) for field in OFF} == OFF
    assert value(PRESETS[name], "architecture_d") in ("same", value(PRESETS[name], "architecture"))


def test_every_preset_has_its_name_and_a_note() -> None:
    assert list(PRESETS) == list(PRESET_NOTES)
    assert list(PRESETS)[:4] == ["cgan", "quality", "vanilla", "dcgan"]
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
    assert {field: value(PRESETS[name], field) for field in table} == table


def test_quality_is_the_default_larger_and_patient() -> None:
    quality, default = PRESETS["quality"], PRESETS["cgan"]
    apart = {path for path, one in flat(quality).items() if one != flat(default)[path]}
    larger, patient = {"generator.widths", "discriminator.widths"}, {"discriminator.shift", "optimizer.ema_kimg"}
    assert apart == {"preset", *larger, *patient, "optimizer.schedule", "budget.images", "budget.seconds"}
    for path in (*larger, "optimizer.ema_kimg"):
        assert np.all(np.asarray(value(quality, path)) >= value(default, path))
    # With a budget in images anybody's run is the same one; with one in seconds it would be the machine's.
    assert quality.budget.images > 1_000_000
    assert quality.budget.seconds == 0


def test_every_game_has_a_preset() -> None:
    """The first four play the adversarial game in its usual forms."""
    played = [config.game.kind for config in PRESETS.values()]
    assert set(played) == set(kinds())
    assert set(played[:4]) == {"adversarial"}


def test_default_preset_is_the_conditional_one() -> None:
    assert PRESETS["cgan"] == TrainConfig()


def test_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no preset 'biggan'; choose one of cgan, quality, vanilla, dcgan"):
        preset("biggan")


def test_differences_are_those_from_the_preset_that_was_chosen() -> None:
    assert differences(preset("vanilla")) == {}
    assert differences(preset("vanilla").changed(seed=3, lr_g=2e-3)) == {"seed": 3, "optimizer.lr_g": 2e-3}
