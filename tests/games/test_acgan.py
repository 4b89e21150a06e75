import torch
from torch.nn.functional import log_softmax, softplus

from gan.config import TrainConfig
from gan.data import DataSet
from gan.games import rules
from tests.games.moves import moves_of, trainer_of


def _misread(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return -log_softmax(logits, 1)[torch.arange(len(y)), y].mean()


def test_only_the_generator_is_told_the_digit(digits: DataSet) -> None:
    trainer = trainer_of(digits, "acgan")
    assert trainer.config.conditional
    assert trainer.generator.embedding is not None
    assert trainer.discriminator.projection is None
    assert rules(TrainConfig().changed(kind="acgan")).told == ("generator",)


def test_losses_by_hand(digits: DataSet) -> None:
    """Telling real from forged by cross-entropy, and the digit's name beside it: of both for D, of forgeries for G."""
    trainer = trainer_of(digits, "acgan")
    y = next(trainer.sampler)[1]
    trainer.sampler.drawn = 0
    discriminator, generator = moves_of(trainer)
    seen = discriminator.seen
    telling = softplus(-seen["real_scores"]).mean() + softplus(seen["forged_scores"]).mean()
    naming = _misread(seen["real_digit"], y) + _misread(seen["forged_digit"], y)
    assert torch.allclose(discriminator.loss, telling + naming, atol=1e-6)
    seen = generator.seen
    expected = softplus(-seen["forged_scores"]).mean() + _misread(seen["forged_digit"], y)
    assert torch.allclose(generator.loss, expected, atol=1e-6)


def test_share_of_digits_named_right_is_measured(digits: DataSet) -> None:
    trainer = trainer_of(digits, "acgan")
    y = next(trainer.sampler)[1]
    trainer.sampler.drawn = 0
    move, _ = moves_of(trainer)
    right = float((move.seen["real_digit"].argmax(1) == y).float().mean())
    assert float(move.measured["named_real"]) == right
