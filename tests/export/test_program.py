import json
import struct

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from gan.data import spec
from gan.export import program as program_module
from gan.export.content import ExportError
from gan.export.onnx_file import onnx_content
from gan.export.program import Layer, Program, compile_model, fingerprint, wire
from gan.latents import sampling
from gan.models.model import Model, load_model
from gan.paths import PRETRAINED
from tests.helpers import KINDS, networks, small

CLASSES = len(spec().classes)

COUNT = 12
Y = torch.arange(COUNT) % CLASSES
CONV_PAIR = {"architecture": "conv", "architecture_d": "same", "widths_g": (24, 6, 5), "widths_d": (5, 6, 7)}
SHAPES = [
    *((kind, {}) for kind in KINDS),
    ("cgan", CONV_PAIR | {"batch_norm_d": True, "activation_g": "relu"}),
    ("cgan", {"architecture": "mlp", "widths_g": (24, 20), "widths_d": (9,), "output": "sigmoid"}),
    ("cgan", {"latent_scale": 0.5}),
    ("dcgan", {"latent_scale": 0.0, "architecture": "mlp", "widths_g": (24, 20), "widths_d": (9,)}),
    ("cgan", {"conditional": False, "batch_norm_d": True, "batch_norm_g": False}),
    ("dcgan", {"conditional": True, "spectral_norm_d": True, "loss": "hinge"}),
]


def model_of(kind: str, **changes: object) -> Model:
    """Networks whose weights are float16 numbers, and whose batch norms have seen something."""
    config = small(kind, **changes)
    torch.manual_seed(3)
    generator, discriminator = networks(config)
    for network in (generator, discriminator):
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                nn.init.uniform_(module.weight, 0.5, 2)
                nn.init.normal_(module.bias, 0, 0.3)
        network.half().float().eval().requires_grad_(False)
    return Model(config, generator, discriminator, 0, 0.0)


@pytest.fixture(params=SHAPES, ids=lambda shape: "-".join(map(str, (shape[0], *shape[1]))))
def model(request: pytest.FixtureRequest) -> Model:
    kind, changes = request.param
    return model_of(kind, **changes)


def _forged(program: Program, z: np.ndarray, mix: np.ndarray) -> np.ndarray:
    """What an ONNX runtime, which knows nothing of this project, makes of the exported file: (N, 1, 28, 28)."""
    session = onnxruntime.InferenceSession(onnx_content(program), providers=["CPUExecutionProvider"])
    given = {"z": z, "mix": mix} if program.conditional else {"z": z}
    found: np.ndarray = session.run(["images"], given)[0]
    return found


def _mix(y: torch.Tensor) -> np.ndarray:
    return np.eye(CLASSES, dtype=np.float32)[y.numpy()]


def test_pictures_are_those_of_pytorch(model: Model) -> None:
    """To within 2 of 255 grey values: folding rounds other numbers to float16 than the file has."""
    z = sampling.sample(COUNT, model.latents, seed=4)
    expected = model.generator(z, Y).numpy()
    found = _forged(compile_model(model), z.numpy(), _mix(Y))
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() * 127.5 < 2
    assert expected.std() > 0.01


def test_pictures_of_the_shipped_generator_are_those_of_pytorch() -> None:
    model = load_model(PRETRAINED)
    z = sampling.sample(COUNT, model.latents, seed=4)
    found = _forged(compile_model(model), z.numpy(), _mix(Y))
    assert np.abs(found - model.generator(z, Y).numpy()).max() * 127.5 < 2


def test_mix_of_digits_is_the_mix_of_their_embeddings() -> None:
    """Half a 3 and half an 8 is the generator with the embedding half way between theirs."""
    model = model_of("cgan")
    assert model.generator.embedding is not None
    z = sampling.sample(COUNT, model.latents, seed=4)
    mix = np.zeros((COUNT, CLASSES), np.float32)
    mix[:, [3, 8]] = 0.5
    found = _forged(compile_model(model), z.numpy(), mix)
    weight = model.generator.embedding.weight
    weight[0] = (weight[3] + weight[8]) / 2
    expected = model.generator(z, torch.zeros(COUNT, dtype=torch.long)).numpy()
    assert np.abs(found - expected).max() * 127.5 < 2
    assert np.abs(found - _forged(compile_model(model), z.numpy(), _mix(torch.full((COUNT,), 3)))).max() > 0.02


def test_batch_norm_is_folded_by_hand() -> None:
    """One unit, weight 2 and bias 1; mean 3, variance 4 − 1e-5, gain 6, offset 5: (2x + 1 − 3) / 2 · 6 + 5 = 6x − 1."""
    norm = nn.BatchNorm1d(1)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.fill_(3.0)
    norm.running_var.fill_(4.0 - 1e-5)
    nn.init.constant_(norm.weight, 6.0)
    nn.init.constant_(norm.bias, 5.0)
    folded = program_module._folded(Layer("linear", np.float32([[2.0]]), np.float32([1.0])), norm)
    assert folded.weight == pytest.approx(np.array([[6.0]]), abs=1e-5)
    assert folded.bias == pytest.approx(np.array([-1.0]), abs=1e-5)


def test_no_batch_norm_and_no_embedding_is_left(model: Model) -> None:
    program = compile_model(model)
    weighted = [layer for layer in program.generator if layer.weight is not None]
    assert len(weighted) == sum(isinstance(m, nn.Linear | nn.ConvTranspose2d) for m in model.generator.modules())
    first, last = program.generator[0], program.discriminator[-1]
    assert first.weight is not None
    assert first.bias is not None
    assert last.weight is not None
    assert first.weight.shape[1] == model.latents.size
    assert first.bias.ndim == (2 if model.config.conditional else 1)
    assert len(last.weight) == (CLASSES if model.config.conditional else 1)


def test_layer_that_the_page_cannot_run_is_refused() -> None:
    with pytest.raises(ExportError, match=r"A GELU cannot be exported\."):
        program_module._layers(nn.Sequential(nn.GELU()), 28)


def test_wire_holds_every_weight_at_its_place(model: Model) -> None:
    program = compile_model(model)
    content = wire(program, {"name": "mine"})
    (length,) = struct.unpack("<I", content[:4])
    header = json.loads(content[4 : 4 + length])
    numbers = np.frombuffer(content[4 + length :], "<f2")
    assert length % 4 == 0
    assert header["name"] == "mine"
    assert header["conditional"] == model.config.conditional
    assert header["latent_dim"] == model.latents.size
    used = 0
    for network in ("generator", "discriminator"):
        layers = getattr(program, network)
        assert [told["operation"] for told in header[network]] == [layer.operation for layer in layers]
        for told, layer in zip(header[network], layers, strict=True):
            for name in ("weight", "bias"):
                values = getattr(layer, name)
                assert (values is None) == (name not in told)
                if values is not None:
                    offset, shape = told[name]
                    assert offset == used
                    used += values.size
                    assert np.array_equal(numbers[offset:used].reshape(shape), values)
    assert used == len(numbers)


def test_hash_is_that_of_the_weights_and_not_of_what_is_said_about_them() -> None:
    def hashed(content: bytes) -> str:
        (length,) = struct.unpack("<I", content[:4])
        found: str = json.loads(content[4 : 4 + length])["hash"]
        return found

    model = model_of("cgan")
    program = compile_model(model)
    assert hashed(wire(program)) == hashed(wire(program, {"name": "mine"})) == fingerprint(program)
    model.generator.layers[0].weight[0, 0] += 1
    assert hashed(wire(compile_model(model))) != hashed(wire(program))
