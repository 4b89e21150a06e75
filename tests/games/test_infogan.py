import pytest
import torch
from torch.nn.functional import log_softmax, softplus

from gan.config import TrainConfig
from gan.data import DataSet
from gan.games import spec_of
from gan.latents.spec import Part
from tests.games.moves import moves_of, trainer_of


def test_latents_are_noise_and_codes() -> None:
    spec = spec_of(TrainConfig().changed(kind="infogan", latent_dim=5, categories=4, uniform_codes=3))
    assert spec.parts == (Part("normal", 5), Part("uniform", 3), Part("categorical", 4))
    assert spec.size == 12


@pytest.mark.parametrize("weights", [(1.0, 0.1), (0.0, 2.0)])
def test_both_players_want_the_codes_to_be_read(digits: DataSet, weights: tuple[float, float]) -> None:
    """Cross-entropy of the category and squared error of the uniform codes, written out, beside the usual losses."""
    categorical, uniform = weights
    trainer = trainer_of(digits, "infogan", category_weight=categorical, code_weight=uniform)
    spec = spec_of(trainer.config)
    z = spec.sample(32, torch.Generator().manual_seed(0))
    codes, category = z[:, 8:10], z[:, 10:].argmax(1)
    discriminator, generator = moves_of(trainer)
    for move in (discriminator, generator):
        seen = move.seen
        read = -log_softmax(seen["forged_category"], 1)[torch.arange(32), category].mean()
        error = ((seen["forged_codes"] - codes) ** 2).mean()
        usual = softplus(-seen["forged_scores"]).mean()
        if move.player == "discriminator":
            usual = softplus(-seen["real_scores"]).mean() + softplus(seen["forged_scores"]).mean()
        assert torch.allclose(move.loss, usual + categorical * read + uniform * error, atol=1e-5)


def test_nobody_is_told_the_digit(digits: DataSet) -> None:
    trainer = trainer_of(digits, "infogan")
    assert not trainer.config.conditional
    assert trainer.generator.embedding is None
    assert trainer.discriminator.projection is None


def test_codes_come_to_be_read(digits: DataSet) -> None:
    """After 200 small steps the category is read far more often than by chance, a tenth."""
    trainer = trainer_of(digits, "infogan")
    for _ in range(200):
        trainer.step()
    trainer.take_record()
    for _ in range(20):
        trainer.step()
    assert trainer.take_record()["category_read"].mean > 0.5
