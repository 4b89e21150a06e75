from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.config import TrainConfig
from gan.networks.discriminator import Discriminator
from gan.networks.generator import Generator
from gan.networks.layers import count_parameters
from gan.presets import PRESETS, preset
from tests.helpers import PRESETS as NAMES
from tests.helpers import networks, small, version_1

COUNT = 6
Y = torch.arange(COUNT)


def _pair(config: TrainConfig) -> tuple[Generator, Discriminator]:
    torch.manual_seed(0)
    generator, discriminator = networks(config)
    return generator.eval(), discriminator.eval()


def _inputs(config: TrainConfig) -> tuple[Tensor, Tensor]:
    """Latents far out, where outputs saturate, and noise for pictures."""
    return torch.randn(COUNT, config.generator.latent_dim) * 10, torch.rand(COUNT, 1, 28, 28) * 2 - 1


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
    images = generator(100 * torch.randn(256, config.generator.latent_dim), torch.arange(256) % 10)
    assert -1 <= images.min() < -0.5
    assert 0.5 < images.max() <= 1


def test_conditional_pair_looks_at_the_digit() -> None:
    config = preset("cgan")
    generator, discriminator = _pair(config)
    z, x = _inputs(config)
    assert not torch.allclose(generator(z, Y), generator(z, Y + 1))
    assert not torch.allclose(discriminator(x, Y), discriminator(x, Y + 1))


def test_mix_of_digits_is_the_point_between_their_embeddings() -> None:
    generator, _ = _pair(small())
    assert generator.embedding is not None
    z = torch.randn(3, 8)
    shares = torch.zeros(3, 10)
    shares[0, 4] = shares[1, 7] = 1
    shares[2, 4], shares[2, 7] = 0.25, 0.75
    found = generator(z, shares)
    assert torch.allclose(found[:2], generator(z, torch.tensor([4, 7, 0]))[:2], atol=1e-6)
    with torch.no_grad():
        generator.embedding.weight[0] = 0.25 * generator.embedding.weight[4] + 0.75 * generator.embedding.weight[7]
    assert torch.allclose(found[2], generator(z, torch.zeros(3, dtype=torch.long))[2], atol=1e-6)


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
        with pytest.raises(ValueError, match="needs the classes"):
            network(images_or_latents)


CONV_G = {"architecture": "conv", "widths_g": (256, 32, 16)}
MLP_G = {"architecture": "mlp", "widths_g": (256, 384)}
CONV_D = {"architecture_d": "conv", "widths_d": (16, 32, 128)}


@pytest.mark.parametrize(
    ("changes", "generator", "discriminator"),
    [
        # G: embedding 10*64; 128*256 and 256*384 without bias, batch norm 2*256 and 2*384; 384*784 + 784. D as in cgan.
        (MLP_G | {"architecture_d": "same"}, 434_832, 402_817),
        # G: embedding 10*64; the stem 128*256 and its batch norm 2*256; 256*(32*49), batch norm 2*32; 32*16*16,
        # batch norm 2*16; 16*16 + 1. D as in cgan.
        (CONV_G, 640 + 32_768 + 512 + 401_408 + 64 + 8_192 + 32 + 257, 402_817),
        # D: 16*16 + 16; 16*32*16 + 32; the head 32*49*128 + 128; logit 128 + 1; projection 10*128. G as in cgan.
        (CONV_D, 239_041, 272 + 8_224 + 200_832 + 129 + 1_280),
        # Batch norm in place of both biases: 2*32 for 32, 2*128 for 128.
        (CONV_D | {"batch_norm_d": True}, 239_041, 272 + 8_192 + 64 + 200_704 + 256 + 129 + 1_280),
        # Two more layers of 24 and 12 in front of the stem's 256, without batch norm: 128*24 + 24, 24*12 + 12,
        # 12*256 + 256; 256*(32*49) + 32*49; 32*16*16 + 16; 257.
        (
            CONV_G | {"widths_g": (24, 12, 256, 32, 16), "batch_norm_g": False},
            640 + 3_096 + 300 + 3_328 + 402_976 + 8_208 + 257,
            402_817,
        ),
        # What is spectrally normalised is not more to learn, nor is what is scaled.
        ({"spectral_norm_d": True}, 239_041, 402_817),
        ({"ink_scale_d": 0.0}, 239_041, 402_817),
    ],
)
def test_parameters_of_other_shapes_counted_by_hand(
    changes: dict[str, Any], generator: int, discriminator: int
) -> None:
    pair = _pair(preset("cgan").changed(latent_dim=64, embedding_dim=64, **changes))
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
        ({"widths_g": (24, 8, 4)}, [(8 + 32, 24), (24, 8 * 49), (8, 4), (4, 1)], [(1, 16), (16, 16), (16 * 49, 1)]),
        (
            {"widths_g": (8, 4), "widths_d": (6, 5, 12, 9)},
            [(8 + 32, 8 * 49), (8, 4), (4, 1)],
            [(1, 6), (6, 5), (5 * 49, 12), (12, 9), (9, 1)],
        ),
        (
            {"widths_g": (8, 4), "architecture_d": "mlp", "widths_d": (12,)},
            [(8 + 32, 8 * 49), (8, 4), (4, 1)],
            [(784, 12), (12, 1)],
        ),
        (
            {"architecture": "mlp", "widths_g": (9,), "architecture_d": "conv", "widths_d": (6, 5)},
            [(8 + 32, 9), (9, 784)],
            [(1, 6), (6, 5), (5 * 49, 1)],
        ),
    ],
)
def test_layers_are_those_that_the_widths_say(
    changes: dict[str, Any], generator: list[tuple[int, int]], discriminator: list[tuple[int, int]]
) -> None:
    config = small(architecture="conv", architecture_d="same").changed(**changes)
    pair = _pair(config)
    assert tuple(map(_layers, pair)) == (generator, discriminator)
    z, x = _inputs(config)
    assert pair[0](z, Y).shape == (COUNT, 1, 28, 28)
    assert pair[1](x, Y).shape == (COUNT,)


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_same_means_the_architecture_of_the_generator(architecture: str) -> None:
    torch.manual_seed(0)
    same = networks(small(architecture=architecture, architecture_d="same"))[1]
    torch.manual_seed(0)
    said = networks(small(architecture=architecture, architecture_d=architecture))[1]
    assert all(torch.equal(left, right) for left, right in zip(same.parameters(), said.parameters(), strict=True))


def _weights(discriminator: Discriminator) -> list[Tensor]:
    """The weights of every layer as matrices, one output a row."""
    kinds = nn.Linear | nn.Conv2d | nn.Embedding
    found = [layer.weight for layer in discriminator.modules() if isinstance(layer, kinds)]
    return [weight.detach().flatten(1) for weight in found]


SHAPES = pytest.mark.parametrize(
    "changes",
    [{}, {"architecture_d": "same"}, {"architecture_d": "conv", "widths_d": (8, 8, 16)}, {"conditional": False}],
)


@SHAPES
def test_spectral_norm_brings_every_layer_to_one(changes: dict[str, Any]) -> None:
    """One power iteration a pass: after a few passes the largest singular value is 1, whatever the weights."""
    torch.manual_seed(0)
    config = small(**changes)
    free = networks(config)[1]
    normed = networks(config.changed(spectral_norm_d=True))[1].train()
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


@pytest.mark.parametrize("ink_scale", [0.0, 4.0])
def test_discriminator_with_spectral_norm_is_no_steeper_than_its_layers(ink_scale: float) -> None:
    """Each layer stretches by 1 at most, activations too: logit and projection together by 2. The ink's scale is
    no layer: it stretches by itself."""
    config = small(spectral_norm_d=True, ink_scale_d=ink_scale)
    torch.manual_seed(0)
    discriminator = networks(config)[1].train()
    for parameter in discriminator.parameters():
        parameter.data *= 20
    x, other = _inputs(config)[1], _inputs(config)[1]
    with torch.no_grad():
        for _ in range(100):
            discriminator(x, Y)
        apart = (discriminator(x, Y) - discriminator(other, Y)).abs()
    assert apart.max() > 0
    assert (apart <= 2.02 * (ink_scale or 1) * (x - other).flatten(1).norm(dim=1)).all()


INK = pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])


@INK
@pytest.mark.parametrize(
    "changes",
    [{}, {"conditional": False}, {"architecture_d": "conv", "widths_d": (8, 8, 12)}, {"batch_norm_d": True}],
)
def test_scaled_ink_is_what_the_discriminator_sees(changes: dict[str, Any], scale: float) -> None:
    """D(x) with the scale s is, to the last bit, D without it of s (x + 1): black is 0 and white is 2s."""
    config = small(ink_scale_d=scale, **changes)
    _, scaled = _pair(config)
    _, plain = _pair(config.changed(ink_scale_d=0.0))
    plain.load_state_dict(scaled.state_dict())
    x = _inputs(config)[1]
    assert torch.equal(scaled(x, Y), plain(scale * (x + 1), Y))
    assert (scaled(x, Y) - plain(x, Y)).abs().min() > 1e-6
    seen: list[Tensor] = []
    scaled.features.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    scaled(torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 28, 28), Y[:2])
    assert [(picture.min().item(), picture.max().item()) for picture in seen[0]] == [(0, 0), (2 * scale, 2 * scale)]


@INK
def test_scaled_ink_is_the_same_function_with_other_weights(scale: float) -> None:
    """W s(x + 1) + b = (s W) x + (b + s W 1): a perceptron can do all that it could, it starts elsewhere."""
    config = small(ink_scale_d=scale)
    _, scaled = _pair(config)
    _, folded = _pair(config.changed(ink_scale_d=0.0))
    state = {name: value.clone() for name, value in scaled.state_dict().items()}
    state["features.1.bias"] += scale * state["features.1.weight"].sum(1)
    state["features.1.weight"] *= scale
    folded.load_state_dict(state)
    x = _inputs(config)[1]
    said = scaled(x, Y)
    assert torch.allclose(folded(x, Y), said, atol=1e-5 * max(1.0, said.abs().max().item()))
    assert said.std() > 1e-3


@pytest.mark.parametrize(("scale", "alike"), [(0.0, False), (4.0, True)])
def test_edge_of_the_picture_is_black_where_black_is_nothing(scale: float, alike: bool) -> None:
    """Convolutions pad with zeros: with scaled ink a black picture has no edge to be seen, without it has."""
    _, discriminator = _pair(small(architecture_d="conv", ink_scale_d=scale))
    black = torch.full((1, 1, 28, 28), -1.0)
    seen: list[Tensor] = []
    discriminator.features[0].register_forward_hook(lambda _, __, output: seen.append(output.clone()))
    discriminator(black, Y[:1])
    assert torch.allclose(seen[0], seen[0][:, :, 5:6, 5:6].expand_as(seen[0]), atol=1e-6) == alike


def _shaken(network: nn.Module) -> dict[str, Tensor]:
    """Weights, and running means and variances, that are no network's at its start; they are put into it."""
    random = torch.Generator().manual_seed(1)
    state = {}
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value = 0.2 * torch.randn(value.shape, generator=random)
            state[name] = value.abs() + 0.5 if "running_var" in name else value
        else:
            state[name] = value
    network.load_state_dict(state)
    return state


def _normed(h: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    """Batch norm, in evaluation, by its formula."""
    mean, var, weight, bias = (
        state[f"{name}.{part}"].view(-1, *[1] * (h.dim() - 2))
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (h - mean) / (var + 1e-5).sqrt() * weight + bias


def _old_cgan(g: dict[str, Tensor], d: dict[str, Tensor], z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    h = torch.cat((z, g["embedding.weight"][Y]), 1)
    h = F.leaky_relu(_normed(h @ g["layers.0.weight"].T, g, "layers.1"), 0.2)
    h = F.leaky_relu(_normed(h @ g["layers.3.weight"].T, g, "layers.4"), 0.2)
    image = torch.tanh(h @ g["layers.6.weight"].T + g["layers.6.bias"])
    h = F.leaky_relu(x.flatten(1) @ d["features.1.weight"].T + d["features.1.bias"], 0.2)
    h = F.leaky_relu(h @ d["features.3.weight"].T + d["features.3.bias"], 0.2)
    return image, h @ d["logit.weight"][0] + d["logit.bias"] + (d["projection.weight"][Y] * h).sum(1)


def _old_vanilla(g: dict[str, Tensor], d: dict[str, Tensor], z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    h = F.relu(z @ g["layers.0.weight"].T + g["layers.0.bias"])
    h = F.relu(h @ g["layers.2.weight"].T + g["layers.2.bias"])
    image = 2 * torch.sigmoid(h @ g["layers.4.weight"].T + g["layers.4.bias"]) - 1
    h = F.relu(x.flatten(1) @ d["features.1.weight"].T + d["features.1.bias"])
    h = F.relu(h @ d["features.3.weight"].T + d["features.3.bias"])
    return image, h @ d["logit.weight"][0] + d["logit.bias"]


def _old_dcgan(g: dict[str, Tensor], d: dict[str, Tensor], z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    h = F.relu(_normed((z @ g["layers.0.weight"].T).view(-1, 64, 7, 7), g, "layers.2"))
    h = F.relu(_normed(F.conv_transpose2d(h, g["layers.4.weight"], stride=2, padding=1), g, "layers.5"))
    image = torch.tanh(F.conv_transpose2d(h, g["layers.7.weight"], g["layers.7.bias"], stride=2, padding=1))
    h = F.leaky_relu(F.conv2d(x, d["features.0.weight"], d["features.0.bias"], stride=2, padding=1), 0.2)
    h = F.leaky_relu(_normed(F.conv2d(h, d["features.2.weight"], stride=2, padding=1), d, "features.3"), 0.2)
    return image, h.flatten(1) @ d["logit.weight"][0] + d["logit.bias"]


def _layer(name: str, *shape: int, outputs: int | None = None) -> dict[str, tuple[int, ...]]:
    """Name and shape of a layer's weight, and of its bias if it has one."""
    return {f"{name}.weight": shape} | ({f"{name}.bias": (outputs,)} if outputs else {})


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (width,) for part in parts} | {f"{name}.num_batches_tracked": ()}


@pytest.mark.parametrize(
    ("name", "function", "generator", "discriminator"),
    [
        (
            "cgan",
            _old_cgan,
            _layer("embedding", 10, 64)
            | (_layer("layers.0", 256, 128) | _norm("layers.1", 256))
            | (_layer("layers.3", 384, 256) | _norm("layers.4", 384))
            | _layer("layers.6", 784, 384, outputs=784),
            _layer("features.1", 384, 784, outputs=384)
            | _layer("features.3", 256, 384, outputs=256)
            | (_layer("logit", 1, 256, outputs=1) | _layer("projection", 10, 256)),
        ),
        (
            "vanilla",
            _old_vanilla,
            _layer("layers.0", 500, 100, outputs=500)
            | _layer("layers.2", 500, 500, outputs=500)
            | _layer("layers.4", 784, 500, outputs=784),
            _layer("features.1", 500, 784, outputs=500)
            | _layer("features.3", 500, 500, outputs=500)
            | _layer("logit", 1, 500, outputs=1),
        ),
        (
            "dcgan",
            _old_dcgan,
            (_layer("layers.0", 64 * 49, 100) | _norm("layers.2", 64))
            | (_layer("layers.4", 64, 32, 4, 4) | _norm("layers.5", 32))
            | _layer("layers.7", 32, 1, 4, 4, outputs=1),
            _layer("features.0", 32, 1, 4, 4, outputs=32)
            | (_layer("features.2", 64, 32, 4, 4) | _norm("features.3", 64))
            | _layer("logit", 1, 64 * 49, outputs=1),
        ),
    ],
)
def test_settings_of_version_1_mean_the_networks_that_they_meant(
    name: str,
    function: Callable[..., tuple[Tensor, Tensor]],
    generator: dict[str, tuple[int, ...]],
    discriminator: dict[str, tuple[int, ...]],
) -> None:
    """The same tensors by name, so that old files fit, and the same functions of them, written out by hand: D
    sees the picture as it is."""
    config = TrainConfig.from_dict(version_1(name))
    pair = _pair(config)
    states = [_shaken(network) for network in pair]
    assert [{name: tuple(value.shape) for name, value in state.items()} for state in states] == [
        generator,
        discriminator,
    ]
    z, x = torch.randn(COUNT, config.generator.latent_dim), _inputs(config)[1]
    image, logits = function(*states, z, x)
    assert torch.allclose(pair[0](z, Y), image.view(-1, 1, 28, 28), atol=1e-4)
    assert torch.allclose(pair[1](x, Y), logits, rtol=1e-4, atol=1e-4 * logits.abs().max().item())
    assert min(image.std().item(), logits.std().item()) > 0.1


@pytest.mark.parametrize("name", ["vanilla", "dcgan"])
def test_preset_of_the_literature_starts_where_it_did_in_version_1(name: str) -> None:
    """The same seed, the same weights to the last bit."""
    for old, now in zip(_pair(TrainConfig.from_dict(version_1(name))), _pair(PRESETS[name]), strict=True):
        assert old.state_dict().keys() == now.state_dict().keys()
        assert all(torch.equal(value, now.state_dict()[key]) for key, value in old.state_dict().items())


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [
        # G: embedding 10*32; the stem 64*256 without bias, batch norm 2*256; 256*(16*49), batch norm 2*16;
        # 16*16*16, batch norm 2*16; 16*16 + 1. Together 222,337.
        # D: 784*384 + 384; 384*256 + 256; logit 256 + 1; projection 10*256. Together 402,817.
        ("cgan", 320 + 16_384 + 512 + 200_704 + 32 + 4_096 + 32 + 257, 301_440 + 98_560 + 257 + 2_560),
        # G: as cgan, but 256*(32*49), batch norm 2*32; 32*16*16, batch norm 2*16.
        # D: 784*512 + 512; 512*256 + 256; logit 256 + 1; projection 10*256.
        ("quality", 320 + 16_384 + 512 + 401_408 + 64 + 8_192 + 32 + 257, 401_920 + 131_328 + 257 + 2_560),
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
        ("cgan", {}, 3),
        ("cgan", {"batch_norm_d": True}, 4),
        ("cgan", MLP_G, 2),
        ("cgan", MLP_G | {"batch_norm_d": True}, 3),
        ("vanilla", {}, 0),
        ("dcgan", {}, 3),
        ("dcgan", {"batch_norm_g": False, "batch_norm_d": False}, 0),
        ("dcgan", {"widths_g": (24, 64, 32)}, 4),
        ("dcgan", {"widths_d": (32, 64, 24, 12)}, 5),
        ("cgan", {"architecture_d": "conv", "batch_norm_d": True}, 4),
        ("cgan", MLP_G | {"architecture_d": "conv", "batch_norm_d": True}, 3),
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
    widths = {"widths_g": (12, 16, 16), "widths_d": (16, 16, 12)}
    config = small(architecture="conv", architecture_d="conv", **widths)
    generator, discriminator = _pair(config.changed(batch_norm_g=batch_norm, batch_norm_d=batch_norm))
    stem, head = generator.layers[0], discriminator.features[-2 - batch_norm]
    for layer, following in ((stem, generator.layers[1]), (head, discriminator.features[-1 - batch_norm])):
        assert isinstance(layer, nn.Linear)
        assert (layer.bias is None) == batch_norm == isinstance(following, nn.BatchNorm1d)


@ALL
def test_only_layers_that_the_page_can_run(name: str) -> None:
    allowed = (
        *(nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU),
        *(
            nn.Tanh,
            nn.Sigmoid,
            nn.Embedding,
            nn.Unflatten,
            nn.Flatten,
            nn.Sequential,
            Generator,
            Discriminator,
            nn.ModuleDict,
        ),
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
    generator(torch.randn(1, preset(name).generator.latent_dim), torch.zeros(1, dtype=torch.long))
    assert 100_000 < total < 3_500_000


def test_heads_say_more_from_the_same_features() -> None:
    """Each is a linear map of what the logit is made of; without heads nothing else is changed."""
    config = small()
    torch.manual_seed(0)
    plain = Discriminator(config.discriminator, config.generator.architecture, 10).eval()
    headed = Discriminator(config.discriminator, config.generator.architecture, 10, {"digit": 10, "codes": 2}).eval()
    assert headed.load_state_dict(plain.state_dict(), strict=False).unexpected_keys == []
    x = _inputs(config)[1]
    logits, heads = headed.answers(x, Y)
    assert torch.equal(logits, plain(x, Y))
    assert torch.equal(headed(x, Y), logits)
    assert {name: tuple(value.shape) for name, value in heads.items()} == {"digit": (COUNT, 10), "codes": (COUNT, 2)}
    features = headed.features(config.discriminator.ink_scale * (x + 1))
    head = headed.heads["codes"]
    assert torch.allclose(heads["codes"], features @ head.weight.T + head.bias, atol=1e-5)
    assert plain.answers(x, Y)[1] == {}


@pytest.mark.parametrize(("told", "classes"), [((), (0, 0)), (("generator",), (10, 0)), (("discriminator",), (0, 10))])
def test_networks_are_told_the_digit_apart_from_each_other(told: tuple[str, ...], classes: tuple[int, int]) -> None:
    """In an ACGAN the generator alone is: a network says for itself whether it takes classes."""
    config = small()
    generator = Generator(config.generator, 8, classes[0]).eval()
    discriminator = Discriminator(config.discriminator, config.generator.architecture, classes[1]).eval()
    z, x = _inputs(config)
    for name, network, given in (("generator", generator, z), ("discriminator", discriminator, x)):
        if name in told:
            assert not torch.allclose(network(given, Y), network(given, Y + 1))
            with pytest.raises(ValueError, match="needs the classes"):
                network(given)
        else:
            assert torch.equal(network(given, Y), network(given))


def test_generator_takes_a_latent_with_codes() -> None:
    """As many numbers as it is told, whatever they are."""
    config = small()
    generator = Generator(config.generator, latent_size=8 + 12).eval()
    assert generator.latent_size == 20
    assert generator(torch.randn(COUNT, 20)).shape == (COUNT, 1, 28, 28)
