"""Model files without their discriminator, as moments of a run are kept."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan import presets
from gan.data import DataSet
from gan.export.onnx_file import onnx_content
from gan.export.program import compile_model, fingerprint, wire
from gan.models.files import ModelError
from gan.models.model import Model, load_model, model_content
from gan.models.sampling import sample
from gan.models.snapshots import without_discriminator
from gan.training.checkpoint import begin_with
from tests.helpers import assert_equal, build

PRESETS = tuple(presets.PRESETS)


def _lightened(model: Model, folder: Path) -> tuple[Path, Path]:
    """The file of a model, and the same without its discriminator."""
    content = model_content(model)
    whole, light = folder / "whole.safetensors", folder / "light.safetensors"
    whole.write_bytes(content)
    stripped = without_discriminator(content)
    assert stripped is not None
    light.write_bytes(stripped)
    return whole, light


@pytest.mark.parametrize("name", PRESETS)
def test_generator_stays_to_the_bit(digits: DataSet, tmp_path: Path, name: str) -> None:
    whole, light = _lightened(build(digits, name, steps=1).model(2.5), tmp_path)
    before, after = load_model(whole), load_model(light)
    assert after.discriminator is None
    assert (after.config, after.images, after.seconds) == (before.config, before.images, 2.5)
    assert_equal(after.generator.state_dict(), before.generator.state_dict())
    assert load_model(light).generator.training is False


def test_file_without_a_discriminator_is_what_a_model_without_one_writes(digits: DataSet, tmp_path: Path) -> None:
    whole, light = _lightened(build(digits, steps=1).model(1.0), tmp_path)
    model = load_model(light)
    (tmp_path / "again.safetensors").write_bytes(model_content(model))
    again = load_model(tmp_path / "again.safetensors")
    assert again.discriminator is None
    assert_equal(again.generator.state_dict(), load_model(whole).generator.state_dict())


def test_there_is_nothing_to_take_from_a_file_twice(digits: DataSet) -> None:
    light = without_discriminator(model_content(build(digits).model(0.0)))
    assert light is not None
    assert without_discriminator(light) is None


@given(st.binary(max_size=200), st.integers(0, 300))
def test_what_is_no_model_file_stays_as_it_is(content: bytes, length: int) -> None:
    assert without_discriminator(content) is None
    assert without_discriminator(length.to_bytes(8, "little") + content) is None


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"discriminator.a": 3},
        {"discriminator.a": {}, "generator.a": {}},
        {"discriminator.a": {}, "generator.a": {"data_offsets": [1]}, "__metadata__": {}},
        {"discriminator.a": {"data_offsets": [0, 4]}},
    ],
)
def test_header_of_another_kind_leaves_the_file_as_it_is(header: object) -> None:
    text = json.dumps(header).encode()
    assert without_discriminator(len(text).to_bytes(8, "little") + text + b"1234") is None


def test_half_a_discriminator_is_refused(digits: DataSet, tmp_path: Path) -> None:
    """It is there, or it is not: what lacks some of its tensors is damaged."""
    import safetensors.torch

    model = build(digits, steps=1).model(0.0)
    whole, _ = _lightened(model, tmp_path)
    with safetensors.safe_open(whole, framework="pt") as file:
        metadata, names = file.metadata(), list(file.keys())
        kept = [name for name in names if name != next(one for one in names if one.startswith("discriminator."))]
        tensors = {name: file.get_tensor(name) for name in kept}
    safetensors.torch.save_file(tensors, whole, metadata)
    with pytest.raises(ModelError, match=r"discriminator\..* is missing"):
        load_model(whole)


def test_generator_can_not_be_missing(digits: DataSet, tmp_path: Path) -> None:
    model = build(digits).model(0.0)
    (tmp_path / "a.safetensors").write_bytes(
        model_content(model).replace(b'"generator.', b'"venerator.')  # of the same length
    )
    with pytest.raises(ModelError, match=r"is missing|is not part of it"):
        load_model(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", PRESETS)
def test_explorer_and_export_work_without_a_discriminator(digits: DataSet, tmp_path: Path, name: str) -> None:
    whole, light = (load_model(path) for path in _lightened(build(digits, name, steps=1).model(0.0), tmp_path))
    program = compile_model(light)
    assert program.discriminator == ()
    assert fingerprint(program) == fingerprint(compile_model(whole))  # a link knows both
    header = wire(program)
    length = int.from_bytes(header[:4], "little")
    assert json.loads(header[4 : 4 + length])["discriminator"] == []
    z = light.latents.sample(5, torch.Generator().manual_seed(1))
    y = torch.arange(5) if light.config.conditional else None
    torch.testing.assert_close(sample(light, z, y), sample(whole, z, y), rtol=0, atol=0)
    assert onnx_content(program)


def test_run_that_begins_with_a_moment_says_what_it_lacks(digits: DataSet, tmp_path: Path) -> None:
    trainer = build(digits, steps=1)
    _, light = _lightened(trainer.model(0.0), tmp_path)
    with pytest.raises(ModelError, match="The discriminator of this moment is not kept"):
        begin_with(load_model(light), build(digits))
