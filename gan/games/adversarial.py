"""The adversarial game in its usual forms: one of the losses of `gan.games.losses`, with penalties on D's gradient
where asked for."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gan.config import TrainConfig
from gan.games.game import DISCRIMINATOR, GENERATOR, Batch, Move
from gan.games.losses import LOSSES, AdversarialLoss
from gan.games.telling import TellingGame

if TYPE_CHECKING:
    from torch import Tensor

    from gan.games.step import Step


class AdversarialGame(TellingGame):
    """D tells real from forged, G makes it err."""

    kind: Literal["adversarial"] = "adversarial"
    """The game that the two networks play."""
    note: ClassVar[str] = "The discriminator tells real from forged, the generator makes it err"
    conditional: bool = True
    """Both networks are told the class, the digit say, so that you can ask the generator for a 3 and get a 3."""
    loss: Literal["minimax", "non_saturating", "least_squares", "hinge", "relativistic"] = "non_saturating"
    """The game's loss. minimax is the paper's first one and saturates while the discriminator wins;
    non_saturating is its cure; least_squares replaces the logarithms by squares; hinge asks for a margin
    only; relativistic asks whether the real image looks more real than the forged one."""
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """How far below 1 the discriminator's target for real images lies (one-sided)."""
    r1: Annotated[float, Field(ge=0, le=1000, title="R1, γ")] = 0.0
    """Penalty γ/2 on the squared slope of the discriminator at real images."""
    r2: Annotated[float, Field(ge=0, le=1000, title="R2, γ")] = 0.0
    """The same at forged images."""
    penalty_every: Annotated[int, Field(ge=1, le=1000, title="Penalised every so many steps")] = 1
    """The slopes are penalised in every k-th step, k times as hard."""

    @property
    def told(self) -> tuple[str, ...]:
        """The players that are told the class."""
        return (GENERATOR, DISCRIMINATOR) if self.conditional else ()

    @property
    def losses(self) -> AdversarialLoss:
        """The loss with its smoothing."""
        return LOSSES[self.loss](self.label_smoothing)

    def problems(self, config: TrainConfig) -> dict[str, str]:
        """What is wrong between these fields and others."""
        found = super().problems(config)
        if self.label_smoothing and not self.losses.has_target:
            sentence = f"label_smoothing is for losses with a target; {self.loss} has none."
            found["game.label_smoothing"] = sentence
        return found

    def discriminator_move(self, step: "Step", batch: Batch) -> Move:
        """D learns to tell real from forged."""
        penalised = bool(self.r1 or self.r2) and step.number % self.penalty_every == 0
        real, forged = step.shown(batch.x, penalised), step.shown(batch.forged, penalised)
        real_scores, forged_scores = step.discriminate_both(real, forged, batch.y)
        return Move(
            DISCRIMINATOR,
            loss := self.losses.d(real_scores, forged_scores),
            again=lambda: self.losses.d(*step.discriminate_both(real, forged, batch.y)),
            penalty=self._penalty(real_scores, real, forged_scores, forged) if penalised else None,
            measured={"loss_d": loss, **self.answers(real_scores, forged_scores)},
            seen={"real": real, "forged": forged, "real_scores": real_scores, "forged_scores": forged_scores},
        )

    def _penalty(self, real_scores: "Tensor", real: "Tensor", forged_scores: "Tensor", forged: "Tensor") -> "Tensor":
        """R1 and R2, made up for the steps without them (lazy, Karras et al. 2020, appendix B)."""
        from gan.games.penalties import gradient_penalty

        total = real_scores.new_zeros(())
        for gamma, scores, images in ((self.r1, real_scores, real), (self.r2, forged_scores, forged)):
            if gamma:
                total = total + gamma / 2 * gradient_penalty(scores, images)
        return total * self.penalty_every

    def generator_move(self, step: "Step", batch: Batch) -> Move:
        """G learns to make D err. A relative loss scores the real images as well, with the D of now."""
        from gan.games.shifts import shifted

        real = step.shown(batch.x) if self.losses.relative else None
        by = step.shifts(batch.forged)

        def scored(forged: "Tensor") -> "tuple[Tensor | None, Tensor]":
            forged = shifted(forged, by)
            if real is None:
                return None, step.discriminate(forged, batch.y)
            return step.discriminate_both(real, forged, batch.y)

        real_scores, forged_scores = scored(batch.forged)
        seen = {"forged": batch.forged, "forged_scores": forged_scores}
        if real is not None and real_scores is not None:
            seen |= {"real": real, "real_scores": real_scores}
        return Move(
            GENERATOR,
            loss := self.losses.g(real_scores, forged_scores),
            again=lambda: self.losses.g(*scored(step.sample(batch.z, batch.y))),
            measured={"loss_g": loss},
            seen=seen,
        )
