"""What a data set is, before any of it is read: a `DataSpec` for each, and the list of them. No torch, no numpy.

A new data set is one entry in `SPECS`: whatever torchvision has in MNIST's format needs no line of code more.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class DataError(RuntimeError):
    """A data set is not here, not what it should be, or cannot be fetched; the message is one sentence."""


@dataclass(frozen=True)
class DataSpec:
    """A set of real images, 28×28, one channel, white ink on black, each of one of some classes."""

    name: str
    """In settings and on the command line."""
    title: str
    classes: tuple[str, ...]
    """The names of the classes; an image's label is a place in this list."""
    one: str
    """What an image shows, in a word: a digit."""
    many: str
    real: str
    """What stands above real images on pages."""
    licence: str
    source: str
    """Where it is described."""
    drawn: bool = False
    """Whether the images are handwriting, so that a person can draw one."""
    sha256: str = ""
    """Digest of the file that ships with the project; empty for a set that is fetched."""
    torchvision: str = ""
    """The class in `torchvision.datasets` that knows its mirrors and checksums; empty for the set that ships."""
    download: int = 0
    """Bytes that its files have together."""
    judge_passes: float = 4
    """How often the classifier that judges forgeries sees each image while it is trained, on first use."""

    @property
    def ships(self) -> bool:
        """Whether it comes with the project, and its classifier too."""
        return bool(self.sha256)

    def place(self, name: str) -> int | None:
        """The class of a name, or of a number as text; None if there is none."""
        wanted = name.strip().casefold()
        folded = [one.casefold() for one in self.classes]
        if wanted in folded:
            return folded.index(wanted)
        if wanted.isascii() and wanted.isdecimal() and len(wanted) < 5 and int(wanted) < len(folded):
            return int(wanted)
        return None

    def called(self, labels: Sequence[int]) -> str:
        """Classes by their names, as one types them."""
        return ", ".join(self.classes[label] if label < len(self.classes) else str(label) for label in labels)


SPECS: dict[str, DataSpec] = {
    spec.name: spec
    for spec in (
        DataSpec(
            name="mnist",
            title="MNIST",
            classes=tuple("0123456789"),
            one="digit",
            many="digits",
            real="Real handwritten digits",
            licence="CC BY-SA 3.0",
            source="http://yann.lecun.com/exdb/mnist/",
            drawn=True,
            sha256="06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
            judge_passes=16,
        ),
        DataSpec(
            name="fashion-mnist",
            title="Fashion-MNIST",
            classes=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            one="article",
            many="articles of clothing",
            real="Real articles of clothing",
            licence="MIT",
            source="https://github.com/zalandoresearch/fashion-mnist",
            torchvision="FashionMNIST",
            download=30_882_000,
        ),
        DataSpec(
            name="kmnist",
            title="KMNIST",
            classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            one="character",
            many="cursive characters",
            real="Real cursive characters",
            licence="CC BY-SA 4.0",
            source="http://codh.rois.ac.jp/kmnist/",
            drawn=True,
            torchvision="KMNIST",
            download=21_241_000,
        ),
    )
}
"""All data sets by name; the first is the default."""
DEFAULT = next(iter(SPECS))


def spec(name: str = DEFAULT) -> DataSpec:
    """The data set of a name; raises `DataError` for a name that none has."""
    if name not in SPECS:
        raise DataError(f"There is no data set {name!r}; there are {', '.join(SPECS)}.")
    return SPECS[name]
