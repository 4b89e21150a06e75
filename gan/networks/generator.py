"""Generators, built from their part of the settings.

Only layers that the page can run as well: Linear, Conv2d, ConvTranspose2d, BatchNorm, (Leaky)ReLU,
Tanh, Sigmoid, Embedding. The class enters the generator as an embedding beside the latent (Mirza and
Osindero 2014).
"""

import torch
from torch import Tensor, nn

from gan.config import GeneratorConfig
from gan.networks.layers import IMAGE, PIXELS, activation, double, required


class Generator(nn.Module):
    """G(z, y): latents (N, latent_size) and classes (N,) to images (N, 1, 28, 28) in [-1, 1].

    In place of classes, `y` may be mixes of them, shares (N, classes) that sum to 1: half a 3 and half an 8 is the
    embedding half way between theirs. With no `classes` it is unconditional and ignores `y`, which may be None.
    """

    def __init__(self, config: GeneratorConfig, latent_size: int, classes: int = 0) -> None:
        super().__init__()
        self.latent_size, self.classes = latent_size, classes
        self.normal, self.latent_scale = config.latent_dim, config.latent_scale
        self.embedding = nn.Embedding(classes, config.embedding_dim) if classes else None
        self.sigmoid = config.output == "sigmoid"
        width = latent_size + (config.embedding_dim if classes else 0)
        # A bias in front of a batch norm does nothing: the mean is taken out again.
        bias = not config.batch_norm
        layers: list[nn.Module] = []
        stem = config.widths if config.architecture == "mlp" else config.widths[:-2]
        for units in stem:
            layers.append(nn.Linear(width, units, bias=bias))
            layers += [nn.BatchNorm1d(units)] if config.batch_norm else []
            layers.append(activation(config.activation))
            width = units
        if config.architecture == "mlp":
            layers.append(nn.Linear(width, PIXELS))
        else:
            first, second = config.widths[-2:]
            layers += [nn.Linear(width, first * 49, bias=bias), nn.Unflatten(1, (first, 7, 7))]
            layers += [nn.BatchNorm2d(first)] if config.batch_norm else []
            layers += [activation(config.activation), double(first, second, bias)]
            layers += [nn.BatchNorm2d(second)] if config.batch_norm else []
            layers += [activation(config.activation), double(second, 1)]
        layers.append(nn.Sigmoid() if self.sigmoid else nn.Tanh())
        self.layers = nn.Sequential(*layers)

    def conditioned(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """What the first layer sees: the latents, those from the normal distribution scaled as the settings say, and
        beside them the embeddings of the classes if it is conditional."""
        if self.latent_scale != 1:
            z = torch.cat((z[:, : self.normal] * self.latent_scale, z[:, self.normal :]), dim=1)
        if self.embedding is None:
            return z
        y = required(y)
        embedded = y @ self.embedding.weight if y.is_floating_point() else self.embedding(y)
        return torch.cat((z, embedded), dim=1)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """G(z, y); raises `ValueError` if a conditional generator gets no classes."""
        images: Tensor = self.layers(self.conditioned(z, y))
        if self.sigmoid:
            images = 2 * images - 1
        return images.view(-1, *IMAGE)
