"""Settings of earlier versions of the schema, as those of today: one function for each version."""

from collections.abc import Callable, Mapping
from typing import Any

from gan.config import SCHEMA_VERSION, ConfigError
from gan.config.fields import NAMES_BEFORE_PARTS, show, unknown


def _to_2(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not have these; the values are what it trained with."""
    return {
        "architecture_d": "same",
        "ink_scale_d": 0.0,
        "shift_d": 0,
        "spectral_norm_d": False,
        "r1": 0.0,
        "r2": 0.0,
        "penalty_every": 1,
        "decay_from": 1.0,
        "patience": 0.0,
        **values,
    }


def _to_3(values: dict[str, Any]) -> dict[str, Any]:
    """Version 2 took all cores."""
    return {"threads": "auto", **values}


def _to_4(values: dict[str, Any]) -> dict[str, Any]:
    """Up to version 3 the settings were one flat list of fields, and the game was always the adversarial one."""
    parts: dict[str, Any] = {"game": {"kind": "adversarial"}}
    for name, value in values.items():
        path = NAMES_BEFORE_PARTS.get(name)
        if path is None:
            raise unknown(name, NAMES_BEFORE_PARTS)
        part, _, last = path.rpartition(".")
        (parts.setdefault(part, {}) if part else parts)[last] = value
    return parts


def _to_5(values: dict[str, Any]) -> dict[str, Any]:
    """Up to version 4 nothing changed on the way, unless that was said."""
    optimizer = values.get("optimizer", {})
    return {**values, "optimizer": {"schedule": "", **optimizer}} if isinstance(optimizer, dict) else values


_LIFTS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _to_2, 2: _to_3, 3: _to_4, 4: _to_5}


def lifted(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the settings, whatever version wrote them. Raises `ConfigError` for an unknown version and for
    names that the version did not have."""
    found = dict(values)
    version = found.pop("schema_version", None)
    if type(version) is not int or not 1 <= version <= SCHEMA_VERSION:
        raise ConfigError(
            "schema_version",
            f"This has version {show(version)} of the settings; this program reads 1 to {SCHEMA_VERSION}.",
        )
    for step in range(version, SCHEMA_VERSION):
        found = _LIFTS[step](found)
    return found
