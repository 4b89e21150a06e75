"""Makes the shipped generator, its card and the pictures of its training from a finished run.

    python -m gan train --preset cgan --images 3000000 --seed 0 --run-dir RUN_DIR
    python -m benchmarks.ship RUN_DIR

Writes into gan/assets: pretrained.safetensors, pretrained.md, training.gif (the same latents as training
goes on), untrained.png (their noise) and icon.png.
"""

import argparse
import io
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks import judge, machine
from gan import latent, render, runs, store
from gan.checkpoint import PRETRAINED, forge, load_model
from gan.data import ASSETS
from gan.models import count_parameters

EACH = 1000
FRAMES = 36
ROWS = 2
SCALE = 3


def strip(folder: Path) -> bytes:
    """A GIF of the ten digits for two latents, at times that double or so: it all happens early."""
    samples = store.read_samples(folder)
    picks = np.unique(np.geomspace(1, len(samples), FRAMES).round().astype(int) - 1)
    frames = []
    for pick in picks:
        by_digit = render.cells(samples[pick].png).reshape(10, latent.GRID, 28, 28)
        row = by_digit[:, :ROWS].swapaxes(0, 1).reshape(-1, 28, 28)
        frames.append(Image.open(io.BytesIO(render.png(render.grid(row, 10), scale=SCALE))).convert("L"))
    buffer = io.BytesIO()
    waits = [900] + [140] * (len(frames) - 2) + [3000]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=waits, loop=0, optimize=True)
    return buffer.getvalue()


def card(folder: Path, size: int) -> str:
    """What a reader should know of the model, with figures measured here and now."""
    run, model = runs.read(folder), load_model(PRETRAINED)
    y = torch.arange(10).repeat_interleave(EACH)
    images = forge(model, latent.sample(10 * EACH, model.config.latent_dim, seed=1), y).numpy()
    right = judge.read(images) == y.numpy()
    worst = min(range(10), key=lambda digit: right[y.numpy() == digit].mean())
    parameters = count_parameters(model.generator), count_parameters(model.discriminator)
    config = run.config
    budget = f"--images {config.images}" if config.images else f"--seconds {config.seconds:g}"
    command = f"python -m gan train --preset {config.preset} {budget} --seed {config.seed}"
    return f"""# pretrained.safetensors

The generator that ships, averaged over its training, and its discriminator, both float16 ({size / 1e6:.2f} MB).

* Preset `{run.config.preset}`, seed {run.config.seed}, trained on all 60,000 MNIST training images.
* {parameters[0]:,} parameters in the generator, {parameters[1]:,} in the discriminator.
* {run.status.images:,} images in {run.status.seconds:,.0f} s of training on {machine.line()}.
* Label agreement: a classifier that never saw a forgery reads {right.mean():.4f} of {len(y):,} samples (latents of
  seed 1) as the digit that was asked for; the worst digit is {worst} with {right[y.numpy() == worst].mean():.4f}.
  The same classifier reads {(judge.read_test()):.4f} of the real test digits correctly.
* Made by
  `{command} --run-dir RUN_DIR`
  and then `python -m benchmarks.ship RUN_DIR`.
* Weights are derived from MNIST; see mnist.md for its origin and licence.
"""


def main() -> None:
    """Writes the assets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_dir", type=Path)
    folder = parser.parse_args().run_dir
    newest = runs.newest_snapshot(folder)
    if newest is None:
        raise SystemExit(f"{folder} is not a run that has trained.")
    shutil.copyfile(newest, PRETRAINED)
    (ASSETS / "pretrained.md").write_text(card(folder, PRETRAINED.stat().st_size))
    samples = store.read_samples(folder)
    (ASSETS / "untrained.png").write_bytes(samples[0].png)
    (ASSETS / "training.gif").write_bytes(strip(folder))
    (ASSETS / "icon.png").write_bytes(render.png(render.cells(samples[-1].png)[80], scale=2))
    print((ASSETS / "pretrained.md").read_text())


if __name__ == "__main__":
    main()
