"""Naive Bayes and a mixture of Gaussians beside the GAN that ships: `python -m benchmarks.classics [--write]`.

Both are fitted to all training images of MNIST, 10,000 images are sampled from each, and measured by the figures by
which generators are (`gan/quality`), against the test images. A classifier cannot be sampled; what comes nearest is a
picture of which it is sure: noise that follows the gradient of its belief in a digit. That classifier is the judge
itself, so that its label agreement says nothing but how easily it is fooled. With `--write` the fitted models and the
figures become the files that the page "How it works" shows.
"""

import argparse
import json
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import machine
from gan import data, render
from gan.classics import mixture, naive_bayes
from gan.classics.shipped import FIGURES, FITTED, Classics
from gan.data import Bytes
from gan.latents import sampling
from gan.models.model import load_model
from gan.models.sampling import sample
from gan.paths import PRETRAINED
from gan.quality import evaluation, judge
from gan.system import files

COMPONENTS, DIMENSIONS = 30, 50
SAMPLES = 10_000
SEED = 0
STEPS, RATE = 40, 0.1
"""With which a picture follows the classifier's gradient: Adam's."""
ROWS = 6
"""Rows of ten digits on the page, of each kind."""
THREES = 40


def fitted(digits: data.DataSet, pictures: dict[str, bytes]) -> tuple[Classics, list[float]]:
    """Both models as a file would have them, and the likelihoods on the mixture's way."""
    images, labels = digits.train_images.reshape(-1, 784), digits.train_labels
    bayes = naive_bayes.fit(images, labels, 10)
    ink = images / 255.0
    projection = mixture.project(ink, DIMENSIONS)
    found = mixture.fit(projection.down(ink), COMPONENTS, np.random.default_rng(SEED))
    made = Classics(bayes, projection, found.mixture, pictures)
    return Classics.from_bytes(made.to_bytes()), found.log_likelihoods


def dreamt(reader: judge.Judge, classes: npt.NDArray[np.int64]) -> Bytes:
    """Pictures (N, 28, 28) of which the classifier is sure that they show these classes (N,)."""
    random = torch.Generator().manual_seed(SEED)
    parts = []
    for asked in torch.from_numpy(classes).split(500):
        raw = (torch.randn(len(asked), 1, 28, 28, generator=random) * 0.5).requires_grad_()
        optimizer = torch.optim.Adam([raw], RATE)
        for _ in range(STEPS):
            loss = F.cross_entropy(reader(raw.tanh()), asked, reduction="sum")
            (raw.grad,) = torch.autograd.grad(loss, [raw])
            optimizer.step()
        parts.append(_bytes(raw))
    return torch.cat(parts).numpy()


def _bytes(raw: Tensor) -> Tensor:
    return (raw.detach().tanh().add(1).mul(127.5)).round().to(torch.uint8)[:, 0]


def forged(classes: npt.NDArray[np.int64], seed: int) -> Bytes:
    """Images of the GAN that ships."""
    model = load_model(PRETRAINED)
    return sample(model, sampling.sample(len(classes), model.latents, seed), torch.from_numpy(classes)).numpy()


def pictures(digits: data.DataSet, reader: judge.Judge) -> dict[str, bytes]:
    """What the page shows: grids as PNG."""
    ten = np.tile(np.arange(10), ROWS)
    examples = digits.examples(ROWS).reshape(10, ROWS, 28, 28).swapaxes(0, 1).reshape(-1, 28, 28)
    threes = digits.test_images[digits.test_labels == 3][:THREES]
    images = {
        "real": examples,
        "generator": forged(ten, SEED + 2),
        "classifier": dreamt(reader, ten),
        "real_threes": threes,
        "forged_threes": forged(np.full(THREES, 3), SEED + 3),
    }
    return {name: render.png(render.grid(each, 10)) for name, each in images.items()}


def measured(images: Bytes, asked: npt.NDArray[np.int64] | None) -> dict[str, float]:
    """The figures, and how sure the judge is on average of what it reads."""
    reading = judge.load().judge.read(images)
    found = evaluation.compared(reading, asked, evaluation.yardstick("test", len(images)))
    return {name: metric.value for name, metric in found.items()} | {
        "confidence": float(reading.probabilities.max(1).mean())
    }


def main() -> None:
    """Fits, measures, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the files that ship")
    args = parser.parse_args()
    print(f"{machine.line()}\n", flush=True)
    digits, reader = data.load(), judge.load().judge
    began = time.perf_counter()
    models, history = fitted(digits, pictures(digits, reader))
    seconds = time.perf_counter() - began
    stick = evaluation.yardstick("test", SAMPLES)
    asked = stick.labels
    began = time.perf_counter()
    bayes = models.sample_bayes(asked, SEED + 1)
    mixed = models.sample_mixture(SAMPLES, SEED + 1)
    sampling_seconds = time.perf_counter() - began
    tests = digits.test_images.reshape(-1, 784)
    points = models.projection.down(tests / 255.0)
    belonging = models.mixture.log_densities(models.projection.down(digits.train_images.reshape(-1, 784) / 255.0))
    names = np.array(
        [np.bincount(digits.train_labels[belonging.argmax(1) == k], minlength=10).argmax() for k in range(COMPONENTS)]
    )
    reads = {
        "classifier": judge.accuracy(reader, *digits.test),
        "bayes": float((models.bayes.classify(tests) == digits.test_labels).mean()),
        "mixture": float((names[models.mixture.log_densities(points).argmax(1)] == digits.test_labels).mean()),
    }
    kinds: dict[str, tuple[Bytes, npt.NDArray[np.int64] | None]] = {
        "generator": (forged(asked, SEED), asked),
        "mixture": (mixed, None),
        "bayes": (bayes, asked),
        "classifier": (dreamt(reader, asked), asked),
    }
    floor = stick.floor | {
        "label_agreement": float((stick.reading.labels == asked).mean()),
        "confidence": float(stick.reading.probabilities.max(1).mean()),
    }
    found: dict[str, dict[str, float]] = {"real": floor}
    found |= {name: measured(*what) for name, what in kinds.items()}
    table: dict[str, Any] = {
        "n": SAMPLES,
        "components": COMPONENTS,
        "dimensions": DIMENSIONS,
        "log_likelihoods": [round(value, 4) for value in history],
        "models": {name: {"figures": each, "reads_test_digits": reads.get(name)} for name, each in found.items()},
    }
    print(f"fitting and pictures {seconds:.0f} s; {2 * SAMPLES:,} samples of both {sampling_seconds:.2f} s; ", end="")
    print(f"log likelihood of the mixture {history[0]:.2f} to {history[-1]:.2f} nats in {len(history)} rounds\n")
    print("| | FCD by floor | precision | recall | coverage | read as asked | judge's confidence | reads test digits |")
    print("|---|---|---|---|---|---|---|---|")
    for name, figures in found.items():
        agreement = f"{figures['label_agreement']:.3f}" if "label_agreement" in figures else "–"
        read = f"{reads[name]:.4f}" if name in reads else "–"
        shares = " | ".join(f"{figures[key]:.3f}" for key in ("precision", "recall", "coverage"))
        print(
            f"| {name} | {figures['fcd'] / floor['fcd']:,.2f} | {shares} | {agreement} | "
            f"{figures['confidence']:.3f} | {read} |"
        )
    if args.write:
        files.write_atomically(FITTED, models.to_bytes())
        files.write_atomically(FIGURES, (json.dumps(table, indent=1) + "\n").encode())
        print(f"\n{FITTED.name}: {FITTED.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
