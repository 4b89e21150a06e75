"""Discriminators, built from their part of the settings.

The class enters as a projection onto the last features (Miyato and Koyama 2018, equation 3).
"""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan.config import DiscriminatorConfig
from gan.networks.layers import PIXELS, activation, halve, required


class Discriminator(nn.Module):
    """D(x, y): images (N, 1, 28, 28) and classes (N,) to logits (N,).

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
            layers += [halve(1, first), activation(config.activation)]
            layers.append(halve(first, second, bias=not config.batch_norm))
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
            # As large as the weights of `logit` beside it. With PyTorch's N(0, 1) the class alone would
            # decide at first; label agreement after 20 s was 0.92 so, 0.96 with this.
            nn.init.normal_(self.projection.weight, std=width**-0.5)
        self.heads = nn.ModuleDict({name: nn.Linear(width, numbers) for name, numbers in (heads or {}).items()})
        if config.spectral_norm:
            # Miyato et al. 2018: one power iteration a pass keeps each layer's largest singular value at 1.
            for layer in [*self.features, self.logit, *([self.projection] if self.projection else [])]:
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
                    spectral_norm(layer)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """D(x, y); raises `ValueError` if a conditional discriminator gets no classes."""
        return self.answers(x, y)[0]

    def answers(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """D(x, y), and what each head says, (N, numbers)."""
        features: Tensor = self.features(self.ink_scale * (x + 1) if self.ink_scale else x)
        logits: Tensor = self.logit(features).squeeze(1)
        if self.projection is not None:
            logits = logits + (self.projection(required(y)) * features).sum(1)
        return logits, {name: head(features) for name, head in self.heads.items()}
