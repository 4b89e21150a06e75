import pytest
import torch

from gan.data import DataSet
from gan.games.penalties import between, unit_gradient_penalty
from tests.games.moves import moves_of, trainer_of


def test_slope_of_a_linear_critic_by_hand() -> None:
    """D(x) = 3 x₁ + 4 x₂ has the slope 5 everywhere: (5 − 1)² = 16."""
    images = torch.randn(7, 1, 1, 2, requires_grad=True)
    scores = (images.flatten(1) * torch.tensor([3.0, 4.0])).sum(1)
    assert float(unit_gradient_penalty(scores, images).detach()) == pytest.approx(16.0)


def test_slope_is_the_mean_over_images_of_their_own() -> None:
    """D(x) = x² / 2 has the slope x: at 1, 3 and −2 that is 0, 4 and 1, on the average 5/3."""
    images = torch.tensor([1.0, 3.0, -2.0]).view(3, 1, 1, 1).requires_grad_()
    assert float(unit_gradient_penalty((images**2 / 2).flatten(), images).detach()) == pytest.approx(5 / 3)


def test_penalty_can_be_descended() -> None:
    """With D(x) = w x the penalty is (|w| − 1)², its slope 2 (w − 1): 4 at w = 3."""
    weight = torch.tensor(3.0, requires_grad=True)
    images = torch.ones(2, 1, 1, 1, requires_grad=True)
    unit_gradient_penalty((weight * images).flatten(), images).backward()
    assert weight.grad is not None
    assert float(weight.grad) == pytest.approx(4.0)


def test_points_lie_between_a_pair_each_at_a_share_of_its_own() -> None:
    real, forged = torch.ones(1000, 1, 2, 2), -torch.ones(1000, 1, 2, 2)
    points = between(real, forged, torch.Generator().manual_seed(0))
    assert points.requires_grad
    points = points.detach()
    assert torch.equal(points.amin((1, 2, 3)), points.amax((1, 2, 3)))
    shares = (points[:, 0, 0, 0] + 1) / 2
    assert 0 <= float(shares.min()) < 0.01 < 0.99 < float(shares.max()) <= 1
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("weight", [0.0, 10.0])
def test_penalty_counts_for_the_gradient_and_is_not_plotted(digits: DataSet, weight: float) -> None:
    *critic, generator = moves_of(trainer_of(digits, "wgan-gp", gradient_penalty=weight))
    assert len(critic) == 5
    for move in critic:
        assert torch.allclose(move.loss, move.seen["forged_scores"].mean() - move.seen["real_scores"].mean())
        assert move.penalty is not None
        assert (float(move.penalty) > 0) == (weight > 0)
        assert move.after is None
    assert generator.penalty is None
