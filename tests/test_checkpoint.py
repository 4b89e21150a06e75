import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from gan import checkpoint
from gan.checkpoint import ModelError, as_bytes, forge, load_checkpoint, load_model, model_content, resolve
from gan.config import TrainConfig
from gan.data import Digits
from gan.trainer import Trainer
from tests.helpers import KINDS, OLD, assert_equal, build, is_sentence, rewritten, small, version_1


@pytest.fixture(scope="module")
def trained(digits: Digits) -> Trainer:
    return build(digits, steps=2)


@pytest.fixture(scope="module")
def model(trained: Trainer) -> bytes:
    return model_content(trained, seconds=1.5)


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(content)
    return path


def _as_config(**changes: Any) -> str:
    return json.dumps(small(**changes).to_dict())


class _Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.write_text, (self.mark, "unpickled")


@pytest.mark.parametrize("kind", KINDS)
def test_model_holds_the_average_and_d_in_float16(tmp_path: Path, digits: Digits, kind: str) -> None:
    trainer = build(digits, kind, steps=2)
    loaded = load_model(_written(tmp_path, model_content(trainer, seconds=1.5)))
    assert (loaded.config, loaded.images, loaded.seconds) == (trainer.config, 64, 1.5)
    for network, original in ((loaded.generator, trainer.average), (loaded.discriminator, trainer.discriminator)):
        rounded = {k: v.half().float() if v.is_floating_point() else v for k, v in original.state_dict().items()}
        assert_equal(network.state_dict(), rounded)


@pytest.mark.parametrize("preset", OLD)
def test_model_of_version_1_is_read(tmp_path: Path, digits: Digits, preset: str) -> None:
    """Its settings say nothing of what came later, and its D looks at the picture as it is."""
    old = version_1(preset, widths_g=[16, 16], widths_d=[16, 16], latent_dim=8, batch_size=32, device="cpu")
    trainer = Trainer(TrainConfig.from_dict(old), digits)
    for _ in range(2):
        trainer.step()
    content = model_content(trainer, seconds=1.5)
    now = load_model(_written(tmp_path, content))
    lifted = load_model(_written(tmp_path, rewritten(content, config=json.dumps(old))))
    assert lifted.config == now.config == trainer.config
    assert lifted.discriminator.ink_scale == 0
    z, (x, y) = torch.randn(32, 8), next(trainer.sampler)
    assert torch.equal(lifted.generator(z, y), now.generator(z, y))
    with torch.no_grad():
        said = trainer.discriminator.eval()(x, y)
    assert torch.allclose(lifted.discriminator(x, y), said, atol=0.02 * said.std().item())


def test_spectral_norm_survives_half_precision(tmp_path: Path, digits: Digits) -> None:
    """The estimate of the largest singular value is kept too: D says what it said, but for float16's rounding."""
    trainer = build(digits, steps=5, spectral_norm_d=True)
    loaded = load_model(_written(tmp_path, model_content(trainer, seconds=1.5)))
    x, y = next(trainer.sampler)
    with torch.no_grad():
        said, says = trainer.discriminator.eval()(x, y), loaded.discriminator(x, y)
    assert said.std() > 0.01
    assert torch.allclose(says, said, atol=0.05 * said.std().item())


def test_model_is_ready_to_be_asked(tmp_path: Path, model: bytes) -> None:
    loaded = load_model(_written(tmp_path, model))
    for network in (loaded.generator, loaded.discriminator):
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())


def test_model_takes_half_the_bytes_of_its_numbers(trained: Trainer, model: bytes) -> None:
    numbers = sum(
        value.numel() for network in (trained.average, trained.discriminator) for value in network.state_dict().values()
    )
    assert 2 * numbers < len(model) < 2 * numbers + 5000


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: b"", "not a whole safetensors file"),
        (lambda content: content[:7], "not a whole safetensors file"),
        (lambda content: content[:-1], "not a whole safetensors file"),
        (lambda content: content[: len(content) // 2], "not a whole safetensors file"),
        (lambda content: content + b"!", "not a whole safetensors file"),
        (lambda content: bytes(range(256)) * 20, "not a whole safetensors file"),
        (lambda content: b"\xff" * 5000, "not a whole safetensors file"),
        (lambda content: safetensors.torch.save({"x": torch.zeros(2)}), "but not a model of this project"),
        (lambda content: rewritten(content, format="other"), "but not a model of this project"),
        (lambda content: rewritten(content, kind="checkpoint"), "but not a model of this project"),
        (lambda content: rewritten(content, version="99"), "has version 99 of the format; this program reads version"),
        (lambda content: rewritten(content, version=None), "has version None of the format"),
        (lambda content: rewritten(content, config=None), "cannot be rebuilt"),
        (lambda content: rewritten(content, config="{"), "cannot be rebuilt"),
        (lambda content: rewritten(content, config='{"schema_version": 9}'), "cannot be rebuilt: .*version 9"),
        (lambda content: rewritten(content, config='{"schema_version": 4}'), "cannot be rebuilt: .*version 4"),
        (lambda content: rewritten(content, about="{"), "cannot be rebuilt"),
        (lambda content: rewritten(content, about="[]"), "does not hold the networks"),
        (lambda content: rewritten(content, about='{"images": 1e999, "seconds": 0}'), "does not hold the networks"),
        (lambda content: rewritten(content, config=_as_config(widths_g=(16, 32))), "does not hold the networks"),
        (lambda content: rewritten(content, config=_as_config(conditional=False)), "does not hold the networks"),
        (lambda content: rewritten(content, config=_as_config(architecture="mlp")), "does not hold the networks"),
        (lambda content: rewritten(content, config=_as_config(architecture_d="conv")), "does not hold the networks"),
    ],
)
def test_file_that_is_no_model_is_refused_in_a_sentence(
    tmp_path: Path, model: bytes, damage: Callable[[bytes], bytes], said: str
) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        load_model(_written(tmp_path, damage(model)))
    assert is_sentence(str(caught.value))


def test_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no file .*nowhere.safetensors"):
        load_model(tmp_path / "nowhere.safetensors")


def test_folder_is_no_model_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("protocol", [0, pickle.HIGHEST_PROTOCOL])
def test_nothing_is_unpickled(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    path = _written(tmp_path, pickle.dumps(_Trap(mark), protocol))
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(path)
    assert not mark.exists()


def test_torch_pickle_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "model.pt")
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(tmp_path / "model.pt")


def test_model_error_is_a_value_error() -> None:
    assert issubclass(ModelError, ValueError)


def test_run_through_a_file_continues_bit_for_bit(tmp_path: Path, digits: Digits) -> None:
    """All presets and options are the trainer's tests."""
    conv = {"architecture": "conv", "architecture_d": "conv"}
    whole, first, second = (build(digits, steps=steps, **conv) for steps in (6, 3, 0))
    path = _written(tmp_path, checkpoint.checkpoint_content(first, {"seconds": 2.5}))
    assert load_checkpoint(path, second)["seconds"] == 2.5
    for _ in range(3):
        second.step()
    assert_equal(second.tensors(), whole.tensors())
    assert second.images == whole.images


def test_checkpoint_remembers_changed_learning_rates(tmp_path: Path, digits: Digits) -> None:
    trainer = build(digits, steps=1)
    trainer.lr_g, trainer.lr_d = 3e-4, 5e-5
    path = _written(tmp_path, checkpoint.checkpoint_content(trainer, {}))
    fresh = build(digits)
    load_checkpoint(path, fresh)
    assert (fresh.lr_g, fresh.lr_d) == (3e-4, 5e-5)


def test_checkpoint_before_the_first_step_is_a_beginning(tmp_path: Path, digits: Digits) -> None:
    """A run paused at once has no Adam moments yet."""
    fresh, whole = build(digits), build(digits, steps=2)
    load_checkpoint(_written(tmp_path, checkpoint.checkpoint_content(build(digits), {})), fresh)
    fresh.step()
    fresh.step()
    assert_equal(fresh.tensors(), whole.tensors())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-1], "not a whole safetensors file"),
        (lambda content: rewritten(content, kind="model"), "but not a checkpoint of this project"),
        (lambda content: rewritten(content, about="{}"), "does not fit the run's settings"),
        (lambda content: rewritten(content, about="3"), "does not fit the run's settings"),
        (lambda content: rewritten(content, about='{"images": 1e999, "lr_g": 1, "lr_d": 1}'), "does not fit"),
    ],
)
def test_file_that_is_no_checkpoint_is_refused(
    tmp_path: Path, digits: Digits, trained: Trainer, damage: Callable[[bytes], bytes], said: str
) -> None:
    content = damage(checkpoint.checkpoint_content(trained, {"seconds": 0.0}))
    with pytest.raises(ModelError, match=said) as caught:
        load_checkpoint(_written(tmp_path, content), build(digits))
    assert is_sentence(str(caught.value))


def test_checkpoint_of_another_run_does_not_fit(tmp_path: Path, digits: Digits, trained: Trainer) -> None:
    path = _written(tmp_path, checkpoint.checkpoint_content(trained, {"seconds": 0.0}))
    with pytest.raises(ModelError, match="does not fit the run's settings"):
        load_checkpoint(path, build(digits, widths_d=(16, 24)))


@pytest.mark.parametrize("name", ["optimizer_g.0.exp_avg", "optimizer_d.1.exp_avg_sq", "optimizer_d.2.step"])
def test_checkpoint_without_a_moment_does_not_fit(tmp_path: Path, digits: Digits, trained: Trainer, name: str) -> None:
    tensors = trained.tensors()
    del tensors[name]
    content = checkpoint._content("checkpoint", trained.config, tensors, {"images": 64, "lr_g": 1e-3, "lr_d": 1e-3})
    with pytest.raises(ModelError, match="does not fit the run's settings"):
        load_checkpoint(_written(tmp_path, content), build(digits))


@pytest.mark.parametrize(
    "name",
    [
        *("optimizer_g.99.exp_avg", "optimizer_d.99.step", "optimizer_g.first.exp_avg", "optimizer_d.0"),
        *("optimizer_g.0.exp_avg", "optimizer_d.1.exp_avg_sq"),  # there is such a moment, but of another shape
    ],
)
def test_checkpoint_with_moments_of_no_parameter_does_not_fit(
    tmp_path: Path, digits: Digits, trained: Trainer, name: str
) -> None:
    tensors = safetensors.torch.load(checkpoint.checkpoint_content(trained, {"seconds": 0.0}))
    about = {"images": 64, "lr_g": 1e-3, "lr_d": 1e-3}
    content = checkpoint._content("checkpoint", trained.config, tensors | {name: torch.zeros(3)}, about)
    with pytest.raises(ModelError, match="does not fit the run's settings") as caught:
        load_checkpoint(_written(tmp_path, content), build(digits))
    assert is_sentence(str(caught.value))


def test_resolve_takes_a_file_or_the_newest_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    for images in (900, 12_800):
        (folder / f"{images:08d}.safetensors").touch()
    assert resolve(str(tmp_path)) == folder / "00012800.safetensors"
    assert resolve("some/model.safetensors") == Path("some/model.safetensors")
    assert resolve("pretrained").parent.name == "assets"


def test_resolve_refuses_a_folder_without_snapshots(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder without a snapshot"):
        resolve(str(tmp_path))


def test_as_bytes_rounds_and_clamps() -> None:
    """-1 is 0 and 1 is 255; 0 is 127.5, which rounds to the even 128."""
    images = torch.tensor([-1.0, -0.999, 0.0, 1.0, 1.5, -math.inf]).view(1, 1, 1, 6)
    assert as_bytes(images).tolist() == [[[0, 0, 128, 255, 255, 0]]]


def test_forging_in_batches_is_forging_at_once(tmp_path: Path, model: bytes) -> None:
    loaded = load_model(_written(tmp_path, model))
    z, y = torch.randn(7, loaded.config.latent_dim), torch.arange(7)
    together = forge(loaded, z, y)
    assert (together.shape, together.dtype) == ((7, 28, 28), torch.uint8)
    # Another batch size may add up in another order: one grey level.
    assert (forge(loaded, z, y, batch=3).int() - together.int()).abs().max() <= 1


def test_forged_digits_follow_their_labels(tmp_path: Path, model: bytes) -> None:
    loaded = load_model(_written(tmp_path, model))
    z = torch.randn(1, loaded.config.latent_dim).repeat(2, 1)
    same, other = forge(loaded, z, torch.tensor([4, 4])), forge(loaded, z, torch.tensor([4, 5]))
    assert torch.equal(same[0], same[1])
    assert not torch.equal(other[0], other[1])


def test_metadata_holds_the_config_for_anybody_to_read(model: bytes, trained: Trainer) -> None:
    length = int.from_bytes(model[:8], "little")
    metadata = json.loads(model[8 : 8 + length])["__metadata__"]
    assert (metadata["kind"], metadata["version"]) == ("model", "1")
    assert TrainConfig.from_json(metadata["config"]) == trained.config
