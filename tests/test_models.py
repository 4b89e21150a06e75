from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan.config import PRESETS, TrainConfig, preset
from gan.models import Discriminator, Generator, count_parameters
from tests.helpers import PRESETS as NAMES
from tests.helpers import small

COUNT = 6
Y = torch.arange(COUNT)


def _pair(config: TrainConfig) -> tuple[Generator, Discriminator]:
    torch.manual_seed(0)
    return Generator(config).eval(), Discriminator(config).eval()


def _inputs(config: TrainConfig) -> tuple[Tensor, Tensor]:
    """Latents far out, where outputs saturate, and noise for pictures."""
    return torch.randn(COUNT, config.latent_dim) * 10, torch.rand(COUNT, 1, 28, 28) * 2 - 1


ALL = pytest.mark.parametrize("name", NAMES)
UNCONDITIONAL = pytest.mark.parametrize("name", ["vanilla", "dcgan"])


@ALL
def test_generator_makes_pictures(name: str) -> None:
    generator, _ = _pair(preset(name))
    assert generator(_inputs(preset(name))[0], Y).shape == (COUNT, 1, 28, 28)


@ALL
def test_discriminator_gives_one_logit_a_picture(name: str) -> None:
    _, discriminator = _pair(preset(name))
    assert discriminator(_inputs(preset(name))[1], Y).shape == (COUNT,)


@pytest.mark.parametrize("output", ["tanh", "sigmoid"])
@ALL
def test_pictures_fill_minus_one_to_one(name: str, output: str) -> None:
    config = small(name, output=output)
    generator, _ = _pair(config)
    images = generator(100 * torch.randn(256, config.latent_dim), torch.arange(256) % 10)
    assert -1 <= images.min() < -0.5
    assert 0.5 < images.max() <= 1


def test_conditional_pair_looks_at_the_digit() -> None:
    config = preset("cgan")
    generator, discriminator = _pair(config)
    z, x = _inputs(config)
    assert not torch.allclose(generator(z, Y), generator(z, Y + 1))
    assert not torch.allclose(discriminator(x, Y), discriminator(x, Y + 1))


@UNCONDITIONAL
def test_unconditional_pair_ignores_the_digit(name: str) -> None:
    config = preset(name)
    generator, discriminator = _pair(config)
    z, x = _inputs(config)
    assert torch.equal(generator(z, Y), generator(z, None))
    assert torch.equal(discriminator(x, Y), discriminator(x, None))


def test_conditional_pair_needs_the_digit() -> None:
    generator, discriminator = _pair(preset("cgan"))
    z, x = _inputs(preset("cgan"))
    for network, images_or_latents in ((generator, z), (discriminator, x)):
        with pytest.raises(ValueError, match="needs the digits"):
            network(images_or_latents)


CONV_G = {"architecture": "conv", "architecture_d": "mlp", "widths_g": (256, 32, 16)}
CONV_D = {"architecture_d": "conv", "widths_d": (16, 32, 128)}


@pytest.mark.parametrize(
    ("changes", "generator", "discriminator"),
    [
        # G: embedding 10*64; the stem 128*256 and its batch norm 2*256; 256*(32*49), batch norm 2*32; 32*16*16,
        # batch norm 2*16; 16*16 + 1. D as in cgan.
        (CONV_G, 640 + 32_768 + 512 + 401_408 + 64 + 8_192 + 32 + 257, 402_817),
        # D: 16*16 + 16; 16*32*16 + 32; the head 32*49*128 + 128; logit 128 + 1; projection 10*128. G as in cgan.
        (CONV_D, 434_832, 272 + 8_224 + 200_832 + 129 + 1_280),
        # Batch norm in place of both biases: 2*32 for 32, 2*128 for 128.
        (CONV_D | {"batch_norm_d": True}, 434_832, 272 + 8_192 + 64 + 200_704 + 256 + 129 + 1_280),
        # Two more layers of 24 and 12 in front of the stem's 256, without batch norm: 128*24 + 24, 24*12 + 12,
        # 12*256 + 256; 256*(32*49) + 32*49; 32*16*16 + 16; 257.
        (
            CONV_G | {"widths_g": (24, 12, 256, 32, 16), "batch_norm_g": False},
            640 + 3_096 + 300 + 3_328 + 402_976 + 8_208 + 257,
            402_817,
        ),
        # What is spectrally normalised is not more to learn.
        ({"spectral_norm_d": True}, 434_832, 402_817),
    ],
)
def test_parameters_of_other_shapes_counted_by_hand(
    changes: dict[str, Any], generator: int, discriminator: int
) -> None:
    pair = _pair(preset("cgan").changed(**changes))
    assert tuple(map(count_parameters, pair)) == (generator, discriminator)


def _layers(network: nn.Module) -> list[tuple[int, int]]:
    """Inputs and outputs of each layer that has weights, in order."""
    found = []
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            found.append((layer.in_features, layer.out_features))
        elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            found.append((layer.in_channels, layer.out_channels))
    return found


@pytest.mark.parametrize(
    ("changes", "generator", "discriminator"),
    [
        # 8 numbers of the latent and 64 of the digit; 7×7 pixels are 49.
        ({"widths_g": (24, 8, 4)}, [(72, 24), (24, 8 * 49), (8, 4), (4, 1)], [(1, 16), (16, 16), (16 * 49, 1)]),
        (
            {"widths_g": (8, 4), "widths_d": (6, 5, 12, 9)},
            [(72, 8 * 49), (8, 4), (4, 1)],
            [(1, 6), (6, 5), (5 * 49, 12), (12, 9), (9, 1)],
        ),
        (
            {"widths_g": (8, 4), "architecture_d": "mlp", "widths_d": (12,)},
            [(72, 8 * 49), (8, 4), (4, 1)],
            [(784, 12), (12, 1)],
        ),
        (
            {"architecture": "mlp", "widths_g": (9,), "architecture_d": "conv", "widths_d": (6, 5)},
            [(72, 9), (9, 784)],
            [(1, 6), (6, 5), (5 * 49, 1)],
        ),
    ],
)
def test_layers_are_those_that_the_widths_say(
    changes: dict[str, Any], generator: list[tuple[int, int]], discriminator: list[tuple[int, int]]
) -> None:
    config = small(architecture="conv").changed(**changes)
    pair = _pair(config)
    assert tuple(map(_layers, pair)) == (generator, discriminator)
    z, x = _inputs(config)
    assert pair[0](z, Y).shape == (COUNT, 1, 28, 28)
    assert pair[1](x, Y).shape == (COUNT,)


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_same_means_the_architecture_of_the_generator(architecture: str) -> None:
    torch.manual_seed(0)
    same = Discriminator(small(architecture=architecture))
    torch.manual_seed(0)
    said = Discriminator(small(architecture=architecture, architecture_d=architecture))
    assert all(torch.equal(left, right) for left, right in zip(same.parameters(), said.parameters(), strict=True))


def _weights(discriminator: Discriminator) -> list[Tensor]:
    """The weights of every layer as matrices, one output a row."""
    kinds = nn.Linear | nn.Conv2d | nn.Embedding
    found = [layer.weight for layer in discriminator.modules() if isinstance(layer, kinds)]
    return [weight.detach().flatten(1) for weight in found]


SHAPES = pytest.mark.parametrize(
    "changes",
    [{}, {"architecture": "conv"}, {"architecture_d": "conv", "widths_d": (8, 8, 16)}, {"conditional": False}],
)


@SHAPES
def test_spectral_norm_brings_every_layer_to_one(changes: dict[str, Any]) -> None:
    """One power iteration a pass: after a few passes the largest singular value is 1, whatever the weights."""
    torch.manual_seed(0)
    config = small(**changes)
    free = Discriminator(config)
    normed = Discriminator(config.changed(spectral_norm_d=True)).train()
    assert len(_weights(normed)) == len(_weights(free)) >= 3
    for parameter in normed.parameters():
        parameter.data *= 5
    with torch.no_grad():
        for _ in range(100):
            normed(_inputs(config)[1], Y)
    largest = [torch.linalg.svdvals(weight)[0].item() for weight in _weights(normed)]
    assert largest == pytest.approx([1.0] * len(largest), rel=1e-2)
    assert any(abs(torch.linalg.svdvals(weight)[0].item() - 1) > 0.1 for weight in _weights(free))


def test_spectral_norm_stands_still_where_nothing_is_learned() -> None:
    """In evaluation mode the same pictures get the same logits, and the estimate does not move."""
    config = small(spectral_norm_d=True)
    _, discriminator = _pair(config)
    x = _inputs(config)[1]
    before = {name: value.clone() for name, value in discriminator.state_dict().items()}
    assert torch.equal(discriminator(x, Y), discriminator(x, Y))
    assert all(torch.equal(value, before[name]) for name, value in discriminator.state_dict().items())


def test_discriminator_with_spectral_norm_is_no_steeper_than_its_layers() -> None:
    """Each layer stretches by 1 at most, activations too: logit and projection together by 2."""
    config = small(spectral_norm_d=True)
    torch.manual_seed(0)
    discriminator = Discriminator(config).train()
    for parameter in discriminator.parameters():
        parameter.data *= 20
    x, other = _inputs(config)[1], _inputs(config)[1]
    with torch.no_grad():
        for _ in range(100):
            discriminator(x, Y)
        apart = (discriminator(x, Y) - discriminator(other, Y)).abs()
    assert apart.max() > 0
    assert (apart <= 2.02 * (x - other).flatten(1).norm(dim=1)).all()


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [
        # G: embedding 10*64; 128*256 and 256*384 without bias, batch norm 2*256 and 2*384; 384*784 + 784.
        # D: 784*384 + 384; 384*256 + 256; logit 256 + 1; projection 10*256.
        ("cgan", 640 + 32_768 + 512 + 98_304 + 768 + 301_840, 301_440 + 98_560 + 257 + 2_560),
        # G: 100*500 + 500; 500*500 + 500; 500*784 + 784. D: 784*500 + 500; 500*500 + 500; 500 + 1.
        ("vanilla", 50_500 + 250_500 + 392_784, 392_500 + 250_500 + 501),
        # G: 100*(64*49), batch norm 2*64; 64*32*16, batch norm 2*32; 32*16 + 1.
        # D: 32*16 + 32; 32*64*16, batch norm 2*64; 64*49 + 1.
        ("dcgan", 313_600 + 128 + 32_768 + 64 + 513, 544 + 32_768 + 128 + 3_137),
    ],
)
def test_parameters_counted_by_hand(name: str, generator: int, discriminator: int) -> None:
    pair = _pair(PRESETS[name])
    assert tuple(map(count_parameters, pair)) == (generator, discriminator)


def _norms(config: TrainConfig) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
    modules = [module for network in _pair(config) for module in network.modules()]
    return [module for module in modules if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]


@pytest.mark.parametrize(
    ("name", "changes", "count"),
    [
        ("cgan", {}, 2),
        ("cgan", {"batch_norm_d": True}, 3),
        ("vanilla", {}, 0),
        ("dcgan", {}, 3),
        ("dcgan", {"batch_norm_g": False, "batch_norm_d": False}, 0),
        ("dcgan", {"widths_g": (24, 64, 32)}, 4),
        ("dcgan", {"widths_d": (32, 64, 24, 12)}, 5),
        ("cgan", {"architecture_d": "conv", "batch_norm_d": True}, 3),
    ],
)
def test_batch_norm_is_in_hidden_layers_but_the_first_of_d(name: str, changes: dict[str, Any], count: int) -> None:
    assert len(_norms(preset(name).changed(**changes))) == count


@pytest.mark.parametrize("name", ["cgan", "dcgan"])
def test_batch_norm_has_the_defaults_of_pytorch(name: str) -> None:
    """BatchNorm1d(n, 0.8), a frequent slip, sets eps and not momentum."""
    assert {(norm.eps, norm.momentum) for norm in _norms(preset(name))} == {(1e-5, 0.1)}


@pytest.mark.parametrize("batch_norm", [True, False])
@ALL
def test_bias_stands_exactly_where_no_batch_norm_follows(name: str, batch_norm: bool) -> None:
    for network in _pair(small(name, batch_norm_g=batch_norm, batch_norm_d=batch_norm)):
        layers = [module for module in network.modules() if not isinstance(module, nn.Sequential | nn.Unflatten)]
        for layer, following in zip(layers, [*layers[1:], None], strict=True):
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                assert (layer.bias is None) == isinstance(following, nn.BatchNorm1d | nn.BatchNorm2d)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_bias_stands_there_in_stem_and_head_too(batch_norm: bool) -> None:
    config = small(architecture="conv", widths_g=(12, 16, 16), widths_d=(16, 16, 12))
    generator, discriminator = _pair(config.changed(batch_norm_g=batch_norm, batch_norm_d=batch_norm))
    stem, head = generator.layers[0], discriminator.features[-2 - batch_norm]
    for layer, following in ((stem, generator.layers[1]), (head, discriminator.features[-1 - batch_norm])):
        assert isinstance(layer, nn.Linear)
        assert (layer.bias is None) == batch_norm == isinstance(following, nn.BatchNorm1d)


@ALL
def test_only_layers_that_the_page_can_run(name: str) -> None:
    allowed = (
        *(nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU),
        *(nn.Tanh, nn.Sigmoid, nn.Embedding, nn.Unflatten, nn.Flatten, nn.Sequential, Generator, Discriminator),
    )
    assert all(isinstance(module, allowed) for network in _pair(preset(name)) for module in network.modules())


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.0), ("leaky_relu", 0.2)])
@pytest.mark.parametrize("side", [0, 1])
def test_activation_has_the_slope_that_was_asked_for(side: int, activation: str, slope: float) -> None:
    network = _pair(small(activation_g=activation, activation_d=activation))[side]
    found = [module for module in network.modules() if isinstance(module, nn.ReLU | nn.LeakyReLU)]
    assert len(found) == 2
    assert all(module(torch.tensor(-1.0)).item() == pytest.approx(-slope) for module in found)


def test_projection_starts_as_large_as_the_logit_beside_it() -> None:
    """256 features: standard deviation 1/16, over 2,560 numbers known to about 1.4 percent."""
    projection = _pair(preset("cgan"))[1].projection
    assert projection is not None
    assert projection.weight.std().item() == pytest.approx(1 / 16, rel=0.06)


@ALL
def test_generator_is_cheap_enough_for_the_page(name: str) -> None:
    """Multiply-adds of a picture: each weight of a linear layer once, of a transposed convolution once for
    every pixel that goes in. The page affords about 3.5 million."""
    generator, _ = _pair(preset(name))
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        nonlocal total
        assert isinstance(layer.weight, Tensor)
        total += layer.weight.numel() * (inputs[0].shape[-1] ** 2 if inputs[0].dim() == 4 else 1)

    for module in generator.modules():
        if isinstance(module, nn.Linear | nn.ConvTranspose2d):
            module.register_forward_hook(count)
    generator(torch.randn(1, preset(name).latent_dim), torch.zeros(1, dtype=torch.long))
    assert 100_000 < total < 3_500_000
