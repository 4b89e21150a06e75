"""Penalties on the slope of the discriminator, which keep its advice smooth, and on forgeries that are all alike."""

import torch
from torch import Tensor


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """E |∇D(x)|², a scalar, for logits (N,) that were computed from images (N, …) which require a gradient.

    Half of it times γ is R1 where the images are real (Mescheder et al. 2018, section 4.1) and R2 where they
    are forged. The graph is kept, so that it can be descended.
    """
    (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slopes.float().flatten(1).square().sum(1).mean()


def between(real: Tensor, forged: Tensor, noise: torch.Generator) -> Tensor:
    """A random point on the line from each real image to the forgery beside it, (N, 1, 28, 28), which requires a
    gradient (Gulrajani et al. 2017, algorithm 1)."""
    share = torch.rand(len(real), 1, 1, 1, generator=noise, device=real.device)
    return torch.lerp(forged, real, share).requires_grad_()


def unit_gradient_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """E (‖∇D(x)‖ − 1)², a scalar, as `gradient_penalty` (Gulrajani et al. 2017, equation 3)."""
    (slopes,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    lengths: Tensor = slopes.float().flatten(1).norm(dim=1)
    return (lengths - 1).square().mean()


def pull_away(codes: Tensor) -> Tensor:
    """The mean squared cosine between the codes (N, K) of two different images of a batch, a scalar from 0 to 1 (Zhao
    et al. 2016, equation 4)."""
    directions = torch.nn.functional.normalize(codes.flatten(1))
    count = len(codes)
    return ((directions @ directions.T).square().sum() - count) / (count * (count - 1))
