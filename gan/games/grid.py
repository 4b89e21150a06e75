"""The fixed latents whose pictures a run shows all along."""

import torch
from torch import Tensor

from gan.config import TrainConfig
from gan.games.game import has_rows, spec_of
from gan.latents.sampling import sample

GRID = 10


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
