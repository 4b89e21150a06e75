"""Random shifts of what a discriminator sees, so that it cannot learn the real images by heart."""

import torch
from torch import Tensor


def draw(count: int, reach: int, noise: torch.Generator, device: torch.device) -> Tensor:
    """By how many pixels each of `count` images is shifted, down and to the right, from -reach to reach: (2, count,
    1)."""
    return torch.randint(-reach, reach + 1, (2, count, 1), generator=noise, device=device)


def shifted(images: Tensor, by: Tensor | None) -> Tensor:
    """The images, (N, 1, 28, 28), each shifted by what `draw` gave; what leaves on one side, which is black, comes in
    on the other."""
    if by is None:
        return images
    count, _, height, width = images.shape
    rows = (torch.arange(height, device=images.device) - by[0]) % height
    columns = (torch.arange(width, device=images.device) - by[1]) % width
    images = images.gather(2, rows.view(count, 1, height, 1).expand_as(images))
    return images.gather(3, columns.view(count, 1, 1, width).expand_as(images))
