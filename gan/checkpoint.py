"""Networks in and out of safetensors files; nothing is ever unpickled.

Two kinds of file, told apart by their metadata: a *model* (the averaged generator and the
discriminator, float16, to be played with and shared) and a *checkpoint* (everything that an exact
resume needs). Both carry the `TrainConfig` that rebuilds the networks.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gan import tensors
from gan.config import ConfigError, TrainConfig
from gan.fields import flat, short, show
from gan.folders import shown
from gan.games import rules, spec_of
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.latent_spec import LatentSpec
from gan.model_files import ModelError as ModelError
from gan.model_files import resolve as resolve
from gan.models import Generator
from gan.trainer import Trainer

FORMAT = "counterfeit"
VERSION = 1
"""Version of both kinds of file; `_migrate` lifts older ones."""
LARGEST = torch.finfo(torch.float16).max
"""Beyond it a float16 would be infinite."""


@dataclass(frozen=True)
class Model:
    """A trained pair, ready to be asked, on the CPU and in float32."""

    config: TrainConfig
    generator: Generator
    discriminator: nn.Module
    images: int
    seconds: float

    @property
    def latents(self) -> LatentSpec:
        """What its latents are made of."""
        return spec_of(self.config)


def _content(kind: str, config: TrainConfig, named: dict[str, Tensor], about: dict[str, Any]) -> bytes:
    metadata = {"format": FORMAT, "kind": kind, "version": str(VERSION), "config": json.dumps(config.to_dict())}
    metadata |= {"about": json.dumps(about)}
    # safetensors takes neither strided nor shared memory.
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}, metadata)


def _migrate(metadata: dict[str, str]) -> dict[str, str]:
    """Lifts the metadata of an older version to `VERSION`, one version at a time; there are none yet."""
    return metadata


def _load(path: Path, kind: str, expected: "Expected") -> tuple[TrainConfig, dict[str, Tensor], dict[str, Any]]:
    """What a file holds, checked against the tensors that a file with its settings has to hold."""
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
        return config, tensors.read(file, path, expected(config, about)), about


Expected = Callable[[TrainConfig, Any], dict[str, Tensor]]
"""The tensors that a file with these settings and this `about` has to hold, by name; they may be on the meta device."""


def _number(about: Any, name: str, most: float = 1e15) -> float:
    """A number of `about`; raises `ValueError` for anything that it cannot be."""
    value = about.get(name) if isinstance(about, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"its {name} is {shown(value, 20)}")
    return value


def model_content(trainer: Trainer, seconds: float) -> bytes:
    """A model file: the averaged generator and the discriminator as float16 tensors."""
    networks = {"generator": trainer.average, "discriminator": trainer.discriminator}
    named = {
        f"{name}.{key}": value.clamp(-LARGEST, LARGEST).half() if value.is_floating_point() else value
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    return _content("model", trainer.config, named, {"images": trainer.images, "seconds": seconds})


def load_model(path: Path) -> Model:
    """Reads a model file; raises `ModelError` with one sentence if it cannot."""
    networks: dict[str, nn.Module] = {}

    def expected(config: TrainConfig, _: Any) -> dict[str, Tensor]:
        # Shapes only: settings that somebody has made up build nothing, and no random numbers are drawn.
        with torch.device("meta"), _Undrawn():
            networks.update(rules(config).players(config))
        return {f"{name}.{key}": value for name, one in networks.items() for key, value in one.state_dict().items()}

    config, found, about = _load(path, "model", expected)
    try:
        images, seconds = int(_number(about, "images")), float(_number(about, "seconds"))
    except ValueError as error:
        raise ModelError(f"{path} does not hold the networks that it describes: {error}.") from error
    for name, network in networks.items():
        own = {key.removeprefix(f"{name}."): value for key, value in found.items() if key.startswith(f"{name}.")}
        network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in own.items()}, assign=True)
        network.eval().requires_grad_(False)
    generator = networks[GENERATOR]
    assert isinstance(generator, Generator)
    return Model(config, generator, networks[DISCRIMINATOR], images, seconds)


class _Undrawn(TorchFunctionMode):
    """Networks that are built inside keep their weights undrawn."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def checkpoint_content(trainer: Trainer, about: dict[str, Any]) -> bytes:
    """A checkpoint file: all that continues a run exactly; `about` is what the run itself remembers."""
    about = {**about, "images": trainer.images, "lr_g": trainer.lr_g, "lr_d": trainer.lr_d}
    about["precision"] = str(trainer.dtype).removeprefix("torch.")
    return _content("checkpoint", trainer.config, trainer.tensors(), about)


MAY_DIFFER = ("device", "threads", "budget.images", "budget.seconds", "budget.patience")
"""Settings of a run that may be changed in its `config.json` although it has a checkpoint: a run moves to another
machine, or gets more time. All others decide what the numbers in the checkpoint mean."""


def load_checkpoint(path: Path, trainer: Trainer) -> dict[str, Any]:
    """Puts `trainer`, made from the same config, where the checkpoint was taken; returns `about`. What does not go on
    exactly as it was is said in `trainer.note`.

    Raises `ModelError` with one sentence if the file is not a checkpoint of such a trainer.
    """

    def expected(config: TrainConfig, about: Any) -> dict[str, Tensor]:
        theirs = flat(config)
        for name, value in flat(trainer.config).items():
            if name not in MAY_DIFFER and (other := theirs.get(name)) != value:
                raise ModelError(
                    f"{path} does not fit the run's settings: {short(name)} is {show(other)} there and {show(value)} "
                    "in the run."
                )
        return trainer.expected(stepped=not isinstance(about, dict) or about.get("images") != 0)

    _, found, about = _load(path, "checkpoint", expected)
    try:
        images = int(_number(about, "images"))
        lr_g, lr_d = (float(_number(about, name, most=1.0)) for name in ("lr_g", "lr_d"))
        _number(about | {"seconds": about.get("seconds", 0)}, "seconds")
        trainer.load(found, images, lr_g, lr_d, precision=about.get("precision", ""))
    except (RuntimeError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} does not fit the run's settings.") from error
    return dict(about)


def begin_with(model: Model, trainer: Trainer) -> None:
    """Gives a trainer that has not taken a step the networks of a model; raises `ModelError` if they do not fit."""
    try:
        for network in (trainer.generator, trainer.average):
            network.load_state_dict(model.generator.state_dict())
        trainer.discriminator.load_state_dict(model.discriminator.state_dict())
    except RuntimeError as error:
        raise ModelError("A run that begins with a model has to keep the settings of its networks.") from error


@torch.inference_mode()
def forge(model: Model, z: Tensor, y: Tensor | None, batch: int = 1024) -> Tensor:
    """Pictures of a model, uint8 (N, 28, 28), for latents (N, size) and digits (N,) or mixes of them (N, 10)."""
    parts = []
    for start in range(0, len(z), batch):
        digits = None if y is None else y[start : start + batch]
        parts.append(as_bytes(model.generator(z[start : start + batch], digits)))
    return torch.cat(parts)


def as_bytes(images: Tensor) -> Tensor:
    """Images (N, 1, 28, 28) in [-1, 1] to uint8 (N, 28, 28), rounded, on the same device."""
    return images.squeeze(1).float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
