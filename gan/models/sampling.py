"""Pictures from a model."""

import torch
from torch import Tensor

from gan.models.model import Model


@torch.inference_mode()
def sample(model: Model, z: Tensor, y: Tensor | None, batch: int = 1024) -> Tensor:
    """Pictures of a model, uint8 (N, 28, 28), for latents (N, size) and classes (N,) or mixes of them (N, classes)."""
    parts = []
    for start in range(0, len(z), batch):
        asked = None if y is None else y[start : start + batch]
        parts.append(as_bytes(model.generator(z[start : start + batch], asked)))
    return torch.cat(parts)


def as_bytes(images: Tensor) -> Tensor:
    """Images (N, 1, 28, 28) in [-1, 1] to uint8 (N, 28, 28), rounded, on the same device."""
    return images.squeeze(1).float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
