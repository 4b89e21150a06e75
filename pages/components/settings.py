"""The form that makes a TrainConfig; built from the dataclass, checked field by field."""

import math
from typing import Any

import streamlit as st

from gan import config as configs
from gan.config import ConfigError, TrainConfig
from gan.glossary import GLOSSARY
from gan.presets import PRESET_NOTES, preset

ENDLESS = "until I stop it"
DURATIONS: dict[str, float] = {
    "10 s": 10,
    "30 s": 30,
    "1 minute": 60,
    "2 minutes": 120,
    "5 minutes": 300,
    "20 minutes": 1200,
    "1 hour": 3600,
    ENDLESS: 0,
}
RATES = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1)
"""As far as the setting goes, so that a run can be broken on purpose."""
RATE_LABELS = {"lr_g": "Learning rate of the generator", "lr_d": "Learning rate of the discriminator"}
PATIENCE: dict[str, float] = {"never": 0, "10 s": 10, "20 s": 20, "1 minute": 60, "5 minutes": 300}
UP_FRONT = ("preset", "seconds", "patience", "lr_g", "lr_d")
"""Shown first; everything else is behind the expander."""


def show_rate(value: float, usual: float) -> str:
    """A learning rate as people write it, and how many times that of the preset it is."""
    ratio = value / usual
    if math.isclose(ratio, 1):
        return f"{value:g}"
    return f"{value:g} ({f'× {ratio:.3g}' if ratio > 1 else f'÷ {1 / ratio:.3g}'})"


def rate_slider(field: str, value: float, preset_name: str, key: str) -> float:
    """A slider for one of the two learning rates that begins at `value`."""
    usual = getattr(preset(preset_name), field)
    chosen = st.select_slider(
        RATE_LABELS[field],
        sorted({*RATES, value, usual}),
        value,
        format_func=lambda rate: show_rate(rate, usual),
        key=key,
        help=f"{GLOSSARY['learning rate']} {configs.help_texts()[field]} It can be moved while the run trains.",
    )
    return float(chosen)


def form(base: TrainConfig | None, base_id: str = "") -> TrainConfig | None:
    """Draws the form and returns its TrainConfig, or None while something in it is wrong.

    `base` is what the fields start from, the settings of the run `base_id` say; without it, the preset's.
    """
    presets = list(PRESET_NOTES)
    first = presets.index(base.preset) if base else 0
    name = st.selectbox(
        "Preset",
        presets,
        first,
        format_func=lambda name: f"{name} (take this first)" if name == presets[0] else name,
        key=f"preset-{base_id}",
        help=f"{GLOSSARY['preset']} {configs.help_texts()['preset']}",
    )
    st.caption(PRESET_NOTES[name])
    start = base if base and base.preset == name else preset(name)
    # Another preset means other fields, not the same ones with what was typed for the last.
    suffix = f"{name}-{base_id}"
    values: dict[str, Any] = {**vars(start)}
    durations = dict(DURATIONS)
    if start.images:  # no limit in seconds is not the same as no limit
        del durations[ENDLESS]
        durations[f"{start.images:,} images"] = 0
    values["seconds"] = _seconds("seconds", "Train for", durations, start.seconds, suffix)
    values["patience"] = _seconds(
        "patience", "Stop when quality has not improved for", PATIENCE, start.patience, suffix
    )
    for field in RATE_LABELS:
        values[field] = rate_slider(field, getattr(start, field), name, f"{field}-{suffix}")
    slots, problems = {}, {}
    with st.expander("All settings"):
        for field, hint in configs.hints().items():
            if field in UP_FRONT:
                continue
            try:
                values[field] = _field(field, hint, getattr(start, field), f"{field}-{suffix}")
            except ConfigError as error:
                problems[field] = str(error)
            slots[field] = st.empty()
    problems = problems or configs.problems(values)
    for field, sentence in problems.items():
        slots[field].error(sentence)
    return None if problems else TrainConfig(**values)


def _seconds(field: str, label: str, offered: dict[str, float], value: float, suffix: str) -> float:
    """One of the durations that are offered, or the one that the settings start with."""
    choices = offered if value in offered.values() else {f"{value:g} s": value} | offered
    first = list(choices.values()).index(value)
    text = configs.help_texts()[field]
    return float(choices[st.selectbox(label, list(choices), first, key=f"{field}-{suffix}", help=text)])


def _field(name: str, hint: configs.Hint, value: Any, key: str) -> Any:
    """One field and its value; raises `ConfigError` where what was typed means none."""
    text = configs.help_texts()[name]
    if hint.choices:
        return st.selectbox(name, hint.choices, hint.choices.index(value), key=key, help=text)
    if hint.kind is bool:
        return st.toggle(name, value, key=key, help=text)
    shown = ", ".join(map(str, value)) if hint.is_tuple else str(value)
    return configs.parse(name, st.text_input(name, shown, key=key, help=text))
