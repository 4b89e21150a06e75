"""What can be wrong inside a run's files: settings and status. More entries of the table `DAMAGES`."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from gan.runs import store
from tests.hostile.damages import DAMAGES, Damage, combine, damage

# Settings and status.

VALUES: dict[str, Any] = {
    "text": "rubbish",
    "null": None,
    "a list": [1, 2],
    "an object": {"a": 1},
    "true": True,
    "a huge whole number": 10**400,
    "minus a huge number": -1e300,
    "infinite": float("inf"),
    "no number": float("nan"),
    "zero": 0,
    "markup": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "a megabyte of text": "x" * 1_000_000,
    "half a character": "\ud800",
}


def edited(found: Any, name: str, value: Any) -> Any:
    """The same JSON with `value` under every key `name`; of a name in two parts, only within the first of them."""
    outer, _, name = name.rpartition(".")
    if outer:
        whole = isinstance(found, dict) and outer in found
        return found | {outer: edited(found[outer], name, value)} if whole else found
    if isinstance(found, dict):
        return {key: value if key == name else edited(inner, name, value) for key, inner in found.items()}
    return [edited(inner, name, value) for inner in found] if isinstance(found, list) else found


def nested(depth: int) -> str:
    """So many brackets."""
    return "[" * depth + "]" * depth


def change_config(run: Path, change: Callable[[Any], Any]) -> None:
    """Writes other settings."""
    path = run / store.CONFIG
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def database(run: Path) -> "closing[sqlite3.Connection]":
    """The run's database, to be written to."""
    return closing(sqlite3.connect(run / store.DATABASE, isolation_level=None))


def change_status(run: Path, change: Callable[[Any], Any]) -> None:
    """Writes another status."""
    with database(run) as connection:
        (text,) = connection.execute("SELECT json FROM status").fetchone()
        connection.execute("UPDATE status SET json = ?", (json.dumps(change(json.loads(text))),))


def _config(name: str, value: Any) -> Damage:
    return lambda run: change_config(run, lambda found: edited(found, name, value))


def _status(name: str, value: Any) -> Damage:
    return lambda run: change_status(run, lambda found: edited(found, name, value))


for _how, _value in VALUES.items():
    for _name in ("preset", "generator.widths", "latent_dim", "budget.seconds", "schema_version", "game.loss"):
        combine(f"setting {_name} is {_how}", _config(_name, _value))
    for _name in ("data", "generator", "game", "game.kind", "optimizer.lr_g"):
        combine(f"setting {_name} is {_how}", _config(_name, _value))
    for _name in ("state", "images", "seconds", "message", "histogram", "best_fcd", "fcd_floor", "segment", "lr_g"):
        combine(f"status: {_name} is {_how}", _status(_name, _value))
    for _name in ("progress", "control", "quality", "device", "agreement", "measured_images", "seconds_limit"):
        combine(f"status: {_name} is {_how}", _status(_name, _value))
    combine(f"the status is {_how}", lambda run, value=_value: change_status(run, lambda _: value))
    combine(f"the settings are {_how}", lambda run, value=_value: change_config(run, lambda _: value))

DAMAGES |= {
    "status: a histogram of text": _status("histogram", ["many"] * 10),
    "status: a histogram of three": _status("histogram", [1, 2, 3]),
    "status: a histogram of zeros": _status("histogram", [0] * 10),
    "status: a histogram with no number": _status("histogram", [float("nan")] * 10),
    "status: a histogram below zero": _status("histogram", [-5] * 10),
    "status: a histogram of a million": _status("histogram", [1] * 1_000_000),
    "status: it says that it runs": _status("state", "running"),
    "status: it says that it starts": _status("state", "starting"),
    "status: it says that it is silent": _status("state", "silent"),
    "status: it says that it is interrupted": _status("state", "interrupted"),
    "status: images below zero": _status("images", -5),
    "status: fields of a newer version": lambda run: change_status(run, lambda found: found | {"mood": [1]}),
    "settings: fields of a newer version": lambda run: change_config(run, lambda found: found | {"mood": [1]}),
    "settings: a part of a newer version": lambda run: change_config(
        run, lambda found: found | {"mood": {"kind": "x"}}
    ),
    "settings: a game of a newer version": _config("game", {"kind": "chess", "opening": "e4"}),
    "settings: a game with another one's fields": lambda run: change_config(
        run, lambda found: edited(found, "game", found["game"] | {"opening": "e4"})
    ),
    "settings: parts, and a flat list as well": lambda run: change_config(run, lambda found: found | {"lr_g": 1e-3}),
    "settings: parts that are said to be a flat list": _config("schema_version", 3),
    "settings: of a network that no machine holds": _config("generator.widths", [4096] * 200),
    "settings: layers without units": _config("generator.widths", []),
    "settings: of another network": _config("generator.widths", [17, 17]),
    "settings: of another kind": _config("game.conditional", False),
    "settings: other latents": _config("generator.latent_dim", 9),
    "settings: another loss": _config("game.loss", "hinge"),
    "settings: a device that is not here": _config("device", "mps"),
}


def _config_text(text: str, encoding: str = "utf-8") -> Damage:
    return lambda run: (run / store.CONFIG).write_bytes(text.encode(encoding)) and None


DAMAGES |= {
    "settings: 100,000 brackets": _config_text(nested(100_000)),
    "settings: 100,000 open braces": _config_text('{"a":' * 100_000),
    "settings: 500 brackets": _config_text(nested(500)),
    "settings: a number of a million digits": _config_text('{"preset": ' + "9" * 1_000_000 + "}"),
    "settings: in UTF-16": _config_text('{"preset": "cgan"}', "utf-16"),
    "settings: in Latin 1": _config_text('{"preset": "cgän"}', "latin-1"),
    "settings: only a byte order mark": _config_text("\ufeff"),
    "settings: 20 MB of spaces": _config_text(" " * 20_000_000),
    "settings: said twice": _config_text('{"preset": "cgan", "preset": ["cgan"]}'),
    "settings: of another program": _config_text('{"compilerOptions": {"strict": true}}'),
    "settings: an empty object": _config_text("{}"),
}


@damage("settings: with a byte order mark")
def _(run: Path) -> None:
    path = run / store.CONFIG
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
