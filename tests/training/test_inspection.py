"""What is seen of a move is what happened in it, and looking changes nothing."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import Tensor

from gan.data import DataSet
from gan.training.inspection import SHOWN, Inspection, Layer
from gan.training.trainer import Trainer
from tests.helpers import KINDS, assert_equal, build, weights

GAMES: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in KINDS),
    ("cgan", {"loss": "relativistic", "r1": 1.0, "r2": 1.0, "shift_d": 1}),
    ("cgan", {"loss": "hinge", "spectral_norm_d": True}),
    ("cgan", {"simultaneous": True}),
    ("dcgan", {"simultaneous": True, "r1": 1.0}),
    ("cgan", {"precision": "bfloat16"}),
]


def _buffers(trainer: Trainer) -> dict[str, Tensor]:
    return {
        f"{player}.{name}": value.clone()
        for player, network in trainer.players.items()
        for name, value in network.named_buffers()
    }


@pytest.mark.parametrize(("kind", "changes"), GAMES)
def test_looking_changes_nothing(digits: DataSet, kind: str, changes: dict[str, Any]) -> None:
    """Beside a twin that is not looked into, after each move: weights, buffers, moments, random stream, batch norm's
    mode, and what the next images are."""
    plain, looked = (build(digits, kind, steps=1, **changes) for _ in range(2))
    for _ in range(4):
        plain.move()
        looked.move(inspect=True)
        assert_equal(looked.tensors(), plain.tensors())
        assert_equal(_buffers(looked), _buffers(plain))
        assert looked.images_seen == plain.images_seen
        assert all(network.training for network in looked.players.values())
        for name, network in looked.players.items():
            for mine, theirs in zip(network.parameters(), plain.players[name].parameters(), strict=True):
                assert (mine.grad is None) == (theirs.grad is None)
                assert mine.grad is None or torch.equal(mine.grad, theirs.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "changes"), GAMES)
def test_each_move_has_its_player_and_losses(digits: DataSet, kind: str, changes: dict[str, Any]) -> None:
    trainer = build(digits, kind, **changes)
    found = [one for _ in range(2) for one in trainer.move(inspect=True)][:2]
    record = trainer.take_record()
    assert [one.player for one in found] == ["discriminator", "generator"]
    for one in found:
        name = f"loss_{one.player[0]}"
        assert np.isfinite(one.loss_after)
        if trainer.steps == 1:
            assert one.loss_before == pytest.approx(record[name].mean, rel=1e-6)
        for key, value in (*one.seen.items(), *one.probe.items()):
            assert value.dtype == np.float32, key
            assert np.isfinite(value).all(), key
        assert one.seen["forged"].shape == (SHOWN, 1, 28, 28)
        assert one.seen["forged_scores"].shape == (SHOWN,)
        assert one.seen["forged_gradients"].shape == (SHOWN, 1, 28, 28)


def test_nothing_is_seen_where_nobody_looks(trainer: Trainer) -> None:
    assert trainer.move() == []


def _next(trainer: Trainer) -> tuple[Tensor, Tensor, Tensor]:
    """The real images, digits and latents of the next move of D, without drawing them."""
    drawn, random = trainer.sampler.drawn, trainer.noise.get_state()
    x, y = next(trainer.sampler)
    z = torch.randn(len(y), 8, generator=trainer.noise)
    trainer.sampler.drawn = drawn
    trainer.noise.set_state(random)
    return x, y, z


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "relativistic"])
def test_gradients_with_respect_to_images_are_those_of_autograd(digits: DataSet, loss: str) -> None:
    """And the loss before and after, D's move and then G's, which meets the D that has moved."""
    trainer = build(digits, loss=loss, lr_d=1e-3, r1=5.0)  # the penalty is no part of the loss
    losses = trainer.game.losses  # type: ignore[attr-defined]
    x, y, z = _next(trainer)
    d = trainer.discriminator
    with torch.no_grad():
        forged = trainer.generator(z, y)
    real = x.clone().requires_grad_()
    forged.requires_grad_()
    expected = losses.d(d(real, y), d(forged, y))
    of_real, of_forged = torch.autograd.grad(expected, (real, forged))
    (found,) = trainer.move(inspect=True)
    assert found.loss_before == pytest.approx(expected.item(), rel=1e-5)
    np.testing.assert_array_equal(found.seen["real"], x[:SHOWN].numpy())
    np.testing.assert_allclose(found.seen["forged"], forged[:SHOWN].detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(found.seen["real_gradients"], of_real[:SHOWN].numpy(), rtol=1e-3, atol=1e-8)
    np.testing.assert_allclose(found.seen["forged_gradients"], of_forged[:SHOWN].numpy(), rtol=1e-3, atol=1e-8)
    with torch.no_grad():
        after = losses.d(d(x, y), d(forged, y)).item()
    assert found.loss_after == pytest.approx(after, rel=1e-5)
    assert found.loss_after < found.loss_before

    expected = losses.g(d(x, y), d(forged, y))
    (of_forged,) = torch.autograd.grad(expected, forged)
    scores = d(forged, y).detach()
    (found,) = trainer.move(inspect=True)
    assert found.loss_before == pytest.approx(expected.item(), rel=1e-5)
    np.testing.assert_allclose(found.seen["forged_gradients"], of_forged[:SHOWN].numpy(), rtol=1e-3, atol=1e-8)
    np.testing.assert_allclose(found.seen["forged_scores"], scores[:SHOWN].numpy(), rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        after = losses.g(d(x, y), d(trainer.generator(z, y), y)).item()
    assert found.loss_after == pytest.approx(after, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_layers_say_how_far_each_moved(digits: DataSet, kind: str) -> None:
    """By the weights before and after; the other network's stood still and are not named."""
    trainer = build(digits, kind)
    for player in ("discriminator", "generator"):
        before = {name: weights(network) for name, network in trainer.players.items()}
        (found,) = trainer.move(inspect=True)
        network = trainer.players[player]
        assert [layer.name for layer in found.layers] == [name for name, _ in network.named_parameters()]
        for layer, (name, parameter) in zip(found.layers, network.named_parameters(), strict=True):
            assert parameter.grad is not None
            moved = (parameter.detach() - before[player][name]).square().sum().sqrt().item()
            assert layer.gradient == pytest.approx(parameter.grad.square().sum().sqrt().item(), rel=1e-4)
            assert layer.update == pytest.approx(moved, rel=1e-4)
            assert layer.update > 0
        (other,) = before.keys() - {player}
        assert_equal(weights(trainer.players[other]), before[other])


def test_probe_is_the_same_pictures_from_move_to_move(digits: DataSet) -> None:
    """One real image of each digit and a forgery beside it; the scores and gradients are those of the networks as
    they are after the move."""
    trainer = build(digits, batch_norm_g=False, batch_norm_d=True)
    probes = []
    for _ in range(4):
        (found,) = trainer.move(inspect=True)
        probes.append(found.probe)
        generator, discriminator = trainer.generator, trainer.discriminator
        y = torch.arange(SHOWN)
        for name in ("real", "forged"):
            images = torch.from_numpy(found.probe[name]).requires_grad_()
            # As copies in evaluation do it, whose statistics stand still.
            discriminator.eval()
            scores = discriminator(images, y)
            (gradients,) = torch.autograd.grad(scores.sum(), images)
            discriminator.train()
            np.testing.assert_allclose(found.probe[f"{name}_scores"], scores.detach().numpy(), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(found.probe[f"{name}_gradients"], gradients.numpy(), rtol=1e-3, atol=1e-6)
        assert generator.training
    first, second, third, _ = probes
    assert all(np.array_equal(first["real"], probe["real"]) for probe in probes)
    real = torch.from_numpy(first["real"]).add(1).mul(127.5).round().to(torch.uint8)
    for digit, image in enumerate(real):
        (where,) = (trainer.sampler.images == image).flatten(1).all(1).nonzero()[:1]
        assert trainer.sampler.labels[where] == digit
    # D's move leaves the forgeries as they were, G's does not; batch norm in G would see to it that both do.
    assert np.array_equal(second["forged"], third["forged"])
    assert not np.array_equal(first["forged"], second["forged"])
    again = build(digits, batch_norm_g=False, batch_norm_d=True)
    assert np.array_equal(again.move(inspect=True)[0].probe["forged"], first["forged"])


def _same(left: Inspection, right: Inspection) -> bool:
    if json.dumps([left.player, left.loss_before, left.loss_after]) != json.dumps(
        [right.player, right.loss_before, right.loss_after]
    ):
        return False
    for mine, theirs in ((left.seen, right.seen), (left.probe, right.probe)):
        if mine.keys() != theirs.keys():
            return False
        if not all(np.array_equal(mine[name], theirs[name], equal_nan=True) for name in mine):
            return False
    return (left.layers, left.step) == (right.layers, right.step)


numbers = st.floats(allow_nan=False, width=32)
names = st.sampled_from(["real", "forged", "real_scores", "codes", "forged_gradients"])
pictures = st.dictionaries(
    names, arrays.arrays(np.float32, arrays.array_shapes(max_dims=4, max_side=3), elements=numbers), max_size=3
)
inspections = st.builds(
    Inspection,
    st.sampled_from(["generator", "discriminator"]),
    st.integers(0, 10**9),
    st.floats(),
    st.floats(),
    st.lists(st.builds(Layer, st.text(max_size=8), numbers, numbers), max_size=3).map(tuple),
    pictures,
    pictures,
)


@given(inspections)
def test_inspection_survives_its_bytes(one: Inspection) -> None:
    assert _same(Inspection.from_bytes(one.to_bytes()), one)


@pytest.fixture(scope="module")
def content(digits: DataSet) -> bytes:
    """A real one."""
    (found,) = build(digits).move(inspect=True)
    return found.to_bytes()


def test_inspection_of_a_move_survives_its_bytes(digits: DataSet, content: bytes) -> None:
    (found,) = build(digits).move(inspect=True)
    assert _same(Inspection.from_bytes(content), found)


def _file(about: Any, **others: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, about=np.array(about), **others)
    return buffer.getvalue()


ABOUT: dict[str, Any] = {"player": "generator", "loss_before": 1.0, "loss_after": 0.5, "layers": [["a", 1.0, 2.0]]}


def _about(**changes: Any) -> str:
    return json.dumps(ABOUT | changes)


def _array_alone() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3, np.float32))
    return buffer.getvalue()


def _objects() -> bytes:
    """An array that only pickle can read."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, about=np.array(_about()), **{"seen.real": np.array([{}], dtype=object)})
    return buffer.getvalue()


def _no_arrays() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("about", _about())
    return buffer.getvalue()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"PK",
        b"no zip file",
        _array_alone(),
        _no_arrays(),
        _objects(),
        _file("{"),
        _file("[]"),
        _file("[" * 100_000),
        _file(_about(player=None)[:-1]),
        _file(json.dumps({name: value for name, value in ABOUT.items() if name != "player"})),
        _file(json.dumps({name: value for name, value in ABOUT.items() if name != "layers"})),
        _file(_about(loss_before="low")),
        _file(_about(loss_after=None)),
        _file(_about(layers=[["a", 1.0]])),
        _file(_about(layers=[["a", 1.0, "far"]])),
        _file(_about(layers=7)),
        _file(_about(), **{"seen.real": np.array(["text"])}),
        _file(_about(), **{"probe.real": np.zeros(3, complex)}),
    ],
)
def test_anything_else_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="no inspection"):
        Inspection.from_bytes(damaged)


def _damages(content: bytes) -> Iterator[bytes]:
    yield from (content[:length] for length in range(0, len(content), len(content) // 15))
    random = np.random.default_rng(0)
    for _ in range(40):
        changed = bytearray(content)
        for at in random.integers(len(content), size=random.integers(1, 30)):
            changed[at] = random.integers(256)
        yield bytes(changed)


def test_damaged_file_is_refused_or_read(content: bytes) -> None:
    """Cut off anywhere it is refused; with other bytes in it, it is refused or still one, and nothing else happens."""
    refused = 0
    for damaged in _damages(content):
        try:
            Inspection.from_bytes(damaged)
        except ValueError:
            refused += 1
    assert refused >= 40
