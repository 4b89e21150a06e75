"""InfoGAN (Chen et al. 2016): D recovers codes that nobody has labelled, so that they come to mean something."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gan.config import TrainConfig
from gan.games.game import Batch, Quantity, Reading
from gan.games.headed import HeadedGame
from gan.latents.spec import LatentSpec, Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gan.games.headed import Heads
    from gan.games.step import Step


class CodeGame(HeadedGame):
    """Part of the latent are codes; D reads them off the forgeries, and G makes pictures that they can be read off."""

    kind: Literal["infogan"] = "infogan"
    """The game that the two networks play."""
    note: ClassVar[str] = "The discriminator recovers codes that nobody labelled, so that they come to mean something"
    categories: Annotated[int, Field(ge=2, le=50, title="Values of the categorical code")] = 10
    """How many kinds of picture the categorical code tells apart."""
    uniform_codes: Annotated[int, Field(ge=1, le=8, title="Uniform codes")] = 2
    """How many numbers between −1 and 1 stand beside it."""
    category_weight: Annotated[float, Field(ge=0, le=10, title="Weight of the categorical code")] = 1.0
    """How much it counts, in both losses, that the category can be read off the picture."""
    code_weight: Annotated[float, Field(ge=0, le=10, title="Weight of the uniform codes")] = 0.1
    """The same for the uniform codes."""

    def latents(self, config: TrainConfig) -> LatentSpec:
        """Noise, the uniform codes, and the categorical one."""
        normal = super().latents(config).parts
        return LatentSpec((*normal, Part("uniform", self.uniform_codes), Part("categorical", self.categories)))

    def heads(self, classes: int) -> "Mapping[str, int]":
        """D's guess at the codes."""
        return {"category": self.categories, "codes": self.uniform_codes}

    @property
    def readings_shown(self) -> tuple[Reading, ...]:
        """The codes that D reads off forgeries."""
        return (
            Reading("category", "class", "the category that D reads", slice(-self.categories, None), True),
            Reading("codes", "numbers", "the codes that D reads", self._places_of_codes, True),
        )

    @property
    def aims(self) -> tuple[str, str]:
        """Also that the codes can be read."""
        of_d, of_g = super().aims
        return f"{of_d}, and to read the codes off forgeries", f"{of_g}, and so that D can read their codes"

    @property
    def _places_of_codes(self) -> slice:
        """The place of the uniform codes, counted from the end of a latent."""
        return slice(-self.categories - self.uniform_codes, -self.categories)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Also how well the codes are read."""
        return (*super().quantities, Quantity("category_read"), Quantity("code_error"))

    def misread(self, step: "Step", batch: Batch, real: "Heads | None", forged: "Heads") -> "Tensor":
        """−L_I (equation 5): cross-entropy of the category, and for the uniform codes, whose reading is a Gaussian of
        fixed width, the squared error. Real images have no codes."""
        from torch.nn.functional import cross_entropy, mse_loss

        codes, category = self._codes(batch)
        return self.category_weight * cross_entropy(forged["category"], category.argmax(1)) + (
            self.code_weight * mse_loss(forged["codes"], codes)
        )

    def readings(self, step: "Step", batch: Batch, real: "Heads", forged: "Heads") -> "dict[str, Tensor]":
        """The share of categories read right, and the mean squared error of the uniform codes."""
        codes, category = self._codes(batch)
        return {
            "category_read": (forged["category"].argmax(1) == category.argmax(1)).float().mean(),
            "code_error": (forged["codes"].detach() - codes).square().mean(),
        }

    def _codes(self, batch: Batch) -> "tuple[Tensor, Tensor]":
        """The uniform codes (N, k) and the categorical one (N, categories) of a batch's latents."""
        return batch.z[:, self._places_of_codes], batch.z[:, -self.categories :]
