"""What has to be there before a run's first step: its data set, and the classifier that judges forgeries of it."""

import math
import queue
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from gan.training.messages import Command, Sink, Status

if TYPE_CHECKING:
    from gan.training.loop import Ending

EVERY = 0.3
"""Seconds between two words on how far it is."""


class EndedError(Exception):
    """A command has ended the run before its first step."""

    def __init__(self, ending: "Ending") -> None:
        super().__init__(ending)
        self.ending = ending


def ready(dataset: str, start: Status, sink: Sink, commands: "queue.SimpleQueue[Command]") -> str:
    """Fetches the data set and trains its judge where they are not here yet, and tells how far that is. Returns why
    quality will not be measured; empty if it will be. Raises `EndedError` for a command that ends the run."""
    from gan.data import CancelledError
    from gan.quality import judge_training
    from gan.quality.judge import JudgeError

    told = -math.inf
    endings: list[Ending] = []

    def tell(share: float, doing: str) -> None:
        nonlocal told
        if (now := time.monotonic()) - told >= EVERY:
            told = now
            sink(replace(start, message=doing, progress=replace(start.progress, prepared=share)))

    def is_ended() -> bool:
        endings.extend(_endings_in(commands))
        return bool(endings)

    try:
        judge_training.ready(dataset, tell, is_ended)
    except CancelledError:
        raise EndedError(endings[0]) from None
    except JudgeError as error:
        return str(error)
    finally:
        if told > -math.inf:
            sink(start)
    return ""


def _endings_in(commands: "queue.SimpleQueue[Command]") -> "list[Ending]":
    """How the commands that wait end the run, if they do; the others wait on, for the loop."""
    from gan.training.loop import ENDING_OF

    waiting: list[Command] = []
    with suppress(queue.Empty):
        while True:
            waiting.append(commands.get_nowait())
    for command in waiting:
        if command.verb not in ENDING_OF:
            commands.put(command)
    return [ENDING_OF[command.verb] for command in waiting if command.verb in ENDING_OF]
