"""`sample`: pictures from a model, as a grid or as arrays."""

import argparse

from gan import data
from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.commands.terminal import UsageError, write
from gan.models import files
from gan.models.find import resolve
from gan.system import outputs
from gan.system.text import shown


def add(commands: Commands) -> None:
    """Adds it."""
    sample = commands.add_parser("sample", help="forge pictures with a trained model")
    sample.add_argument("model", help=arguments.MODEL)
    sample.add_argument("--out", type=arguments.path, required=True, help=".png for a grid, .npz for arrays")
    sample.add_argument("--digits", type=_list_of_classes, help="classes, such as 0,3,8; default: all")
    sample.add_argument("--n", type=arguments.count, default=10, help="pictures for each class (unconditional: in all)")
    sample.add_argument("--seed", type=arguments.seed, default=0)
    sample.set_defaults(act=_sample)


def _list_of_classes(text: str) -> str:
    """Refuses at once what no data set has; which of them it has to be, the model will say."""
    if all(any(spec.place(part) is not None for spec in data.SPECS.values()) for part in text.split(",")):
        return text
    raise argparse.ArgumentTypeError(f"'{shown(text)}' is not a list of classes separated by commas, such as 0,3,8")


def _classes(text: str, spec: data.DataSpec) -> list[int]:
    """The classes whose names or numbers stand in a list."""
    found = [spec.place(part) for part in text.split(",")]
    known = [place for place in found if place is not None]
    if len(known) < len(found):
        raise UsageError(
            f"'{shown(text)}' is not a list of classes of {spec.title}, separated by commas; there are "
            f"{', '.join(spec.classes)}."
        )
    return known


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
    spec = model.config.data.spec
    asked = _classes(args.digits, spec) if args.digits else list(range(len(spec.classes)))
    count = args.n * (len(asked) if model.config.conditional else 1)
    needed, free = count * (4 * PIXELS + 8 * model.latents.size), memory.free(torch.device("cpu"))
    if needed > free:
        raise UsageError(
            f"{count:,} pictures take about {memory.size(needed)} of memory, and {memory.size(free)} is free; "
            "make --n smaller."
        )
    if model.config.conditional:
        y = torch.tensor(asked).repeat_interleave(args.n)
        # The same latents for every class, so that a column of the grid is one latent.
        z = sampling.sample(args.n, model.latents, args.seed).repeat(len(asked), 1)
        columns, labels = args.n, y.to(torch.uint8).numpy()
    else:
        if args.digits:
            raise UsageError(f"{shown(args.model)} is unconditional: it cannot be asked for {spec.many}.")
        z, y = sampling.sample(args.n, model.latents, args.seed), None
        columns, labels = render.COLUMNS, np.full(args.n, 255, np.uint8)
    images = sample(model, z, y).numpy()
    if args.out.suffix == ".png":
        content = render.png(render.grid(images, min(columns, 100)))
    else:
        content = render.npz(images=images, labels=labels, latents=z.numpy())
    return write(args.out, content)
