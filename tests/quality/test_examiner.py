from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan import data
from gan.data import DataSet
from gan.games import spec_of
from gan.models.sampling import as_bytes
from gan.quality import judge, judge_training, metrics
from gan.quality.examiner import Examiner
from gan.quality.judge_training import make_judge
from tests.helpers import CPU, assert_equal, build, networks, small

FEW = 200


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(small(), CPU, FEW)


def test_quality_is_that_of_the_forgeries(examiner: Examiner, digits: DataSet) -> None:
    """Agreement with the digits asked for, FCD against all validation images, and what is read."""
    generator = build(digits, steps=3).generator_ema
    quality = examiner.examine(generator)
    asked = data.some(*digits.test, FEW)[1]
    assert np.array_equal(examiner.y.numpy(), asked)
    with torch.no_grad():
        images = as_bytes(generator(examiner.z, torch.from_numpy(asked))).numpy()
    reader = judge.load().judge
    reading, reference = reader.read(images), reader.read(digits.train_images[50_000:])
    assert quality.agreement == (reading.labels == asked).mean()
    expected = metrics.frechet_distance(metrics.gaussian(reading.features), metrics.gaussian(reference.features))
    assert quality.fcd == pytest.approx(expected, rel=1e-4)
    assert quality.histogram == np.bincount(reading.labels, minlength=10).tolist()


def test_same_generator_gets_the_same_answer(digits: DataSet, examiner: Examiner) -> None:
    generator = build(digits).generator_ema
    first = examiner.examine(generator)
    assert examiner.examine(generator) == first
    assert Examiner(small(), CPU, FEW).examine(generator) == first
    assert examiner.examine(build(digits, seed=1).generator_ema) != first


def test_examining_changes_nothing_that_is_learned(digits: DataSet) -> None:
    """Six steps; six steps with an examination in their midst, random state of the process included."""
    plain, examined = build(digits, steps=6), build(digits, steps=3)
    judge.load()  # once in a process, which may draw weights that it replaces
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    Examiner(examined.config, CPU, FEW).examine(examined.generator_ema)
    assert torch.equal(torch.rand(3), expected)
    for _ in range(3):
        examined.step()
    assert_equal(examined.tensors(), plain.tensors())
    assert not examined.generator_ema.training


def test_unconditional_generator_agrees_with_nothing(digits: DataSet) -> None:
    config = small("vanilla")
    quality = Examiner(config, CPU, FEW).examine(build(digits, "vanilla").generator_ema)
    assert quality.agreement is None
    assert sum(quality.histogram) == FEW


def test_perfect_forger_reaches_the_floors_that_the_judge_ships_with(digits: DataSet) -> None:
    """A thousand real test images, shown in the order in which their digits are asked for."""
    images, _ = data.some(*digits.test, 1000)

    class Perfect(nn.Module):
        def forward(self, z: Tensor, y: Tensor) -> Tensor:
            return judge.as_input(torch.from_numpy(images))

    about = judge.load().about
    quality = Examiner(small(), CPU).examine(Perfect())  # type: ignore[arg-type]
    assert quality.agreement == pytest.approx(about["agreement_floor"], abs=1e-3)
    assert quality.fcd == pytest.approx(about["fcd_floor"], rel=1e-3)


def test_examiner_has_a_judge_of_its_own(examiner: Examiner) -> None:
    """The shared one stays on the CPU, whatever the device of the training."""
    assert examiner.judge is not judge.load().judge
    assert_equal(examiner.judge.state_dict(), judge.load().judge.state_dict())


def test_latents_are_the_same_for_every_run() -> None:
    first, second = (Examiner(small(seed=seed), CPU, FEW) for seed in (0, 1))
    assert torch.equal(first.z, second.z)
    assert first.z.shape == (FEW, spec_of(small()).size)


def test_examining_leaves_no_graph_behind(examiner: Examiner) -> None:
    """A generator with gradients, as one that trains has."""
    generator = networks(small())[0].eval()
    examiner.examine(generator)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in generator.parameters())


def test_judge_is_made_from_digits_alone(digits: DataSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One step on 50,000 images, and few others to measure it with: the file holds what was measured."""
    few = DataSet(
        digits.train_images[:50_300],
        digits.train_labels[:50_300],
        digits.test_images[:400],
        digits.test_labels[:400],
        50_000,
    )
    monkeypatch.setattr(data, "load", lambda *_: few)
    steps: list[tuple[int, int]] = []
    path = tmp_path / "judge.safetensors"
    content, about = make_judge(watch=lambda step, of: steps.append((step, of)), passes=0)
    path.write_bytes(content)
    assert steps == [(1, 1)]
    made = judge.load(path=path)
    assert made.about == about
    expected = judge_training.train(*few.for_judge, classes=10, passes=0)
    assert_equal(made.judge.state_dict(), expected.state_dict())
    right = (expected.read(few.test_images).labels == few.test_labels).mean()
    assert made.about["accuracy_test"] == made.about["agreement_floor"] == right
    mean = expected.read(few.validation[0]).features.mean(0)
    assert made.reference["mean"].numpy() == pytest.approx(mean, rel=1e-6, abs=1e-9)
