"""A model as a program that runs anywhere: flat lists of layers, and one buffer of weights.

The page and the standalone file run it in JavaScript (`gan/web/src/runtime.js`), ONNX runtimes after
`onnx_content`. Batch norm is folded into the layer before it, spectral norm into its weight, the class's embedding
into the first bias, D's projection into its last layer; what is left works on flat arrays, row by row as PyTorch
lays them out (channel, height, width).

A conditional model takes the *mix*, a number for each class that sum to 1: how much of each is asked for. Its first
bias has a row for each class, and D a logit for each; both are mixed by it. A single class is the mix with one 1.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from gan.export.content import ExportError
from gan.games import rules
from gan.games.game import Score
from gan.latents.spec import LatentSpec
from gan.models.model import Model
from gan.networks.autoencoder import Autoencoder
from gan.networks.discriminator import Discriminator
from gan.networks.generator import Generator
from gan.networks.layers import IMAGE
from gan.system.framing import framed

VERSION = 1
Operation = Literal["linear", "conv", "conv_transpose", "leaky_relu", "tanh", "sigmoid", "affine"]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """One operation on a flat array.

    `linear`: weight (out, in) and bias (out,), or (classes, out) where the bias depends on the class. `conv`: weight
    (out, in, k, k); `conv_transpose`: weight (in, out, k, k); both with bias (out,), on `size` × `size` pixels.
    `leaky_relu` multiplies what is below zero by `slope`; `affine` is `scale` · x + `shift`.
    """

    operation: Operation
    weight: Floats | None = None
    bias: Floats | None = None
    size: int = 0
    stride: int = 1
    padding: int = 0
    slope: float = 0.0
    scale: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class Program:
    """What stands in a model file, ready to run. `generator` makes 784 pixels in [-1, 1] of a latent,
    `discriminator` makes a logit of them, or one for each class; or, where its score is an energy, the picture
    anew, whose mean squared difference from the first is the score. Without layers there is no discriminator."""

    generator: tuple[Layer, ...]
    discriminator: tuple[Layer, ...]
    latents: LatentSpec
    conditional: bool
    classes: tuple[str, ...]
    """The names of the classes of its data set."""
    score: Score
    """How to read the discriminator's number."""


def compile_model(model: Model) -> Program:
    """The program of a model; weights are rounded to float16, as they travel. Raises `ExportError` for a layer that
    the page cannot run."""
    config = model.config
    return Program(
        tuple(_rounded(layer) for layer in _generator(model.generator)),
        tuple(_rounded(layer) for layer in _discriminator(model.discriminator)) if model.discriminator else (),
        model.latents,
        config.conditional,
        config.data.spec.classes,
        rules(config).score,
    )


def _generator(network: Generator) -> list[Layer]:
    layers, size = _layers(network.layers, size=7), network.latent_size
    if network.latent_scale != 1:
        first = layers[0]
        assert first.weight is not None
        columns = np.ones(first.weight.shape[1], np.float32)
        columns[: network.normal] = network.latent_scale
        layers[0] = replace(first, weight=first.weight * columns)
    if network.embedding is not None:
        first = layers[0]
        assert first.weight is not None
        assert first.bias is not None
        # In float64, so that what is rounded to float16, and its hash, do not depend on a processor's order of summing.
        embedded = _doubles(network.embedding.weight) @ first.weight[:, size:].T.astype(np.float64)
        layers[0] = Layer("linear", first.weight[:, :size], (embedded + first.bias).astype(np.float32))
    return [*layers, Layer("affine", scale=2.0, shift=-1.0)] if network.sigmoid else layers


def _discriminator(network: nn.Module) -> list[Layer]:
    if isinstance(network, Autoencoder):
        seen = _scaled(network.ink_scale)
        return [*seen, *_layers(network.encoder, size=IMAGE[1]), *_layers(network.decoder, size=IMAGE[1])]
    if not isinstance(network, Discriminator):
        raise ExportError(f"A {type(network).__name__} cannot be exported.")
    layers = _layers(network.features, size=IMAGE[1])
    weight, bias = _floats(network.logit.weight), _floats(network.logit.bias)
    if network.projection is not None:
        weight = weight + _floats(network.projection.weight)
        bias = np.repeat(bias, len(weight))
    return [*_scaled(network.ink_scale), *layers, Layer("linear", weight, bias)]


def _scaled(ink: float) -> list[Layer]:
    return [Layer("affine", scale=ink, shift=ink)] if ink else []


def _layers(modules: nn.Sequential, size: int) -> list[Layer]:
    """The layers of a network; `size` is that of the pictures which its first convolution sees."""
    layers: list[Layer] = []
    for module in modules:
        if isinstance(module, nn.Linear):
            layers.append(Layer("linear", _floats(module.weight), _bias(module, module.out_features)))
        elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            doubles = isinstance(module, nn.ConvTranspose2d)
            layers.append(
                Layer(
                    "conv_transpose" if doubles else "conv",
                    _floats(module.weight),
                    _bias(module, module.out_channels),
                    size,
                    int(module.stride[0]),
                    int(module.padding[0]),
                )
            )
            size = size * 2 if doubles else size // 2
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            layers[-1] = _folded(layers[-1], module)
        elif isinstance(module, nn.ReLU):
            layers.append(Layer("leaky_relu"))
        elif isinstance(module, nn.LeakyReLU):
            layers.append(Layer("leaky_relu", slope=module.negative_slope))
        elif isinstance(module, nn.Tanh):
            layers.append(Layer("tanh"))
        elif isinstance(module, nn.Sigmoid):
            layers.append(Layer("sigmoid"))
        elif not isinstance(module, nn.Flatten | nn.Unflatten):  # a flat array is flat already
            raise ExportError(f"A {type(module).__name__} cannot be exported.")
    return layers


def _doubles(tensor: Tensor) -> npt.NDArray[np.float64]:
    return _floats(tensor).astype(np.float64)


def _floats(tensor: Tensor) -> Floats:
    found: Floats = tensor.detach().float().cpu().numpy()
    return found


def _bias(module: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, outputs: int) -> Floats:
    return np.zeros(outputs, np.float32) if module.bias is None else _floats(module.bias)


def _folded(layer: Layer, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Layer:
    """The layer with the batch norm that follows it: both are affine maps, channel by channel."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert layer.weight is not None
    assert layer.bias is not None
    scale = _floats(norm.weight) / np.sqrt(_floats(norm.running_var) + norm.eps)
    shift = _floats(norm.bias) - _floats(norm.running_mean) * scale
    # A linear layer in front of convolutions makes all pixels of a channel, one after the other.
    pixels = len(layer.bias) // len(scale)
    scale, shift = np.repeat(scale, pixels), np.repeat(shift, pixels)
    outputs = 1 if layer.operation == "conv_transpose" else 0
    along = [1] * layer.weight.ndim
    along[outputs] = -1
    return Layer(
        layer.operation,
        layer.weight * scale.reshape(along),
        layer.bias * scale + shift,
        layer.size,
        layer.stride,
        layer.padding,
    )


def _rounded(layer: Layer) -> Layer:
    def half(values: Floats | None) -> Floats | None:
        return None if values is None else values.astype(np.float16).astype(np.float32)

    values = vars(layer) | {"weight": half(layer.weight), "bias": half(layer.bias)}
    return Layer(**values)


def wire(program: Program, about: dict[str, Any] | None = None) -> bytes:
    """The program as one buffer (`gan.system.framing.framed`), its weights as float16, little endian.

    In the header each weight and bias is [offset in numbers, shape]. `about` is added to it.
    """
    weights: list[npt.NDArray[np.float16]] = []
    used = 0

    def place(values: Floats) -> list[Any]:
        nonlocal used
        weights.append(values.astype("<f2").ravel())
        used += values.size
        return [used - values.size, list(values.shape)]

    def described(layer: Layer) -> dict[str, Any]:
        found: dict[str, Any] = {"operation": layer.operation}
        for name, value in vars(layer).items():
            if name in ("weight", "bias"):
                found |= {} if value is None else {name: place(value)}
            elif value != getattr(Layer, name, None):
                found[name] = value
        return found

    header = {
        "version": VERSION,
        "generator": [described(layer) for layer in program.generator],
        "discriminator": [described(layer) for layer in program.discriminator],
        "latent_dim": program.latents.size,
        "latents": [asdict(part) for part in program.latents.parts],
        "conditional": program.conditional,
        "classes": program.classes,
        "score": asdict(program.score),
        "hash": fingerprint(program),
    }
    return framed(header | (about or {}), np.concatenate(weights).tobytes())


def fingerprint(program: Program) -> str:
    """The hash by which a link knows its model: of the generator, since the picture depends on nothing else. 16
    hexadecimal digits, the same on every machine."""
    found = hashlib.sha256()
    for layer in program.generator:
        plain = {name: value for name, value in vars(layer).items() if not isinstance(value, np.ndarray)}
        found.update(json.dumps(plain).encode())
        for values in (layer.weight, layer.bias):
            if values is not None:
                found.update(json.dumps(values.shape).encode() + values.astype("<f2").tobytes())
    return found.hexdigest()[:16]
