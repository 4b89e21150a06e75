"""What games have in common in which D, besides telling real from forged, reads something off the picture, and G is to
make it readable: its head learns in D's move, and the same term stands in G's loss."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from gan.games import words
from gan.games.game import DISCRIMINATOR, GENERATOR, Batch, Move
from gan.games.losses import AdversarialLoss, non_saturating
from gan.games.telling import TellingGame

if TYPE_CHECKING:
    from torch import Tensor

    from gan.games.step import Step

    Heads = dict[str, Tensor]


class HeadedGame(TellingGame):
    """D tells real from forged, and reads."""

    @property
    def losses(self) -> AdversarialLoss:
        """Without smoothing."""
        return non_saturating()

    def say_losses(self, values: words.Values) -> str:
        """What the losses show at a moment, in words: no line tells where they settle."""
        return words.of_losses_that_read(values)

    @abstractmethod
    def misread(self, step: "Step", batch: Batch, real: "Heads | None", forged: "Heads") -> "Tensor":
        """How wrongly the heads read the real images, where they are shown, and the forged ones: a scalar."""

    @abstractmethod
    def readings(self, step: "Step", batch: Batch, real: "Heads", forged: "Heads") -> "dict[str, Tensor]":
        """What is measured of the heads, scalars by the names of quantities."""

    def discriminator_move(self, step: "Step", batch: Batch) -> Move:
        """D learns to tell real from forged, and to read."""
        real, forged = step.shown(batch.x), step.shown(batch.forged)

        def loss_of() -> "tuple[Tensor, tuple[Tensor, Heads], tuple[Tensor, Heads]]":
            of_real, of_forged = step.answers_of_both(real, forged, batch.y)
            loss = self.losses.d(of_real[0], of_forged[0]) + self.misread(step, batch, of_real[1], of_forged[1])
            return loss, of_real, of_forged

        loss, (real_scores, real_heads), (forged_scores, forged_heads) = loss_of()
        return Move(
            DISCRIMINATOR,
            loss,
            again=lambda: loss_of()[0],
            measured={
                "loss_d": loss,
                **self.answers(real_scores, forged_scores),
                **self.readings(step, batch, real_heads, forged_heads),
            },
            seen={"real": real, "forged": forged, "real_scores": real_scores, "forged_scores": forged_scores}
            | {f"real_{name}": value for name, value in real_heads.items()}
            | {f"forged_{name}": value for name, value in forged_heads.items()},
        )

    def generator_move(self, step: "Step", batch: Batch) -> Move:
        """G learns to make D err, and to be read."""
        from gan.games.shifts import shifted

        by = step.shifts(batch.forged)

        def loss_of(forged: "Tensor") -> "tuple[Tensor, Tensor, Heads]":
            scores, heads = step.answers(shifted(forged, by), batch.y)
            return self.losses.g(None, scores) + self.misread(step, batch, None, heads), scores, heads

        loss, scores, heads = loss_of(batch.forged)
        return Move(
            GENERATOR,
            loss,
            again=lambda: loss_of(step.sample(batch.z, batch.y))[0],
            measured={"loss_g": loss},
            seen={"forged": batch.forged, "forged_scores": scores}
            | {f"forged_{name}": value for name, value in heads.items()},
        )
