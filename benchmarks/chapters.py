"""What the page "How it works" shows as it was: `python -m benchmarks.chapters [--write]`.

A fresh run of the default preset trains for 60 steps. Then its next step is looked into, move by move. And from that
same moment the generator moves alone, twenty times, once with the discriminator frozen, as it is in training, and
once with the discriminator's weights following the generator's wish as well. Prints what happens; with `--write` it
becomes the file that the page reads.
"""

import argparse
import io
import json
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import machine
from gan import data, presets, render
from gan.chapters import RECORDED
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.system import files
from gan.training.experiments import copy_of
from gan.training.inspection import Array, Inspection
from gan.training.trainer import Trainer

STEPS = 60
MOMENTS = (0, 1, 2, 3, 5, 8, 12, 20)
"""Moves of the generator after which the pictures are kept."""


def row(images: Array) -> str:
    """Images (10, 1, 28, 28) in [-1, 1] side by side."""
    return render.url(render.png(render.grid(((images[:, 0] + 1) * 127.5).round().astype(np.uint8), 10)))


def coloured(images: Array, gradients: Array) -> str:
    """The same with what would raise D's answer: more ink red, less ink blue."""
    # There is no less than no ink, and no more than all.
    share = gradients * np.where(gradients < 0, images + 1, 1 - images)
    share /= np.percentile(np.abs(share), 98)
    found = []
    for sign in (1.0, 0.0, -1.0):
        colour = (images[:, 0] + 1) * 50 + 230 * np.clip(sign * share[:, 0], 0, 1)
        found.append(render.grid(colour.clip(0, 255).astype(np.uint8), 10))
    buffer = io.BytesIO()
    Image.fromarray(np.stack(found, 2)).save(buffer, "PNG")
    return render.url(buffer.getvalue())


def chances(scores: Array) -> list[float]:
    """What D says, as it reads."""
    return [round(float(value), 3) for value in 1 / (1 + np.exp(-scores.astype(np.float64)))]


def standing(found: Inspection) -> dict[str, Any]:
    """Ten real digits, ten forgeries, and what D says of each."""
    probe = found.probe
    return {
        "real": row(probe["real"]),
        "forged": row(probe["forged"]),
        "d_real": chances(probe["real_scores"]),
        "d_forged": chances(probe["forged_scores"]),
    }


def norm(found: Inspection) -> float:
    """How far the player moved in all."""
    return round(float(np.sqrt(sum(layer.update**2 for layer in found.layers))), 3)


def step(trainer: Trainer) -> dict[str, Any]:
    """The next step, move by move."""
    before = trainer.look()
    moves = [trainer.move(inspect=True)[0] for _ in trainer.game.order]
    # Only the generator's move shows what D would like better.
    toward = {"toward": coloured(moves[0].probe["forged"], moves[0].probe["forged_gradients"])}
    told = [
        {
            "player": move.player,
            "loss": [round(move.loss_before, 3), round(move.loss_after, 3)],
            "moved": norm(move),
            "after": standing(move) | (toward if move.player == DISCRIMINATOR else {}),
        }
        for move in moves
    ]
    latents = [[round(float(value), 2) for value in z[:9]] for z in before.probe["z"]]
    return {"images": before.images, "z": latents, "before": standing(before), "moves": told}


def alone(trainer: Trainer, frozen: bool) -> list[dict[str, Any]]:
    """The generator's moves from where the trainer stands, and how things are after some of them."""
    twin = copy_of(trainer)
    movers = [GENERATOR] if frozen else [GENERATOR, DISCRIMINATOR]
    weights = [weight for name in movers for weight in twin.players[name].parameters()]
    first = twin.look().probe["forged"]
    found = []
    for number in range(max(MOMENTS) + 1):
        if number:
            batch = twin.game.draw_batch(twin.context, *twin.context.next_batch())
            move = twin.game.generator_move(twin.context, batch)
            for name in movers:
                twin.optimizers[name].zero_grad()
            torch.autograd.backward(move.loss, inputs=weights)
            for name in movers:
                twin.optimizers[name].step()
        if number in MOMENTS:
            probe = twin.look().probe
            found.append(
                {
                    "moves": number,
                    "d_real": float(np.mean(chances(probe["real_scores"]))),
                    "d_forged": float(np.mean(chances(probe["forged_scores"]))),
                    "changed": float(np.abs(probe["forged"] - first).mean() / 2),
                    "forged": row(probe["forged"]),
                }
            )
    return found


def main() -> None:
    """Records, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the file that ships")
    args = parser.parse_args()
    print(f"{machine.line()}\n", flush=True)
    config = presets.preset("cgan").changed(seed=0, device="cpu", precision="float32", threads=1)
    trainer = Trainer(config, data.load(), torch.device("cpu"))
    for _ in range(STEPS):
        trainer.step()
    courses = {"frozen": alone(trainer, True), "free": alone(trainer, False)}
    recorded = {"step": step(trainer), **courses}
    print("| G's moves | D | D(x) | D(G(z)) | mean change of a pixel |\n|---|---|---|---|---|")
    for name, course in courses.items():
        for each in course:
            print(
                f"| {each['moves']} | {name} | {each['d_real']:.2f} | {each['d_forged']:.2f} | {each['changed']:.3f} |"
            )
    for move in recorded["step"]["moves"]:
        print(f"\n{move['player']}: loss {move['loss'][0]} to {move['loss'][1]}, moved by {move['moved']}")
    if args.write:
        files.write_atomically(RECORDED, json.dumps(recorded).encode())
        print(f"\n{RECORDED.name}: {RECORDED.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
