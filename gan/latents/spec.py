"""What a latent is made of: numbers from the normal distribution first, then codes. No torch at import.

A latent is one row of numbers whatever it is made of, so that a network, a link and a file need not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Kind = Literal["normal", "uniform", "categorical"]


@dataclass(frozen=True)
class Part:
    """Some of a latent's numbers, which are drawn alike."""

    kind: Kind
    """normal: each N(0, 1). uniform: each from [-1, 1]. categorical: one of them is 1, the others are 0."""
    size: int


@dataclass(frozen=True)
class LatentSpec:
    """The parts of a latent, in order; those from the normal distribution come first."""

    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """How many numbers a latent has."""
        return sum(part.size for part in self.parts)

    @property
    def normal(self) -> int:
        """How many of them, the first ones, are from the normal distribution."""
        return sum(part.size for part in self.parts if part.kind == "normal")

    @property
    def category(self) -> slice | None:
        """The place of the first categorical code; None without one."""
        return next((place for part, place in self.places() if part.kind == "categorical"), None)

    def places(self) -> Iterator[tuple[Part, slice]]:
        """Each part with the place of its numbers."""
        start = 0
        for part in self.parts:
            yield part, slice(start, start + part.size)
            start += part.size

    def sample(self, count: int, generator: "torch.Generator", device: "torch.device | str | None" = None) -> "Tensor":
        """`count` latents, (count, size), from the next random numbers of `generator`."""
        import torch

        drawn = []
        for part in self.parts:
            if part.kind == "normal":
                drawn.append(torch.randn(count, part.size, generator=generator, device=device))
            elif part.kind == "uniform":
                drawn.append(2 * torch.rand(count, part.size, generator=generator, device=device) - 1)
            else:
                chosen = torch.randint(part.size, (count,), generator=generator, device=device)
                drawn.append(torch.nn.functional.one_hot(chosen, part.size).float())
        return drawn[0] if len(drawn) == 1 else torch.cat(drawn, dim=1)


def normal(size: int) -> LatentSpec:
    """Latents z ~ N(0, I)."""
    return LatentSpec((Part("normal", size),))
