import math

import pytest
import torch

from gan.config import ConfigError, TrainConfig
from gan.data import DataSet
from gan.games import rules
from tests.games.moves import moves_of, trainer_of


def test_critic_moves_five_times_with_a_batch_each(digits: DataSet) -> None:
    trainer = trainer_of(digits, "wgan")
    moves = moves_of(trainer)
    assert [move.player for move in moves] == ["discriminator"] * 5 + ["generator"]
    seen = [move.seen["real"] for move in moves[:5]]
    assert not any(torch.equal(one, other) for one in seen for other in seen if one is not other)
    assert trainer.images_seen == 5 * 32


def test_losses_are_means_of_scores(digits: DataSet) -> None:
    *critic, generator = moves_of(trainer_of(digits, "wgan"))
    for move in critic:
        apart = move.seen["real_scores"].mean() - move.seen["forged_scores"].mean()
        assert torch.allclose(move.loss, -apart)
        assert torch.allclose(move.measured["wasserstein"], apart)
        assert move.penalty is None
    assert torch.allclose(generator.loss, -generator.seen["forged_scores"].mean())


@pytest.mark.parametrize("clip", [0.01, 0.05])
def test_weights_of_the_critic_are_clipped_and_no_others(digits: DataSet, clip: float) -> None:
    trainer = trainer_of(digits, "wgan", clip=clip)
    trainer.step()
    largest = {
        name: max(float(p.detach().abs().max()) for p in network.parameters())
        for name, network in trainer.players.items()
    }
    assert largest["discriminator"] == pytest.approx(clip)
    assert largest["generator"] > 0.1
    weights = torch.cat([p.flatten() for p in trainer.discriminator.parameters()])
    assert float((weights.abs() < 0.99 * clip).float().mean()) > 0.1


def test_charts_show_the_estimate_and_no_probability() -> None:
    game = rules(TrainConfig().changed(kind="wgan"))
    assert [chart.title for chart in game.charts] == ["Loss", "Wasserstein estimate"]
    assert not game.score.probability
    assert game.score.undecided is None
    assert {quantity.ideal for quantity in game.quantities if quantity.name == "wasserstein"} == {0.0}


def test_digit_is_told_to_both_or_to_nobody(digits: DataSet) -> None:
    assert trainer_of(digits, "wgan").config.conditional is False
    trainer = trainer_of(digits, "wgan", conditional=True)
    assert trainer.generator.embedding is not None
    assert trainer.discriminator.projection is not None


@pytest.mark.parametrize("clip", [0.0, 1.1, math.nan])
def test_clip_has_bounds(clip: float) -> None:
    with pytest.raises(ConfigError, match=r"clip is .*; it has to be between 0\.0001 and 1\."):
        TrainConfig().changed(kind="wgan", clip=clip)
