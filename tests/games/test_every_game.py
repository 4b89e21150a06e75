"""What holds of every game that there is, and of every one that will be."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import safetensors.torch
import torch

from gan.config import TrainConfig
from gan.data import DataSet
from gan.export.onnx_file import onnx_content
from gan.export.program import compile_model
from gan.export.standalone import standalone_page
from gan.games import KINDS, rules, spec_of, stillness
from gan.latents import sampling
from gan.latents.directions import bases
from gan.models.model import Model, load_model, model_content
from gan.models.sampling import sample
from gan.runs import footprint
from gan.training.checkpoint import checkpoint_content
from gan.training.trainer import Trainer
from tests.helpers import CPU, assert_equal, small

EACH = pytest.mark.parametrize("kind", list(KINDS))


def _trainer(digits: DataSet, kind: str, steps: int = 0) -> Trainer:
    config = small().changed({"kind": kind, "discriminator.architecture": "mlp", "latent_dim": 6})
    trainer = Trainer(config, digits, CPU)
    for _ in range(steps):
        trainer.step()
    return trainer


@pytest.fixture
def model(digits: DataSet, kind: str, tmp_path: Path) -> Model:
    """A model file of the game, read."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_content(_trainer(digits, kind, steps=2).model(1.0)))
    return load_model(path)


@EACH
def test_moves_by_hand_are_the_step(digits: DataSet, kind: str) -> None:
    """Looked into or not: the same weights to the last bit, and the same record."""
    stepped, moved = _trainer(digits, kind, steps=3), _trainer(digits, kind)
    order = moved.game.order
    for number in range(3 * len(order)):
        assert moved.next_player == order[number % len(order)]
        moved.move(inspect=number % 2 == 0)
    assert moved.between_steps
    assert_equal(moved.tensors(), stepped.tensors())
    assert moved.take_record() == stepped.take_record()


@EACH
def test_checkpoint_goes_on_exactly(digits: DataSet, kind: str) -> None:
    whole, first, second = _trainer(digits, kind, steps=4), _trainer(digits, kind, steps=2), _trainer(digits, kind)
    second.load(safetensors.torch.load(checkpoint_content(first, {})), first.images_seen, first.lr_g, first.lr_d)
    for _ in range(2):
        second.step()
    assert_equal(second.tensors(), whole.tensors())


@EACH
def test_all_that_is_charted_is_measured(digits: DataSet, kind: str) -> None:
    trainer = _trainer(digits, kind, steps=2)
    record = trainer.take_record()
    names = {quantity.name for quantity in trainer.game.quantities}
    assert names <= record.keys()
    assert all(np.isfinite(record[name].mean) for name in names)
    assert {"loss_g", "loss_d"} <= names


@EACH
def test_inspection_sees_pictures_scores_and_what_moved(digits: DataSet, kind: str) -> None:
    trainer = _trainer(digits, kind)
    for player in trainer.game.order:
        (found,) = trainer.move(inspect=True)
        assert found.player == player
        assert found.seen["forged"].shape == (10, 1, 28, 28)
        assert found.seen["forged_scores"].shape == (10,)
        # A discriminator may have no wish for pictures that are beyond its margin already.
        assert player == "discriminator" or np.abs(found.seen["forged_gradients"]).sum() > 0
        assert found.loss_after != found.loss_before
        assert {layer.name for layer in found.layers} == {
            name for name, _ in trainer.players[player].named_parameters()
        }
        assert sum(layer.update for layer in found.layers) > 0
        assert found.probe["real_scores"].shape == found.probe["forged_scores"].shape == (10,)


@EACH
def test_program_is_the_generator(model: Model) -> None:
    """ONNX is made of the program that the page runs."""
    z, y = sampling.sample(10, model.latents, seed=4), torch.arange(10)
    session = onnxruntime.InferenceSession(onnx_content(compile_model(model)))
    given = {"z": z.numpy()} | ({"mix": np.eye(10, dtype=np.float32)} if model.config.conditional else {})
    found = session.run(None, given)[0]
    assert np.abs(found - model.generator(z, y).numpy()).max() * 127.5 < 2


@EACH
def test_model_is_taken_home(model: Model) -> None:
    assert 'id="program"' in standalone_page(model, "pretrained")


@EACH
def test_directions_leave_codes_alone(model: Model) -> None:
    spec = model.latents
    for basis in bases(model.generator, spec):
        assert basis.directions.shape[1] == spec.size
        assert not basis.directions[:, spec.normal :].any()


@EACH
def test_codes_are_drawn_as_they_are_in_training(model: Model) -> None:
    z = sampling.sample(50, model.latents, seed=0)
    assert sample(model, z, torch.zeros(50, dtype=torch.long)).shape == (50, 28, 28)
    for part, place in model.latents.places():
        if part.kind == "categorical":
            assert torch.equal(z[:, place].sum(1), torch.ones(50))
        if part.kind == "uniform":
            assert z[:, place].abs().max() <= 1


@EACH
def test_settings_survive_json_and_have_a_footprint(kind: str) -> None:
    config = TrainConfig().changed(kind=kind)
    assert TrainConfig.from_dict(config.to_dict()) == config
    assert rules(config).kind == kind
    assert spec_of(config).size >= config.generator.latent_dim
    assert footprint.of(config).memory > 0


def test_no_page_and_no_part_of_training_names_a_game_or_a_loss() -> None:
    """A further game is one file: nothing else may have to know it."""
    from gan.games.losses import LOSSES

    root = Path(__file__).parents[2]
    names = {name for name in (*KINDS, *LOSSES) if name not in ("adversarial", "hinge")}
    files = [
        "gan/training/trainer.py",
        "gan/training/loop.py",
        "gan/runs/store.py",
        "gan/export/program.py",
        "gan/runs/worker.py",
        "gan/quality/examiner.py",
    ]
    scripts = [
        path for path in (root / "gan/web/src").rglob("*.js") if path.parent.name != "flatland"
    ]  # it has its own games
    paths = [*(root / name for name in files), *(root / "pages").rglob("*.py"), *scripts]
    named = {path.name: name for path in paths for name in names if f'"{name}"' in path.read_text()}
    assert named == {}


@EACH
def test_without_noise_all_pictures_of_a_digit_are_the_same(digits: DataSet, kind: str) -> None:
    config = _trainer(digits, kind).config.changed(latent_scale=0.0)
    trainer = Trainer(config, digits, CPU)
    trainer.step()
    spec = spec_of(config)
    z = spec.sample(2, torch.Generator().manual_seed(0))
    z[1, spec.normal :] = z[0, spec.normal :]  # codes are no noise
    with torch.no_grad():
        one, other = trainer.generator_ema(z, torch.tensor([4, 4]))
    assert torch.allclose(one, other, atol=1e-5)
    assert "nothing to slide" in stillness(config)
    assert all(len(basis.directions) for basis in bases(trainer.generator_ema, spec))


@EACH
def test_scale_of_the_latent_is_a_factor_of_its_normal_numbers(digits: DataSet, kind: str) -> None:
    config = _trainer(digits, kind).config
    plain, scaled = (Trainer(one, digits, CPU) for one in (config, config.changed(latent_scale=0.5)))
    z = spec_of(config).sample(3, torch.Generator().manual_seed(0))
    half = z.clone()
    half[:, : spec_of(config).normal] /= 2
    with torch.no_grad():
        assert torch.equal(scaled.generator_ema(z, torch.arange(3)), plain.generator_ema(half, torch.arange(3)))
    assert stillness(config) == stillness(scaled.config) == ""


@EACH
def test_digits_left_out_are_never_shown(digits: DataSet, kind: str) -> None:
    trainer = Trainer(_trainer(digits, kind).config.changed(classes=(3, 8), train_images=50), digits, CPU)
    shown = torch.cat([next(trainer.sampler)[1] for _ in range(20)])
    assert set(shown.tolist()) == {3, 8}
    assert len(trainer.sampler.labels) == 50
    assert trainer.move(inspect=True)  # its probe finds real images all the same
