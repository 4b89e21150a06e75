"""The real images: MNIST, which ships with the project, and batches of it without a DataLoader.

The whole training set is one uint8 tensor on the device (47 MB); a batch is picked by index and only
then turned into floats.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gan.paths import ASSETS

if TYPE_CHECKING:
    import torch

SHA256 = {"mnist": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"}
"""Digest of each data set's file; the names are those that `TrainConfig.dataset` takes."""

Bytes = npt.NDArray[np.uint8]
JUDGED_FROM = 50_000
"""The judge (`gan.quality.judge`) learns from the training images before this one. Those from here on, which it
has not seen, judge whatever is chosen or stopped while training; the test images judge what is final."""


class DataError(RuntimeError):
    """The data set's file is missing or is not the one that the project ships."""


@dataclass(frozen=True)
class Digits:
    """A data set as it is on disk: images (N, 28, 28) and digits (N,), uint8, in two parts."""

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes

    @property
    def for_judge(self) -> tuple[Bytes, Bytes]:
        """The first 50,000 training images and their digits: what the judge learns from."""
        return self.train_images[:JUDGED_FROM], self.train_labels[:JUDGED_FROM]

    @property
    def validation(self) -> tuple[Bytes, Bytes]:
        """The last 10,000 training images and their digits: the reference for choosing and stopping."""
        return self.train_images[JUDGED_FROM:], self.train_labels[JUDGED_FROM:]

    @property
    def test(self) -> tuple[Bytes, Bytes]:
        """The 10,000 test images and their digits: the reference for final figures."""
        return self.test_images, self.test_labels

    def chosen(self, classes: Sequence[int] = (), count: int = 0) -> tuple[Bytes, Bytes]:
        """The training images of these classes, and their digits: all of them, or `count` of them, as many of each
        class as of any other (one more of some where it does not come out even), the first of
        each. No classes means all."""
        if not classes and not count:
            return self.train_images, self.train_labels
        within = self.of_classes(self.train_labels, classes)
        labels = self.train_labels[within]
        # How many of the same class come before each image: the images with the lowest are taken.
        before = np.empty(len(labels), np.int64)
        for digit in np.unique(labels):
            own = labels == digit
            before[own] = np.arange(own.sum())
        picked = np.sort(within[np.argsort(before, kind="stable")[: count or None]])
        return self.train_images[picked], self.train_labels[picked]

    @staticmethod
    def of_classes(labels: npt.NDArray[np.integer], classes: Sequence[int]) -> npt.NDArray[np.int64]:
        """Where among `labels` (N,) these classes stand; no classes means all."""
        among = np.isin(labels, classes) if classes else np.ones(len(labels), bool)
        return np.flatnonzero(among)

    def examples(self, each: int = 1) -> Bytes:
        """The first `each` test images of every digit, (10 * each, 28, 28), sorted by digit."""
        rows = [self.test_images[self.test_labels == digit][:each] for digit in range(10)]
        return np.concatenate(rows)


@cache
def load(dataset: str = "mnist", folder: Path = ASSETS) -> Digits:
    """Reads a data set after checking its SHA-256; raises `DataError` where the check fails."""
    path = folder / f"{dataset}.npz"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"The data set {path} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(content).hexdigest() != SHA256[dataset]:
        raise DataError(
            f"The data set {path} is damaged: its SHA-256 is not the recorded one. Fetch the project again."
        )
    with np.load(path, allow_pickle=False) as arrays:
        return Digits(arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"])


def some(images: Bytes, labels: Bytes, count: int) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """`count` of the images and their digits, the same ones each time. Not the first: the test images begin
    with the easier half."""
    picked = np.sort(np.random.default_rng(0).permutation(len(labels))[:count])
    return images[picked], labels[picked].astype(np.int64)


class Sampler:
    """Endless batches of a training set, a fresh permutation for each pass over it.

    A batch depends on the seed and on how many images were drawn before, and on nothing else: a run
    resumes by setting `drawn`. Batches run on over the end of a pass, so that each pass shows every
    image exactly once whatever the batch size.
    """

    def __init__(self, images: "torch.Tensor", labels: "torch.Tensor", batch_size: int, seed: int) -> None:
        """`images` (N, 28, 28) and `labels` (N,) are uint8 and lie on the device of the training."""
        self.images = images.unsqueeze(1)
        self.labels = labels
        self.batch_size = batch_size
        self.seed = seed
        self.drawn = 0
        self._passes: dict[int, torch.Tensor] = {}

    def _permutation(self, number: int) -> "torch.Tensor":
        import torch

        if number not in self._passes:
            # Not torch.randperm: its generator looks at 32 bits of the seed only, too few for both numbers.
            order = np.random.default_rng((self.seed, number)).permutation(len(self.labels))
            # One pass back is enough: a batch spans two at most, unless the data set is tiny.
            self._passes = {key: value for key, value in self._passes.items() if key == number - 1}
            self._passes[number] = torch.from_numpy(order).to(self.images.device)
        return self._passes[number]

    def __next__(self) -> tuple["torch.Tensor", "torch.Tensor"]:
        """The next images (N, 1, 28, 28), float in [-1, 1], and their digits (N,), int64."""
        import torch

        size = len(self.labels)
        parts = []
        wanted = self.batch_size
        while wanted:
            number, start = divmod(self.drawn, size)
            part = self._permutation(number)[start : start + wanted]
            parts.append(part)
            self.drawn += len(part)
            wanted -= len(part)
        index = parts[0] if len(parts) == 1 else torch.cat(parts)
        images = self.images.index_select(0, index).float().mul_(2 / 255).sub_(1)
        return images, self.labels.index_select(0, index).long()
