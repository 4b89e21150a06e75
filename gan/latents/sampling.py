"""Drawing latents."""

import torch
from torch import Tensor

from gan.latents.spec import LatentSpec, normal


def sample(count: int, spec: LatentSpec | int, seed: int) -> Tensor:
    """`count` latents, (count, size), that follow from the seed alone; a number means so many z ~ N(0, I)."""
    spec = normal(spec) if isinstance(spec, int) else spec
    return spec.sample(count, torch.Generator().manual_seed(seed))
