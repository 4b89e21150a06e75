"""Makes the shipped generator, its card and the pictures of its training from a finished run.

    python -m gan train --preset quality --run-dir RUN_DIR
    python -m benchmarks.ship RUN_DIR

    python -m benchmarks.ship --program

Writes into gan/assets: pretrained.safetensors, pretrained.program (what the page runs) and walk.npz (a walk through its
latent space, for Home), both of which `--program` makes anew of the model that is there, pretrained.md, training.gif
(the same latents as training goes on), untrained.png (their noise) and icon.png.
"""

import argparse
import io
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import machine
from gan import render, runs
from gan.device import one_thread
from gan.export.explorable import looked_into
from gan.games import grid
from gan.latents import directions, sampling
from gan.models import sampling as samples_of
from gan.models import snapshots
from gan.models.model import Model, load_model
from gan.networks.layers import count_parameters
from gan.paths import ASSETS, PRETRAINED, SHIPPED_PROGRAM, WALK
from gan.quality.evaluation import evaluate
from gan.quality.results import KINDS, Metric
from gan.runs import store

FRAMES = 36
CANDIDATES = 4
"""Snapshots, besides the one that was best while it trained, that the shipped generator is chosen from."""
ROWS = 2
SCALE = 3
WALKED = (3, 8, 0, 6, 5, 2, 7, 9, 4, 1)
"""The digits of the walk, one after the other and round again."""
A_DIGIT, MIXED = 12, 5
"""Pictures of the walk for each digit, and how many of them lead over to the next."""
SWING = 1.6
"""How far the walk goes along a direction, in standard deviations."""


def strip(folder: Path) -> bytes:
    """A GIF of the ten digits for two latents, at times that double or so: it all happens early."""
    samples = store.read_samples(folder)
    picks = np.unique(np.geomspace(1, len(samples), FRAMES).round().astype(int) - 1)
    frames = []
    for pick in picks:
        by_digit = render.cells(samples[pick].png).reshape(-1, grid.GRID, 28, 28)
        row = by_digit[:, :ROWS].swapaxes(0, 1).reshape(-1, 28, 28)
        frames.append(Image.open(io.BytesIO(render.png(render.grid(row, grid.GRID), scale=SCALE))).convert("L"))
    buffer = io.BytesIO()
    waits = [900] + [140] * (len(frames) - 2) + [3000]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=waits, loop=0, optimize=True)
    return buffer.getvalue()


def chosen(folder: Path) -> Path:
    """The best of a run's last generators by FCD of 10,000 samples against the validation images. The live figure,
    of 1,000, cannot tell good ones apart."""
    candidates = [folder / snapshots.BEST, *snapshots.snapshot_paths(folder)[-CANDIDATES:]]
    found = {path: evaluate(load_model(path), reference="validation").metrics["fcd"] for path in candidates}
    for path, figure in found.items():
        print(
            f"{path.name}: FCD {figure.value:.3f} on the validation images, {_ratio(figure)} times its floor",
            flush=True,
        )
    return min(found, key=lambda path: found[path].value)


def card(folder: Path, size: int) -> str:
    """What a reader should know of the model, with figures measured here and now."""
    run, model = runs.read(folder), load_model(PRETRAINED)
    found = evaluate(model)
    parameters = count_parameters(model.generator), count_parameters(model.discriminator)
    config, progress = run.config, run.status.progress
    budget = f"--images {progress.images_limit}" if progress.images_limit else f"--seconds {config.budget.seconds:g}"
    command = f"python -m gan train --preset {config.preset} {budget} --seed {config.seed}"
    rows = [
        f"| {KINDS[name].label} | {figure.value:.4f} | {figure.floor:.4f} | {_ratio(figure)} |"
        for name, figure in found.metrics.items()
    ]
    table = "\n".join(rows)
    worst = min(range(len(found.histogram)), key=lambda digit: found.digits[digit].value if found.digits else 0.0)
    said = f"The worst digit is {worst}, read as asked {found.digits[worst].value:.4f}." if found.digits else ""
    return f"""# pretrained.safetensors

The generator that ships, averaged over its training, and its discriminator, both float16 ({size / 1e6:.2f} MB).

* Preset `{run.config.preset}`, seed {run.config.seed}, trained on all 60,000 MNIST training images.
* {parameters[0]:,} parameters in the generator, {parameters[1]:,} in the discriminator; {multiply_adds(model):,}
  multiply-adds a picture.
* The run saw {progress.images:,} images in {progress.seconds:,.0f} s of training ({run.status.control.device}) on
  {machine.line()}.
  This is its generator after {model.images:,} images and {model.seconds:,.0f} s, the best of {CANDIDATES + 1} late
  ones by the validation images.
* Made by
  `{command} --run-dir RUN_DIR`
  and then `python -m benchmarks.ship RUN_DIR`. When a generator is kept depends on the clock, so another run may
  have others to choose from.
* Weights are derived from MNIST; see mnist.md for its origin and licence.

`python -m gan evaluate pretrained`: {found.n:,} samples, seed {found.seed}, against the test images; real images in
their place give the second column. {said}

| | forgeries | real | ratio |
|---|---|---|---|
{table}
"""


def _ratio(figure: Metric) -> str:
    return "" if figure.ratio is None else f"{figure.ratio:.3f}"


def multiply_adds(model: Model) -> int:
    """What one picture costs, as PyTorch counts it."""
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model.generator(sampling.sample(1, model.latents, 0), torch.tensor([0]))
    return int(counted.get_total_flops()) // 2


def program() -> bytes:
    """What Explore needs of the model that ships, so that no server has to find it."""
    with one_thread():
        return looked_into(load_model(PRETRAINED))


def walk() -> bytes:
    """A closed walk of the model that ships: along the two directions that change its picture most, from digit to
    digit. A numpy archive: `images` (N, 28, 28) in grey levels, `digits` (N,), `sliders` (N, 2) in [-1, 1]."""
    model = load_model(PRETRAINED)
    count = len(WALKED) * A_DIGIT
    angle = torch.arange(count) * (2 * math.pi / count)
    sliders = torch.stack(((3 * angle).sin(), (2 * angle).cos()), dim=1)
    mixes = torch.zeros(count, model.generator.classes)
    for number in range(count):
        at, step = divmod(number, A_DIGIT)
        share = max(0, step - A_DIGIT + MIXED + 1) / (MIXED + 1)
        mixes[number, WALKED[at]] = 1 - share
        mixes[number, WALKED[(at + 1) % len(WALKED)]] = share
    with one_thread():
        along = directions.active_subspace(model.generator, model.latents)[:2]
        images = samples_of.sample(model, SWING * sliders @ along, mixes)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        images=images.numpy(),
        digits=mixes.argmax(1).byte().numpy(),
        sliders=sliders.half().numpy(),
    )
    return buffer.getvalue()


def main() -> None:
    """Writes the assets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("run_dir", type=Path, nargs="?")
    what.add_argument(
        "--program", action="store_true", help="only make the program and the walk anew, of the model that is there"
    )
    args = parser.parse_args()
    if args.program:
        SHIPPED_PROGRAM.write_bytes(program())
        WALK.write_bytes(walk())
        return
    folder = args.run_dir
    if not (folder / snapshots.BEST).is_file():
        raise SystemExit(f"{folder} is not a run that has trained.")
    shutil.copyfile(chosen(folder), PRETRAINED)
    SHIPPED_PROGRAM.write_bytes(program())
    WALK.write_bytes(walk())
    (ASSETS / "pretrained.md").write_text(card(folder, PRETRAINED.stat().st_size))
    samples = store.read_samples(folder)
    (ASSETS / "untrained.png").write_bytes(samples[0].png)
    (ASSETS / "training.gif").write_bytes(strip(folder))
    (ASSETS / "icon.png").write_bytes(render.png(render.cells(samples[-1].png)[80], scale=2))
    print((ASSETS / "pretrained.md").read_text())


if __name__ == "__main__":
    main()
