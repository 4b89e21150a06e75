"""Checkpoints: everything that an exact resume needs, in one safetensors file."""

from pathlib import Path
from typing import Any

from torch import Tensor

from gan.config import TrainConfig
from gan.config.fields import flat, short, show
from gan.models import container
from gan.models.files import ModelError
from gan.models.model import Model
from gan.training.trainer import Trainer


def checkpoint_content(trainer: Trainer, about: dict[str, Any]) -> bytes:
    """A checkpoint file: all that continues a run exactly; `about` is what the run itself remembers."""
    about = {**about, "images": trainer.images_seen, "lr_g": trainer.lr_g, "lr_d": trainer.lr_d}
    about["precision"] = str(trainer.dtype).removeprefix("torch.")
    return container.content("checkpoint", trainer.config, trainer.tensors(), about)


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

    _, found, about = container.load(path, "checkpoint", expected)
    try:
        images = int(container.number(about, "images"))
        lr_g, lr_d = (float(container.number(about, name, most=1.0)) for name in ("lr_g", "lr_d"))
        container.number(about | {"seconds": about.get("seconds", 0)}, "seconds")
        trainer.load(found, images, lr_g, lr_d, precision=about.get("precision", ""))
    except (RuntimeError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} does not fit the run's settings.") from error
    return dict(about)


def begin_with(model: Model, trainer: Trainer) -> None:
    """Gives a trainer that has not taken a step the networks of a model; raises `ModelError` if they do not fit, or one
    is missing."""
    if model.discriminator is None:
        raise ModelError("The discriminator of this moment is not kept; begin with the newest snapshot of a run.")
    try:
        for network in (trainer.generator, trainer.generator_ema):
            network.load_state_dict(model.generator.state_dict())
        trainer.discriminator.load_state_dict(model.discriminator.state_dict())
    except RuntimeError as error:
        raise ModelError("A run that begins with a model has to keep the settings of its networks.") from error
