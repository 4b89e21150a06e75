import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from gan.data import DataSet
from gan.models.model import model_content
from gan.networks.layers import count_parameters
from gan.paths import PROJECT
from gan.presets import preset
from gan.runs import footprint, store
from gan.runs.footprint import FootprintError
from gan.system import memory
from gan.training.checkpoint import checkpoint_content
from tests.helpers import CPU, KINDS, build, is_sentence, small

# One process imports torch and takes a first step; each config is measured in a fork of it, which has its own memory.
MEASURE = """
import json, os, sys
from pathlib import Path
import torch
from gan import data
from gan.training.checkpoint import checkpoint_content
from gan.config import TrainConfig
from gan.quality.examiner import Examiner
from gan.presets import preset
from gan.training.trainer import Trainer

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

first = Trainer(preset("cgan").changed(device="cpu", precision="float32"), data.load())
first.step(norms=True)  # what a process does once
examiner = Examiner(first.config, torch.device("cpu"))
for text in sys.argv[1:]:
    if child := os.fork():
        if os.waitpid(child, 0)[1]:
            sys.exit(1)
        continue
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak from now on
    trainer = Trainer(TrainConfig.from_json(text), data.load())
    for _ in range(2):
        trainer.step(norms=True)
    checkpoint_content(trainer, {})
    with torch.inference_mode():
        trainer.generator_ema(examiner.z, examiner.y)
    print(resident("VmHWM") - before, flush=True)
    os._exit(0)
"""
WIDE = {"architecture": "mlp", "widths_g": (1024, 1024), "widths_d": (1024, 1024)}
MANY = {"architecture_d": "conv", "widths_g": (64, 64, 128), "widths_d": (64, 64), "batch_size": 512}
CONFIGS = {
    name: preset("cgan").changed(device="cpu", precision="float32", **changes)
    for name, changes in {"weights": WIDE, "activations": MANY}.items()
}


@pytest.fixture(scope="module")
def taken() -> dict[str, int]:
    """Bytes that real steps have taken, by the names of the configs."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *(json.dumps(config.to_dict()) for config in CONFIGS.values())],
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(CONFIGS, map(int, done.stdout.split()), strict=True))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of a process from /proc")
@pytest.mark.parametrize("name", CONFIGS)
def test_memory_is_what_a_real_step_takes(taken: dict[str, int], name: str) -> None:
    """Within a factor of 2 below and 1.3 above: kernels and allocators differ from machine to machine."""
    assert 0.5 < taken[name] / footprint.of(CONFIGS[name]).memory < 1.3


@pytest.mark.parametrize("kind", KINDS)
def test_files_and_parameters_are_those_of_a_real_trainer(digits: DataSet, kind: str) -> None:
    trainer = build(digits, kind, steps=1)
    found = footprint.of(trainer.config)
    assert found.generator == count_parameters(trainer.generator)
    assert found.discriminator == count_parameters(trainer.discriminator)
    for content, size in (
        (checkpoint_content(trainer, {}), found.checkpoint),
        (model_content(trainer.model(0.0)), found.snapshot),
    ):
        assert size == pytest.approx(sum(tensor.nbytes for tensor in safetensors.torch.load(content).values()), abs=600)


@pytest.mark.parametrize(
    "changes",
    [
        {"r1": 1.0, "r2": 1.0, "architecture_d": "conv"},
        {"shift_d": 2},
        {"spectral_norm_d": True},
        {"batch_norm_d": True},
        {"loss": "relativistic"},
        {"weight_l1": 1e-4},
        {"d_steps": 20, "g_steps": 20},
        {"precision": "bfloat16"},
        {"ema_kimg": 0.0},
    ],
)
def test_every_kind_of_step_is_counted(changes: dict[str, Any]) -> None:
    found = footprint.of(small(**changes))
    assert found.memory > found.resting > found.checkpoint > found.snapshot > 0


def test_what_says_nothing_of_sizes_changes_nothing() -> None:
    other = small(seed=5, lr_g=1e-4, images=640, precision="bfloat16")
    assert footprint.of(other) is footprint.of(small())
    assert footprint.of(other.changed(penalty_every=3)) == footprint.of(small())


def test_more_memory_than_is_free_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Activations are made smaller by the batch, weights by their layers."""
    monkeypatch.setattr(memory, "free", lambda device: 40_000_000)
    footprint.check(small(), CPU)
    for changes, cure in (({"batch_size": 4096}, "batch_size"), ({"widths_d": (1024, 1024)}, "discriminator.widths")):
        with pytest.raises(FootprintError, match=f"of memory, and 40 MB is free; make {cure} smaller") as caught:
            footprint.check(small(images=0, **changes), CPU)
        assert is_sentence(str(caught.value))


def test_more_than_a_run_may_keep_is_refused_at_once() -> None:
    """A billion parameters, which nobody has memory for; nothing is allocated to find out."""
    with pytest.raises(
        FootprintError, match=r"keeps 24\.\d GB on disk at the least.*make generator.widths smaller"
    ) as caught:
        footprint.check(preset("cgan").changed(widths_g=(4096, 4096, 4096, 4096)), CPU)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("name", ["cgan", "quality", "vanilla", "dcgan"])
def test_presets_fit(name: str) -> None:
    found = footprint.check(preset(name), CPU)
    assert found.disk < store.BUDGET / 2


@pytest.mark.parametrize(("count", "said"), [(1, "1 MB"), (12_400_000, "12 MB"), (3_440_000_000, "3.4 GB")])
def test_sizes_are_said_as_people_read_them(count: int, said: str) -> None:
    assert memory.size(count) == said


V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
V2 = ("memory.max", "memory.current", "inactive_file")


def _group(folder: Path, names: tuple[str, str, str], limit: str, usage: int, inactive: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"anon 7\n{names[2]} {inactive}\n")


@pytest.mark.parametrize(
    ("line", "base", "names"), [("0::/a/b", "", V2), ("4:cpu,memory:/a/b", "memory", V1)], ids=["v2", "v1"]
)
def test_limits_of_all_groups_around_are_read(
    tmp_path: Path, line: str, base: str, names: tuple[str, str, str]
) -> None:
    """Cached files do not count as used; a group without a limit says "max"."""
    membership = tmp_path / "cgroup"
    membership.write_text(f"9:pids:/\n{line}\n")
    root = tmp_path / "fs" / base
    _group(root / "a" / "b", names, "1000", 600, 100)
    _group(root / "a", names, "700", 900, 50)
    _group(root, names, "max", 900, 50)
    assert list(memory.cgroups(membership, tmp_path / "fs")) == [500, 0]


def test_group_of_a_container_is_the_root_of_what_it_sees(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("0::/kubepods/elsewhere\n")
    _group(tmp_path / "fs", V2, "1000", 600, 0)
    assert list(memory.cgroups(membership, tmp_path / "fs")) == [400]


def test_machine_without_groups_has_no_limits(tmp_path: Path) -> None:
    assert list(memory.cgroups(tmp_path / "nowhere", tmp_path)) == []
    assert memory.free(torch.device("cpu")) > 0
