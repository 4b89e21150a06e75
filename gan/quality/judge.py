"""The judge: a small classifier that says how good forgeries are. Each data set has its own.

It learns from the first five sixths of the training images and from nothing else, no forgeries, so that the others and
the test images are new to it. MNIST's ships; another set's is trained on first use (`gan.quality.judge_training`) and
lies beside the set's images. The classes that it reads are what label agreement is counted with; its last hidden layer
is the space in which distances between sets of images are measured (see `gan.quality.metrics`).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gan import data
from gan.data import DEFAULT, Bytes, DataSpec
from gan.system.text import shown

FORMAT, VERSION = "counterfeit judge", "1"
FEATURES = 64
CHANNELS = (24, 48, 96)
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
    """Its belief in each class, (N, classes), rows summing to 1."""

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The likeliest class of each image, (N,)."""
        labels: npt.NDArray[np.int64] = self.probabilities.argmax(1)
        return labels

    @property
    def histogram(self) -> npt.NDArray[np.int64]:
        """How many images are read as each class, (classes,)."""
        counts: npt.NDArray[np.int64] = np.bincount(self.labels, minlength=self.probabilities.shape[1])
        return counts


class Judge(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] to logits (N, classes), by way of 64 features."""

    def __init__(self, classes: int) -> None:
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
        self.head = nn.Linear(FEATURES, classes)

    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer, (N, 64), never negative."""
        features: Tensor = self.body(images.contiguous(memory_format=torch.channels_last))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes)."""
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


def accuracy(judge: Judge, images: Bytes, labels: Bytes) -> float:
    """The share of the images whose class it reads as labelled."""
    return float((judge.read(images).labels == labels).mean())


def content(judge: Judge, about: dict[str, float], reference: dict[str, Tensor], dataset: str = DEFAULT) -> bytes:
    """The judge's file: weights, what was measured of it, and statistics of reference images of its data set."""
    tensors = {f"judge.{name}": value.contiguous() for name, value in judge.state_dict().items()}
    tensors |= {f"reference.{name}": value for name, value in reference.items()}
    return save(tensors, {"format": FORMAT, "version": VERSION, "dataset": dataset, "about": json.dumps(about)})


@dataclass(frozen=True)
class Shipped:
    """What the judge's file holds."""

    judge: Judge
    about: dict[str, float]
    reference: dict[str, Tensor]


def is_here(dataset: str) -> bool:
    """Whether a data set has its judge by now."""
    return data.judge_path(data.spec(dataset)).is_file()


def load(dataset: str = DEFAULT, path: Path | None = None) -> Shipped:
    """The judge of a data set, to be shared by all of a process. Raises `JudgeError` where there is none, and for that
    of another set."""
    of = data.spec(dataset)
    found = path or data.judge_path(of)
    make = f"python -m gan train-judge{'' if of.ships else f' --data {of.name}'}"
    if not of.ships and not found.exists():
        raise JudgeError(
            f"There is no classifier of {of.title} yet, so quality is not measured; it is trained when something is "
            f"first trained on {of.title}, or by: {make}."
        )
    return _read(found, found.stat().st_mtime_ns if found.exists() else 0, of, make)


@cache
def _read(path: Path, modified: int, of: DataSpec, make: str) -> Shipped:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
            raise JudgeError(f"{path} is not a judge that this program reads; make one: {make}.")
        if (learned := metadata.get("dataset", DEFAULT)) != of.name:  # the first ones did not say
            raise JudgeError(f"{path} is the judge of {shown(learned, 40)}, not of {of.name}; make one: {make}.")
        with torch.random.fork_rng(devices=[]):  # reading a file is no reason for other random numbers
            judge = Judge(len(of.classes))
        judge.load_state_dict(_under("judge.", tensors))
        about = {name: float(value) for name, value in json.loads(metadata["about"]).items()}
        reference = _under("reference.", tensors)
        if reference.keys() != {"mean", "covariance"}:
            raise KeyError("reference")
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, JudgeError):
            raise
        raise JudgeError(f"The judge {path} cannot be read; make one: {make}.") from error
    return Shipped(judge.eval().requires_grad_(False), about, reference)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
