"""What watching costs: `python -m benchmarks.overhead [--rounds N] [--seconds S]`.

Images per second of the preset `cgan` in float32, side by side in one run, in rounds:
  bare       the same networks, fused Adam and averaging in a plain loop that measures nothing
  trainer    gan.training.trainer.Trainer
  worker     a worker process with its run folder, a server beside it, nobody looking
  1, 5 pages the same worker with so many followers of its Train page (benchmarks.follow)
Prints medians with their range, and the ratios that the project promises.
"""

import argparse
import copy
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.nn.functional as F

from benchmarks import machine
from gan import data, runs
from gan.games import rules
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.presets import PRESETS
from gan.training.messages import Command
from gan.training.trainer import Trainer

CONFIG = PRESETS["cgan"].changed(seconds=0.0, precision="float32")
PROJECT = Path(__file__).parent.parent


def bare() -> Callable[[], int]:
    """A function that takes one step of the same training, written out, and returns the images seen."""
    torch.manual_seed(CONFIG.seed)
    digits = data.load()
    images = torch.from_numpy(digits.train_images).unsqueeze(1)
    labels = torch.from_numpy(digits.train_labels)
    players = rules(CONFIG).players(CONFIG)
    generator, discriminator = (
        players[name].to(memory_format=torch.channels_last) for name in (GENERATOR, DISCRIMINATOR)
    )
    average = copy.deepcopy(generator).requires_grad_(False)
    chosen = CONFIG.optimizer
    betas = (chosen.beta1, chosen.beta2)
    adam_g = torch.optim.Adam(generator.parameters(), chosen.lr_g, betas, fused=True)
    adam_d = torch.optim.Adam(discriminator.parameters(), chosen.lr_d, betas, fused=True)
    state, target = (
        [*(p.detach() for p in net.parameters()), *(b for b in net.buffers() if b.is_floating_point())]
        for net in (generator, average)
    )
    size = CONFIG.data.batch_size
    position, order = 0, torch.randperm(len(labels))

    def step() -> int:
        nonlocal position, order
        if position + size > len(order):
            position, order = 0, torch.randperm(len(labels))
        index = order[position : position + size]
        position += size
        x, y = images[index].float() * (2 / 255) - 1, labels[index].long()
        fakes = generator(torch.randn(size, CONFIG.generator.latent_dim), y)
        real, fake = discriminator(torch.cat((x, fakes.detach())), torch.cat((y, y))).chunk(2)
        loss_d = F.softplus(-real).mean() + F.softplus(fake).mean()
        adam_d.zero_grad()
        loss_d.backward()
        adam_d.step()
        discriminator.requires_grad_(False)
        loss_g = F.softplus(-discriminator(fakes, y)).mean()
        adam_g.zero_grad()
        loss_g.backward()
        adam_g.step()
        discriminator.requires_grad_(True)
        with torch.no_grad():
            torch._foreach_lerp_(target, state, 0.01)
        return size

    return step


def trainer() -> Callable[[], int]:
    """The same for the project's Trainer."""
    one = Trainer(CONFIG, data.load())

    def step() -> int:
        one.step()
        return CONFIG.data.batch_size

    return step


def speed(step: Callable[[], int], seconds: float) -> float:
    """Images per second of a step function."""
    images, start = 0, time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        images += step()
    return images / (now - start)


@contextmanager
def server(folder: str) -> Iterator[str]:
    """A Streamlit server of its own on a free port; yields its address."""
    with server_process(folder) as (url, _):
        yield url


@contextmanager
def server_process(folder: str) -> "Iterator[tuple[str, subprocess.Popen[bytes]]]":
    """The same with its process; `folder` is where its runs are."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "GAN_RUNS_DIR": folder}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(10)


def watched(url: str, run: Path, followers: int, seconds: float) -> tuple[float, dict[str, object]]:
    """Images per second of a running worker while so many followers watch, by the worker's own count."""
    watching = None
    if followers:
        command = [sys.executable, "-m", "benchmarks.follow", f"{url}/train?run={run.name}"]
        command += [f"--clients={followers}", f"--seconds={seconds + 4}"]
        watching = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        time.sleep(3)  # the followers' own start is not the page's cost
    before, start = runs.read(run).status.progress, time.perf_counter()
    time.sleep(seconds)
    after, took = runs.read(run).status.progress, time.perf_counter() - start
    told: dict[str, object] = {}
    if watching:
        told = json.loads(watching.communicate()[0])
    return (after.images - before.images) / took, told


def main() -> None:
    """Prints the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement")
    args = parser.parse_args()
    print(machine.line(), flush=True)
    measured: dict[str, list[float]] = {}
    steps = {"bare": bare(), "trainer": trainer()}
    for step in steps.values():
        speed(step, 2.0)
    for _ in range(args.rounds):
        for _ in range(4):  # short turns, so that a slow moment of the machine meets both
            for name, step in steps.items():
                measured.setdefault(name, []).append(speed(step, args.seconds / 4))
    told: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GAN_RUNS_DIR"] = folder
        with server(folder) as url:
            run = runs.start(CONFIG)
            try:
                watched(url, run, 1, 5.0)  # warm: the server's imports, the worker's first steps
                for _ in range(args.rounds):
                    for followers, name in ((0, "worker"), (1, "1 page"), (5, "5 pages")):
                        value, summary = watched(url, run, followers, args.seconds)
                        measured.setdefault(name, []).append(value)
                        told[name] = summary or told.get(name)
            finally:
                runs.send(run, Command("stop"))
                runs.wait(run)
    print("\n| | images/s, median | range |\n|---|---|---|")
    for name, values in measured.items():
        print(f"| {name} | {statistics.median(values):,.0f} | {min(values):,.0f} to {max(values):,.0f} |")
    print()
    for name, of, promise in (
        ("trainer", "bare", 0.95),
        ("worker", "trainer", None),
        ("1 page", "worker", 0.80),
        ("5 pages", "worker", None),
    ):
        # Round by round, so that the machine's mood cancels.
        ratios = [a / b for a, b in zip(measured[name], measured[of], strict=False)]
        low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
        wanted = f", promised {promise:.0%}: {'kept' if middle >= promise else 'MISSED'}" if promise else ""
        print(f"{name} / {of}: {middle:.1%} ({low:.1%} to {high:.1%}){wanted}")
    for name, summary in told.items():
        if summary:
            print(f"{name}: {json.dumps(summary)}")


if __name__ == "__main__":
    main()
