"""What is said of a model: its figures, each beside its floor. Plain data, no torch.

`DEFINITIONS` and `KINDS` say what each of them means; pages and documents quote them from here.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Reference = Literal["test", "validation"]
SAMPLES, LEAST = 10_000, 1000
"""How many samples figures are quoted at, and how few they may be measured with."""
ACCURACY_SCORE = "classification_accuracy"
"""The one figure that takes so long that it is measured only when asked for."""

DEFINITIONS: dict[str, str] = {
    "Reference": "The real images that forgeries are compared to: the test images (10,000 as a rule) for final "
    "figures, and the last sixth of the training images for whatever chooses or stops (live curves, early stopping, "
    "recipes). The judge, "
    "the classifier that reads and compares all images, has learned from neither.",
    "Floor": "The same figure for real images in place of the forgeries: those of the other one of the two sets, as "
    "many as there are forgeries. Forgeries are asked for the very classes that these images show, so that both "
    "have the same count of each class.",
    "Ratio": "Value by floor. It is quoted at 10,000 samples: with fewer, value and floor both grow, since few images "
    "describe a distribution badly. Where the floor is next to nothing, a ratio says nothing.",
}
"""What holds for every figure of the project."""


@dataclass(frozen=True)
class MetricKind:
    """What a figure is, in words, and which way is better."""

    label: str
    better: Literal["higher", "lower"]
    meaning: str
    is_share: bool = False
    """Whether it is a share of images, from 0 to 1."""
    has_ratio: bool = True
    """Whether value by floor says something: not where the floor is next to nothing."""


KINDS: dict[str, MetricKind] = {
    "label_agreement": MetricKind(
        "Label agreement",
        "higher",
        "How often the judge reads the class that was asked for. Real: how often it is right.",
        is_share=True,
    ),
    "fcd": MetricKind(
        "Fréchet classifier distance (FCD)",
        "lower",
        "Distance of two Gaussians, fitted to the judge's features of forgeries and of real images.",
    ),
    "kernel_distance": MetricKind(
        "Kernel distance",
        "lower",
        "Squared maximum mean discrepancy in the judge's features, with a cubic kernel.",
        has_ratio=False,
    ),
    "precision": MetricKind(
        "Precision",
        "higher",
        "Share of forgeries that lie among real images: nearer to one than its fifth neighbour is.",
        is_share=True,
    ),
    "recall": MetricKind(
        "Recall", "higher", "Share of real images that lie among forgeries, in the same sense.", is_share=True
    ),
    "density": MetricKind(
        "Density", "higher", "How densely real images lie around a forgery; 1 is as densely as they should."
    ),
    "coverage": MetricKind(
        "Coverage", "higher", "Share of real images with a forgery among their five nearest neighbours.", is_share=True
    ),
    "classifier_score": MetricKind(
        "Classifier score",
        "higher",
        "From 1 to the number of classes: high if the judge is sure of each forgery and finds all classes alike often.",
    ),
    "kl_from_uniform": MetricKind(
        "Divergence of the classes from uniform",
        "lower",
        "Kullback–Leibler, in nats, of the classes that the judge reads; of ten, 2.3 if it reads only one.",
        has_ratio=False,
    ),
    "nearest_distance": MetricKind(
        "Distance to the nearest training image",
        "higher",
        "Median over 1,000 forgeries, Euclidean, pixels from 0 to 1. Much below the real one would mean copying.",
    ),
    "copies": MetricKind(
        "Copies",
        "lower",
        "Share of 1,000 forgeries nearer to a training image than 99 % of real images that were not trained on.",
        is_share=True,
        has_ratio=False,
    ),
    ACCURACY_SCORE: MetricKind(
        "Classification accuracy score",
        "higher",
        "Share of real test images read right by a classifier that learned from forgeries only; "
        "real: by one that learned from as many real images.",
        is_share=True,
    ),
}
"""Every figure by its name in JSON and CSV, in the order of the table."""


@dataclass(frozen=True)
class Metric:
    """A number and its floor: the same number for real images."""

    value: float
    floor: float

    @property
    def ratio(self) -> float | None:
        """Value by floor; None where the floor is not positive."""
        return self.value / self.floor if self.floor > 0 else None

    def to_dict(self) -> dict[str, float | None]:
        """As JSON can hold it."""
        return {"value": self.value, "floor": self.floor, "ratio": self.ratio}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Metric":
        """What `to_dict` has written."""
        return cls(float(values["value"]), float(values["floor"]))


@dataclass(frozen=True)
class Forgery:
    """One of the samples, which `pictures` shows again."""

    index: int
    """Its place among the samples."""
    asked: int | None
    read: int
    confidence: float
    """The judge's belief in the class that was asked for, or in the one it read where none was."""
    nearest: int
    """The nearest of the training images, by its place among them."""


@dataclass(frozen=True)
class Evaluation:
    """All figures of one model."""

    n: int
    seed: int
    dataset: str
    """Whose images and whose judge they are measured with."""
    reference: Reference
    metrics: dict[str, Metric]
    histogram: list[int]
    """Forgeries by the class that the judge reads."""
    histogram_floor: list[int]
    confusion: list[list[int]] | None
    """Asked class (row) against read class (column); None for an unconditional model."""
    digits: list[Metric] | None
    """Label agreement of each class."""
    best: list[Forgery]
    """The ones that the judge is surest of, the surest first."""
    worst: list[Forgery]
    """The ones that it is least sure of, the worst first."""
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {
            "n": self.n,
            "seed": self.seed,
            "dataset": self.dataset,
            "reference": self.reference,
            "figures": {name: figure.to_dict() for name, figure in self.metrics.items()},
            "histogram": {"value": self.histogram, "floor": self.histogram_floor},
            "confusion": self.confusion,
            "digits": None if self.digits is None else [figure.to_dict() for figure in self.digits],
            "best": [asdict(forgery) for forgery in self.best],
            "worst": [asdict(forgery) for forgery in self.worst],
            "seconds": round(self.seconds, 3),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Evaluation":
        """What `to_dict` has written; raises `KeyError` or `TypeError` for anything else."""
        digits = values["digits"]
        return cls(
            n=values["n"],
            seed=values["seed"],
            dataset=values["dataset"],
            reference=values["reference"],
            metrics={name: Metric.from_dict(figure) for name, figure in values["figures"].items()},
            histogram=values["histogram"]["value"],
            histogram_floor=values["histogram"]["floor"],
            confusion=values["confusion"],
            digits=None if digits is None else [Metric.from_dict(figure) for figure in digits],
            best=[Forgery(**forgery) for forgery in values["best"]],
            worst=[Forgery(**forgery) for forgery in values["worst"]],
            seconds=values["seconds"],
        )
