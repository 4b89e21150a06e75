"""Latents that hold codes beside normal numbers, and discriminators that draw: what of it leaves Python."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from gan.cli import main
from gan.config import TrainConfig
from gan.data import DataSet, spec
from gan.export.explorable import opening
from gan.export.onnx_file import onnx_content
from gan.export.program import compile_model, wire
from gan.games import KINDS, rules
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.latents import codec, directions, sampling
from gan.latents.spec import LatentSpec, Part
from gan.models.model import Model, load_model, model_content
from gan.models.sampling import sample
from gan.networks.generator import Generator
from gan.training.trainer import Trainer
from tests.helpers import CPU

CLASSES = len(spec().classes)

NARROW: dict[str, Any] = {"generator.widths": (16, 8, 8), "generator.latent_dim": 6, "data.batch_size": 16}
MADE: dict[str, dict[str, Any]] = {
    "infogan": {"categories": 4, "uniform_codes": 3},
    "ebgan": {"discriminator.widths": (24, 8), "ink_scale": 0.0},
}
"""What the small models of a game have that others have not."""
CODES = LatentSpec((Part("normal", 6), Part("uniform", 3), Part("categorical", 4)))
"""The latents of the small infogan."""


def config_of(kind: str, **changes: Any) -> TrainConfig:
    """A small model of a game."""
    return TrainConfig().changed({"kind": kind, **NARROW, **MADE.get(kind, {}), **changes})


def model_of(kind: str, **changes: Any) -> Model:
    """Networks of a game whose weights are float16 numbers, and whose batch norms have seen something."""
    config = config_of(kind, **changes)
    torch.manual_seed(3)
    players = rules(config).players(config)
    for network in players.values():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
        network.half().float().eval().requires_grad_(False)
    generator = players[GENERATOR]
    assert isinstance(generator, Generator)
    return Model(config, generator, players[DISCRIMINATOR], 0, 0.0)


def are_codes(z: Tensor, spec: LatentSpec = CODES) -> bool:
    """Whether the codes of latents (N, size) are such as training draws."""
    for part, place in spec.places():
        values = z[:, place]
        if part.kind == "uniform" and values.abs().max() > 1:
            return False
        if part.kind == "categorical" and not torch.equal(values, torch.eye(part.size)[values.argmax(1)]):
            return False
    return True


def header_of(content: bytes) -> dict[str, Any]:
    """The header of a program as it travels."""
    (length,) = struct.unpack("<I", content[:4])
    found: dict[str, Any] = json.loads(content[4 : 4 + length])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_header_says_what_a_latent_is_made_of_and_how_a_score_reads(kind: str) -> None:
    """Nothing else tells the page which game it was."""
    model = model_of(kind)
    header = header_of(wire(compile_model(model)))
    assert header["latents"] == [{"kind": part.kind, "size": part.size} for part in model.latents.parts]
    assert header["latent_dim"] == model.latents.size == model.generator.latent_size
    assert header["score"]["meaning"]
    assert header["score"]["energy"] == (kind == "ebgan")
    last = [layer for layer in header["discriminator"] if "bias" in layer][-1]
    told = DISCRIMINATOR in rules(model.config).told
    assert last["bias"][1] == ([784] if kind == "ebgan" else [CLASSES] if told else [1])


def test_codes_follow_the_normal_numbers_in_the_header() -> None:
    header = header_of(wire(compile_model(model_of("infogan"))))
    kinds = [(part["kind"], part["size"]) for part in header["latents"]]
    assert kinds == [("normal", 6), ("uniform", 3), ("categorical", 4)]
    assert header["latent_dim"] == 13


def test_onnx_file_takes_codes_as_pytorch_does() -> None:
    model = model_of("infogan")
    z = sampling.sample(12, model.latents, seed=4)
    session = onnxruntime.InferenceSession(onnx_content(compile_model(model)), providers=["CPUExecutionProvider"])
    assert [(given.name, given.shape[1]) for given in session.get_inputs()] == [("z", 13)]
    (found,) = session.run(["images"], {"z": z.numpy()})
    expected = model.generator(z).numpy()
    assert np.abs(found - expected).max() * 127.5 < 2
    assert expected.std() > 0.01


def test_links_carry_codes() -> None:
    """A code of one value exactly, a uniform one to a sixteen bit float."""
    z = sampling.sample(20, CODES, seed=1)
    found = torch.cat([codec.decode(codec.encode(one)) for one in z])
    assert are_codes(found)
    assert torch.equal(found[:, 9:], z[:, 9:])
    assert torch.allclose(found, z, atol=2e-3)


def test_model_opens_at_codes_that_there_are() -> None:
    assert are_codes(codec.decode(opening(model_of("infogan"))))


def test_samples_hold_their_latents(digits: DataSet, tmp_path: Path) -> None:
    """Latents of `gan sample` are such as training draws, and make the very pictures beside them."""
    path, out = tmp_path / "model.safetensors", tmp_path / "some.npz"
    path.write_bytes(model_content(Trainer(config_of("infogan"), digits, CPU).model(0.0)))
    assert main(["sample", str(path), "--out", str(out), "--n", "30", "--seed", "5"]) == 0
    with np.load(out) as arrays:
        z = torch.from_numpy(arrays["latents"])
        images, labels = arrays["images"], arrays["labels"]
    assert z.shape == (30, 13)
    assert are_codes(z)
    assert len(set(z[:, 9:].argmax(1).tolist())) > 1
    assert set(labels.tolist()) == {255}
    assert np.array_equal(sample(load_model(path), z, None).numpy(), images)


@pytest.mark.parametrize("way", [0, 1, 2])
def test_directions_leave_codes_alone(way: int) -> None:
    model = model_of("infogan")
    basis = directions.bases(model.generator, model.latents)[way]
    assert basis.directions.shape == (6, 13)
    assert torch.equal(basis.directions[:, 6:], torch.zeros(6, 7))
    assert torch.allclose(basis.directions.norm(dim=1), torch.ones(6), atol=1e-5)


class _Layer(nn.Module):
    """Activations (3 z_0, z_1, and what two codes do, many times as much)."""

    classes = 0

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 4, bias=False), nn.LeakyReLU(1.0))
        rows = [[3.0, 0, 20, 0, 0], [0, 1.0, 0, 30, 0], [0, 0, 40, 0, 50], [0, 0, 0, 60, 0]]
        with torch.no_grad():
            self.layers[0].weight.copy_(torch.tensor(rows))

    def conditioned(self, z: Tensor, y: Tensor) -> Tensor:
        return z


SMALL = LatentSpec((Part("normal", 2), Part("uniform", 1), Part("categorical", 2)))


def test_components_of_activations_are_found_within_a_code() -> None:
    """As without codes: variances 9 and 1."""
    found = directions.activation_components(_Layer(), SMALL)  # type: ignore[arg-type]
    assert found.shape == (2, 5)
    assert torch.allclose(found.abs(), torch.eye(2, 5), atol=0.05)


class _Bar(Generator):
    """Draws a vertical bar. Its slant is the first number of z, and a uniform code, which counts five times as much."""

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        rows = torch.arange(28.0) - 13.5
        middle = 13.5 + 0.05 * (z[:, :1] + 5 * z[:, 2:3]) * rows
        distance = (torch.arange(28.0)[None, None, :] - middle[:, :, None]).abs()
        return (2 * torch.exp(-distance) - 1).unsqueeze(1)


def test_direction_gets_its_name_within_a_code() -> None:
    generator = _Bar(TrainConfig().generator, 5)
    assert directions.Moving(generator, SMALL).names(torch.eye(2, 5)) == ["slant", ""]
