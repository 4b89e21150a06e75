"""A small digit classifier for the benchmarks: it reads what a generator forged.

Trained here, on real images only; nothing in `gan` has ever seen it. `judge()` trains it on first use
(about a minute on two cores) and keeps its weights in `benchmarks/.cache`.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gan import data

CACHE = Path(__file__).parent / ".cache" / "judge.safetensors"
PASSES = 4
BATCH = 256


def network() -> nn.Sequential:
    """Two convolutions and two linear layers: (N, 1, 28, 28) in [-1, 1] to logits (N, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32 * 49, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def as_input(images: np.ndarray) -> Tensor:
    """uint8 (N, 28, 28) to float (N, 1, 28, 28) in [-1, 1]."""
    return torch.from_numpy(images).float().unsqueeze(1) / 127.5 - 1


def _train(model: nn.Sequential) -> None:
    torch.manual_seed(1)
    digits = data.load()
    sampler = data.Sampler(torch.from_numpy(digits.train_images), torch.from_numpy(digits.train_labels), BATCH, seed=1)
    steps = PASSES * 60_000 // BATCH
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for _ in range(steps):
        images, labels = next(sampler)
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def judge() -> nn.Sequential:
    """The classifier, trained, in evaluation mode."""
    model = network()
    if CACHE.exists():
        model.load_state_dict(load_file(CACHE))
    else:
        _train(model)
        CACHE.parent.mkdir(exist_ok=True)
        save_file(model.state_dict(), CACHE)
    return model.eval()


def read(images: np.ndarray) -> np.ndarray:
    """The digits that the judge reads in uint8 images (N, 28, 28)."""
    model = judge()
    with torch.inference_mode():
        return torch.cat([model(part).argmax(1) for part in as_input(images).split(2000)]).numpy()


def read_test() -> float:
    """The share of the 10,000 real test digits that the judge reads correctly."""
    digits = data.load()
    return float((read(digits.test_images) == digits.test_labels).mean())


if __name__ == "__main__":
    print(f"The judge reads {read_test():.2%} of the 10,000 real test digits correctly.")
