import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from gan import data
from gan.data import Bytes, DataSet
from gan.paths import PRETRAINED
from gan.quality import judge, judge_training
from gan.quality.judge import Judge, JudgeError, Shipped
from tests.helpers import assert_equal, is_sentence, rewritten

JUDGE = data.judge_path(data.spec())


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return judge.load()


@pytest.fixture(scope="module")
def lesson(digits: DataSet) -> tuple[Bytes, Bytes]:
    """A few hundred images and their digits."""
    images, labels = digits.for_judge
    return images[:600], labels[:600]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, shipped: Shipped) -> Shipped:
    """The judge's file as it is made, but with the judge that ships in place of a new one: measured here."""
    taught: list[tuple[Bytes, ...]] = []

    def train(*images_and_digits: Bytes, **_: Any) -> Judge:
        taught.append(images_and_digits)
        return shipped.judge

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge_training, "train", train)
        content, _ = judge_training.make_judge()
    digits = data.load()
    assert len(taught) == 1
    assert np.array_equal(taught[0][0], digits.train_images[:50_000])
    assert np.array_equal(taught[0][1], digits.train_labels[:50_000])
    path = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    path.write_bytes(content)
    return judge.load(path=path)


def test_judge_reads_real_digits(measured: Shipped) -> None:
    """At least 99.3 % of the 10,000 test images, and no fewer of the 10,000 that it has not learned from."""
    assert 0.993 <= measured.about["accuracy_test"] < 1
    assert 0.993 <= measured.about["accuracy_validation"] < 1


def test_accuracy_is_the_share_of_the_test_images_read_right(shipped: Shipped, digits: DataSet) -> None:
    """Two images in 10,000 may turn over on another processor."""
    inputs = judge.as_input(torch.from_numpy(digits.test_images))
    logits = torch.cat([shipped.judge(part) for part in inputs.split(500)])
    right = float((logits.argmax(1).numpy() == digits.test_labels).mean())
    assert judge.accuracy(shipped.judge, digits.test_images, digits.test_labels) == pytest.approx(right, abs=2e-4)
    assert shipped.about["accuracy_test"] == pytest.approx(right, abs=2e-4)


def test_what_the_file_says_of_the_judge_is_true(shipped: Shipped, measured: Shipped) -> None:
    """Measured anew, all of it; shares to two images in ten thousand, or one in a thousand."""
    assert set(shipped.about) == {"accuracy_test", "accuracy_validation", "agreement_floor", "fcd_floor"}
    for name, tolerance in (("accuracy_test", 2e-4), ("accuracy_validation", 2e-4), ("agreement_floor", 1e-3)):
        assert shipped.about[name] == pytest.approx(measured.about[name], abs=tolerance), name
    assert shipped.about["fcd_floor"] == pytest.approx(measured.about["fcd_floor"], rel=1e-3)


def test_reference_is_that_of_the_validation_images(shipped: Shipped, digits: DataSet) -> None:
    features = shipped.judge.read(digits.train_images[50_000:]).features
    assert set(shipped.reference) == {"mean", "covariance"}
    assert shipped.reference["mean"].numpy() == pytest.approx(features.mean(0), rel=1e-4, abs=1e-6)
    centred = features - features.mean(0)
    covariance = centred.T @ centred / 9_999
    assert shipped.reference["covariance"].numpy() == pytest.approx(covariance, rel=1e-3, abs=1e-4)


def test_judge_of_the_file_is_the_judge_that_was_written(shipped: Shipped, measured: Shipped) -> None:
    assert_equal(measured.judge.state_dict(), shipped.judge.state_dict())


def test_judge_is_ready_and_shared(shipped: Shipped) -> None:
    assert not any(module.training for module in shipped.judge.modules())
    assert not any(parameter.requires_grad for parameter in shipped.judge.parameters())
    assert judge.load() is shipped


def test_judge_ships_in_half_a_megabyte() -> None:
    assert JUDGE.stat().st_size < 500_000


def test_reading_by_hand(shipped: Shipped, digits: DataSet) -> None:
    """Features are what the head sees, beliefs its softmax, digits the likeliest."""
    images = digits.test_images[:50]
    reading = shipped.judge.read(images)
    assert (reading.features.shape, reading.features.dtype) == ((50, 64), np.float64)
    assert (reading.probabilities.shape, reading.probabilities.dtype) == ((50, 10), np.float64)
    assert reading.features.min() == 0 < reading.features.max()
    head = shipped.judge.head
    logits = reading.features @ head.weight.double().numpy().T + head.bias.double().numpy()
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    assert reading.probabilities == pytest.approx(exponentials / exponentials.sum(1, keepdims=True), abs=1e-5)
    assert np.array_equal(reading.labels, logits.argmax(1))


@pytest.mark.parametrize("block", [1, 7, 60])
def test_reading_in_blocks_is_reading_at_once(
    shipped: Shipped, digits: DataSet, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    images = digits.test_images[:30]
    at_once = shipped.judge.read(images)
    monkeypatch.setattr(judge, "BLOCK", block)
    seen: list[int] = []
    hook = shipped.judge.body.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    in_blocks = shipped.judge.read(images)
    hook.remove()
    assert max(seen) == min(block, 30)
    assert sum(seen) == 30
    # Another batch size may add up in another order.
    assert in_blocks.features == pytest.approx(at_once.features, rel=1e-4, abs=1e-4)
    assert in_blocks.probabilities == pytest.approx(at_once.probabilities, abs=1e-5)


def test_reading_takes_any_memory(shipped: Shipped, digits: DataSet) -> None:
    """Every second image, the last first: neither order is one that torch takes."""
    reading = shipped.judge.read(digits.test_images[19::-2])
    assert np.array_equal(reading.labels, shipped.judge.read(digits.test_images[:20]).labels[19::-2])


def test_input_is_in_minus_one_to_one() -> None:
    images = judge.as_input(torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 3))
    assert images.shape == (1, 1, 1, 3)
    assert images.flatten().tolist() == pytest.approx([-1.0, -0.6, 1.0])


@pytest.mark.parametrize(("row", "column"), [(6, 6), (6, 20), (20, 6), (20, 20)])
def test_jitter_moves_a_little_and_never_mirrors(row: int, column: int) -> None:
    """A dot stays in its quarter of the picture; it can go 2 pixels and a tenth and ten degrees of its way."""
    images = torch.full((500, 1, 28, 28), -1.0)
    images[:, :, row : row + 2, column : column + 2] = 1
    jittered = judge_training._jittered(images, torch.Generator().manual_seed(0))
    assert jittered.shape == images.shape
    assert -1 <= jittered.min() < -0.999
    assert 0.5 < jittered.max() <= 1
    ink = jittered[:, 0] + 1
    place = torch.arange(28.0)
    y, x = ((ink.sum(other) * place).sum(1) / ink.sum((1, 2)) for other in (2, 1))
    assert ((y < 14) == (row < 14)).all()
    assert ((x < 14) == (column < 14)).all()
    away = ((y - row - 0.5) ** 2 + (x - column - 0.5) ** 2).sqrt()
    assert 1 < away.mean() < 4
    assert away.max() < 8


def test_lesson_is_learned(lesson: tuple[Bytes, Bytes], digits: DataSet) -> None:
    """Chance is 0.1; six hundred images four times over are enough for far more, on images not seen."""
    untrained = judge_training.train(*lesson, classes=10, passes=0)
    trained = judge_training.train(*lesson, classes=10, passes=4)
    assert judge.accuracy(untrained, digits.test_images[:1000], digits.test_labels[:1000]) < 0.4
    assert judge.accuracy(trained, digits.test_images[:1000], digits.test_labels[:1000]) > 0.6


def test_one_seed_is_one_judge(lesson: tuple[Bytes, Bytes]) -> None:
    first, second, other = (
        judge_training.train(*lesson, classes=10, seed=seed, passes=0.5).state_dict() for seed in (0, 0, 1)
    )
    assert_equal(first, second)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_training_leaves_the_global_random_state_alone(lesson: tuple[Bytes, Bytes]) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    judge_training.train(*lesson, classes=10, passes=0.2)
    assert torch.equal(torch.rand(3), expected)


def test_trained_judge_is_ready(lesson: tuple[Bytes, Bytes]) -> None:
    trained = judge_training.train(*lesson, classes=10, passes=0.2)
    assert not any(module.training for module in trained.modules())
    assert not any(parameter.requires_grad for parameter in trained.parameters())


@pytest.mark.parametrize(("passes", "steps"), [(0, 1), (0.2, 1), (1, 5)])
def test_watcher_sees_every_step(lesson: tuple[Bytes, Bytes], passes: float, steps: int) -> None:
    """600 images in batches of 128: 4.7 steps a pass."""
    seen: list[tuple[int, int]] = []
    judge_training.train(*lesson, classes=10, passes=passes, watch=lambda step, of: seen.append((step, of)))
    assert seen == [(step + 1, steps) for step in range(steps)]


def _without(content: bytes, tensor: str) -> bytes:
    """The file without one of its tensors."""
    length = int.from_bytes(content[:8], "little")
    tensors = safetensors.torch.load(content)
    del tensors[tensor]
    return safetensors.torch.save(tensors, json.loads(content[8 : 8 + length])["__metadata__"])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: b"", "cannot be read"),
        (lambda content: content[:-1], "cannot be read"),
        (lambda content: content[:1000], "cannot be read"),
        (lambda content: b"\xff" * 5000, "cannot be read"),
        (lambda content: safetensors.torch.save({"x": torch.zeros(2)}), "not a judge that this program reads"),
        (lambda content: PRETRAINED.read_bytes(), "not a judge that this program reads"),
        (lambda content: rewritten(content, format="counterfeit"), "not a judge that this program reads"),
        (lambda content: rewritten(content, version="99"), "not a judge that this program reads"),
        (lambda content: rewritten(content, version=None), "not a judge that this program reads"),
        (lambda content: rewritten(content, about=None), "cannot be read"),
        (lambda content: rewritten(content, about="{"), "cannot be read"),
        (lambda content: rewritten(content, about="[]"), "cannot be read"),
        (lambda content: rewritten(content, about='{"accuracy_test": "high"}'), "cannot be read"),
        (lambda content: rewritten(content, about='{"accuracy_test": null}'), "cannot be read"),
        (lambda content: _without(content, "judge.head.weight"), "cannot be read"),
        (lambda content: _without(content, "reference.mean"), "cannot be read"),
    ],
)
def test_file_that_is_no_judge_is_refused_in_a_sentence(
    tmp_path: Path, damage: Callable[[bytes], bytes], said: str
) -> None:
    path = tmp_path / "judge.safetensors"
    path.write_bytes(damage(JUDGE.read_bytes()))
    with pytest.raises(JudgeError, match=said) as caught:
        judge.load(path=path)
    assert is_sentence(str(caught.value))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("path", ["nowhere.safetensors", "."])
def test_missing_judge_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(JudgeError, match="cannot be read; make one: python -m gan train-judge") as caught:
        judge.load(path=tmp_path / path)
    assert is_sentence(str(caught.value))
    assert str(tmp_path / path) in str(caught.value)
