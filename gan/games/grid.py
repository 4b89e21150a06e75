"""The fixed latents whose pictures a run shows all along."""

import torch
from torch import Tensor

from gan.config import TrainConfig
from gan.games.game import has_rows, spec_of
from gan.latents.sampling import sample
from gan.render import COLUMNS

GRID = COLUMNS


def grid(config: TrainConfig) -> tuple[Tensor, Tensor]:
    """The fixed latents of a run's picture, (rows * 10, size), and their classes (rows * 10,), row by row.

    A conditional model has one class a row and one latent a column. One with a categorical code has a value of that a
    row, and for the rest one latent a column. Any other has a hundred latents. Where no class is asked for, the classes
    mean nothing.
    """
    spec, count = spec_of(config), len(config.data.spec.classes)
    rows = torch.arange(count if config.conditional else GRID).repeat_interleave(GRID)
    if not has_rows(config):
        return sample(GRID * GRID, spec, config.seed), rows % count
    z = sample(GRID, spec, config.seed).repeat(len(rows) // GRID, 1)
    if not config.conditional and (place := spec.category):
        values = place.stop - place.start
        z[:, place] = torch.nn.functional.one_hot(rows % values, values).float()
    return z, rows
