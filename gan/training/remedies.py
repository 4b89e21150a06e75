"""What usually helps, and where it is one setting, the change of it.

A setting that differs from the preset's and is known to do such harm is put back first; else what usually helps is
tried. No game is named here: a setting that a game has not is passed over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gan.config import ConfigError, TrainConfig
from gan.config.fields import flat, short, written
from gan.presets import preset

LIVE = ("optimizer.lr_g", "optimizer.lr_d")
"""What can be changed while a run trains."""


@dataclass(frozen=True)
class Cure:
    """One setting to change."""

    path: str
    value: Any
    before: Any
    """What it is now, which undoes the change."""
    back: bool = False
    """Whether it puts back what somebody has changed in the preset: that is likely to blame."""

    @property
    def changes(self) -> dict[str, Any]:
        """For `TrainConfig.changed`."""
        return {self.path: self.value}

    @property
    def undo(self) -> dict[str, Any]:
        """The inverse of `changes`."""
        return {self.path: self.before}

    @property
    def live(self) -> bool:
        """Whether a running run takes it; else it takes a new run."""
        return self.path in LIVE

    @property
    def sentence(self) -> str:
        """What to do, for people."""
        where = "while it trains" if self.live else "in a new run"
        return f"Set {short(self.path)} to {written(self.value)} {where}; it is {written(self.before)} now."

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"changes": self.changes, "undo": self.undo, "live": self.live, "sentence": self.sentence}


_SUSPECTS: Mapping[str, tuple[str, ...]] = {
    "vanishing_gradient": ("game.loss", "game.d_steps", "optimizer.lr_d"),
    "discriminator_too_strong": ("game.d_steps", "optimizer.lr_d", "optimizer.lr_g", "discriminator.widths"),
    "discriminator_too_weak": ("game.g_steps", "optimizer.lr_g", "optimizer.lr_d", "discriminator.widths"),
    "mode_collapse": (
        "optimizer.beta1",
        "optimizer.lr_g",
        "optimizer.lr_d",
        "game.g_steps",
        "generator.batch_norm",
        "discriminator.architecture",
    ),
    "oscillation": ("optimizer.lr_d", "optimizer.lr_g", "optimizer.beta1", "optimizer.ema_kimg", "game.simultaneous"),
    "divergence": ("optimizer.lr_d", "optimizer.lr_g", "optimizer.beta1", "game.simultaneous"),
    "memorising": ("data.train_images", "discriminator.shift"),
}
"""Settings that do such harm, the likeliest first; a change of one of them is undone."""

_HELP: Mapping[str, tuple[tuple[str, Callable[[Any], Any]], ...]] = {
    "vanishing_gradient": (
        ("game.loss", lambda loss: "non_saturating" if loss == "minimax" else loss),
        ("optimizer.lr_d", lambda rate: rate / 4),
    ),
    "discriminator_too_strong": (
        ("game.d_steps", lambda steps: max(1, steps // 2)),
        ("optimizer.lr_d", lambda rate: rate / 2),
    ),
    "discriminator_too_weak": (
        ("game.g_steps", lambda steps: max(1, steps // 2)),
        ("optimizer.lr_g", lambda rate: rate / 2),
    ),
    "mode_collapse": (
        ("optimizer.beta1", lambda beta: min(beta, 0.5)),
        ("optimizer.lr_g", lambda rate: rate / 2),
    ),
    "oscillation": (("optimizer.beta1", lambda beta: min(beta, 0.5)), ("optimizer.lr_g", lambda rate: rate / 2)),
    "divergence": (("optimizer.lr_d", lambda rate: rate / 4),),
    "memorising": (("discriminator.shift", lambda shift: max(shift, 1)),),
}
"""What else is tried, and what it makes of a value."""


def cure(kind: str, config: TrainConfig, certain: str = "") -> Cure | None:
    """The one setting to change for a finding of this kind; None where nobody knows one. `certain` is the path of the
    setting that is to blame, where that is known."""
    values, usual = flat(config), flat(preset(config.preset))
    for path in (certain,) if certain else _SUSPECTS.get(kind, ()):
        if path in values and path in usual and values[path] != usual[path]:
            return _usable(config, Cure(path, usual[path], values[path], back=True))
    for path, change in _HELP.get(kind, ()):
        if path in values and (value := change(values[path])) != values[path]:
            return _usable(config, Cure(path, value, values[path]))
    return None


def _usable(config: TrainConfig, found: Cure) -> Cure | None:
    try:
        config.changed(found.changes)
    except ConfigError:
        return None
    return found
