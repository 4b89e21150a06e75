import math

import pytest
import torch

from gan.config import ConfigError, DiscriminatorConfig, TrainConfig
from gan.data import DataSet
from gan.games import rules
from gan.games.game import Move
from gan.games.penalties import pull_away
from gan.networks.autoencoder import Autoencoder
from tests.games.moves import moves_of, trainer_of


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([[1.0, 0.0], [0.0, 2.0]], 0.0),
        ([[1.0, 0.0], [5.0, 0.0]], 1.0),
        ([[1.0, 0.0], [-1.0, 0.0]], 1.0),
        ([[1.0, 0.0], [0.5, math.sqrt(0.75)]], 0.25),
        # Pairs at 0°, 90° and 90°: (1 + 0 + 0) / 3.
        ([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], 1 / 3),
    ],
)
def test_pull_away_is_the_mean_squared_cosine(codes: list[list[float]], expected: float) -> None:
    assert float(pull_away(torch.tensor(codes))) == pytest.approx(expected, abs=1e-6)


def test_energy_is_the_mean_squared_error_of_what_is_drawn() -> None:
    network = Autoencoder(DiscriminatorConfig(widths=(12, 5), ink_scale=0.0))
    x = torch.rand(4, 1, 28, 28) * 2 - 1
    energy, others = network.answers(x)
    assert others["code"].shape == (4, 5)
    assert others["drawn"].shape == x.shape
    assert torch.allclose(energy, ((others["drawn"] - x) ** 2).mean((1, 2, 3)))
    assert torch.equal(network(x), energy)
    shapes = [tuple(p.shape) for p in network.parameters() if p.dim() == 2]
    assert shapes == [(12, 784), (5, 12), (12, 5), (784, 12)]


def _moves(digits: DataSet, **changes: float) -> tuple[Move, Move]:
    mlp = {"discriminator.architecture": "mlp", "discriminator.widths": (16, 8)}
    discriminator, generator = moves_of(trainer_of(digits, "ebgan", **mlp, **changes))
    return discriminator, generator


@pytest.mark.parametrize("margin", [0.001, 0.5, 3.9])
def test_discriminator_raises_forgeries_as_far_as_the_margin(digits: DataSet, margin: float) -> None:
    move, _ = _moves(digits, margin=margin)
    energies = move.seen["forged_scores"]
    beyond = (margin - energies).clamp(min=0)
    assert torch.allclose(move.loss, move.seen["real_scores"].mean() + beyond.mean())
    assert (float(beyond.detach().sum()) > 0) == (float(energies.detach().min()) < margin)


def test_generator_lowers_the_energy_and_pulls_codes_apart(digits: DataSet) -> None:
    _, plain = _moves(digits, pull_away=0.0)
    _, pulled = _moves(digits, pull_away=2.0)
    assert torch.allclose(plain.loss, plain.seen["forged_scores"].mean())
    assert torch.allclose(pulled.loss, plain.loss + 2 * pulled.measured["pull_away"])
    assert 0 < float(pulled.measured["pull_away"]) <= 1


def test_both_drawings_can_be_looked_at(digits: DataSet) -> None:
    move, _ = _moves(digits)
    for name in ("real", "forged"):
        drawn, scores = move.seen[f"{name}_drawn"], move.seen[f"{name}_scores"]
        assert torch.allclose(((drawn - move.seen[name]) ** 2).mean((1, 2, 3)), scores, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"discriminator.architecture": "conv"}, "fully connected"),
        ({"spectral_norm": True}, "spectral normalisation"),
    ],
)
def test_what_an_autoencoder_cannot_be_is_said(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        TrainConfig().changed({"kind": "ebgan", **changes})


def test_lower_is_more_real() -> None:
    game = rules(TrainConfig().changed(kind="ebgan", margin=0.3))
    assert game.score.energy
    assert game.told == ()
    assert {quantity.name: quantity.ideal for quantity in game.quantities}["loss_d"] == 0.3
