"""Networks in and out of safetensors files; nothing is ever unpickled.

Two kinds of file, told apart by their metadata: a *model* (the averaged generator and the
discriminator, float16, to be played with and shared) and a *checkpoint* (everything that an exact
resume needs). Both carry the `TrainConfig` that rebuilds the networks.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gan.config import ConfigError, TrainConfig
from gan.data import PRETRAINED
from gan.models import Discriminator, Generator
from gan.trainer import Trainer

FORMAT = "counterfeit"
VERSION = 1
"""Version of both kinds of file; `_migrate` lifts older ones."""


class ModelError(ValueError):
    """A file that cannot be used as a model or a checkpoint; the message says why, in one sentence."""


@dataclass(frozen=True)
class Model:
    """A trained pair, ready to be asked, on the CPU and in float32."""

    config: TrainConfig
    generator: Generator
    discriminator: Discriminator
    images: int
    seconds: float


def _content(kind: str, config: TrainConfig, tensors: dict[str, Tensor], about: dict[str, Any]) -> bytes:
    metadata = {"format": FORMAT, "kind": kind, "version": str(VERSION), "config": json.dumps(config.to_dict())}
    metadata |= {"about": json.dumps(about)}
    # safetensors takes neither strided nor shared memory.
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)


def _migrate(metadata: dict[str, str]) -> dict[str, str]:
    """Lifts the metadata of an older version to `VERSION`, one version at a time; there are none yet."""
    return metadata


def _load(path: Path, kind: str) -> tuple[TrainConfig, dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror or error}).") from error
    except SafetensorError as error:
        raise ModelError(
            f"{path} is not a whole safetensors file: it is cut short, damaged, or something else."
        ) from error
    if metadata.get("format") != FORMAT or metadata.get("kind") != kind:
        raise ModelError(f"{path} is a safetensors file, but not a {kind} of this project.")
    if metadata.get("version") != str(VERSION):
        raise ModelError(
            f"{path} has version {metadata.get('version')} of the format; this program reads version {VERSION}."
        )
    metadata = _migrate(metadata)
    try:
        return TrainConfig.from_json(metadata["config"]), tensors, json.loads(metadata["about"])
    except (ConfigError, KeyError, ValueError) as error:
        raise ModelError(f"{path} describes a model that cannot be rebuilt: {error}") from error


def model_content(trainer: Trainer, seconds: float) -> bytes:
    """A model file: the averaged generator and the discriminator as float16 tensors."""
    networks = {"generator": trainer.average, "discriminator": trainer.discriminator}
    tensors = {
        f"{name}.{key}": value.half() if value.is_floating_point() else value
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    return _content("model", trainer.config, tensors, {"images": trainer.images, "seconds": seconds})


def load_model(path: Path) -> Model:
    """Reads a model file; raises `ModelError` with one sentence if it cannot."""
    config, tensors, about = _load(path, "model")
    networks = {"generator": Generator(config), "discriminator": Discriminator(config)}
    try:
        for name, network in networks.items():
            prefix = f"{name}."
            own = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
            network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in own.items()})
            network.eval().requires_grad_(False)
        images, seconds = int(about["images"]), float(about["seconds"])
    except (RuntimeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} does not hold the networks that it describes.") from error
    generator, discriminator = networks["generator"], networks["discriminator"]
    assert isinstance(generator, Generator)
    assert isinstance(discriminator, Discriminator)
    return Model(config, generator, discriminator, images, seconds)


def resolve(name: str) -> Path:
    """The model file that MODEL on the command line means: a run folder (its newest snapshot), a
    `.safetensors` file, or the word `pretrained`. Raises `ModelError`."""
    from gan.runs import newest_snapshot

    if name == "pretrained":
        return PRETRAINED
    path = Path(name)
    if not path.is_dir():
        return path
    if (snapshot := newest_snapshot(path)) is None:
        raise ModelError(f"{path} is a folder without a snapshot: not a run, or one that has not trained yet.")
    return snapshot


def checkpoint_content(trainer: Trainer, about: dict[str, Any]) -> bytes:
    """A checkpoint file: all that continues a run exactly; `about` is what the run itself remembers."""
    about = {**about, "images": trainer.images, "lr_g": trainer.lr_g, "lr_d": trainer.lr_d}
    return _content("checkpoint", trainer.config, trainer.tensors(), about)


def load_checkpoint(path: Path, trainer: Trainer) -> dict[str, Any]:
    """Puts `trainer`, made from the same config, where the checkpoint was taken; returns `about`.

    Raises `ModelError` with one sentence if the file is not a checkpoint of such a trainer.
    """
    _, tensors, about = _load(path, "checkpoint")
    try:
        trainer.load(tensors, int(about["images"]), float(about["lr_g"]), float(about["lr_d"]))
    except (RuntimeError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} does not fit the run's settings.") from error
    return about


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
    """Pictures of a model, uint8 (N, 28, 28), for latents (N, latent_dim) and digits (N,) or mixes of them (N, 10)."""
    parts = []
    for start in range(0, len(z), batch):
        digits = None if y is None else y[start : start + batch]
        parts.append(as_bytes(model.generator(z[start : start + batch], digits)))
    return torch.cat(parts)


def as_bytes(images: Tensor) -> Tensor:
    """Images (N, 1, 28, 28) in [-1, 1] to uint8 (N, 28, 28), rounded, on the same device."""
    return images.squeeze(1).float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
