"""The quiz "real or forged?": drawing its pictures from a pool, and who was right how often. No torch.

Three play on the same pictures: a person, the discriminator, and the digit classifier. Everybody sees the very same
pixels, the quantised ones.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan.data import Bytes

COUNT = 20
"""Pictures of a quiz."""
REAL, FORGED, TOO_LATE = "r", "f", "-"
"""Answers."""
MOST_SEEDS = 1_000_000
"""Seeds are whole numbers from 0 up to this one, which is none."""
GREY = 17
"""Grey levels of 255 between two that a quiz shows: sixteen are left."""
SURE_OF = 0.9
"""The classifier takes a picture for real where it is as sure of its reading as it is for this share of real ones."""
Z = 1.959964
"""So many standard deviations to either side hold 95 % of a normal distribution."""


def quantised(images: Bytes) -> Bytes:
    """Images with sixteen grey levels.

    The background of a real digit is exactly 0, that of a forgery often 1 to 3: nobody sees it, but a bright screen or
    a look at the bytes would tell. Both are rounded alike; whatever is below 9 becomes 0.
    """
    return ((images.astype(np.uint16) + GREY // 2) // GREY * GREY).astype(np.uint8)


@dataclass(frozen=True)
class Pool:
    """Real and forged pictures, and what the two machines say of each."""

    images: Bytes
    """(N, 28, 28), quantised."""
    labels: npt.NDArray[np.uint8]
    """The class of each, or the one that was asked for, (N,)."""
    forged: npt.NDArray[np.bool_]
    """(N,)"""
    scores: npt.NDArray[np.float32] | None
    """What the discriminator says, (N,); None where it cannot play."""
    sureness: npt.NDArray[np.float32] | None
    """The classifier's belief in its own reading, (N,); None where there is no classifier."""
    undecided: float = 0.0
    """The score at which the discriminator takes a picture for neither."""
    sure_enough: float = 0.0
    """The belief that `SURE_OF` of other real images reach."""
    why_not: str = ""
    """Why the discriminator does not play: ends a sentence."""
    why_no_classifier: str = ""

    @property
    def discriminator(self) -> str | None:
        """Its answers, a letter for each picture."""
        return None if self.scores is None else _letters(self.scores <= self.undecided)

    @property
    def classifier(self) -> str | None:
        """The classifier's, which was never asked what is real: where its reading is not sure it says "forged"."""
        return None if self.sureness is None else _letters(self.sureness < self.sure_enough)

    @property
    def truth(self) -> str:
        """What each is."""
        return _letters(self.forged)

    def at(self, places: Sequence[int]) -> "Pool":
        """Those at some places, in this order."""
        chosen = np.array(places, np.int64)
        return Pool(
            self.images[chosen],
            self.labels[chosen],
            self.forged[chosen],
            None if self.scores is None else self.scores[chosen],
            None if self.sureness is None else self.sureness[chosen],
            self.undecided,
            self.sure_enough,
            self.why_not,
            self.why_no_classifier,
        )


def _letters(forged: npt.NDArray[np.bool_]) -> str:
    return "".join(FORGED if one else REAL for one in forged)


def draw(pool: Pool, name: str, seed: int, count: int = COUNT, label: int | None = None) -> Pool:
    """The pictures of a quiz, which follow from the pool, its name and the seed alone; with a `label` of that class
    only. Raises `ValueError` where the pool is too small.

    A coin is thrown for each, so that whoever has counted ten of a kind knows nothing of those that are left. Another
    name gives other places to the forgeries: an easy level does not give a hard one away.
    """
    rng = random.Random(f"{name} {seed}")
    coins = [rng.random() < 0.5 for _ in range(count)]
    among = np.ones(len(pool.labels), bool) if label is None else pool.labels == label
    piles = {kind: np.flatnonzero(among & (pool.forged == kind)).tolist() for kind in (False, True)}
    # Of this generator only random() is promised to stay the same from version to version.
    mixed = {kind: sorted(pile, key=lambda _: rng.random()) for kind, pile in piles.items()}
    if any(len(mixed[kind]) < coins.count(kind) for kind in mixed):
        raise ValueError(f"There are too few pictures for a quiz of {count}.")
    return pool.at([mixed[coin].pop() for coin in coins])


def continued(given: str, answers: str, count: int = COUNT) -> str:
    """The answers so far, and those that a page has by now. What was answered once stays as it was; a text that holds
    anything but answers counts for nothing."""
    return given if set(answers) - {REAL, FORGED, TOO_LATE} else (given + answers[len(given) :])[:count]


def right(answers: str, truth: str) -> int:
    """How many answers are right."""
    return sum(one == other for one, other in zip(answers, truth, strict=True))


def wilson(right: int, total: int) -> tuple[float, float]:
    """The interval that holds the true share of right answers with 95 % confidence, when so many of `total` were right
    (Wilson 1927). It never leaves [0, 1], also where all or none were right."""
    share = right / total
    spread = Z * math.sqrt(share * (1 - share) / total + Z**2 / (4 * total**2))
    scale = 1 + Z**2 / total
    centre = share + Z**2 / (2 * total)
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
