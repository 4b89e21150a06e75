"""The Wasserstein GAN (Arjovsky et al. 2017): D is a critic whose score has no bounds, and how much higher it scores
real images than forgeries estimates how far the two distributions are apart."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gan.games import words
from gan.games.game import DISCRIMINATOR, GENERATOR, Batch, Chart, Game, Move, Quantity, Score
from gan.games.telling import LOSS_D, LOSS_G

if TYPE_CHECKING:
    from torch import Tensor

    from gan.games.step import Step


class CriticGame(Game):
    """D scores real images high and forgeries low; G raises the scores of its forgeries. That the scores mean anything
    takes a critic that is not too steep, which each game of this family sees to in its own way."""

    conditional: bool = False
    """Both networks are told the class, the digit say, so that you can ask the generator for a 3 and get a 3."""
    d_steps: Annotated[int, Field(ge=1, le=20, title="Moves of the discriminator")] = 5
    """Critic updates in one step, each with a batch of its own: the estimate is only as good as the critic."""

    @property
    def told(self) -> tuple[str, ...]:
        """The players that are told the class."""
        return (GENERATOR, DISCRIMINATOR) if self.conditional else ()

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Both losses, and the estimate that they are about: no probability, since there is none."""
        estimate = Quantity("wasserstein", "real − forged scores", "real", 0.0)
        return (
            Chart("Loss", (LOSS_G, replace(LOSS_D, ideal=None)), words.of_critic_losses, "loss"),
            Chart("Wasserstein estimate", (estimate,), words.of_estimate, "Wasserstein estimate"),
        )

    @property
    def reading(self) -> str:
        """What falls as the pictures get better."""
        return "The Wasserstein estimate falls while the pictures get better, which no loss of the other games does."

    @property
    def score(self) -> Score:
        """Only differences mean something."""
        return Score("the higher the more real; only differences count", undecided=None)

    def discriminator_move(self, step: "Step", batch: Batch) -> Move:
        """The critic sets real and forged further apart."""
        real, forged = step.shown(batch.x), step.shown(batch.forged)
        real_scores, forged_scores = step.discriminate_both(real, forged, batch.y)

        def loss_of(real_scores: "Tensor", forged_scores: "Tensor") -> "Tensor":
            return forged_scores.mean() - real_scores.mean()

        return Move(
            DISCRIMINATOR,
            loss := loss_of(real_scores, forged_scores),
            again=lambda: loss_of(*step.discriminate_both(real, forged, batch.y)),
            penalty=self.penalty(step, real, forged, batch.y),
            measured={"loss_d": loss, "wasserstein": -loss},
            seen={"real": real, "forged": forged, "real_scores": real_scores, "forged_scores": forged_scores},
            after=self.afterwards(step),
        )

    def generator_move(self, step: "Step", batch: Batch) -> Move:
        """G raises the critic's score of its forgeries."""
        from gan.games.shifts import shifted

        by = step.shifts(batch.forged)
        scores = step.discriminate(shifted(batch.forged, by), batch.y)

        def again() -> "Tensor":
            return -step.discriminate(shifted(step.sample(batch.z, batch.y), by), batch.y).mean()

        return Move(
            GENERATOR,
            loss := -scores.mean(),
            again=again,
            measured={"loss_g": loss},
            seen={"forged": batch.forged, "forged_scores": scores},
        )

    @abstractmethod
    def penalty(self, step: "Step", real: "Tensor", forged: "Tensor", y: "Tensor") -> "Tensor | None":
        """What keeps the critic from becoming steep, through its gradient."""

    @abstractmethod
    def afterwards(self, step: "Step") -> Callable[[], None] | None:
        """What does so once its weights have moved."""


class WassersteinGame(CriticGame):
    """The critic's weights are clipped after each of its moves, which bounds its slope."""

    kind: Literal["wgan"] = "wgan"
    """The game that the two networks play."""
    note: ClassVar[str] = "A critic with clipped weights, whose scores estimate how far real and forged are apart"

    clip: Annotated[float, Field(ge=1e-4, le=1, title="Weights clipped to ±")] = 0.01
    """No weight of the critic may be larger than this, to either side."""

    def penalty(self, step: "Step", real: "Tensor", forged: "Tensor", y: "Tensor") -> None:
        """There is none."""

    def afterwards(self, step: "Step") -> Callable[[], None]:
        """The clipping."""
        import torch

        weights = list(step.players[DISCRIMINATOR].parameters())

        def clip() -> None:
            with torch.no_grad():
                for weight in weights:
                    weight.clamp_(-self.clip, self.clip)

        return clip
