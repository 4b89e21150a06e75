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
