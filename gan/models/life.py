"""The same latent through the life of a run: what its generators made of it, one moment after the other."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.data import Bytes
from gan.device import one_thread
from gan.models.files import ModelError
from gan.models.model import load_model
from gan.models.sampling import sample


def born(paths: Sequence[Path], z: Tensor, y: Tensor | None) -> tuple[list[int], Bytes]:
    """Of a latent (1, size), and a class (1,) or a mix of them (1, classes), what the models of one run make: after
    how many images each, and the pictures (N, 28, 28). What cannot be read, or takes other latents, is left out: a run
    that trains drops moments."""
    images, pictures = [], []
    with one_thread():
        for path in paths:
            try:
                model = load_model(path)
            except ModelError:
                continue
            if z.shape[1] == model.latents.size:
                pictures.append(sample(model, z, y if model.config.conditional else None).numpy())
                images.append(model.images)
    empty = np.zeros((0, 28, 28), np.uint8)
    return images, np.concatenate([empty, *pictures])


def latent_of(z: str, digit: str, mix: str, classes: int) -> tuple[Tensor, Tensor]:
    """What a link says is selected: the latent (1, size), and the class (1,) or the mix (1, classes) of so many.
    Raises `ValueError`."""
    from gan.latents import codec

    latent = codec.decode(z)
    if digit.isascii() and digit.isdecimal() and len(digit) < 4 and int(digit) < classes:
        return latent, torch.tensor([int(digit)])
    shares = codec.decode(mix)
    if shares.shape[1] != classes or not (shares >= 0).all() or shares.sum() <= 0:
        raise ValueError(f"A mix has {classes} shares.")
    return latent, shares / shares.sum()
