"""The form that makes a TrainConfig: what most people set, and behind an expander all fields by parts. It is built from
`gan.config.fields`, and what is wrong is said at the field."""

import math
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import data
from gan.config import ConfigError, TrainConfig, fields, kinds, schedule
from gan.config.fields import Hint
from gan.glossary import GLOSSARY
from gan.presets import PRESET_NOTES, preset
from pages.components import stages

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
RATES_BY_HAND = ("lr_g", "lr_d")
"""What can be moved while a run trains."""
PATIENCE: dict[str, float] = {"never": 0, "10 s": 10, "20 s": 20, "1 minute": 60, "5 minutes": 300}
UP_FRONT = (
    "preset",
    fields.DATASET,
    "budget.seconds",
    "budget.patience",
    *(fields.find(name) for name in RATES_BY_HAND),
)
"""Shown first; everything else is behind the expander."""
TABS = {
    "data": "Data",
    "generator": "Generator",
    "discriminator": "Discriminator",
    "game": "Game",
    "optimizer": "Optimiser",
    "budget": "Budget",
    "": "Machine",
}
"""The parts of the settings, and what their tabs are called."""
A_ROW = 3


def show_rate(value: float, usual: float) -> str:
    """A learning rate as people write it, and how many times that of the preset it is."""
    ratio = value / usual
    if math.isclose(ratio, 1):
        return f"{value:g}"
    return f"{value:g} ({f'× {ratio:.3g}' if ratio > 1 else f'÷ {1 / ratio:.3g}'})"


def rate_slider(name: str, value: float, preset_name: str, key: str) -> float:
    """A slider for one of the two learning rates that begins at `value`."""
    usual = getattr(preset(preset_name).optimizer, name)
    hint = fields.hints()[fields.find(name)]
    chosen = st.select_slider(
        hint.label,
        sorted({*RATES, value, usual}),
        value,
        format_func=lambda rate: show_rate(rate, usual),
        key=key,
        help=f"{GLOSSARY['learning rate']} {hint.help} It can be moved while the run trains.",
    )
    return float(chosen)


def form(base: TrainConfig | None, base_id: str, wide: DeltaGenerator) -> TrainConfig | None:
    """Draws the form and returns its TrainConfig, or None while something in it is wrong; then it says what. All
    settings by parts stand in `wide`.

    `base` is what the fields start from, the settings of the run `base_id` say; without it, the preset's.
    """
    presets = list(PRESET_NOTES)
    first = presets.index(base.preset) if base and base.preset in presets else 0
    name = st.selectbox(
        "Preset",
        presets,
        first,
        format_func=lambda name: f"{name} (take this first)" if name == presets[0] else name,
        key=f"preset-{base_id}",
        help=f"{GLOSSARY['preset']} {fields.hints()['preset'].help}",
    )
    st.caption(PRESET_NOTES[name])
    start = base if base and base.preset == name else preset(name)
    # Another preset means other fields, not the same ones with what was typed for the last.
    suffix = f"{name}-{base_id}"
    values: dict[str, Any] = {}
    hint = fields.hints()[fields.DATASET]
    values[fields.DATASET] = _field(fields.DATASET, hint, start.data.dataset, f"{fields.DATASET}-{suffix}")
    durations = dict(DURATIONS)
    if start.budget.images:  # no limit in seconds is not the same as no limit
        del durations[ENDLESS]
        durations[f"{start.budget.images:,} images"] = 0
    values["budget.seconds"] = _seconds("budget.seconds", "Train for", durations, start.budget.seconds, suffix)
    values["budget.patience"] = _seconds(
        "budget.patience", "Stop when quality has not improved for", PATIENCE, start.budget.patience, suffix
    )
    for rate in RATES_BY_HAND:
        values[fields.find(rate)] = rate_slider(rate, getattr(start.optimizer, rate), name, f"{rate}-{suffix}")
    with wide.expander("All settings", icon=":material/tune:"):
        slots, problems = _parts(start, name, suffix, values)
    problems = problems or fields.problems(start, values)
    for path, sentence in problems.items():
        if path in slots:
            slots[path].error(sentence)
    if problems:
        many = "" if len(problems) == 1 else f" And {len(problems) - 1} more in All settings."
        st.error(f"{next(iter(problems.values()))}{many}")
        return None
    for path, what in schedule.on_the_way(values[schedule.PATH]).items():
        if path in slots:  # the rates stand further up, and can be moved by hand
            slots[path].caption(f"By the schedule {what}")
    return start.changed(values)


def _parts(
    start: TrainConfig, preset_name: str, suffix: str, values: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """A tab for each part. Puts what is chosen into `values`; returns a place for a sentence under each field, and what
    is wrong with what was typed, by path."""
    slots: dict[str, Any] = {}
    problems: dict[str, str] = {}
    known, usual = fields.flat(start), fields.flat(preset(preset_name))
    game = start.game.kind
    for part, tab in zip(TABS, st.tabs(list(TABS.values())), strict=True):
        with tab:
            if part == "game":
                game = _field(fields.KIND, fields.hints(game)[fields.KIND], game, f"{fields.KIND}-{suffix}")
                values[fields.KIND] = game
                slots[fields.KIND] = st.empty()
                st.caption(f"{kinds()[game].note}.")
                if game != start.game.kind:  # what another one begins with is its own
                    known |= {f"game.{name}": value for name, value in kinds()[game]().model_dump().items()}
            hints = {
                path: hint
                for path, hint in fields.hints(game).items()
                if path.rpartition(".")[0] == part and path not in (*UP_FRONT, fields.KIND, schedule.PATH)
            }
            for at, (path, hint) in enumerate(hints.items()):
                if at % A_ROW == 0:
                    columns = st.columns(A_ROW)
                with columns[at % A_ROW]:
                    key = f"{path}-{game}-{suffix}" if part == "game" else f"{path}-{suffix}"
                    if path == fields.CLASSES and values[fields.DATASET] != start.data.dataset:
                        key, known[path] = f"{path}-{values[fields.DATASET]}-{suffix}", ()  # another set has others
                    times = st.session_state.get(_put_back(key), 0)
                    begun, value = (f"{key}-{times}", usual[path]) if times else (key, known[path])
                    try:
                        values[path] = _field(path, hint, value, begun, game, values.get(fields.DATASET, data.DEFAULT))
                        _mark(values[path], usual.get(path), key)
                    except ConfigError as error:
                        problems[path] = str(error)
                    slots[path] = st.empty()
            if part == "optimizer":
                values[schedule.PATH] = stages.field(known[schedule.PATH], f"schedule-{suffix}")
                slots[schedule.PATH] = st.empty()
    return slots, problems


def _put_back(key: str) -> str:
    """The key of the session that counts how often a field was put back: each time it becomes another widget, which
    begins with what the preset has. Were the old one set, its value would come from the session and no longer from the
    form, and a browser that has not drawn it before would show it empty."""
    return f"put-back-{key}"


def _mark(value: Any, usual: Any, key: str) -> None:
    """Says where a field differs from the preset, with a button that puts it back."""
    if usual is None or value == usual:
        return

    def put_back() -> None:
        st.session_state[_put_back(key)] = st.session_state.get(_put_back(key), 0) + 1

    st.button(
        f"changed from {fields.written(usual)}",
        key=f"usual-{key}",
        type="tertiary",
        icon=":material/undo:",
        help="Puts back what the preset has.",
        on_click=put_back,
    )


def _seconds(path: str, label: str, offered: dict[str, float], value: float, suffix: str) -> float:
    """One of the durations that are offered, or the one that the settings start with."""
    choices = offered if value in offered.values() else {f"{value:g} s": value} | offered
    first = list(choices.values()).index(value)
    text = fields.hints()[path].help
    return float(choices[st.selectbox(label, list(choices), first, key=f"{path}-{suffix}", help=text)])


def _title_of_set(name: str) -> str:
    return data.spec(name).title


def _is_number(hint: Hint) -> bool:
    """Whether a number field does: whole numbers. Others reach over many powers of ten, which no step suits."""
    return hint.kind is int and not hint.is_tuple and not hint.word


def _field(path: str, hint: Hint, value: Any, key: str, game: str = "", dataset: str = data.DEFAULT) -> Any:
    """One field and its value; raises `ConfigError` where what was typed means none."""
    text = f"{hint.help} Called `{fields.short(path)}` on the command line."
    # What a field begins with is said each time it is drawn: a browser that was not quick enough for the first time
    # begins with what it is told then.
    if hint.choices:
        called = _title_of_set if path == fields.DATASET else str
        return st.selectbox(hint.label, hint.choices, hint.choices.index(value), key=key, help=text, format_func=called)
    if hint.kind is bool:
        return st.toggle(hint.label, value, key=key, help=text)
    if _is_number(hint):
        assert hint.bounds
        low, high = int(hint.bounds.low), int(hint.bounds.high)
        return st.number_input(hint.label, low, high, value, step=1, key=key, help=text)
    begins = fields.written(value, dataset if path == fields.CLASSES else "")
    return fields.parse(path, st.text_input(hint.label, begins, key=key, help=text), game, dataset)
