"""Eight ways in which a GAN fails, each made on purpose by settings and cured by one of them.

Each is made to fail within a minute on two cores, and its cure not to; how surely, seed by seed, stands in
benchmarks/README.md. Both are trained by `python -m benchmarks.diagnosis`. No torch here: the pages read the catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan.config import TrainConfig
from gan.presets import preset


@dataclass(frozen=True)
class Defining:
    """The quantity by which one tells that it has failed, and the threshold that it crosses. Later measurements are on
    the same side."""

    quantity: str
    """As in the records of a run; `digits` is how many of the ten are found (`gan.training.signs.digits`)."""
    threshold: float
    above: bool = False
    """Whether it has failed above the threshold; else below it."""
    after: float = 0.0
    """Seconds of training before which a healthy run may be on that side as well."""

    def crossed(self, value: float) -> bool:
        """Whether a value is on the wrong side; one that is no number is."""
        return not (value <= self.threshold if self.above else value >= self.threshold)


@dataclass(frozen=True)
class Failure:
    """One way to fail."""

    name: str
    """In addresses, on command lines and in the names of files."""
    title: str
    sentence: str
    """What happens, in one sentence."""
    watch: str
    """What to watch for, in the order in which it can be seen."""
    preset: str
    breaks: Mapping[str, Any]
    """The settings that break it, by path."""
    cure: Mapping[str, Any]
    """The one setting that cures it, by path; the others stay broken."""
    finding: str
    """The kind of finding that the diagnosis has to give."""
    defining: Defining

    def broken(self, seed: int = 0, seconds: float = 60.0) -> TrainConfig:
        """The settings of the run that fails."""
        # Nothing else is to change on the way.
        plain = preset(self.preset).changed({"optimizer.schedule": ""})
        return plain.changed({**self.breaks, "seed": seed, "budget.seconds": seconds})

    def cured(self, seed: int = 0, seconds: float = 60.0) -> TrainConfig:
        """The same with the one setting changed."""
        return self.broken(seed, seconds).changed(dict(self.cure))


FAILURES: tuple[Failure, ...] = (
    Failure(
        name="saturating",
        title="A loss that saturates",
        sentence="The discriminator is sure of itself from the start, and the generator's first loss of 2014 is flat"
        " there: nothing tells the generator which way to go.",
        watch="D(G(z)) falls to 0 and D(x) rises to 1 within seconds; the generator's loss lies at 0 and its gradient"
        " fades; the pictures stay noise.",
        preset="cgan",
        # With the preset's short memory for squares (β₂ 0.95) steps of the discriminator grow once its gradient is
        # nothing, and a spike of its loss sets the generator free after half a minute.
        breaks={"game.loss": "minimax", "optimizer.lr_d": 4e-3, "optimizer.beta2": 0.999},
        cure={"game.loss": "non_saturating"},
        finding="vanishing_gradient",
        defining=Defining("d_fake", 0.02),
    ),
    Failure(
        name="strong-discriminator",
        title="A discriminator that moves ten times as often",
        sentence="Ten moves of the discriminator for each of the generator's: it always knows the newest forgeries, and"
        " its advice comes too seldom and too late.",
        watch="D(x) stays near 1 and D(G(z)) near 0, the discriminator's loss far below that of guessing; the pictures"
        " get better far more slowly than they should.",
        preset="cgan",
        breaks={"game.d_steps": 10, "optimizer.lr_d": 4e-3},
        cure={"game.d_steps": 1},
        finding="discriminator_too_strong",
        defining=Defining("accuracy_fake", 0.95, above=True, after=20.0),
    ),
    Failure(
        name="weak-discriminator",
        title="A generator that moves ten times as often",
        sentence="Ten moves of the generator for each of the discriminator's: it runs after whatever fools the"
        " discriminator of the moment, and that is not what digits look like.",
        watch="D(G(z)) rises above D(x), and the discriminator is wrong more often than right; the pictures stay crude,"
        " with ragged strokes.",
        preset="cgan",
        breaks={"game.g_steps": 10},
        cure={"game.g_steps": 1},
        finding="discriminator_too_weak",
        defining=Defining("accuracy_fake", 0.5),
    ),
    Failure(
        name="learning-rate",
        title="A learning rate thirty times too high",
        sentence="Each step overshoots what it aims at, so that the two networks throw each other about.",
        watch="The losses grow by orders of magnitude in spikes, the norms of gradients with them; the pictures"
        " begin as one blot, and stay dim and unsteady.",
        preset="cgan",
        breaks={"optimizer.lr_d": 1.5e-2},
        cure={"optimizer.lr_d": 5e-4},
        finding="divergence",
        defining=Defining("loss_d", 10.0, above=True),
    ),
    Failure(
        name="no-noise",
        title="No noise in the latent",
        sentence="The generator gets no noise, so that it knows the digit that is asked for and nothing else: one"
        " picture of each.",
        watch="All columns of the picture are the same from the first moment, and stay so however long it trains.",
        preset="cgan",
        breaks={"generator.latent_scale": 0.0},
        cure={"generator.latent_scale": 1.0},
        finding="mode_collapse",
        defining=Defining("variety", 0.2),
    ),
    Failure(
        name="momentum",
        title="Momentum in the plain GAN",
        sentence="Adam's usual momentum of 0.9 carries the generator on in a direction in which the discriminator has"
        " long turned round; it ends in a corner, at one picture or two for all latents.",
        watch="All pictures are nearly the same blot, which the classifier reads as one digit: the histogram has one"
        " bar. Which digit it is may change.",
        preset="vanilla",
        breaks={"optimizer.beta1": 0.9},
        cure={"optimizer.beta1": 0.5},
        finding="mode_collapse",
        defining=Defining("digits", 5.0, after=20.0),
    ),
    Failure(
        name="no-nine",
        title="Labels from 0 to 8",
        sentence="The training set has no 9, a slip as old as randint(0, 9): what is never shown is never learned.",
        watch="Nine rows turn into digits; the row of the 9 shows something else.",
        preset="cgan",
        breaks={"data.classes": (0, 1, 2, 3, 4, 5, 6, 7, 8)},
        cure={"data.classes": ()},
        finding="mode_collapse",
        defining=Defining("recall_9", 0.3, after=10.0),
    ),
    Failure(
        name="by-heart",
        title="Two hundred images, known by heart",
        sentence="With 200 real images the discriminator soon knows each of them and takes everything else for forged,"
        " real digits included; the generator can please it only by copying.",
        watch="D(x) stays high on the images that it knows and D(G(z)) falls; it scores an image that it knows above a"
        " real one that it has never seen in nearly nine of ten pairs.",
        preset="cgan",
        breaks={"data.train_images": 200},
        cure={"data.train_images": 0},
        finding="memorising",
        defining=Defining("trained_over_held_out", 0.75, above=True),
    ),
)

BY_NAME: Mapping[str, Failure] = {failure.name: failure for failure in FAILURES}
