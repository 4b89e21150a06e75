"""What several test files share: small configs, damaged inputs, loops with a list as their sink."""

import json
import queue
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from gan import data, presets, runs
from gan.config import ConfigError, TrainConfig
from gan.config.fields import find, flat
from gan.data import DataSet
from gan.games import rules
from gan.networks.discriminator import Discriminator
from gan.networks.generator import Generator
from gan.quality import evaluation, examiner
from gan.quality.examiner import Examiner
from gan.runs import processes
from gan.runs.worker import train_in
from gan.training.loop import Ending
from gan.training.messages import Command, Control, Event, Order, Progress, Quality, State, Status
from gan.training.trainer import Trainer

PRESETS = tuple(name for name, config in presets.PRESETS.items() if config.game.kind == "adversarial")
KINDS = (*PRESETS, "perceptrons")
"""What `small` makes: the presets, and the conditional pair of perceptrons that `cgan` was in version 1."""
CPU = torch.device("cpu")
LARGE = 100_000_000
"""A budget in images that no test reaches."""


VERSION_1: dict[str, Any] = {
    "schema_version": 1,
    "preset": "cgan",
    "dataset": "mnist",
    "architecture": "mlp",
    "conditional": True,
    "loss": "non_saturating",
    "latent_dim": 64,
    "embedding_dim": 64,
    "widths_g": [256, 384],
    "widths_d": [384, 256],
    "batch_norm_g": True,
    "batch_norm_d": False,
    "activation_g": "leaky_relu",
    "activation_d": "leaky_relu",
    "output": "tanh",
    "batch_size": 128,
    "lr_g": 0.001,
    "lr_d": 0.001,
    "beta1": 0.0,
    "beta2": 0.99,
    "d_steps": 1,
    "g_steps": 1,
    "label_smoothing": 0.0,
    "weight_l1": 0.0,
    "weight_l2": 0.0,
    "ema_kimg": 20.0,
    "images": 0,
    "seconds": 60.0,
    "seed": 0,
    "device": "auto",
    "precision": "auto",
}
"""The `config.json` of the default preset as version 1 of the settings wrote it."""
_VERSION_1_OTHERS: dict[str, dict[str, Any]] = {
    "cgan": {},
    "vanilla": {
        "conditional": False,
        "latent_dim": 100,
        "widths_g": [500, 500],
        "widths_d": [500, 500],
        "batch_norm_g": False,
        "activation_g": "relu",
        "activation_d": "relu",
        "output": "sigmoid",
        "beta1": 0.5,
        "beta2": 0.999,
        "weight_l1": 1e-05,
        "weight_l2": 1e-05,
    },
    "dcgan": {
        "architecture": "conv",
        "conditional": False,
        "latent_dim": 100,
        "widths_g": [64, 32],
        "widths_d": [32, 64],
        "batch_norm_d": True,
        "activation_g": "relu",
        "lr_g": 0.0002,
        "lr_d": 0.0002,
        "beta1": 0.5,
        "beta2": 0.999,
    },
}
OLD = tuple(_VERSION_1_OTHERS)
"""The presets that there were in version 1."""


def version_1(preset: str = "cgan", **changes: Any) -> dict[str, Any]:
    """The `config.json` of a preset as version 1 of the settings wrote it."""
    return VERSION_1 | {"preset": preset} | _VERSION_1_OTHERS[preset] | changes


def small(kind: str = "cgan", **changes: Any) -> TrainConfig:
    """A preset, or the perceptrons, with narrow layers and a batch of 32, ten steps long."""
    perceptrons = {"architecture": "mlp", "architecture_d": "same", "ink_scale_d": 0.0}
    preset, others = ("cgan", perceptrons) if kind == "perceptrons" else (kind, {})
    narrow = {"widths_g": (16, 16), "widths_d": (16, 16), "latent_dim": 8, "batch_size": 32}
    budget = {"images": 320, "seconds": 0.0, "device": "cpu", "precision": "float32"}
    return presets.preset(preset).changed(**(narrow | budget | others | changes))


def value(config: TrainConfig, name: str) -> Any:
    """The value of a setting, by any of its names."""
    return flat(config)[find(name, config.game.kind)]


def refusal(call: Callable[[], Any]) -> ConfigError | None:
    """What a call says against the settings that it is given; None if it takes them."""
    try:
        call()
    except ConfigError as error:
        return error
    return None


def networks(config: TrainConfig) -> tuple[Generator, Discriminator]:
    """The usual two players of a config's game, with new weights."""
    players = rules(config).players(config)
    generator, discriminator = players["generator"], players["discriminator"]
    assert isinstance(generator, Generator)
    assert isinstance(discriminator, Discriminator)
    return generator, discriminator


def build(digits: DataSet, kind: str = "cgan", steps: int = 0, **changes: Any) -> Trainer:
    """A small trainer on the CPU that has taken so many steps."""
    trainer = Trainer(small(kind, **changes), digits, CPU)
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


def status_at(state: State = "running", **values: Any) -> Status:
    """A status from the names of fields, whatever part of it they are in."""
    parts = {"progress": Progress, "control": Control, "quality": Quality}
    own = {field.name: values.pop(field.name) for field in fields(Status) if field.name in values}
    for name, kind in parts.items():
        own[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind) if field.name in values})
    assert not values, f"no part of a status has {', '.join(values)}"
    return Status(state, **own)


React = Callable[[Event, "queue.SimpleQueue[Command]"], None]


def commands(verbs: Iterable[Any] = ()) -> "queue.SimpleQueue[Command]":
    """A queue in which these commands wait."""
    waiting: queue.SimpleQueue[Command] = queue.SimpleQueue()
    for verb in verbs:
        waiting.put(Command(verb))
    return waiting


def train(folder: Path, react: React | None = None, patient: bool = True, samples: int = 100, **order: Any) -> Ending:
    """Trains a run in this process, in its folder; `react` sees each event and may command. Its quality is measured in
    so many samples: 1,000, as elsewhere, take longer than the few steps of such a run do."""
    waiting = commands()
    watch = (lambda event: react(event, waiting)) if react else None
    with pytest.MonkeyPatch.context() as patch:
        if examiner.Examiner is Examiner:  # and no test has put another in its place
            patch.setattr(examiner, "Examiner", partial(Examiner, n=samples))
        return train_in(folder, waiting, order=Order(**order), watch=watch, patient=patient)


def stop_at(images: int) -> React:
    """A reaction that stops a run once it has seen so many images."""

    def react(event: Event, waiting: "queue.SimpleQueue[Command]") -> None:
        if isinstance(event, Status) and event.progress.images >= images:
            waiting.put(Command("stop"))

    return react


def with_fewer(digits: DataSet, patch: pytest.MonkeyPatch) -> DataSet:
    """Leaves 4,000 images that the judge has learned from, 2,500 for validation and 2,000 for tests; and one pass over
    them to the classifiers of the classification accuracy score."""
    images, labels = digits.train_images, digits.train_labels
    some = DataSet(
        np.concatenate((images[:4000], images[50_000:52_500])),
        np.concatenate((labels[:4000], labels[50_000:52_500])),
        digits.test_images[-2000:],
        digits.test_labels[-2000:],
        learned=4000,
    )
    load = data.load

    def load_fewer(*which: Any) -> DataSet:
        load(*which)  # what cannot be read stays refused
        return some

    patch.setattr(data, "load", load_fewer)
    patch.setattr(evaluation, "TAUGHT_PASSES", 1)
    return some


def small_run(kind: str = "cgan", *, images: int = 320, stop: int = LARGE) -> Path:
    """A small run under `runs.root()` that has trained; all that are alike are copies of one."""
    trained = _trained(kind, images, stop)
    folder = runs.create(small(kind, images=images))
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    return folder


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _trained(kind: str, images: int, stop: int) -> Path:
    _kept.append(tempfile.TemporaryDirectory())  # until the process ends
    folder = runs.create(small(kind, images=images), Path(_kept[-1].name) / "run")
    train(folder, stop_at(stop))
    return folder


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
                processes._workers.pop(folder, None)  # unless its end was seen before


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(timeout=30)
    if process.stdin:
        process.stdin.close()
