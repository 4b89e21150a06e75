"""Latents as a link holds them."""

import base64
import binascii

import numpy as np
import torch
from torch import Tensor


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
