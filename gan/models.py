"""Generators and discriminators, built from their parts of the settings.

Only layers that the page can run as well: Linear, Conv2d, ConvTranspose2d, BatchNorm, (Leaky)ReLU,
Tanh, Sigmoid, Embedding. The digit enters the generator as an embedding beside the latent (Mirza and
Osindero 2014) and the discriminator as a projection onto its last features (Miyato and Koyama 2018,
equation 3).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan.config import DiscriminatorConfig, GeneratorConfig

IMAGE = (1, 28, 28)
PIXELS = 28 * 28
DIGITS = 10


def activation(name: str) -> nn.Module:
    """The non-linearity of a hidden layer."""
    return nn.ReLU(inplace=True) if name == "relu" else nn.LeakyReLU(0.2, inplace=True)


def _halve(channels: int, to: int, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(channels, to, kernel_size=4, stride=2, padding=1, bias=bias)


def _double(channels: int, to: int, bias: bool = True) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, to, kernel_size=4, stride=2, padding=1, bias=bias)


def _digits(y: Tensor | None) -> Tensor:
    if y is None:
        raise ValueError("A conditional model needs the digits y.")
    return y


class Generator(nn.Module):
    """G(z, y): latents (N, latent_size) and digits (N,) to images (N, 1, 28, 28) in [-1, 1].

    In place of digits, `y` may be mixes of them, shares (N, 10) that sum to 1: half a 3 and half an 8 is the
    embedding half way between theirs. With no `classes` it is unconditional and ignores `y`, which may be None.
    """

    def __init__(self, config: GeneratorConfig, latent_size: int, classes: int = 0) -> None:
        super().__init__()
        self.latent_size = latent_size
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
            layers += [activation(config.activation), _double(first, second, bias)]
            layers += [nn.BatchNorm2d(second)] if config.batch_norm else []
            layers += [activation(config.activation), _double(second, 1)]
        layers.append(nn.Sigmoid() if self.sigmoid else nn.Tanh())
        self.layers = nn.Sequential(*layers)

    def conditioned(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """What the first layer sees: the latents, those from the normal distribution scaled as the settings say, and
        beside them the embeddings of the digits if it is conditional."""
        if self.latent_scale != 1:
            z = torch.cat((z[:, : self.normal] * self.latent_scale, z[:, self.normal :]), dim=1)
        if self.embedding is None:
            return z
        y = _digits(y)
        embedded = y @ self.embedding.weight if y.is_floating_point() else self.embedding(y)
        return torch.cat((z, embedded), dim=1)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """G(z, y); raises `ValueError` if a conditional generator gets no digits."""
        images: Tensor = self.layers(self.conditioned(z, y))
        if self.sigmoid:
            images = 2 * images - 1
        return images.view(-1, *IMAGE)


class Discriminator(nn.Module):
    """D(x, y): images (N, 1, 28, 28) and digits (N,) to logits (N,).

    With no `classes` it is unconditional and ignores `y`, which may be None. Each of the `heads` says so many numbers
    more of a picture, from the same features.
    """

    def __init__(
        self, config: DiscriminatorConfig, generator: str, classes: int = 0, heads: Mapping[str, int] | None = None
    ) -> None:
        """`generator` is the generator's architecture, which the settings may call "same"."""
        super().__init__()
        self.has_batch_norm = config.batch_norm
        self.ink_scale = config.ink_scale
        architecture = generator if config.architecture == "same" else config.architecture
        layers: list[nn.Module] = []
        if architecture == "mlp":
            head, width = config.widths, PIXELS
        else:
            (first, second), head = config.widths[:2], config.widths[2:]
            layers += [_halve(1, first), activation(config.activation)]
            layers.append(_halve(first, second, bias=not config.batch_norm))
            layers += [nn.BatchNorm2d(second)] if config.batch_norm else []
            layers.append(activation(config.activation))
            width = second * 49
        layers.append(nn.Flatten())
        for units in head:
            # The layer that sees the picture has no batch norm (Radford et al. 2015, section 3).
            normed = config.batch_norm and len(layers) > 1
            layers.append(nn.Linear(width, units, bias=not normed))
            layers += [nn.BatchNorm1d(units)] if normed else []
            layers.append(activation(config.activation))
            width = units
        self.features = nn.Sequential(*layers)
        self.logit = nn.Linear(width, 1)
        self.projection = nn.Embedding(classes, width) if classes else None
        if self.projection is not None:
            # As large as the weights of `logit` beside it. With PyTorch's N(0, 1) the digit alone would
            # decide at first; label agreement after 20 s was 0.92 so, 0.96 with this.
            nn.init.normal_(self.projection.weight, std=width**-0.5)
        self.heads = nn.ModuleDict({name: nn.Linear(width, numbers) for name, numbers in (heads or {}).items()})
        if config.spectral_norm:
            # Miyato et al. 2018: one power iteration a pass keeps each layer's largest singular value at 1.
            for layer in [*self.features, self.logit, *([self.projection] if self.projection else [])]:
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
                    spectral_norm(layer)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """D(x, y); raises `ValueError` if a conditional discriminator gets no digits."""
        return self.answers(x, y)[0]

    def answers(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """D(x, y), and what each head says, (N, numbers)."""
        features: Tensor = self.features(self.ink_scale * (x + 1) if self.ink_scale else x)
        logits: Tensor = self.logit(features).squeeze(1)
        if self.projection is not None:
            logits = logits + (self.projection(_digits(y)) * features).sum(1)
        return logits, {name: head(features) for name, head in self.heads.items()}


def count_parameters(module: nn.Module) -> int:
    """The number of trainable numbers in a network."""
    return sum(parameter.numel() for parameter in module.parameters())
