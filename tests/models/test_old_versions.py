"""Runs and models that earlier versions wrote. `tests/data/version-N.zip` holds a small run as the program wrote it
whose settings had version N of the schema, stopped after 320 images, and the model of the same run after 640 without a
stop."""

import zipfile
from pathlib import Path

import pytest
import torch

from gan import cli, runs
from gan.config.fields import flat
from gan.export.content import Names
from gan.export.explorable import explorable
from gan.latents import sampling
from gan.models import snapshots
from gan.models.model import load_model
from gan.models.sampling import sample
from gan.quality.examiner import Examiner
from gan.runs import store
from tests.helpers import CPU

DATA = Path(__file__).parents[1] / "data"
EACH = pytest.mark.parametrize("version", [1, 2, 3])


@pytest.fixture
def old(version: int, runs_root: Path) -> Path:
    """The run of a version, in the runs folder; `after.safetensors` lies beside that."""
    with zipfile.ZipFile(DATA / f"version-{version}.zip") as file:
        file.extractall(runs_root.parent / "unpacked")
    (runs_root.parent / "unpacked" / "after.safetensors").rename(runs_root.parent / "after.safetensors")
    return (runs_root.parent / "unpacked" / "run").rename(runs_root / f"version-{version}")


@EACH
def test_run_is_listed_with_what_it_was_told(old: Path, version: int) -> None:
    run = runs.read(old)
    assert [entry.id for entry in runs.entries()] == [old.name]
    assert run.status.state == "finished"
    assert run.status.progress.images == 320
    told = {"generator.widths": (12, 8), "generator.latent_dim": 6, "data.batch_size": 32, "seed": 3}
    assert flat(run.config).items() >= told.items()
    assert run.config.generator.architecture == ("mlp" if version == 1 else "conv")
    curves = store.Curves(old)
    curves.update()
    assert curves.series("loss_g")[0].shape[1] == 10


@EACH
def test_model_is_explored_and_measured(old: Path) -> None:
    model = load_model(snapshots.snapshot_paths(old)[-1])
    assert explorable(model, Names(*["old"] * 4))
    z = sampling.sample(10, model.latents, seed=0)
    assert sample(model, z, torch.arange(10)).shape == (10, 28, 28)
    assert Examiner(model.config, CPU).examine(model.generator).fcd > 0


@EACH
def test_run_goes_on_where_it_was(old: Path) -> None:
    """To rounding: another processor may add up in another order."""
    assert cli.main(["resume", str(old), "--images", "320"]) == 0
    now, then = load_model(snapshots.snapshot_paths(old)[-1]), load_model(old.parents[1] / "after.safetensors")
    assert now.images == then.images == 640
    for network in ("generator", "discriminator"):
        expected = getattr(then, network).state_dict()
        for name, value in getattr(now, network).state_dict().items():
            assert torch.allclose(value, expected[name], rtol=2e-3, atol=2e-3), name
