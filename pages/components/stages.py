"""The schedule of a run as a table: a row a stage, a column for what can change."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import streamlit as st

from gan.config import ConfigError, fields
from gan.config.schedule import LATEST, NAMES, Stage, as_text, stages

IMAGES = "images"
LABELS = {"batch_size": "Batch", "lr_g": "Rate of G", "lr_d": "Rate of D", "ema_kimg": "Half-life", "shift": "Shifts"}
"""What the columns are called: the names of the fields are longer than the numbers."""


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        return [{IMAGES: stage.images, **stage.changes} for stage in stages(text)]
    except ConfigError:  # of an address: what is wrong is said by the field
        return []


def _columns() -> dict[str, Any]:
    first = st.column_config.NumberColumn("From images", min_value=1, max_value=LATEST, step=1, required=True)
    found: dict[str, Any] = {IMAGES: first}
    for name in NAMES:
        hint = fields.hints()[fields.find(name)]
        assert hint.bounds
        bounds = {"min_value": hint.bounds.low, "max_value": hint.bounds.high}
        whole = hint.kind is int
        found[name] = st.column_config.NumberColumn(
            LABELS[name],
            **bounds,
            step=1 if whole else None,
            format="%d" if whole else "%g",
            help=f"{hint.label}. {hint.help}",
        )
    return found


def field(text: str, key: str) -> str:
    """Draws the table of a schedule, and returns it as it stands then, as it is written."""
    hint = fields.hints()[fields.find("schedule")]
    st.caption(
        f"{hint.label}: from so many images on, other values. An empty cell leaves what is.",
        help=f"{hint.help} Called `schedule` on the command line.",
    )
    usual = pd.DataFrame(_rows(text), columns=[IMAGES, *NAMES], dtype="float64")
    edited = st.data_editor(
        usual, column_config=_columns(), num_rows="dynamic", hide_index=True, width="stretch", key=key
    )
    found = as_text(tuple(_stages(edited.to_dict("records"))))
    if found:
        st.caption(f"On the command line: `{found}`")
    return found


def _stages(rows: list[dict[str, Any]]) -> Iterator[Stage]:
    """What stands in the rows; one that is not filled in yet is none."""
    for row in rows:
        given = {name: value for name, value in row.items() if not pd.isna(value)}
        images = given.pop(IMAGES, None)
        if given and images is not None:
            kinds = {name: fields.hints()[fields.find(name)].kind for name in given}
            yield Stage(round(images), {name: kinds[name](value) for name, value in given.items()})
