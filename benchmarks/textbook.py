"""A conditional GAN as textbooks and tutorials build it, for comparison.

Batch 64, Adam 2e-4 with betas 0.5 and 0.999, latents of 100 numbers, a generator 128-256-512-1024 with batch
norm, digits as embeddings beside latent and picture, least squares, and torchvision's MNIST through a
DataLoader with its transforms. No averaging: what trains is what forges.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan import data, presets
from gan.data import Bytes

CACHE = Path(__file__).parent / ".cache"
LATENT, BATCH, RATE, BETAS = 100, 64, 2e-4, (0.5, 0.999)


def _as_files(root: Path) -> Path:
    """Writes the embedded MNIST as the files that torchvision would have downloaded."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    digits = data.load()
    sets = {"train": (digits.train_images, digits.train_labels), "t10k": digits.test}
    for name, (images, labels) in sets.items():
        _write(folder / f"{name}-images-idx3-ubyte", images)
        _write(folder / f"{name}-labels-idx1-ubyte", labels)
    return root


def _write(path: Path, array: Bytes) -> None:
    """The IDX format: two zeros, the type (8 is uint8), the dimensions, their sizes, the numbers."""
    head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(head + np.ascontiguousarray(array).tobytes())


class Generator(nn.Module):
    """z (N, 100) and digits (N,) to images (N, 1, 28, 28)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 10)
        layers: list[nn.Module] = [nn.Linear(LATENT + 10, 128), nn.LeakyReLU(0.2)]
        for width, to in ((128, 256), (256, 512), (512, 1024)):
            layers += [nn.Linear(width, to), nn.BatchNorm1d(to), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh())

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """G(z, y)."""
        images: Tensor = self.layers(torch.cat((self.embedding(y), z), 1))
        return images.view(-1, 1, 28, 28)


class Discriminator(nn.Module):
    """Images (N, 1, 28, 28) and digits (N,) to scores (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 10)
        layers: list[nn.Module] = [nn.Linear(784 + 10, 512), nn.LeakyReLU(0.2)]
        for _ in range(2):
            layers += [nn.Linear(512, 512), nn.Dropout(0.4), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(512, 1))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """D(x, y)."""
        scores: Tensor = self.layers(torch.cat((x.flatten(1), self.embedding(y)), 1))
        return scores


class Textbook:
    """Trains as the tutorials do, step by step."""

    def __init__(self, seed: int = 0) -> None:
        from torchvision import datasets, transforms

        torch.manual_seed(seed)
        self.config = presets.preset("cgan").changed(latent_dim=LATENT, batch_size=BATCH, seed=seed)
        self.generator, self.discriminator = Generator(), Discriminator()
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), RATE, BETAS)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), RATE, BETAS)
        self.loss = nn.MSELoss()
        self.images = 0
        steps = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
        mnist = datasets.MNIST(str(_as_files(CACHE)), train=True, download=False, transform=steps)
        self.loader = torch.utils.data.DataLoader(mnist, BATCH, shuffle=True)
        self._batches = self._endless()

    @property
    def average(self) -> Generator:
        """What forges: the generator itself, with the running statistics of its batch norm."""
        return self.generator.eval()

    def _endless(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from self.loader

    def step(self, norms: bool = False, progress: float = 0.0) -> None:
        """One update of G, then one of D."""
        self.generator.train()
        x, y = next(self._batches)
        count = len(x)
        valid, forged = torch.ones(count, 1), torch.zeros(count, 1)
        self.optimizer_g.zero_grad()
        z, asked = torch.randn(count, LATENT), torch.randint(0, 10, (count,))
        fakes = self.generator(z, asked)
        self.loss(self.discriminator(fakes, asked), valid).backward()
        self.optimizer_g.step()
        self.optimizer_d.zero_grad()
        real = self.loss(self.discriminator(x, y), valid)
        fake = self.loss(self.discriminator(fakes.detach(), asked), forged)
        ((real + fake) / 2).backward()
        self.optimizer_d.step()
        self.images += count
