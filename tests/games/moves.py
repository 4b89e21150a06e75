"""A move of a small game, before the weights follow it."""

from typing import Any

from gan.data import DataSet
from gan.games.game import Move
from gan.games.step import Step
from gan.training.trainer import Trainer
from tests.helpers import CPU, small


def trainer_of(digits: DataSet, kind: str, **changes: Any) -> Trainer:
    """A small trainer of a game, whatever preset there is of it."""
    return Trainer(small().changed({"kind": kind, **changes}), digits, CPU)


def moves_of(trainer: Trainer) -> list[Move]:
    """All moves of one step with the weights as they are, which nobody follows."""
    step = Step(trainer.config, trainer.players, trainer.sampler, trainer.noise, trainer.device, trainer.dtype)
    return list(trainer.game.moves(step))
