"""Flatland's engine (gan/web/src/flatland) in a real browser, against PyTorch."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor, nn

from gan.games.losses import AdversarialLoss, hinge, least_squares, minimax, non_saturating, relativistic
from tests.servers import library

STEPS, CLIP = 100, 0.1
BATCH = 32
"""A power of two: gradients of a bias that cancel are then 0 to the bit, and not something that Adam blows up."""
PLAYERS: dict[str, Any] = {
    "dims": 2,
    "latents": 2,
    "hiddenG": [9, 7],
    "hiddenD": [11, 6],
    "activation": "leaky",
    "rateG": 3e-3,
    "rateD": 5e-3,
    "optimizer": "adam",
    "betas": [0.5, 0.99],
    "clip": CLIP,
}
WASSERSTEIN = AdversarialLoss(
    d=lambda real, fake: fake.mean() - real.mean(), g=lambda real, fake: -fake.mean(), probability=None, ideal=(0, 0)
)
GAMES = {
    "ns": non_saturating(),
    "minimax": minimax(),
    "ls": least_squares(),
    "wgan": WASSERSTEIN,
    "hinge": hinge(),
    "rel": relativistic(),
}
PLAY = """([players, first, batches, k]) => {
  const duel = new flatland.Duel(players, new flatland.Random(1));
  duel.G.parameters.set(first.G);
  duel.D.parameters.set(first.D);
  const losses = batches.map(([player, x, z]) => {
    const [points, latents] = [Float64Array.from(x), Float64Array.from(z)];
    return player === "D" ? duel.moveD(points, latents) : duel.moveG(latents, points);
  });
  return { losses, G: Array.from(duel.G.parameters), D: Array.from(duel.D.parameters) };
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    with library(browser) as page:
        yield page


def _perceptron(sizes: list[int], activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs, dtype=torch.float64)]
        layers += [nn.Tanh() if activation == "tanh" else nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def _flat(network: nn.Module) -> list[float]:
    return nn.utils.parameters_to_vector(network.parameters()).tolist()


def _optimizer(network: nn.Module, players: dict[str, Any], rate: float) -> torch.optim.Optimizer:
    if players["optimizer"] == "sgd":
        return torch.optim.SGD(network.parameters(), rate)
    return torch.optim.Adam(network.parameters(), rate, tuple(players["betas"]))


def _play(page: Page, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """The losses of every move and the last weights, of the page and of PyTorch."""
    players = PLAYERS | changes
    dims, latents = players["dims"], players["latents"]
    torch.manual_seed(3)
    generator = _perceptron([latents, *players["hiddenG"], dims], players["activation"])
    discriminator = _perceptron([dims, *players["hiddenD"], 1], players["activation"])
    first = {"G": _flat(generator), "D": _flat(discriminator)}
    batches: list[tuple[str, Tensor, Tensor]] = [
        (player, 0.5 * torch.randn(BATCH, dims, dtype=torch.float64), torch.randn(BATCH, latents, dtype=torch.float64))
        for _ in range(STEPS)
        for player in "DDG"
    ]
    game = GAMES[players["game"]]
    move_g = _optimizer(generator, players, players["rateG"])
    move_d = _optimizer(discriminator, players, players["rateD"])
    losses = []
    for player, x, z in batches:
        real, fake = discriminator(x).squeeze(1), discriminator(generator(z)).squeeze(1)
        loss = (game.d if player == "D" else game.g)(real, fake)
        generator.zero_grad()
        discriminator.zero_grad()
        loss.backward()
        (move_d if player == "D" else move_g).step()
        if players["game"] == "wgan":
            with torch.no_grad():
                for weight in discriminator.parameters():
                    weight.clamp_(-CLIP, CLIP)
        losses.append(loss.item())
    told = page.evaluate(
        PLAY, [players, first, [(p, x.flatten().tolist(), z.flatten().tolist()) for p, x, z in batches]]
    )
    found = np.array([*told["losses"], *told["G"], *told["D"]])
    return found, np.array([*losses, *_flat(generator), *_flat(discriminator)])


@pytest.mark.parametrize("game", GAMES)
def test_a_hundred_steps_are_those_of_pytorch(blank: Page, game: str) -> None:
    found, expected = _play(blank, game=game)
    assert np.abs(found - expected).max() < 1e-9


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "tanh", "dims": 1, "latents": 1, "hiddenG": [5]},
        {"optimizer": "sgd", "rateG": 0.1, "rateD": 0.1},
    ],
    ids=["one dimension, tanh", "gradient descent"],
)
def test_so_are_those_of_other_players(blank: Page, changes: dict[str, Any]) -> None:
    found, expected = _play(blank, game="ns", **changes)
    assert np.abs(found - expected).max() < 1e-9


def test_distance_is_that_of_its_definition(blank: Page) -> None:
    """The root of E k(a, a') + E k(b, b') − 2 E k(a, b), the kernel a mean of four Gaussians."""
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(30, 2)), rng.normal(0.3, 0.5, size=(40, 2))

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        square = ((x[:, None] - y) ** 2).sum(-1)
        return float(np.mean([np.exp(-square / (2 * width**2)).mean() for width in (0.8, 0.4, 0.2, 0.1)]))

    expected = (kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)) ** 0.5
    told = "([a, b]) => flatland.discrepancy(Float64Array.from(a), Float64Array.from(b), 2)"
    found = blank.evaluate(told, [a.flatten().tolist(), b.flatten().tolist()])
    assert found == pytest.approx(expected, abs=1e-12)


def test_ring_of_eight_is_covered_by_its_eight_blobs_and_not_by_seven(blank: Page) -> None:
    told = """(left) => {
      const ring = flatland.CLOUDS.ring;
      const points = Float64Array.from(ring.blobs.slice(left).flat());
      return flatland.covered(ring, points, points.length / 2);
    }"""
    assert [blank.evaluate(told, 0), blank.evaluate(told, 1)] == [8, 7]
