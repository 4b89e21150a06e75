"""How much a model needs, computed before it starts: parameters, memory, bytes on disk.

A trainer is built on torch's meta device, where tensors have shapes and no memory, and takes a step there; the bytes
of the tensors that live at a time are counted. So whatever a step does is counted, and a model of any size costs some
milliseconds to look at.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from gan.config import TrainConfig
from gan.config.schedule import Schedule
from gan.data import DataSet
from gan.games import spec_of
from gan.networks.layers import count_parameters
from gan.quality.examiner import SAMPLES
from gan.runs import store
from gan.system import memory
from gan.training.trainer import Trainer

COPIES_TO_SAVE = 2
"""Copies of a checkpoint in memory while it is saved: its tensors as bytes, and the file's content."""
ALLOWANCE = 1.25
"""What allocators keep and kernels work with, on top of the tensors."""
META = torch.device("meta")


class FootprintError(ValueError):
    """More than there is room for; the message is one sentence that says what to make smaller."""


@dataclass(frozen=True)
class Footprint:
    """What a run needs."""

    generator: int
    """Parameters."""
    discriminator: int
    """Parameters."""
    snapshot: int
    """Bytes of a model file."""
    checkpoint: int
    """Bytes of a checkpoint."""
    memory: int
    """Bytes on the device at the run's largest moment, beyond what a process with torch and the data takes anyway.
    Counted in float32; in bfloat16 it is less."""
    resting: int
    """Those of them that are there between steps."""

    @property
    def disk(self) -> int:
        """Bytes that a run keeps at the least: a checkpoint, two snapshots and the best."""
        return self.checkpoint + 3 * self.snapshot


class _Live(TorchDispatchMode):
    """Counts the bytes of the tensors that are made inside and are still alive, and the most that there were."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._counted: set[int] = set()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in _tensors(made):
            self._count(tensor.untyped_storage())
        if "convolution" in str(func):  # it works on copies in a layout of its own
            self.peak = max(self.peak, self.now + _bytes(_tensors((args, made))))
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._counted:
            self._counted.add(key)
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._counted.discard(key)
        self.now -= size


class _Moments:
    """Adam as far as memory goes: two moments for each parameter. What really steps is fused and makes no copies, but
    does not exist on the meta device."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters)}]
        self.moments = [torch.empty_like(one) for one in self.param_groups[0]["params"] for _ in range(2)]

    def zero_grad(self, set_to_none: bool) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    def step(self) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        return {"state": {number: {"moment": moment} for number, moment in enumerate(self.moments)}}


class _Shadow(Trainer):
    """A trainer without memory: on the meta device, in float32."""

    def __init__(self, config: TrainConfig) -> None:
        count = config.data.batch_size
        images, labels = np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8)
        with META:
            super().__init__(config, DataSet(images, labels, images, labels), META)

    def _adam(self, network: nn.Module, rate: float) -> torch.optim.Adam:
        return cast("torch.optim.Adam", _Moments(network.parameters()))


def of(config: TrainConfig) -> Footprint:
    """The footprint of a run with these settings."""
    # What says nothing of sizes is left out, so that only what does is computed anew.
    fixed: dict[str, Any] = {
        "preset": "cgan",
        "classes": (),
        "train_images": 0,
        "seed": 0,
        "images": 0,
        "seconds": 0.0,
        "patience": 0.0,
        "lr_g": 1e-3,
        "lr_d": 1e-3,
        "batch_size": Schedule(config).largest_batch,
        "schedule": "",
    }
    fixed |= {"device": "cpu", "precision": "float32", "threads": "auto"}
    steps = {name: min(2, getattr(config.game, name)) for name in ("d_steps", "g_steps")}
    return _of(config.changed(**fixed, **steps))


@lru_cache(maxsize=256)
def _of(config: TrainConfig) -> Footprint:
    with _Live() as live:
        trainer = _Shadow(config)
        trainer.step(norms=True)
        resting = live.now
        with torch.inference_mode():  # as quality is measured
            asked = torch.zeros(SAMPLES, dtype=torch.long, device=META)
            trainer.generator_ema(torch.empty(SAMPLES, spec_of(config).size, device=META), asked)
    checkpoint = _bytes(trainer.tensors().values())
    networks = (trainer.generator_ema, trainer.discriminator)
    return Footprint(
        generator=count_parameters(trainer.generator),
        discriminator=count_parameters(trainer.discriminator),
        snapshot=sum(_bytes(network.state_dict().values()) for network in networks) // 2,  # float16
        checkpoint=checkpoint,
        memory=round(ALLOWANCE * max(live.peak, resting + COPIES_TO_SAVE * checkpoint)),
        resting=resting,
    )


def _tensors(values: Any) -> Iterator[Tensor]:
    return (value for value in tree_iter(values) if isinstance(value, Tensor) and value.device == META)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def check(config: TrainConfig, device: torch.device, new: bool = True) -> Footprint:
    """The footprint of a run that there is room for; raises `FootprintError` if there is not enough memory on the
    device or, where the run is new, in what it may keep on disk."""
    needed = of(config)
    widest = "generator.widths" if needed.generator >= needed.discriminator else "discriminator.widths"
    if new and needed.disk > store.BUDGET:
        raise FootprintError(
            f"A run of this size keeps {memory.size(needed.disk)} on disk at the least, and "
            f"{memory.size(store.BUDGET)} is what a run may keep; make {widest} smaller."
        )
    if needed.memory > (free := memory.free(device)):
        smaller = "batch_size" if needed.memory > 4 * needed.resting else widest
        raise FootprintError(
            f"Training this takes about {memory.size(needed.memory)} of memory, and {memory.size(free)} is free; "
            f"make {smaller} smaller."
        )
    return needed
