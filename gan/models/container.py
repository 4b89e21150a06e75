"""What model files and checkpoints have in common: safetensors with the `TrainConfig` that rebuilds the networks.

The two are told apart by their metadata: a *model* (`gan.models.model`) is to be played with and shared, a *checkpoint*
(`gan.training.checkpoint`) holds everything that an exact resume needs.
Nothing is ever unpickled, and what is read is compared with what such settings ask for.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from gan.config import ConfigError, TrainConfig
from gan.models import tensors
from gan.models.files import ModelError
from gan.system.text import shown

FORMAT = "counterfeit"


VERSION = 1
"""Version of both kinds of file; `_migrate` lifts older ones."""


def content(kind: str, config: TrainConfig, named: dict[str, Tensor], about: dict[str, Any]) -> bytes:
    """A file of some kind: the settings, tensors by name, and `about` as JSON."""
    metadata = {"format": FORMAT, "kind": kind, "version": str(VERSION), "config": json.dumps(config.to_dict())}
    metadata |= {"about": json.dumps(about)}
    # safetensors takes neither strided nor shared memory.
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}, metadata)


def _migrate(metadata: dict[str, str]) -> dict[str, str]:
    """Lifts the metadata of an older version to `VERSION`, one version at a time; there are none yet."""
    return metadata


def load(
    path: Path, kind: str, expected: "Expected", may_lack: str = ""
) -> tuple[TrainConfig, dict[str, Tensor], dict[str, Any]]:
    """What a file holds, checked against the tensors that a file with its settings has to hold. Those whose names begin
    with `may_lack` are there or not, all of them."""
    with tensors.opened(path) as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT or metadata.get("kind") != kind:
            raise ModelError(f"{path} is a safetensors file, but not a {kind} of this project.")
        if metadata.get("version") != str(VERSION):
            raise ModelError(
                f"{path} has version {shown(metadata.get('version'), 20)} of the format; this program reads version "
                f"{VERSION}."
            )
        metadata = _migrate(metadata)
        try:
            config, about = TrainConfig.from_json(metadata["config"]), json.loads(metadata["about"])
        except (ConfigError, KeyError, ValueError, RecursionError) as error:
            raise ModelError(f"{path} describes a model that cannot be rebuilt: {shown(error, 200)}") from error
        wanted = expected(config, about)
        if may_lack and not any(name.startswith(may_lack) for name in file.keys()):  # noqa: SIM118 (no mapping)
            wanted = {name: like for name, like in wanted.items() if not name.startswith(may_lack)}
        return config, tensors.read(file, path, wanted), about


Expected = Callable[[TrainConfig, Any], dict[str, Tensor]]
"""The tensors that a file with these settings and this `about` has to hold, by name; they may be on the meta device."""


def number(about: Any, name: str, most: float = 1e15) -> float:
    """A number of `about`; raises `ValueError` for anything that it cannot be."""
    value = about.get(name) if isinstance(about, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"its {name} is {shown(value, 20)}")
    return value
