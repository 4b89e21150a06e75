"""Pools for the quiz: those of the levels that ship, from a file, and those of any model."""

import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan import data
from gan.games import rules
from gan.paths import ASSETS
from gan.quality.quiz import SURE_OF, Pool, quantised

if TYPE_CHECKING:
    from gan.models.model import Model

SHIPPED = ASSETS / "quiz" / "levels.npz"
OWN = 200
"""Pictures of each kind in the pool of a model that does not ship."""
READ = 3000
"""Real images from which it follows how sure the classifier usually is: none of those that it learned from, and none
that are in a quiz."""
SEED = 5
"""Of the latents of a pool."""


class QuizError(RuntimeError):
    """A pool that cannot be made or read; the message is one sentence."""


@dataclass(frozen=True)
class Level:
    """A forger that ships."""

    name: str
    """In the address."""
    label: str
    """In a list."""
    forger: str
    """In a sentence, after "forged by"."""


LEVELS: dict[str, Level] = {
    level.name: level
    for level in (
        Level("5s", "Forger after 33,000 images", "a generator after 33,000 images"),
        Level("20s", "Forger after 134,000 images", "a generator after 134,000 images"),
        Level("60s", "Forger after 402,000 images", "a generator after 402,000 images"),
        Level("shipped", "The trained forger that ships", "the generator that ships (6 million images)"),
    )
}
DEFAULT = "20s"


def gathered(model: "Model", count: int = OWN) -> Pool:
    """`count` real test images, and as many forgeries of a model, with what its discriminator and the classifier of its
    data set say. Raises `gan.data.DataError` where the images are not here."""
    import torch

    from gan.device import one_thread
    from gan.latents import sampling
    from gan.models.sampling import sample
    from gan.quality import judge

    config, score = model.config, rules(model.config).score
    digits = data.load(config.data.dataset)
    images, labels = digits.test
    among = digits.of_classes(labels, config.data.classes)
    real, real_labels = data.some(images[among], labels[among], count)
    classes = torch.tensor(sorted(config.data.classes) or range(len(config.data.spec.classes)))
    asked = classes[torch.arange(count) % len(classes)]
    with one_thread(), torch.inference_mode():
        z = sampling.sample(count, model.latents, SEED)
        forged = sample(model, z, asked if config.conditional else None).numpy()
        shown = quantised(np.concatenate([real, forged]))
        y = torch.cat([torch.from_numpy(real_labels), asked])
        scores = why = None
        if model.discriminator is None:
            why = "it was not kept with this moment of the run"
        elif score.undecided is None:
            why = "of its scores only the differences mean something, so there is no point at which it says “forged”"
        else:
            scores = model.discriminator(judge.as_input(torch.from_numpy(shown)), y).float().numpy()
        sureness, enough, no_classifier = None, 0.0, ""
        try:
            classifier = judge.load(config.data.dataset).judge
        except judge.JudgeError:
            no_classifier = "there is none of this data set yet"
        else:
            sureness = classifier.read(shown).probabilities.max(1).astype(np.float32)
            others = classifier.read(quantised(data.some(*digits.validation, READ)[0])).probabilities.max(1)
            enough = float(np.quantile(others, 1 - SURE_OF))
    return Pool(
        shown,
        y.numpy().astype(np.uint8),
        np.arange(2 * count) >= count,
        scores,
        sureness,
        score.undecided or 0.0,
        enough,
        why or "",
        no_classifier,
    )


def write(path: Path, pools: dict[str, Pool]) -> None:
    """Keeps pools of the same real pictures in one file: these once, and the forgeries of each."""
    first = next(iter(pools.values()))
    arrays: dict[str, Any] = {"real.images": first.images[~first.forged]}
    about = {}
    for name, pool in pools.items():
        assert pool.scores is not None
        assert pool.sureness is not None
        assert np.array_equal(pool.images[~pool.forged], arrays["real.images"])
        arrays |= {f"{name}.images": pool.images[pool.forged], f"{name}.labels": pool.labels}
        arrays |= {f"{name}.scores": pool.scores, f"{name}.sureness": pool.sureness}
        about[name] = {"undecided": pool.undecided, "sure_enough": pool.sure_enough}
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)


@lru_cache(maxsize=8)
def shipped(name: str, path: Path = SHIPPED) -> Pool:
    """The pool of a level that ships, by its name in `LEVELS`; raises `QuizError`."""
    try:
        with np.load(path, allow_pickle=False) as held:
            about = json.loads(held["about"].tobytes())[name]
            real, forged = held["real.images"], held[f"{name}.images"]
            return Pool(
                np.concatenate([real, forged]),
                held[f"{name}.labels"],
                np.arange(len(real) + len(forged)) >= len(real),
                held[f"{name}.scores"],
                held[f"{name}.sureness"],
                float(about["undecided"]),
                float(about["sure_enough"]),
            )
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise QuizError(f"The pictures of this level ({path}) cannot be read; fetch the project again.") from error
