import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gan.config import ConfigError, TrainConfig, kinds
from gan.config.fields import find, problems, short
from tests.helpers import is_sentence, value

HUGE = 10**400
"""A whole number that no float can hold."""
GAMES = list(kinds())


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
        ("classes", (0, 10), "between 0 and 9"),
        ("classes", (1.5,), "whole numbers, separated by commas, or none for all"),
        ("classes", (3, 3), "each class once"),
        ("classes", (*range(10), 0), "whole numbers, separated by commas"),
        ("train_images", -1, "between 0 and 1,000,000"),
        ("train_images", 9, "at least 10, one of each class"),
        ("latent_scale", -0.1, "between 0 and 10"),
        ("latent_scale", math.nan, "between 0 and 10"),
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
        TrainConfig().changed({field: value})
    assert caught.value.field == find(field)
    assert str(caught.value).startswith(f"{short(find(field))} is ")
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
    with pytest.raises(ConfigError, match=r"is 64; a conv network takes at least two numbers") as caught:
        TrainConfig().changed(**changes, **{field: (64,)})
    assert caught.value.field == find(field)
    assert str(caught.value).startswith(find(field))
    assert is_sentence(str(caught.value))
    for widths in ((64, 32), (64, 32, 16), (8,) * 8):
        assert value(TrainConfig().changed(**changes, **{field: widths}), field) == widths


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
    assert value(TrainConfig().changed(**changes, **{field: (64,)}), field) == (64,)


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_smoothing_needs_a_target(loss: str) -> None:
    with pytest.raises(ConfigError, match=f"label_smoothing is for losses with a target; {loss} has none") as caught:
        TrainConfig().changed(loss=loss, label_smoothing=0.1)
    assert caught.value.field == "game.label_smoothing"
    assert is_sentence(str(caught.value))
    assert value(TrainConfig().changed(loss=loss), "label_smoothing") == 0


@pytest.mark.parametrize("loss", ["minimax", "non_saturating", "least_squares"])
def test_target_can_be_smoothed(loss: str) -> None:
    assert value(TrainConfig().changed(loss=loss, label_smoothing=0.1), "label_smoothing") == 0.1


def test_both_networks_can_be_wrong_at_once() -> None:
    both = {"architecture": "conv", "architecture_d": "same", "widths_g": (8,), "widths_d": (8,)}
    found = problems(TrainConfig(), both)
    assert set(found) == {"generator.widths", "discriminator.widths"}


@pytest.mark.parametrize(
    "values", [{"architecture": "conv"}, {"architecture_d": "conv"}, {"loss": "hinge"}, {"label_smoothing": 0.1}]
)
def test_one_change_of_the_defaults_contradicts_none_of_them(values: dict[str, Any]) -> None:
    assert problems(TrainConfig(), values) == {}


def test_config_error_is_a_value_error() -> None:
    assert issubclass(ConfigError, ValueError)


def test_whole_number_becomes_a_float() -> None:
    config = TrainConfig().changed(seconds=5)
    assert type(config.budget.seconds) is float
    assert config.budget.seconds == 5.0


@pytest.mark.parametrize("kind", GAMES)
def test_another_game_begins_with_its_own_defaults(kind: str) -> None:
    """Whatever the game before it had set, what both know as well; all that is no game's stays."""
    before = TrainConfig().changed(d_steps=3, r1=2.0, lr_g=1e-3, seed=7)
    for name in ("kind", "game", "game.kind"):
        after = before.changed({name: kind})
        if kind == "adversarial":
            assert after == before
        else:
            assert after.game == kinds()[kind]()
            assert after == before.model_copy(update={"game": kinds()[kind]()})


def test_another_game_takes_its_fields_along_in_any_order() -> None:
    for changes in ({"kind": "wgan", "clip": 0.02}, {"clip": 0.02, "kind": "wgan"}):
        changed = TrainConfig().changed(changes)
        assert (changed.game.kind, value(changed, "clip")) == ("wgan", 0.02)
    assert changed.changed(seed=1).game == changed.game


@pytest.mark.parametrize("kind", ["chess", "", None, 3, ["wgan"], {"kind": "wgan"}])
def test_unknown_game_is_refused_with_the_known_ones(kind: Any) -> None:
    with pytest.raises(ConfigError, match=rf"kind is .*; choose one of {', '.join(GAMES)}") as caught:
        TrainConfig().changed(kind=kind)
    assert caught.value.field == "game.kind"
    assert is_sentence(str(caught.value))


def test_change_leaves_the_settings_that_it_began_with_alone() -> None:
    config = TrainConfig()
    before = config.to_dict()
    assert config.changed({"generator.widths": [8, 8]}, seed=3) != config
    assert config.to_dict() == before


def test_both_at_once_takes_one_move_a_player() -> None:
    assert TrainConfig().changed(simultaneous=True).game.simultaneous
    for changes in ({"d_steps": 2}, {"g_steps": 2}):
        with pytest.raises(ConfigError, match="simultaneous takes one move a player; set d_steps and g_steps to 1"):
            TrainConfig().changed(simultaneous=True, **changes)


def test_pages_are_up_before_torch_is() -> None:
    modules = (
        *("gan.config", "gan.config.fields", "gan.config.lifting", "gan.presets", "gan.games", "gan.latents.spec"),
        *("gan.runs", "gan.render", "gan.games.losses", "gan.plots"),
    )
    code = f"import sys, {', '.join(modules)}; print(*({{'torch', 'streamlit'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.split() == []
