"""The auxiliary classifier GAN (Odena et al. 2017): D also names the class, and only G is told it."""

from typing import TYPE_CHECKING, ClassVar, Literal

from gan.games.game import GENERATOR, Batch, Quantity, Reading
from gan.games.headed import HeadedGame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gan.games.headed import Heads
    from gan.games.step import Step


class AuxiliaryGame(HeadedGame):
    """D names the class of real and forged pictures alike, and G makes pictures whose class can be named."""

    kind: Literal["acgan"] = "acgan"
    """The game that the two networks play."""
    note: ClassVar[str] = "The discriminator also names the class, the digit say; only the generator is told it"

    @property
    def told(self) -> tuple[str, ...]:
        """Only the generator is told the class: the discriminator has to read it."""
        return (GENERATOR,)

    def heads(self, classes: int) -> "Mapping[str, int]":
        """D's guess at the class."""
        return {"digit": classes}

    @property
    def readings_shown(self) -> tuple[Reading, ...]:
        """The digit that D names."""
        return (Reading("digit", "class", "the digit that D reads"),)

    @property
    def aims(self) -> tuple[str, str]:
        """Also that the digit can be read."""
        of_d, of_g = super().aims
        return f"{of_d}, and to name the digit of both", f"{of_g}, and so that D can name their digit"

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Also the share of classes that D names right."""
        return (*super().quantities, Quantity("named_real"), Quantity("named_fake"))

    def misread(self, step: "Step", batch: Batch, real: "Heads | None", forged: "Heads") -> "Tensor":
        """Cross-entropy of the class's name, over forgeries and, in D's move, over real images (L_C, equation 3)."""
        from torch.nn.functional import cross_entropy

        wrong = cross_entropy(forged["digit"], batch.y)
        return wrong if real is None else wrong + cross_entropy(real["digit"], batch.y)

    def readings(self, step: "Step", batch: Batch, real: "Heads", forged: "Heads") -> "dict[str, Tensor]":
        """The share of classes named right."""
        named = {"named_real": real["digit"], "named_fake": forged["digit"]}
        return {name: (logits.argmax(1) == batch.y).float().mean() for name, logits in named.items()}
