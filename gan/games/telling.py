"""What games have in common in which D tells real from forged by one of the losses of `gan.games.losses`:
charts, words, and what is measured."""

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from gan.games import words
from gan.games.game import Chart, Game, Quantity, Score
from gan.games.losses import AdversarialLoss

if TYPE_CHECKING:
    from torch import Tensor

LOSS_G = Quantity("loss_g", "generator", "generator", meaning="generator")
LOSS_D = Quantity("loss_d", "discriminator", "discriminator", meaning="discriminator", dash="dash")
"""Both losses, of any game."""


class TellingGame(Game):
    """D tells real from forged."""

    @property
    @abstractmethod
    def losses(self) -> AdversarialLoss:
        """What both minimise."""

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Both losses, and what D says."""
        loss = self.losses
        ideal_d, ideal_g = loss.ideal or (None, None)
        losses = replace(LOSS_G, ideal=ideal_g), replace(LOSS_D, ideal=ideal_d)
        answers = (
            Quantity("d_real", "real", "real", loss.ideal_output, "D(x)", "dash"),
            Quantity("d_fake", "forged", "generator", loss.ideal_output, "D(G(z))"),
        )
        both = Chart("Loss", losses, self.say_losses, "loss")

        def say(values: words.Values) -> str:
            return words.of_answers(values, loss)

        if loss.probability:
            return both, Chart("D says “real”", answers, say, bounds=(-0.02, 1.02))
        return both, Chart("D's score", answers, say, "D's score")

    def say_losses(self, values: words.Values) -> str:
        """What the losses show at a moment, in words."""
        return words.of_losses(values, self.losses)

    @property
    def reading(self) -> str:
        """When D knows no more."""
        if self.losses.probability is None:
            return ""
        return "Where D answers 1/2 to everything, it can no longer tell real from forged."

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Those of the charts, and how often D is right."""
        return (*super().quantities, Quantity("accuracy_real"), Quantity("accuracy_fake"))

    @property
    def score(self) -> Score:
        """A chance of being real where the loss has one, else a number."""
        loss = self.losses
        undecided = loss.undecided if loss.ideal_output is not None else None
        return Score(loss.meaning, loss.probability is not None, "d_fake" if loss.probability else "", undecided)

    def answers(self, real_scores: "Tensor", forged_scores: "Tensor") -> "dict[str, Tensor]":
        """What D says on the average, and the share of images that it puts on the right side."""
        loss = self.losses
        believes = loss.probability or (lambda scores: scores)
        real_scores, forged_scores = real_scores.detach(), forged_scores.detach()
        return {
            "d_real": believes(real_scores).mean(),
            "d_fake": believes(forged_scores).mean(),
            "accuracy_real": (real_scores > loss.undecided).float().mean(),
            "accuracy_fake": (forged_scores <= loss.undecided).float().mean(),
        }
