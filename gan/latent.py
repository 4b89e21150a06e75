"""Latents: drawing them, walking between them, and writing them down."""

import base64
import binascii

import numpy as np
import torch
from torch import Tensor

from gan.config import TrainConfig
from gan.games import has_rows, spec_of
from gan.latent_spec import LatentSpec, normal

GRID = 10


def sample(count: int, spec: LatentSpec | int, seed: int) -> Tensor:
    """`count` latents, (count, size), that follow from the seed alone; a number means so many z ~ N(0, I)."""
    spec = normal(spec) if isinstance(spec, int) else spec
    return spec.sample(count, torch.Generator().manual_seed(seed))


def grid(config: TrainConfig) -> tuple[Tensor, Tensor]:
    """The fixed latents of a run's picture, (100, size), and their digits (100,), row by row.

    A conditional model has one digit a row and one latent a column. One with a categorical code has a value of that a
    row, and for the rest one latent a column. Any other has a hundred latents. Where no digit is asked for, the digits
    mean nothing.
    """
    spec, rows = spec_of(config), torch.arange(GRID).repeat_interleave(GRID)
    if not has_rows(config):
        return sample(GRID * GRID, spec, config.seed), rows
    z = sample(GRID, spec, config.seed).repeat(GRID, 1)
    if not config.conditional and (place := spec.category):
        values = place.stop - place.start
        z[:, place] = torch.nn.functional.one_hot(rows % values, values).float()
    return z, rows


def lerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The straight line from `start` (D,) to `end` (D,) at the points `t` (N,) of [0, 1]: (N, D)."""
    return torch.lerp(start, end, t[:, None])


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The great circle from `start` (D,) to `end` (D,) at the points `t` (N,) of [0, 1]: (N, D).

    White, "Sampling Generative Networks" (2016). The direction turns at a constant rate and the norm
    goes evenly from one to the other, so that the way stays where the prior has its mass. Between
    parallel vectors it is the straight line; between opposite ones, where no great circle is the
    shortest, it turns through an arbitrary but fixed direction.
    """
    norm_start, norm_end = start.norm(), end.norm()
    if norm_start == 0 or norm_end == 0:
        return lerp(start, end, t)
    first, second = start / norm_start, end / norm_end
    across = second - (first @ second) * first
    if across.norm() < 1e-6:
        if first @ second > 0:
            return lerp(start, end, t)
        axis = torch.zeros_like(first)
        axis[first.abs().argmin()] = 1
        across = axis - (axis @ first) * first
        if across.norm() < 1e-6:  # on a line there is no way around the centre
            return lerp(start, end, t)
    across = across / across.norm()
    angle = torch.atan2(second @ across, first @ second) * t[:, None]
    turned: Tensor = first * angle.cos() + across * angle.sin()
    return torch.lerp(norm_start, norm_end, t[:, None]) * turned


def encode(z: Tensor) -> str:
    """Latents, or anything else that is a row of numbers, as a link holds them: little-endian float16 in URL-safe
    base64 without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(z.numpy().astype("<f2").tobytes()).decode().rstrip("=")


def decode(text: str) -> Tensor:
    """The inverse of `encode`, as one row of float32, (1, D). Raises `ValueError` for anything else."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        numbers = np.frombuffer(content, "<f2").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{text!r} is not what a link holds.") from error
    if len(numbers) == 0 or not np.isfinite(numbers).all():
        raise ValueError(f"{text!r} is not what a link holds.")
    return torch.from_numpy(numbers)[None]
