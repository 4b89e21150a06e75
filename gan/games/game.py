"""What a game is: the interface between those who play, the trainer, and the pages.

A step is a sequence of moves. The trainer takes one, lets that player's weights follow its gradient, and asks for the
next; so what a game computes after a move sees the weights that the move left behind. A game that is made of the two
usual players writes down one move of each (`discriminator_move`, `generator_move`); another one overrides `moves`.

No torch at import: the pages read a game's words from here.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from gan.config import GameConfig, TrainConfig
from gan.latents import spec
from gan.latents.spec import LatentSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gan.games.step import Step

Role = Literal["generator", "discriminator", "real"]
GENERATOR, DISCRIMINATOR = "generator", "discriminator"


@dataclass(frozen=True)
class Quantity:
    """One number that is measured in every step."""

    name: str
    """In records."""
    label: str = ""
    """Beside its curve."""
    role: Role = "generator"
    """Whose colour the curve has."""
    ideal: float | None = None
    """Where it settles at a perfect forger; None where nothing is known."""
    meaning: str = ""
    """The word of the glossary that explains it."""
    dash: str = "solid"


@dataclass(frozen=True)
class Chart:
    """One of the charts of a run."""

    title: str
    quantities: tuple[Quantity, ...]
    says: Callable[[Mapping[str, float]], str]
    """Of the values of its quantities, by name: what they show now, and which way is good, in a sentence or two for
    people who have not seen a GAN before (see `gan.games.words`). Empty where some are missing."""
    meaning: str = ""
    """The word of the glossary that explains the title."""
    bounds: tuple[float, float] | None = None
    """The vertical axis, where it is always the same."""


@dataclass(frozen=True)
class Score:
    """How to read what a discriminator says of a picture."""

    meaning: str
    """Of a number, after "score 0.31, ": in plain words."""
    probability: bool = False
    """Whether the sigmoid of the number is the chance of being real."""
    of_forgeries: str = ""
    """The quantity that holds the mean of these chances over forgeries."""
    undecided: float | None = 0.0
    """The number at which it takes a picture for neither; None where only differences count."""
    energy: bool = False
    """Whether the discriminator draws the picture anew, and its error is the number: the lower, the more real."""


@dataclass(frozen=True)
class Reading:
    """What a discriminator says of a picture besides its score."""

    name: str
    """As `real_NAME` and `forged_NAME` in `Move.seen`, and among a network's `answers`."""
    kind: Literal["picture", "class", "numbers"]
    """A picture (N, 1, 28, 28), the logits of a choice (N, n), or numbers (N, n)."""
    label: str
    """What it is, for people."""
    asked: slice | None = None
    """Where in the latent stands what it should be; None for a digit that the generator was asked for, or nothing."""
    forged_only: bool = False
    """Whether real pictures have nothing of the kind."""


@dataclass
class Move:
    """What one player does: whose weights change, and what for."""

    player: str
    loss: "Tensor"
    """What is plotted, a scalar; all terms that make it up are part of it."""
    again: Callable[[], "Tensor"]
    """The same loss on the same batch, latents and shifts, once more with the weights of now."""
    penalty: "Tensor | None" = None
    """For the gradient only, a scalar: what is not plotted."""
    measured: Mapping[str, "Tensor"] = field(default_factory=dict)
    """Scalars on the device, by the names of quantities."""
    seen: Mapping[str, "Tensor"] = field(default_factory=dict)
    """For whoever looks inside: `real` and `forged` images (N, 1, 28, 28) as the player saw them, their `real_scores`
    and `forged_scores` (N,), and whatever else the game has."""
    after: Callable[[], None] | None = None
    """What is done to the weights once they have moved."""


@dataclass
class Batch:
    """What the players of one move see."""

    x: "Tensor"
    """Real images, (N, 1, 28, 28)."""
    y: "Tensor"
    """Their classes, (N,)."""
    z: "Tensor"
    """Latents, (N, size)."""
    forged: "Tensor"
    """G(z, y), (N, 1, 28, 28), with the graph that the generator's move needs."""


class Game(GameConfig):
    """The rules of a game: settings that say what is played, and the play itself. It keeps nothing: the networks and
    what a step needs are handed in."""

    sampled: ClassVar[str] = GENERATOR
    """The player whose moving average makes the pictures."""

    @property
    @abstractmethod
    def charts(self) -> tuple[Chart, ...]:
        """What is drawn while it trains."""

    @property
    @abstractmethod
    def score(self) -> Score:
        """How to read the discriminator."""

    @property
    def reading(self) -> str:
        """What the charts say of this game, a sentence for people who have not seen one before."""
        return ""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """All that is measured; what no chart shows is recorded all the same."""
        return tuple(quantity for chart in self.charts for quantity in chart.quantities)

    def latents(self, config: TrainConfig) -> LatentSpec:
        """What a latent is made of."""
        return spec.normal(config.generator.latent_dim)

    def players(self, config: TrainConfig) -> "dict[str, nn.Module]":
        """Networks with new weights, each with an optimiser of its own. Called with an image and its class, the
        discriminator gives a score."""
        from gan.networks.discriminator import Discriminator
        from gan.networks.generator import Generator

        count = len(config.data.spec.classes)
        classes = dict.fromkeys(self.told, count)
        return {
            GENERATOR: Generator(config.generator, self.latents(config).size, classes.get(GENERATOR, 0)),
            DISCRIMINATOR: Discriminator(
                config.discriminator, config.generator.architecture, classes.get(DISCRIMINATOR, 0), self.heads(count)
            ),
        }

    def heads(self, classes: int) -> Mapping[str, int]:
        """What else the discriminator says of a picture of one of so many classes: how many numbers, by name."""
        return {}

    @property
    def readings_shown(self) -> tuple[Reading, ...]:
        """What is worth seeing of what else the discriminator says."""
        return ()

    @property
    def aims(self) -> tuple[str, str]:
        """What D's loss asks for, and G's: each ends a sentence that begins "The loss asks"."""
        return (
            "D to score real pictures higher and forgeries lower",
            "G to change its pictures so that D scores them higher",
        )

    @property
    def order(self) -> tuple[str, ...]:
        """The players of a step, move by move."""
        return (DISCRIMINATOR,) * self.d_steps + (GENERATOR,) * self.g_steps

    def moves(self, step: "Step") -> Iterator[Move]:
        """`d_steps` moves of the discriminator with a batch each, then `g_steps` of the generator. The forgeries of
        the last batch serve once more in the generator's first move."""
        for _ in range(self.d_steps):
            batch = self.draw_batch(step, *step.next_batch())
            yield self.discriminator_move(step, batch)
        for number in range(self.g_steps):
            yield self.generator_move(step, self.draw_batch(step, batch.x, batch.y) if number else batch)

    def draw_batch(self, step: "Step", x: "Tensor", y: "Tensor") -> Batch:
        """A batch with new latents and forgeries."""
        z = step.latents(len(y))
        return Batch(x, y, z, step.sample(z, y))

    @abstractmethod
    def discriminator_move(self, step: "Step", batch: Batch) -> Move:
        """What the discriminator does with real images and forgeries."""

    @abstractmethod
    def generator_move(self, step: "Step", batch: Batch) -> Move:
        """What the generator does with what the discriminator says of its forgeries."""


def rules(config: TrainConfig) -> Game:
    """The game that a run plays."""
    assert isinstance(config.game, Game)
    return config.game


def has_rows(config: TrainConfig) -> bool:
    """Whether the rows of a run's picture have something in common: a class, or the value of a code."""
    return config.conditional or spec_of(config).category is not None


def stillness(config: TrainConfig) -> str:
    """What to tell whoever wants to move the latents of a model that was trained without noise; empty for others."""
    if config.generator.latent_scale:
        return ""
    codes = spec_of(config).size > config.generator.latent_dim
    said = "only its codes change the picture" if codes else "every latent gives the same picture"
    return f"This model was trained without noise (latent_scale 0), so {said}: there is nothing to slide."


def spec_of(config: TrainConfig) -> LatentSpec:
    """What the latents of a run are made of."""
    return rules(config).latents(config)
