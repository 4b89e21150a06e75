"""The judge: a small digit classifier that says how good forgeries are.

It learns from the first 50,000 training images and from nothing else, no forgeries, so that the last
10,000 and the test images are new to it. It ships as `assets/judge.safetensors`, made by `python -m gan
train-judge`. Its digits are what label agreement is counted with; its last hidden layer is the space
in which distances between sets of images are measured (see `gan.quality.metrics`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gan.data import Bytes, Sampler
from gan.networks.layers import DIGITS
from gan.paths import JUDGE

FORMAT, VERSION = "counterfeit judge", "1"
FEATURES = 64
CHANNELS = (24, 48, 96)
PASSES, BATCH, RATE = 16, 128, 4e-3
BLOCK = 200
"""Images read at once: the working set stays within a processor's cache."""


class JudgeError(RuntimeError):
    """The judge's file is missing or is not one; the message is one sentence."""


@dataclass(frozen=True)
class Reading:
    """What the judge makes of N images."""

    features: npt.NDArray[np.float64]
    """Its last hidden layer, (N, 64)."""
    probabilities: npt.NDArray[np.float64]
    """Its belief in each digit, (N, 10), rows summing to 1."""

    @property
    def digits(self) -> npt.NDArray[np.int64]:
        """The likeliest digit of each image, (N,)."""
        digits: npt.NDArray[np.int64] = self.probabilities.argmax(1)
        return digits


class Judge(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] to logits (N, 10), by way of 64 features."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = CHANNELS
        self.body = nn.Sequential(
            nn.Conv2d(1, first, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 3, padding=1, bias=False),
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(second, third, 3, padding=1, bias=False),
            nn.BatchNorm2d(third),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(third * 9, FEATURES),
            nn.ReLU(inplace=True),
        )
        # What a CPU convolves fastest; the small first layer above is worth a factor of three for the same reason.
        self.body.to(memory_format=torch.channels_last)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(FEATURES, DIGITS)

    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer, (N, 64), never negative."""
        features: Tensor = self.body(images.contiguous(memory_format=torch.channels_last))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10)."""
        logits: Tensor = self.head(self.dropout(self.features(images)))
        return logits

    @torch.inference_mode()
    def read(self, images: Bytes) -> Reading:
        """What it makes of uint8 images (N, 28, 28), N at least 1."""
        device = self.head.weight.device
        parts = [self.features(as_input(torch.from_numpy(part).to(device))) for part in _blocks(images)]
        features = torch.cat(parts)
        probabilities = self.head(features).double().softmax(1)
        return Reading(features.double().cpu().numpy(), probabilities.cpu().numpy())


def _blocks(images: Bytes) -> list[Bytes]:
    return [np.ascontiguousarray(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)]


def as_input(images: Tensor) -> Tensor:
    """uint8 (N, 28, 28) to float (N, 1, 28, 28) in [-1, 1]."""
    return images.unsqueeze(1).float().mul_(2 / 255).sub_(1)


def _jittered(images: Tensor, noise: torch.Generator) -> Tensor:
    """Each image turned by up to 10°, sized by up to 10 %, sheared and shifted by up to 2 pixels: what
    handwriting does by itself. No flips: a mirrored digit is no digit."""
    count = len(images)
    turn, size, shear = (torch.rand(3, count, generator=noise) * 2 - 1) * torch.tensor([[0.17], [0.1], [0.15]])
    shift = (torch.rand(count, 2, generator=noise) * 2 - 1) * (2 / 14)
    cos, sin = turn.cos() * (1 + size), turn.sin() * (1 + size)
    rows = torch.stack((cos, shear - sin, shift[:, 0], sin, cos, shift[:, 1]), 1).view(count, 2, 3)
    grid = F.affine_grid(rows, list(images.shape), align_corners=False)
    return F.grid_sample(images + 1, grid, align_corners=False) - 1  # what comes in from outside is black


def train(
    images: Bytes,
    labels: Bytes,
    *,
    seed: int = 0,
    passes: float = PASSES,
    watch: Callable[[int, int], None] | None = None,
) -> Judge:
    """A judge that has learned from these images (N, 28, 28) and digits (N,), both uint8.

    `passes` times over the images, slightly deformed each time, with AdamW and one rise and fall of the
    learning rate. `watch` is told the steps taken and the steps in all.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        judge = Judge().train()
        noise = torch.Generator().manual_seed(seed)
        sampler = Sampler(torch.from_numpy(images), torch.from_numpy(labels), BATCH, seed)
        steps = max(1, round(passes * len(labels) / BATCH))
        optimizer = torch.optim.AdamW(judge.parameters(), weight_decay=0.02, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps)
        for step in range(steps):
            batch, y = next(sampler)
            loss = F.cross_entropy(judge(_jittered(batch, noise)), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            if watch:
                watch(step + 1, steps)
    return judge.eval().requires_grad_(False)


def accuracy(judge: Judge, images: Bytes, labels: Bytes) -> float:
    """The share of the images whose digit it reads as labelled."""
    return float((judge.read(images).digits == labels).mean())


def content(judge: Judge, about: dict[str, float], reference: dict[str, Tensor]) -> bytes:
    """The judge's file: weights, what was measured of it, and statistics of reference images."""
    tensors = {f"judge.{name}": value.contiguous() for name, value in judge.state_dict().items()}
    tensors |= {f"reference.{name}": value for name, value in reference.items()}
    return save(tensors, {"format": FORMAT, "version": VERSION, "about": json.dumps(about)})


@dataclass(frozen=True)
class Shipped:
    """What the judge's file holds."""

    judge: Judge
    about: dict[str, float]
    reference: dict[str, Tensor]


@cache
def load(path: Path = JUDGE) -> Shipped:
    """Reads the judge that ships, to be shared by all of a process; raises `JudgeError`."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
            raise JudgeError(f"{path} is not a judge that this program reads; make one: python -m gan train-judge.")
        with torch.random.fork_rng(devices=[]):  # reading a file is no reason for other random numbers
            judge = Judge()
        judge.load_state_dict(_under("judge.", tensors))
        about = {name: float(value) for name, value in json.loads(metadata["about"]).items()}
        reference = _under("reference.", tensors)
        if reference.keys() != {"mean", "covariance"}:
            raise KeyError("reference")
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, JudgeError):
            raise
        raise JudgeError(f"The judge {path} cannot be read; make one: python -m gan train-judge.") from error
    return Shipped(judge.eval().requires_grad_(False), about, reference)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
