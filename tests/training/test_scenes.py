"""A move as a page shows it: pictures, scores and overlays are those of the inspection, and the words fit the game."""

import json
import math
from typing import Any

import numpy as np
import pytest

from gan.data import DataSet
from gan.games import KINDS
from gan.training import experiments, narration, scenes
from gan.training.inspection import Inspection, Layer
from gan.training.trainer import Trainer
from tests.helpers import CPU, assert_equal, is_sentence, small

EACH = pytest.mark.parametrize("kind", list(KINDS))


def _trainer(digits: DataSet, **changes: Any) -> Trainer:
    return Trainer(small().changed(changes), digits, CPU)


def _moved(trainer: Trainer) -> list[Inspection]:
    """The last move of each player in a step."""
    found = {one.player: one for _ in trainer.game.order for one in (trainer.move(inspect=True))}
    return list(found.values())


def _read(content: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(content[:4], "little")
    found: dict[str, Any] = json.loads(content[4 : 4 + length])
    return found, content[4 + length :]


def _array(place: dict[str, Any], content: bytes) -> np.ndarray:
    signed = "scale" in place
    size = math.prod(place["shape"])
    values = np.frombuffer(content, np.int8 if signed else np.uint8, size, place["at"]).reshape(place["shape"])
    return values / 127 * place["scale"] if signed else values / 127.5 - 1


@EACH
def test_message_holds_what_was_seen(digits: DataSet, kind: str) -> None:
    trainer = _trainer(digits, kind=kind)
    moves = _moved(trainer)
    about, content = _read(scenes.message({"run": "a"}, trainer.config, moves))
    assert about["run"] == "a"
    assert [scene["player"] for scene in about["scenes"]] == ["discriminator", "generator"]
    sign = -1 if trainer.game.score.energy else 1
    for scene, move in zip(about["scenes"], moves, strict=True):
        assert scene["loss"] == [pytest.approx(move.loss_before), pytest.approx(move.loss_after)]
        for row, shown in scene["rows"].items():
            np.testing.assert_allclose(_array(shown["images"], content), move.probe[row], atol=0.005)
            toward = sign * move.probe[f"{row}_gradients"]
            scale = shown["toward"]["scale"]
            np.testing.assert_allclose(_array(shown["toward"], content), toward.clip(-scale, scale), atol=scale / 200)
            scores = move.probe[f"{row}_scores"].astype(float)
            expected = 1 / (1 + np.exp(-scores)) if trainer.game.score.probability else scores
            np.testing.assert_allclose(shown["scores"], expected, atol=1e-5)
        assert [len(shown["readings"]) for shown in scene["rows"].values()][1] == len(trainer.game.readings_shown)
        assert len(scene["captions"]) == len(narration.STAGES)
        for words in (*scene["captions"], *(text for _, text in scene["told"])):
            assert is_sentence(words), words
            assert "nan" not in words
    assert {text for scene in about["scenes"] for head, text in scene["told"] if head == "Frozen"} != {""}


def test_raising_a_picture_along_the_overlay_makes_it_more_real(digits: DataSet) -> None:
    """Whichever way the game's number points: a little more of it, and an energy falls, a score rises."""
    import torch

    for kind in KINDS:
        trainer = _trainer(digits, kind=kind)
        (move, *_) = _moved(trainer)
        about, content = _read(scenes.message({}, trainer.config, [move]))
        toward = torch.tensor(_array(about["scenes"][0]["rows"]["real"]["toward"], content), dtype=torch.float32)
        images, y = torch.from_numpy(move.probe["real"]), torch.from_numpy(move.probe["y"]).long()
        trainer = _trainer(digits, kind=kind)
        trainer.move()  # the networks as they were after the first move
        for _ in range(trainer.game.order.count("discriminator") - 1):
            trainer.move()
        discriminator = trainer.discriminator.eval()
        with torch.no_grad():
            before = discriminator(images, y)
            after = discriminator(images + 1e-2 * toward / toward.abs().max(), y)
        better = after < before if trainer.game.score.energy else after > before
        assert better.float().mean() >= 0.9, kind


def test_simultaneous_moves_freeze_nobody(digits: DataSet) -> None:
    trainer = _trainer(digits, simultaneous=True)
    for move in trainer.move(inspect=True):
        told = dict(narration.told(move, trainer.config))
        assert told["Frozen"].startswith("nobody")


def test_layers_are_named_once_with_all_their_parameters() -> None:
    """3-4-5: a weight that moved 3 and a bias that moved 4 are a layer that moved 5."""
    layers = (
        Layer("features.1.weight", 3.0, 0.3),
        Layer("features.1.bias", 4.0, 0.4),
        Layer("features.3.parametrizations.weight.original", 1.0, 0.1),
        Layer("logit.weight", 2.0, 0.2),
    )
    found = narration.grouped(layers)
    assert [layer.name for layer in found] == ["layer 1", "layer 2", "score"]
    assert found[0].gradient == pytest.approx(5.0)
    assert found[0].update == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.000"), (-1.2344, "−1.234"), (12.346, "12.35"), (1e-5, "1.0e−05"), (math.nan, "–")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert narration.number(value) == text


def test_look_shows_how_things_stand_and_changes_nothing(digits: DataSet) -> None:
    trainer = _trainer(digits)
    trainer.move()
    before = {name: value.clone() for name, value in trainer.tensors().items()}
    found = trainer.look()
    assert_equal(trainer.tensors(), before)
    again = Inspection.from_bytes(found.to_bytes())
    assert (again.player, again.layers, again.images) == ("", (), trainer.images_seen)
    about, _ = _read(scenes.message({}, trainer.config, [again]))
    assert "loss" not in about["scenes"][0]


@pytest.mark.parametrize("name", list(experiments.EXPERIMENTS))
@EACH
def test_experiment_leaves_the_trainer_as_it_is(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    monkeypatch.setattr(experiments, "MOST", 10)
    trainer = _trainer(digits, kind=kind, threads=1)
    trainer.step()
    before = {name: value.clone() for name, value in trainer.tensors().items()}
    course = [json.loads(content) for content in experiments.run(name, trainer)]
    assert_equal(trainer.tensors(), before)
    assert [one["done"] for one in course][-1]
    last = course[-1]
    assert last["name"] == name
    assert last["x"] == sorted(last["x"])
    assert len(last["x"]) >= 2
    for values in last["series"].values():
        assert len(values) == len(last["x"])
        assert np.isfinite(values).all()


def test_no_experiment_has_that_name(trainer: Trainer) -> None:
    assert list(experiments.run("nothing", trainer)) == []


def test_saturating_gradient_fades_while_the_discriminator_learns_alone(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goodfellow et al. 2014, section 3."""
    monkeypatch.setattr(experiments, "MOST", 200)
    trainer = _trainer(digits, lr_d=2e-3, threads=1)
    series = json.loads(list(experiments.run("alone", trainer))[-1])["series"]
    assert series["gradient_saturating"][-1] < 0.2 * series["gradient_saturating"][0]
    assert series["gradient"][-1] > series["gradient_saturating"][-1]
