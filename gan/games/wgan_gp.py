"""The Wasserstein GAN with a gradient penalty (Gulrajani et al. 2017) in place of clipped weights."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gan.games.wgan import CriticGame

if TYPE_CHECKING:
    from torch import Tensor

    from gan.games.step import Step


class GradientPenaltyGame(CriticGame):
    """The critic's gradient is held at length 1 on random points between real images and forgeries."""

    kind: Literal["wgan-gp"] = "wgan-gp"
    """The game that the two networks play."""
    note: ClassVar[str] = "The same, its gradient held at length 1 in place of clipped weights"
    gradient_penalty: Annotated[float, Field(ge=0, le=1000, title="Gradient penalty, λ")] = 10.0
    """λ times the squared difference between 1 and the length of the critic's gradient is added to its loss, for the
    gradient only."""

    def penalty(self, step: "Step", real: "Tensor", forged: "Tensor", y: "Tensor") -> "Tensor":
        """λ E (‖∇D(x̂)‖ − 1)² (equation 3), one random point x̂ between each real image and the forgery beside it."""
        from gan.games import penalties

        between = penalties.between(real.detach(), forged.detach(), step.noise)
        return self.gradient_penalty * penalties.unit_gradient_penalty(step.discriminate(between, y), between)

    def afterwards(self, step: "Step") -> None:
        """Nothing."""
