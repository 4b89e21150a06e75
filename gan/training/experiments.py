"""What a run does not do, tried on copies of it: they begin where the run stands, and it does not move.

An experiment hands out its course again and again as it goes on, each time a JSON object as bytes: its `name`, whether
it is `done`, `x`, and `series` with as many numbers each.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from gan import data
from gan.config import TrainConfig
from gan.games.game import GENERATOR
from gan.training.measurements import norm
from gan.training.trainer import Trainer

MOST = 400
"""Moves, or steps, of an experiment."""
LONGEST, LONGEST_WAIT = 6.0, 20.0
"""Seconds of work that one takes at most, and seconds by the clock where others work as well: the run waits for it."""
HAND_OUT_EVERY = 0.25


def run(name: str, trainer: Trainer) -> Iterator[bytes]:
    """The course of an experiment, again and again; nothing for a name that is none."""
    if name not in EXPERIMENTS:
        return
    began = told = time.monotonic()
    worked = time.process_time()
    x: list[int] = []
    series: dict[str, list[float]] = {}
    about: dict[str, Any] = {}

    def content(done: bool) -> bytes:
        return json.dumps({"name": name, "done": done, "x": x, "series": series, **about}).encode()

    yield content(False)
    for at, point, more in EXPERIMENTS[name](trainer):
        about |= more
        if point:
            x.append(at)
            for quantity, value in point.items():
                series.setdefault(quantity, []).append(value)
        now = time.monotonic()
        if time.process_time() - worked > LONGEST or now - began > LONGEST_WAIT:
            break
        if now - told > HAND_OUT_EVERY:
            told = now
            yield content(False)
    yield content(True)


Course = Iterator[tuple[int, dict[str, float], dict[str, Any]]]


def copy_of(trainer: Trainer, config: TrainConfig | None = None) -> Trainer:
    """A trainer that stands where `trainer` does, perhaps with other settings, and shares nothing with it."""
    config = config or trainer.config
    twin = Trainer(config, data.load(config.data.dataset), trainer.device)
    found = {name: value.clone() for name, value in trainer.tensors().items()}
    twin.load(found, trainer.images_seen, trainer.lr_g, trainer.lr_d)
    twin.context.dtype = trainer.context.dtype
    return twin


def discriminator_alone(trainer: Trainer) -> Course:
    """D moves and G stands still. What G's gradient would be, with the loss of its game, and where a score is a chance
    with the one that saturates as well, log(1 − D(G(z)))."""
    twin = copy_of(trainer)
    game, step = twin.game, twin.context
    parameters = list(twin.players[GENERATOR].parameters())
    for number in range(MOST + 1):
        step.number = number
        batch = game.draw_batch(step, *step.next_batch())
        point: dict[str, float] = {}
        if number <= 20 or number % 10 == 0:
            move = game.generator_move(step, batch)
            point["gradient"] = _length(move.loss, parameters)
            if game.score.probability:
                scores = move.seen["forged_scores"]
                point["gradient_saturating"] = _length(-torch.nn.functional.softplus(scores).mean(), parameters)
                point["d_fake"] = float(scores.detach().sigmoid().mean())
            del move
            batch = game.draw_batch(step, batch.x, batch.y)
        yield number, point, {}
        twin.follow([game.discriminator_move(step, batch)])


def _length(loss: Tensor, parameters: list[torch.nn.Parameter]) -> float:
    """The norm of a loss's gradient."""
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return float(norm([gradient for gradient in gradients if gradient is not None]))


def at_once(trainer: Trainer) -> Course:
    """Two copies, one move of each player in a step: in one D moves first and G meets the D that has moved, in the
    other both gradients are taken before any weight moves."""
    settings = trainer.config.changed(simultaneous=False, d_steps=1, g_steps=1)
    twins = {"in_turn": copy_of(trainer, settings), "at_once": copy_of(trainer, settings.changed(simultaneous=True))}
    every = 5
    for number in range(1, MOST + 1):
        for twin in twins.values():
            twin.step()
        point: dict[str, float] = {}
        if number % every == 0:
            for name, twin in twins.items():
                found = twin.take_record()
                point |= {f"{name}.{quantity}": summary.mean for quantity, summary in found.items()}
        pictures: dict[str, Any] = {}
        if number % 25 == 0 or number == every:
            pictures = {"pictures": {name: _pictures(twin) for name, twin in twins.items()}}
        yield number, point, pictures


def _pictures(trainer: Trainer) -> str:
    """Ten forgeries (10, 28, 28) as bytes, in base64."""
    forged = trainer.look().probe["forged"]
    return base64.b64encode(((forged + 1) * 127.5).round().clip(0, 255).astype("uint8").tobytes()).decode()


EXPERIMENTS: dict[str, Callable[[Trainer], Course]] = {"alone": discriminator_alone, "at-once": at_once}
"""Those that there are, by name."""
