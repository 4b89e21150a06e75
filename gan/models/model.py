"""A trained model, and its file: the averaged generator and the discriminator, float16, to be played with
and shared. Moments of a run keep the generator alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gan.config import TrainConfig
from gan.games import rules, spec_of
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.latents.spec import LatentSpec
from gan.models import container
from gan.models.files import ModelError
from gan.networks.generator import Generator

LARGEST = torch.finfo(torch.float16).max
"""Beyond it a float16 would be infinite."""


@dataclass(frozen=True)
class Model:
    """A trained pair, ready to be asked, on the CPU and in float32."""

    config: TrainConfig
    generator: Generator
    discriminator: nn.Module | None
    """None in a moment of a run whose discriminator is not kept (see `gan.runs.store`)."""
    images: int
    seconds: float

    @property
    def latents(self) -> LatentSpec:
        """What its latents are made of."""
        return spec_of(self.config)


def model_content(model: Model) -> bytes:
    """A model file: the averaged generator and, where there is one, the discriminator as float16 tensors."""
    networks: dict[str, nn.Module] = {GENERATOR: model.generator}
    if model.discriminator is not None:
        networks[DISCRIMINATOR] = model.discriminator
    named = {
        f"{name}.{key}": value.clamp(-LARGEST, LARGEST).half() if value.is_floating_point() else value
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    return container.content("model", model.config, named, {"images": model.images, "seconds": model.seconds})


def load_model(path: Path) -> Model:
    """Reads a model file; raises `ModelError` with one sentence if it cannot."""
    networks: dict[str, nn.Module] = {}

    def expected(config: TrainConfig, _: Any) -> dict[str, Tensor]:
        # Shapes only: settings that somebody has made up build nothing, and no random numbers are drawn.
        with torch.device("meta"), _Undrawn():
            networks.update(rules(config).players(config))
        return {f"{name}.{key}": value for name, one in networks.items() for key, value in one.state_dict().items()}

    config, found, about = container.load(path, "model", expected, may_lack=f"{DISCRIMINATOR}.")
    try:
        images, seconds = int(container.number(about, "images")), float(container.number(about, "seconds"))
    except ValueError as error:
        raise ModelError(f"{path} does not hold the networks that it describes: {error}.") from error
    if not any(key.startswith(f"{DISCRIMINATOR}.") for key in found):
        del networks[DISCRIMINATOR]
    for name, network in networks.items():
        own = {key.removeprefix(f"{name}."): value for key, value in found.items() if key.startswith(f"{name}.")}
        network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in own.items()}, assign=True)
        network.eval().requires_grad_(False)
    generator = networks[GENERATOR]
    assert isinstance(generator, Generator)
    return Model(config, generator, networks.get(DISCRIMINATOR), images, seconds)


class _Undrawn(TorchFunctionMode):
    """Networks that are built inside keep their weights undrawn."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))
