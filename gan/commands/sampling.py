"""`sample`: pictures from a model, as a grid or as arrays."""

import argparse

from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.commands.terminal import UsageError, write
from gan.models import files
from gan.models.find import resolve
from gan.system import outputs
from gan.system.text import shown


def add(commands: Commands) -> None:
    """Adds it."""
    sample = commands.add_parser("sample", help="forge digits with a trained model")
    sample.add_argument("model", help=arguments.MODEL)
    sample.add_argument("--out", type=arguments.path, required=True, help=".png for a grid, .npz for arrays")
    sample.add_argument("--digits", type=_digits, help="such as 0,3,8; default: all ten")
    sample.add_argument("--n", type=arguments.count, default=10, help="pictures for each digit (unconditional: in all)")
    sample.add_argument("--seed", type=arguments.seed, default=0)
    sample.set_defaults(act=_sample)


def _digits(text: str) -> list[int]:
    parts = text.split(",")
    if all(part.strip() in tuple("0123456789") for part in parts):
        return [int(part) for part in parts]
    raise argparse.ArgumentTypeError(f"'{shown(text)}' is not a list of digits from 0 to 9, separated by commas")


def _sample(args: argparse.Namespace) -> int:
    outputs.check(args.out, ".png", ".npz")
    files.check(file := resolve(args.model))
    import numpy as np
    import torch

    from gan import render
    from gan.latents import sampling
    from gan.models.model import load_model
    from gan.models.sampling import sample
    from gan.networks.layers import PIXELS
    from gan.system import memory

    model = load_model(file)
    digits = (args.digits or list(range(10))) if model.config.conditional else []
    count = args.n * max(1, len(digits))
    needed, free = count * (4 * PIXELS + 8 * model.latents.size), memory.free(torch.device("cpu"))
    if needed > free:
        raise UsageError(
            f"{count:,} pictures take about {memory.size(needed)} of memory, and {memory.size(free)} is free; "
            "make --n smaller."
        )
    if model.config.conditional:
        y = torch.tensor(digits).repeat_interleave(args.n)
        # The same latents for every digit, so that a column of the grid is one latent.
        z = sampling.sample(args.n, model.latents, args.seed).repeat(len(digits), 1)
        columns, labels = args.n, y.to(torch.uint8).numpy()
    else:
        if args.digits:
            raise UsageError(f"{shown(args.model)} is unconditional: it cannot be asked for digits.")
        z, y = sampling.sample(args.n, model.latents, args.seed), None
        columns, labels = 10, np.full(args.n, 255, np.uint8)
    images = sample(model, z, y).numpy()
    if args.out.suffix == ".png":
        content = render.png(render.grid(images, min(columns, 100)))
    else:
        content = render.npz(images=images, labels=labels, latents=z.numpy())
    return write(args.out, content)
