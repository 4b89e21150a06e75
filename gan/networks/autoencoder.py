"""A discriminator that draws each picture anew: its error is the energy of an energy-based GAN (Zhao et al. 2016)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from gan.config import DiscriminatorConfig
from gan.networks.layers import IMAGE, PIXELS, activation


class Autoencoder(nn.Module):
    """Images (N, 1, 28, 28) to energies (N,): the mean squared error, pixel by pixel, of the picture drawn anew.

    The hidden layers lead from the picture to a code, the last and narrowest of them, and mirrored back to a picture.
    """

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.has_batch_norm = config.batch_norm
        self.ink_scale = config.ink_scale
        widths = (PIXELS, *config.widths)
        encoder: list[nn.Module] = [nn.Flatten()]
        for number, (width, to) in enumerate(pairwise(widths)):
            # The layer that sees the picture has no batch norm (Radford et al. 2015, section 3).
            normed = config.batch_norm and number > 0
            encoder += [nn.Linear(width, to, bias=not normed), *([nn.BatchNorm1d(to)] if normed else [])]
            encoder.append(activation(config.activation))
        decoder: list[nn.Module] = []
        for width, to in pairwise(widths[:0:-1]):
            decoder += [nn.Linear(width, to), activation(config.activation)]
        decoder += [nn.Linear(widths[1], PIXELS), nn.Tanh()]
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The energies; the digits `y` are ignored."""
        return self.answers(x, y)[0]

    def answers(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The energies, and by name the `code` (N, narrowest width) and the picture `drawn` anew (N, 1, 28, 28)."""
        code: Tensor = self.encoder(self.ink_scale * (x + 1) if self.ink_scale else x)
        drawn: Tensor = self.decoder(code).view(-1, *IMAGE)
        error = torch.square(drawn.float() - x.float()).flatten(1).mean(1)
        return error, {"code": code, "drawn": drawn}
