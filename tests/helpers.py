"""What several test files share: small configs, damaged inputs, loops with a list as their sink."""

import json
import queue
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from gan import config, processes
from gan.config import TrainConfig
from gan.data import Digits
from gan.loop import Ending, Loop
from gan.messages import Command, Event, Status
from gan.trainer import Trainer
from gan.worker import train_in

PRESETS = tuple(config.PRESETS)
CPU = torch.device("cpu")
LARGE = 100_000_000
"""A budget in images that no test reaches."""


def small(preset: str = "cgan", **changes: Any) -> TrainConfig:
    """A preset with narrow layers and a batch of 32, ten steps long."""
    narrow = {"widths_g": (16, 16), "widths_d": (16, 16), "latent_dim": 8, "batch_size": 32}
    budget = {"images": 320, "seconds": 0.0, "device": "cpu"}
    return config.preset(preset).changed(**(narrow | budget | changes))


def build(digits: Digits, preset: str = "cgan", steps: int = 0, **changes: Any) -> Trainer:
    """A small trainer on the CPU that has taken so many steps."""
    trainer = Trainer(small(preset, **changes), digits, CPU)
    for _ in range(steps):
        trainer.step()
    return trainer


def assert_equal(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> None:
    """The same names, and the same numbers to the last bit."""
    assert left.keys() == right.keys()
    different = [name for name in left if not torch.equal(left[name], right[name])]
    assert different == []


def weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of a network's parameters."""
    return {name: value.detach().clone() for name, value in network.named_parameters()}


def is_sentence(text: str) -> bool:
    """Whether a message can be shown to a person: one line, no Python in it."""
    return len(text.split()) > 3 and "\n" not in text and "Traceback" not in text


def rewritten(content: bytes, **metadata: str | None) -> bytes:
    """A safetensors file with other metadata; None takes an entry out."""
    length = int.from_bytes(content[:8], "little")
    found = json.loads(content[8 : 8 + length])["__metadata__"] | metadata
    tensors = safetensors.torch.load(content)
    return safetensors.torch.save(tensors, {name: value for name, value in found.items() if value is not None})


React = Callable[[Event, "queue.SimpleQueue[Command]"], None]


def commands(verbs: Iterable[Any] = ()) -> "queue.SimpleQueue[Command]":
    """A queue in which these commands wait."""
    waiting: queue.SimpleQueue[Command] = queue.SimpleQueue()
    for verb in verbs:
        waiting.put(Command(verb))
    return waiting


def play(
    trainer: Trainer, react: React | None = None, examiner: Any = None, **status: Any
) -> tuple[Ending, list[Event]]:
    """Runs a loop to its end; `react` sees each event first and may command or raise. Returns the ending
    and the events that were kept."""
    events: list[Event] = []
    waiting = commands()

    def sink(event: Event) -> None:
        if react:
            react(event, waiting)
        events.append(event)

    start = Status("starting", **({"images_limit": trainer.config.images} | status))
    return Loop(trainer, waiting, sink, start, examiner=examiner).run(), events


def train(folder: Path, react: React | None = None, **more: Any) -> Ending:
    """Trains a run in this process, in its folder; `react` sees each event and may command."""
    waiting = commands()
    return train_in(folder, waiting, watch=lambda event: react(event, waiting) if react else None, **more)


def stop_at(images: int) -> React:
    """A reaction that stops a run once it has seen so many images."""

    def react(event: Event, waiting: "queue.SimpleQueue[Command]") -> None:
        if isinstance(event, Status) and event.images >= images:
            waiting.put(Command("stop"))

    return react


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits for a state that has to come; the deadline is far beyond what it takes."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@contextmanager
def workers_ended() -> Iterator[None]:
    """Kills, by their process ids, the workers that were launched inside."""
    before = set(map(id, processes._workers.values()))
    try:
        yield
    finally:
        for folder, process in list(processes._workers.items()):
            if id(process) not in before:
                _end(process)
                del processes._workers[folder]


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(timeout=30)
    if process.stdin:
        process.stdin.close()
