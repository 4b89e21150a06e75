"""The energy-based GAN (Zhao et al. 2016): D is an autoencoder, and its error is the energy of a picture."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gan.config import TrainConfig
from gan.games import words
from gan.games.game import DISCRIMINATOR, GENERATOR, Batch, Chart, Game, Move, Quantity, Reading, Score
from gan.games.telling import LOSS_D, LOSS_G

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gan.games.step import Step


class EnergyGame(Game):
    """D learns to draw real images well, and forgeries badly as far as a margin; G learns what D draws well."""

    kind: Literal["ebgan"] = "ebgan"
    """The game that the two networks play."""
    note: ClassVar[str] = "The discriminator draws pictures anew; its error is the energy, little for what looks real"

    margin: Annotated[float, Field(ge=1e-4, le=4, title="Margin of the energy, m")] = 0.2
    """The discriminator raises the energy of forgeries as far as this. An energy is a mean squared error, pixel by
    pixel in [−1, 1]: 4 would be black for white everywhere."""
    pull_away: Annotated[float, Field(ge=0, le=10, title="Pull-away term")] = 0.1
    """Weight of the term in the generator's loss that wants the codes of two forgeries to be different, so that not
    all are the same picture."""

    def players(self, config: TrainConfig) -> "dict[str, nn.Module]":
        """An autoencoder is the discriminator."""
        from gan.networks.autoencoder import Autoencoder
        from gan.networks.generator import Generator

        generator = Generator(config.generator, self.latents(config).size)
        return {GENERATOR: generator, DISCRIMINATOR: Autoencoder(config.discriminator)}

    def problems(self, config: TrainConfig) -> dict[str, str]:
        """What an autoencoder of perceptrons cannot be."""
        found = super().problems(config)
        own = config.discriminator
        if own.architecture != "mlp":
            found["discriminator.architecture"] = "An ebgan's discriminator is fully connected; set it to mlp."
        if own.spectral_norm:
            found["discriminator.spectral_norm"] = "An ebgan's discriminator takes no spectral normalisation."
        return found

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Both losses, and the energies."""
        energies = (
            Quantity("energy_real", "real", "real", meaning="energy", dash="dash"),
            Quantity("energy_fake", "forged", "generator", meaning="energy"),
        )
        # At an equilibrium D's loss is the margin (theorem 1).
        losses = LOSS_G, replace(LOSS_D, ideal=self.margin)
        return (
            Chart("Loss", losses, lambda values: words.of_energy_losses(values, self.margin), "loss"),
            Chart("Energy", energies, words.of_energies, "energy"),
        )

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Those of the charts, and how alike the codes of forgeries are."""
        return (*super().quantities, Quantity("pull_away"))

    @property
    def reading(self) -> str:
        """When D knows no more."""
        return "Where forgeries have as little energy as real images, D draws both equally well."

    @property
    def readings_shown(self) -> tuple[Reading, ...]:
        """D's own drawing."""
        return (Reading("drawn", "picture", "the same picture as D draws it anew"),)

    @property
    def aims(self) -> tuple[str, str]:
        """Errors of drawing."""
        return (
            "D to draw real pictures with less error, and forgeries with more, up to a margin",
            "G to make pictures that D draws with less error",
        )

    @property
    def score(self) -> Score:
        """An error."""
        return Score("the error of D's own drawing of it: the lower the more real", undecided=None, energy=True)

    def discriminator_move(self, step: "Step", batch: Batch) -> Move:
        """D draws real images better, and forgeries worse as far as the margin (equation 1)."""
        real, forged = step.shown(batch.x), step.shown(batch.forged)
        (real_energy, of_real), (forged_energy, of_forged) = step.answers_of_both(real, forged, batch.y)

        def loss_of(real_energy: "Tensor", forged_energy: "Tensor") -> "Tensor":
            return real_energy.mean() + (self.margin - forged_energy).clamp(min=0).mean()

        def again() -> "Tensor":
            of_real, of_forged = step.answers_of_both(real, forged, batch.y)
            return loss_of(of_real[0], of_forged[0])

        return Move(
            DISCRIMINATOR,
            loss := loss_of(real_energy, forged_energy),
            again=again,
            measured={
                "loss_d": loss,
                "energy_real": real_energy.detach().mean(),
                "energy_fake": forged_energy.detach().mean(),
            },
            seen={
                "real": real,
                "forged": forged,
                "real_scores": real_energy,
                "forged_scores": forged_energy,
                "real_drawn": of_real["drawn"],
                "forged_drawn": of_forged["drawn"],
            },
        )

    def generator_move(self, step: "Step", batch: Batch) -> Move:
        """G makes what D draws well (equation 2), and not always the same (equation 4)."""
        from gan.games.penalties import pull_away
        from gan.games.shifts import shifted

        by = step.shifts(batch.forged)

        def look(forged: "Tensor") -> "tuple[Tensor, Tensor, Tensor, Tensor]":
            energy, others = step.answers(shifted(forged, by), batch.y)
            alike = pull_away(others["code"])
            return energy.mean() + self.pull_away * alike, energy, alike, others["drawn"]

        loss, energy, alike, drawn = look(batch.forged)
        return Move(
            GENERATOR,
            loss,
            again=lambda: look(step.sample(batch.z, batch.y))[0],
            measured={"loss_g": loss, "pull_away": alike.detach()},
            seen={"forged": batch.forged, "forged_scores": energy, "forged_drawn": drawn},
        )
