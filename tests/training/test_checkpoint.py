import json
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from gan import device
from gan.config import TrainConfig
from gan.data import DataSet
from gan.games import spec_of
from gan.models import container
from gan.models.files import ModelError
from gan.models.find import resolve
from gan.models.model import load_model, model_content
from gan.models.sampling import as_bytes, sample
from gan.training import checkpoint
from gan.training.checkpoint import load_checkpoint
from gan.training.trainer import Trainer
from tests.helpers import KINDS, OLD, assert_equal, build, is_sentence, rewritten, small, version_1


@pytest.fixture(scope="module")
def trained(digits: DataSet) -> Trainer:
    return build(digits, steps=2)


@pytest.fixture(scope="module")
def model(trained: Trainer) -> bytes:
    return model_content(trained.model(1.5))


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(content)
    return path


def _as_config(**changes: Any) -> str:
    return json.dumps(small(**changes).to_dict())


def _next_latents(trainer: Trainer) -> torch.Tensor:
    return spec_of(trainer.config).sample(4, trainer.noise)


class _Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.write_text, (self.mark, "unpickled")


@pytest.mark.parametrize("kind", KINDS)
def test_model_holds_the_average_and_d_in_float16(tmp_path: Path, digits: DataSet, kind: str) -> None:
    trainer = build(digits, kind, steps=2)
    loaded = load_model(_written(tmp_path, model_content(trainer.model(1.5))))
    assert (loaded.config, loaded.images, loaded.seconds) == (trainer.config, 64, 1.5)
    for network, original in ((loaded.generator, trainer.generator_ema), (loaded.discriminator, trainer.discriminator)):
        rounded = {k: v.half().float() if v.is_floating_point() else v for k, v in original.state_dict().items()}
        assert_equal(network.state_dict(), rounded)


@pytest.mark.parametrize("preset", OLD)
def test_model_of_version_1_is_read(tmp_path: Path, digits: DataSet, preset: str) -> None:
    """Its settings say nothing of what came later, and its D looks at the picture as it is."""
    old = version_1(preset, widths_g=[16, 16], widths_d=[16, 16], latent_dim=8, batch_size=32, device="cpu")
    trainer = Trainer(TrainConfig.from_dict(old), digits)
    for _ in range(2):
        trainer.step()
    content = model_content(trainer.model(1.5))
    now = load_model(_written(tmp_path, content))
    lifted = load_model(_written(tmp_path, rewritten(content, config=json.dumps(old))))
    assert lifted.config == now.config == trainer.config
    assert lifted.discriminator.ink_scale == 0
    z, (x, y) = torch.randn(32, 8), next(trainer.sampler)
    assert torch.equal(lifted.generator(z, y), now.generator(z, y))
    with torch.no_grad():
        said = trainer.discriminator.eval()(x, y)
    assert torch.allclose(lifted.discriminator(x, y), said, atol=0.02 * said.std().item())


def test_spectral_norm_survives_half_precision(tmp_path: Path, digits: DataSet) -> None:
    """The estimate of the largest singular value is kept too: D says what it said, but for float16's rounding."""
    trainer = build(digits, steps=5, spectral_norm_d=True)
    loaded = load_model(_written(tmp_path, model_content(trainer.model(1.5))))
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
    networks = (trained.generator_ema, trained.discriminator)
    numbers = sum(value.numel() for network in networks for value in network.state_dict().values())
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
        (lambda content: rewritten(content, config='{"schema_version": 6}'), "cannot be rebuilt: .*version 6"),
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


# One stage begins with the step after the checkpoint, one within the steps that follow.
STAGES = "96: batch_size=16, lr_g=0.0005; 120: batch_size=48, shift=1, ema_kimg=1"


@pytest.mark.parametrize("schedule", ["", STAGES])
def test_run_through_a_file_continues_bit_for_bit(tmp_path: Path, digits: DataSet, schedule: str) -> None:
    """All presets and options are the trainer's tests."""
    conv = {"architecture": "conv", "architecture_d": "conv", "schedule": schedule}
    whole, first, second = (build(digits, steps=steps, **conv) for steps in (6, 3, 0))
    path = _written(tmp_path, checkpoint.checkpoint_content(first, {"seconds": 2.5}))
    assert load_checkpoint(path, second)["seconds"] == 2.5
    for _ in range(3):
        second.step()
    assert_equal(second.tensors(), whole.tensors())
    assert (second.images_seen, second.steps) == (whole.images_seen, whole.steps)
    assert whole.images_seen == (96 + 2 * 16 + 48 if schedule else 6 * 32)


def test_checkpoint_remembers_changed_learning_rates(tmp_path: Path, digits: DataSet) -> None:
    trainer = build(digits, steps=1)
    trainer.lr_g, trainer.lr_d = 3e-4, 5e-5
    path = _written(tmp_path, checkpoint.checkpoint_content(trainer, {}))
    fresh = build(digits)
    load_checkpoint(path, fresh)
    assert (fresh.lr_g, fresh.lr_d) == (3e-4, 5e-5)


def test_checkpoint_before_the_first_step_is_a_beginning(tmp_path: Path, digits: DataSet) -> None:
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
    tmp_path: Path, digits: DataSet, trained: Trainer, damage: Callable[[bytes], bytes], said: str
) -> None:
    content = damage(checkpoint.checkpoint_content(trained, {"seconds": 0.0}))
    with pytest.raises(ModelError, match=said) as caught:
        load_checkpoint(_written(tmp_path, content), build(digits))
    assert is_sentence(str(caught.value))


def test_checkpoint_of_another_run_does_not_fit(tmp_path: Path, digits: DataSet, trained: Trainer) -> None:
    path = _written(tmp_path, checkpoint.checkpoint_content(trained, {"seconds": 0.0}))
    with pytest.raises(
        ModelError, match=r"the run's settings: discriminator\.widths is 16, 16 there and 16, 24 in the run"
    ) as caught:
        load_checkpoint(path, build(digits, widths_d=(16, 24)))
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("name", ["optimizer_g.0.exp_avg", "optimizer_d.1.exp_avg_sq", "optimizer_d.2.step"])
def test_checkpoint_without_a_moment_does_not_fit(tmp_path: Path, digits: DataSet, trained: Trainer, name: str) -> None:
    tensors = trained.tensors()
    del tensors[name]
    content = container.content("checkpoint", trained.config, tensors, {"images": 64, "lr_g": 1e-3, "lr_d": 1e-3})
    with pytest.raises(ModelError, match=f"{name} is missing"):
        load_checkpoint(_written(tmp_path, content), build(digits))


@pytest.mark.parametrize(
    "name",
    [
        *("optimizer_g.99.exp_avg", "optimizer_d.99.step", "optimizer_g.first.exp_avg", "optimizer_d.0"),
        *("optimizer_g.0.exp_avg", "optimizer_d.1.exp_avg_sq"),  # there is such a moment, but of another shape
    ],
)
def test_checkpoint_with_moments_of_no_parameter_does_not_fit(
    tmp_path: Path, digits: DataSet, trained: Trainer, name: str
) -> None:
    tensors = safetensors.torch.load(checkpoint.checkpoint_content(trained, {"seconds": 0.0}))
    about = {"images": 64, "lr_g": 1e-3, "lr_d": 1e-3}
    content = container.content("checkpoint", trained.config, tensors | {name: torch.zeros(3)}, about)
    with pytest.raises(ModelError, match=rf"{name} (is not part of it|has the shape \[3\])") as caught:
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
    z, y = torch.randn(7, loaded.latents.size), torch.arange(7)
    together = sample(loaded, z, y)
    assert (together.shape, together.dtype) == ((7, 28, 28), torch.uint8)
    # Another batch size may add up in another order: one grey level.
    assert (sample(loaded, z, y, batch=3).int() - together.int()).abs().max() <= 1


def test_forged_digits_follow_their_labels(tmp_path: Path, model: bytes) -> None:
    loaded = load_model(_written(tmp_path, model))
    z = torch.randn(1, loaded.latents.size).repeat(2, 1)
    same, other = sample(loaded, z, torch.tensor([4, 4])), sample(loaded, z, torch.tensor([4, 5]))
    assert torch.equal(same[0], same[1])
    assert not torch.equal(other[0], other[1])


def test_metadata_holds_the_config_for_anybody_to_read(model: bytes, trained: Trainer) -> None:
    length = int.from_bytes(model[:8], "little")
    metadata = json.loads(model[8 : 8 + length])["__metadata__"]
    assert (metadata["kind"], metadata["version"]) == ("model", "1")
    assert TrainConfig.from_json(metadata["config"]) == trained.config


def _damaged(content: bytes, name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> bytes:
    """The file with one tensor changed, its metadata kept."""
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    tensors = safetensors.torch.load(content)
    return safetensors.torch.save(tensors | {name: change(tensors[name]).contiguous()}, metadata)


WEIGHT, MEAN, VARIANCE, COUNTER = (
    "generator.layers.0.weight",
    "generator.layers.2.running_mean",
    "generator.layers.2.running_var",
    "generator.layers.2.num_batches_tracked",
)


def _one(value: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """Changes a tensor in one number."""

    def change(tensor: torch.Tensor) -> torch.Tensor:
        changed = tensor.clone()
        changed.view(-1)[-1] = value
        return changed

    return change


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (WEIGHT, _one(math.nan), "is not finite"),
        (WEIGHT, _one(math.inf), "is not finite"),
        (MEAN, _one(-math.inf), "is not finite"),
        (VARIANCE, _one(-0.5), "is negative"),
        (COUNTER, _one(-1), "is negative"),
        (WEIGHT, lambda tensor: tensor.to(torch.int8), "is of type I8"),
        (WEIGHT, lambda tensor: tensor.bool(), "is of type BOOL"),
        (WEIGHT, lambda tensor: tensor.double(), "is of type F64"),
        (WEIGHT, lambda tensor: tensor.to(torch.complex64), "is of type C64"),
        (COUNTER, lambda tensor: tensor.float(), "is of type F32"),
        (WEIGHT, lambda tensor: tensor.T, "has the shape"),
        (WEIGHT, lambda tensor: tensor.flatten(), "has the shape"),
        (COUNTER, lambda tensor: tensor.view(1), "has the shape"),
    ],
)
def test_numbers_that_no_network_has_are_refused(
    tmp_path: Path, digits: DataSet, name: str, change: Callable[[torch.Tensor], torch.Tensor], said: str
) -> None:
    """In models and in checkpoints."""
    trainer = build(digits, steps=1)
    for content, load in (
        (model_content(trainer.model(1.5)), load_model),
        (checkpoint.checkpoint_content(trainer, {"seconds": 1.5}), lambda path: load_checkpoint(path, trainer)),
    ):
        path = _written(tmp_path, content)
        load(path)
        path = _written(tmp_path, _damaged(content, name, change))
        with pytest.raises(ModelError, match=f"{name} {said}") as caught:
            load(path)
        assert is_sentence(str(caught.value))


@pytest.mark.parametrize("name", ["generator.more", "more", "average.layers.0.weight"])
def test_tensors_that_belong_to_no_network_are_refused(tmp_path: Path, model: bytes, name: str) -> None:
    content = _damaged(model, WEIGHT, lambda tensor: tensor)
    length = int.from_bytes(content[:8], "little")
    tensors = safetensors.torch.load(content) | {name: torch.zeros(3)}
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    with pytest.raises(ModelError, match=f"{name} is not part of it"):
        load_model(_written(tmp_path, safetensors.torch.save(tensors, metadata)))


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32"])
def test_weights_of_any_floating_type_are_read(tmp_path: Path, model: bytes, kind: str) -> None:
    content = _damaged(model, WEIGHT, lambda tensor: tensor.to(getattr(torch, kind)))
    assert load_model(_written(tmp_path, content)).generator.layers[0].weight.dtype == torch.float32


@pytest.mark.parametrize(
    "about",
    [
        *('{"images": NaN, "seconds": 0}', '{"images": -1, "seconds": 0}', '{"images": true, "seconds": 0}'),
        *('{"images": 1e300, "seconds": 0}', '{"images": "7", "seconds": 0}', '{"images": 1, "seconds": -Infinity}'),
        *('{"images": 1, "seconds": null}', '{"images": 1, "seconds": [2]}', "null", "[" * 100_000),
    ],
)
def test_history_that_no_run_has_is_refused(tmp_path: Path, model: bytes, about: str) -> None:
    with pytest.raises(ModelError, match=r"does not hold the networks|cannot be rebuilt") as caught:
        load_model(_written(tmp_path, rewritten(model, about=about)))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("config", ["[" * 100_000, '{"a":' * 100_000, '{"schema_version": ' + "9" * 5000 + "}"])
def test_settings_of_brackets_are_refused(tmp_path: Path, model: bytes, config: str) -> None:
    with pytest.raises(ModelError, match="cannot be rebuilt") as caught:
        load_model(_written(tmp_path, rewritten(model, config=config)))
    assert len(str(caught.value)) < 400


def test_settings_of_gigabytes_build_nothing(tmp_path: Path, model: bytes) -> None:
    """A billion parameters; the file holds a few thousand."""
    with pytest.raises(ModelError, match=r"has the shape|is missing|is not part"):
        load_model(_written(tmp_path, rewritten(model, config=_as_config(widths_g=(4096, 4096, 4096, 4096)))))


def test_header_that_announces_gigabytes_is_refused(tmp_path: Path) -> None:
    """Of the header itself, or of its data; neither is there."""
    tensor = {"dtype": "F32", "shape": [10**10], "data_offsets": [0, 4 * 10**10]}
    header = json.dumps({WEIGHT: tensor}).encode()
    for content in ((10**12).to_bytes(8, "little") + b"{", len(header).to_bytes(8, "little") + header):
        with pytest.raises(ModelError, match="not a whole safetensors file"):
            load_model(_written(tmp_path, content))


def test_data_of_gigabytes_that_is_there_is_not_read(tmp_path: Path, model: bytes) -> None:
    """A file with a hole: 40 GB that take no room on the disk."""
    length = int.from_bytes(model[:8], "little")
    header = json.loads(model[8 : 8 + length])
    metadata = header["__metadata__"]
    tensor = {"dtype": "F32", "shape": [10**10], "data_offsets": [0, 4 * 10**10]}
    text = json.dumps({"__metadata__": metadata, WEIGHT: tensor}).encode()
    path = _written(tmp_path, len(text).to_bytes(8, "little") + text)
    with path.open("r+b") as file:
        file.truncate(8 + len(text) + 4 * 10**10)
    with pytest.raises(ModelError, match=r"does not hold the networks|larger than the memory"):
        load_model(path)


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "loop"):
        with pytest.raises(ModelError, match=r"is not a plain file|cannot be read") as caught:
            load_model(path)
        assert is_sentence(str(caught.value))


def test_large_weights_stay_finite_in_half_precision(tmp_path: Path, digits: DataSet) -> None:
    trainer = build(digits)
    with torch.no_grad():
        trainer.generator_ema.layers[0].weight[0, 0] = 1e6
    loaded = load_model(_written(tmp_path, model_content(trainer.model(0.0))))
    assert loaded.generator.layers[0].weight[0, 0] == 65504


def test_loading_draws_no_random_numbers(tmp_path: Path, model: bytes) -> None:
    path = _written(tmp_path, model)
    before = torch.get_rng_state()
    load_model(path)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [16, 44])
def test_checkpoint_of_another_kind_of_device_goes_on_with_new_random_numbers(
    tmp_path: Path, digits: DataSet, trained: Trainer, size: int
) -> None:
    """The state of CUDA's generator takes 16 bytes, of Apple's 44; a CPU's 5,056. What follows from it is said."""
    content = checkpoint.checkpoint_content(trained, {"seconds": 1.0})
    path = _written(tmp_path, _damaged(content, "noise", lambda _: torch.zeros(size, dtype=torch.uint8)))
    first, second, whole = build(digits), build(digits), build(digits)
    for trainer in (first, second):
        load_checkpoint(path, trainer)
        assert "random numbers have begun anew" in trainer.note
    load_checkpoint(_written(tmp_path, content), whole)
    assert whole.note == ""
    assert first.images_seen == trained.images_seen
    assert torch.equal(_next_latents(first), _next_latents(second))
    assert not torch.equal(_next_latents(first), _next_latents(build(digits)))
    assert_equal(first.generator.state_dict(), trained.generator.state_dict())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_precision_that_was_found_stays(
    tmp_path: Path, digits: DataSet, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    """On a processor that would choose the other one by itself."""
    monkeypatch.setattr(device, "_computes_in_bfloat16", lambda _: dtype == torch.bfloat16)
    path = _written(tmp_path, checkpoint.checkpoint_content(build(digits, precision="auto"), {"seconds": 0.0}))
    monkeypatch.setattr(device, "_computes_in_bfloat16", lambda _: dtype != torch.bfloat16)
    again = build(digits, precision="auto")
    assert again.dtype != dtype
    load_checkpoint(path, again)
    assert again.dtype == dtype


def test_run_that_moves_or_gets_more_time_keeps_its_checkpoint(
    tmp_path: Path, digits: DataSet, trained: Trainer
) -> None:
    path = _written(tmp_path, checkpoint.checkpoint_content(trained, {"seconds": 1.0}))
    load_checkpoint(path, build(digits, images=6400, threads=1, patience=5.0, device="auto"))
    for name, value in {"lr_g": 1e-4, "batch_size": 64, "loss": "hinge", "seed": 1}.items():
        with pytest.raises(ModelError, match=f"the run's settings: {name} is"):
            load_checkpoint(path, build(digits, **{name: value}))
