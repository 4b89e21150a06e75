"""Where the time of a step goes: `python -m benchmarks.step [--preset cgan] [--seconds 10] [--precision float32]`.

A run trains in this process as a worker's would, with its loop, records, samples, snapshots, checkpoints and
quality in a run folder. Each part is timed by itself; what is left is the rest. The last line compares the
arithmetic of a step (counted by PyTorch) with the fastest matrix product that this machine was seen to do.
"""

import argparse
import queue
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import machine
from gan import data, presets
from gan.games.step import Step
from gan.networks.discriminator import Discriminator
from gan.networks.generator import Generator
from gan.quality.examiner import Examiner
from gan.runs import store
from gan.training import measurements
from gan.training.loop import Loop
from gan.training.messages import Command, Progress, Status
from gan.training.trainer import Trainer

PARTS: list[tuple[str, Any, str]] = [
    ("real images, picked and turned into floats", data.Sampler, "__next__"),
    ("latents", Step, "latents"),
    ("forward, generator", Generator, "forward"),
    ("forward, discriminator", Discriminator, "forward"),
    ("backward", torch.autograd, "backward"),
    ("optimiser", torch.optim.Adam, "step"),
    ("averaging", Trainer, "_update_ema"),
    ("statistics", measurements.Measurements, "add"),
    ("records and status, written", Loop, "_report"),
    ("samples", Loop, "_sample"),
    ("snapshots", Loop, "_snapshot"),
    ("checkpoints", Loop, "_checkpoint"),
    ("quality", Loop, "_examine"),
]


@contextmanager
def timed(spent: Counter[str]) -> Iterator[None]:
    """Times every part, each without the parts inside it."""
    running: list[str] = []

    def wrap(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            running.append(name)
            try:
                return function(*arguments, **named)
            finally:
                running.pop()
                took = time.perf_counter() - started
                spent[name] += took
                if running:
                    spent[running[-1]] -= took

        return call

    with ExitStack() as stack:
        for name, owner, attribute in PARTS:
            stack.enter_context(mock.patch.object(owner, attribute, wrap(name, getattr(owner, attribute))))
        yield


def peak(dtype: torch.dtype, size: int = 2048, repeats: int = 12) -> float:
    """The most floating-point operations a second that a matrix product was seen to do."""
    left, right = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times)


def main() -> None:
    """Prints the budget as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="cgan")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--precision", default="float32")
    args = parser.parse_args()
    changes = {"seconds": args.seconds, "images": 0, "device": "cpu", "precision": args.precision}
    chosen = presets.preset(args.preset).changed(**changes)
    trainer = Trainer(chosen, data.load())
    for _ in range(20):
        trainer.step()
    with FlopCounterMode(display=False) as counted:
        trainer.step()
    fastest = peak(trainer.dtype)
    spent: Counter[str] = Counter()
    steps = trainer.steps
    with tempfile.TemporaryDirectory() as folder:
        writer = store.Writer(Path(folder))
        start = Status("starting", progress=Progress(images=trainer.images_seen, seconds_limit=args.seconds))
        commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        loop = Loop(trainer, commands, writer, start, examiner=Examiner(chosen, trainer.device))
        began = time.perf_counter()
        with timed(spent):
            loop.run()
        whole = time.perf_counter() - began
        writer.close()
    steps = trainer.steps - steps
    head = f"part of a step, preset `{args.preset}`, {args.precision}"
    print(f"{machine.line()}\n\n| {head} | milliseconds | share |\n|---|---|---|")
    rest = whole - sum(spent.values())
    for name in [name for name, _, _ in PARTS if spent[name]] + ["the rest"]:
        took = rest if name == "the rest" else spent[name]
        print(f"| {name} | {1e3 * took / steps:.3f} | {took / whole:.1%} |")
    done = counted.get_total_flops() * steps / whole
    print(f"| a step of {chosen.data.batch_size} images | {1e3 * whole / steps:.3f} | 100 % |")
    reached = f"{done / 1e9:,.0f} of the {fastest / 1e9:,.0f} GFLOP/s that a matrix product reaches here"
    print(f"\n{reached}: {done / fastest:.0%}.")


if __name__ == "__main__":
    main()
