"""Ways between two latents."""

import torch
from torch import Tensor


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
