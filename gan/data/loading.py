"""A data set in memory, and where its file is."""

import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan.data.spec import DEFAULT, DataError, DataSpec, spec
from gan.paths import ASSETS
from gan.system.files import StorageError, read_text

Bytes = npt.NDArray[np.uint8]
IMAGES, RECORD, JUDGE = "images.npz", "fetched.json", "judge.safetensors"
"""The files of a set that was fetched."""
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class DataSet:
    """A data set as it is on disk: images (N, 28, 28) and their classes (N,), uint8, in two parts."""

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    learned: int = 0
    """How many of the training images, the first ones, the judge (`gan.quality.judge`) learns from; 0 means five
    sixths. The others, which it has not seen, judge whatever is chosen or stopped while training; the test images judge
    what is final."""

    @property
    def judged_from(self) -> int:
        """The place of the first training image that the judge has not seen."""
        return self.learned or len(self.train_labels) * 5 // 6

    @property
    def for_judge(self) -> tuple[Bytes, Bytes]:
        """The first five sixths of the training images and their classes: what the judge learns from."""
        return self.train_images[: self.judged_from], self.train_labels[: self.judged_from]

    @property
    def validation(self) -> tuple[Bytes, Bytes]:
        """The other training images and their classes: the reference for choosing and stopping."""
        return self.train_images[self.judged_from :], self.train_labels[self.judged_from :]

    @property
    def test(self) -> tuple[Bytes, Bytes]:
        """The test images and their classes: the reference for final figures."""
        return self.test_images, self.test_labels

    def chosen(self, classes: Sequence[int] = (), count: int = 0) -> tuple[Bytes, Bytes]:
        """The training images of these classes, and their labels: all of them, or `count` of them, as many of each
        class as of any other (one more of some where it does not come out even), the first of
        each. No classes means all."""
        if not classes and not count:
            return self.train_images, self.train_labels
        within = self.of_classes(self.train_labels, classes)
        labels = self.train_labels[within]
        # How many of the same class come before each image: the images with the lowest are taken.
        before = np.empty(len(labels), np.int64)
        for label in np.unique(labels):
            own = labels == label
            before[own] = np.arange(own.sum())
        picked = np.sort(within[np.argsort(before, kind="stable")[: count or None]])
        return self.train_images[picked], self.train_labels[picked]

    @staticmethod
    def of_classes(labels: npt.NDArray[np.integer], classes: Sequence[int]) -> npt.NDArray[np.int64]:
        """Where among `labels` (N,) these classes stand; no classes means all."""
        among = np.isin(labels, classes) if classes else np.ones(len(labels), bool)
        return np.flatnonzero(among)

    def examples(self, each: int = 1) -> Bytes:
        """The first `each` test images of every class, (classes * each, 28, 28), sorted by class."""
        rows = [self.test_images[self.test_labels == label][:each] for label in np.unique(self.test_labels)]
        return np.concatenate(rows)


def cache_folder() -> Path:
    """Where data sets are kept that are fetched: `$GAN_DATA_DIR`, else a folder in the user's cache."""
    if chosen := os.environ.get("GAN_DATA_DIR"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "counterfeit"


def folder_of(of: DataSpec) -> Path:
    """Where the files of a set are."""
    return ASSETS if of.ships else cache_folder() / of.name


def images_path(of: DataSpec) -> Path:
    """The file of a set's images."""
    return folder_of(of) / (f"{of.name}.npz" if of.ships else IMAGES)


def judge_path(of: DataSpec) -> Path:
    """The file of the classifier that judges a set's forgeries: it lies beside the images."""
    return folder_of(of) / JUDGE


def is_here(name: str) -> bool:
    """Whether a set is on this machine; one that is not has to be fetched (`gan.data.fetching`)."""
    return images_path(spec(name)).is_file()


def load(name: str = DEFAULT, folder: Path | None = None) -> DataSet:
    """Reads a data set after checking its SHA-256. Raises `DataError` where the check fails, and for a set that was
    never fetched."""
    of = spec(name)
    path = images_path(of) if folder is None else folder / images_path(of).name
    if of.ships:
        return _read(path, of.sha256, "Fetch the project again.")
    record = path.with_name(RECORD)
    if not path.exists():
        raise DataError(f"{of.title} is not on this machine; it is fetched when something is first trained on it.")
    again = f"Remove the folder {path.parent}, and it is fetched anew."
    try:
        digest = str(json.loads(read_text(record))["sha256"])
    except (OSError, StorageError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"The record {record} of {of.title} cannot be read. {again}") from error
    return _read(path, digest, again)


@cache
def _read(path: Path, digest: str, again: str) -> DataSet:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"The data set {path} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError(f"The data set {path} is damaged: its SHA-256 is not the recorded one. {again}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return DataSet(*(arrays[name] for name in ARRAYS))


def some(images: Bytes, labels: Bytes, count: int) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """`count` of the images and their classes, the same ones each time. Not the first: the test images begin
    with the easier half."""
    picked = np.sort(np.random.default_rng(0).permutation(len(labels))[:count])
    return images[picked], labels[picked].astype(np.int64)
