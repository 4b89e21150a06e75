"""Penalties on the slope of the discriminator, which keep its advice smooth."""

import torch
from torch import Tensor


def squared_slope(logits: Tensor, images: Tensor) -> Tensor:
    """E |∇D(x)|², a scalar, for logits (N,) that were computed from images (N, …) which require a gradient.

    Half of it times γ is R1 where the images are real (Mescheder et al. 2018, section 4.1) and R2 where they
    are forged. The graph is kept, so that it can be descended.
    """
    (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slopes.float().flatten(1).square().sum(1).mean()
