"""What the curves of a run and the looks at its samples say: a pure function from them to findings, the worst first.

Two rules stand above all others. A healthy run is never called ill: what would be an alarm has to hold with a margin,
over all that was measured of late, and nothing is wrong with a run whose pictures get better. And nothing is said
before it can be known. Published rules are given where they are used; the margins are those of recorded runs, see
"What the diagnosis says" in benchmarks/README.md.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from gan.config import TrainConfig
from gan.training import signs
from gan.training.remedies import Cure, cure
from gan.training.signs import NAN, Curves, Signs
from gan.training.words import WORDS

Kind = Literal[
    "healthy",
    "too_early",
    "discriminator_too_strong",
    "discriminator_too_weak",
    "vanishing_gradient",
    "mode_collapse",
    "oscillation",
    "divergence",
    "memorising",
    "as_good_as_it_gets",
]
Level = Literal["good", "open", "warning", "bad"]
LEVELS: dict[Kind, Level] = {
    "healthy": "good",
    "as_good_as_it_gets": "good",
    "too_early": "open",
    "oscillation": "warning",
    "memorising": "warning",
    "discriminator_too_strong": "bad",
    "discriminator_too_weak": "bad",
    "vanishing_gradient": "bad",
    "mode_collapse": "bad",
    "divergence": "bad",
}

# When something can be said at all, in moves of both players: seconds mean nothing on another machine.
EARLY_MOVES, STUCK_MOVES, COLLAPSED_MOVES, LONG_MOVES = 400, 700, 1000, 1200
# FCD by that of real images. Beyond POOR the pictures are hardly digits; up to GOOD nothing can be very wrong.
GOOD, FINE, POOR = 10.0, 15.0, 40.0
# FCD by what it was before; and the distance of the game's quantities from where they settle.
BETTER, SLOWLY, SETTLED, APPROACHES = 0.85, 0.95, 0.9, 0.7
# The discriminator's loss by what it should be.
BLOWN_UP = 6.0
# The generator's gradient by its own largest.
FADED = 2e-4
# Chances and shares. Sure: the discriminator is right. Apart: it tells so many pairs apart. Doubt: D(G(z)) at the
# most. Coin: right less often than this; fooled: about either kind.
SURE, APART, DOUBT, COIN, FOOLED = 0.95, 0.98, 0.1, 0.46, 0.6
# Variety within a digit, real images being 1.
SAME, ALIKE = 5e-4, 0.05
# The share of digits that are read as asked: of the one that is missing, of the second worst, and of the usual one.
UNREAD, SECOND, READ = 0.3, 0.5, 0.8
FEW = 2
# How often a real image of the training set is scored above one that is new.
KNOWN = 0.7
# The share of forgeries that turn into other digits from look to look.
TURNOVER = 0.5


@dataclass(frozen=True)
class Finding:
    """One thing that can be said of a run."""

    kind: Kind
    sentence: str
    """What is seen, with its numbers, for somebody who has not seen a GAN before."""
    evidence: dict[str, float] = field(default_factory=dict)
    """The numbers that it rests on, by the names of `gan.training.signs.Signs`."""
    why: str = ""
    helps: str = ""
    """What usually helps."""
    cure: Cure | None = None
    """Where it is one setting, the change that does it."""

    @property
    def level(self) -> Level:
        """How bad it is: good, open (nothing is known yet), warning, bad."""
        return LEVELS[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; numbers that are none are left out."""
        evidence = {name: value for name, value in self.evidence.items() if math.isfinite(value)}
        return {
            "kind": self.kind,
            "evidence": evidence,
            "sentence": self.sentence,
            "why": self.why,
            "helps": self.helps,
            "cure": self.cure and self.cure.to_dict(),
        }


def diagnose(config: TrainConfig, curves: Curves, floor: float = NAN, diverged: str = "") -> list[Finding]:
    """What can be said of a run with these settings, the worst first; at least one finding.

    `curves` are its quantities by name, each (5, N) with the rows images, seconds, mean, minimum and maximum of each
    record; quality while training is among them (`fcd`, `variety`, `share_0` and so on). `floor` is the FCD of real
    images. `diverged` is what the run said when it ended because a number was no longer finite.
    """
    found = signs.read(config, curves, floor)
    return list(judge(config, found, diverged))


def judge(config: TrainConfig, found: Signs, diverged: str = "") -> Iterator[Finding]:
    """The same, of signs that were read already."""
    if diverged:
        yield _finding("divergence", diverged, found, config, "images")
        return
    if found.moves < EARLY_MOVES or not found.recent_looks:
        yield _finding("too_early", _too_early(found), found, config, "images", "moves", "looks")
        return
    alarms = [finding for rule in RULES if (finding := rule(config, found))]
    yield from alarms
    if not alarms:
        yield _well(config, found)


def _finding(kind: Kind, sentence: str, found: Signs, config: TrainConfig, *evidence: str, blame: str = "") -> Finding:
    why, helps = WORDS[kind]
    numbers = {name: float(getattr(found, name)) for name in evidence}
    return Finding(kind, sentence, numbers, why, helps, cure(kind, config, blame))


def _too_early(found: Signs) -> str:
    if not found.looks:
        return "Nothing can be said yet: the pictures have not been looked at."
    looks = "once" if found.looks == 1 else f"{found.looks} times, the last time"
    return f"Too early to say: quality was measured {looks} after {found.moves:,.0f} moves."


def _is_stuck(found: Signs) -> bool:
    """Whether the pictures are poor and do not get better, nor goes what the game measures where it should; not
    before that can be known."""
    approaches = found.approach < APPROACHES
    return found.moves > STUCK_MOVES and found.fcd > POOR and found.change > BETTER and not approaches


def _diverges(config: TrainConfig, found: Signs) -> Finding | None:
    """D's loss in spikes (ganhacks, section 10)."""
    if not (found.blown_up > BLOWN_UP and found.fcd > GOOD):
        return None
    said = (
        f"The discriminator's loss is {found.blown_up:.0f} times what it should be, in spikes: the steps are too long."
    )
    return _finding("divergence", said, found, config, "blown_up", "fcd")


def _vanishes(config: TrainConfig, found: Signs) -> Finding | None:
    """The generator's gradient is gone while D wins (Goodfellow et al. 2014, section 3; Arjovsky and Bottou 2017)."""
    if not (found.fade < FADED and found.real_over_forged > APART and found.fcd > GOOD):
        return None
    said = (
        f"The generator's gradient has faded to {found.fade:.1g} of what it was, and the discriminator tells "
        f"{_percent(found.real_over_forged)} of all pairs apart: nothing tells the generator which way to go."
    )
    return _finding("vanishing_gradient", said, found, config, "fade", "gradient", "real_over_forged")


def _too_strong(config: TrainConfig, found: Signs) -> Finding | None:
    """D is right all the time (ganhacks, section 10), and the pictures do not get better, or are still poor after so
    long. That alone is no failure: a DCGAN's D is right in 98 of 100 while its digits take shape."""
    sure = all(share > SURE for share in (found.right_real, found.right_forged, found.real_over_forged))
    sure = sure and found.says_forged < DOUBT
    if not sure or not (_is_stuck(found) or (found.moves > LONG_MOVES and found.fcd > POOR)):
        return None
    said = (
        f"The discriminator is right about {_percent(min(found.right_real, found.right_forged))} of the pictures, and "
        "they are still poor: it is too strong for this generator."
    )
    return _finding(
        "discriminator_too_strong", said, found, config, "right_real", "right_forged", "real_over_forged", "change"
    )


def _too_weak(config: TrainConfig, found: Signs) -> Finding | None:
    """G fools D with pictures that are no digits (ganhacks, section 10): D is right less often than by tossing a coin,
    about real images as about forgeries. Games without sides to be right about have no such D: to a critic only
    differences between its scores count, and what is blurred may have little energy."""
    right = (found.right_real + found.right_forged) / 2
    if not (right < COIN and max(found.right_real, found.right_forged) < FOOLED and found.fcd > POOR):
        return None
    said = (
        f"The discriminator is right about {_percent(found.right_real)} of the real images and "
        f"{_percent(found.right_forged)} of the forgeries, worse than by tossing a coin, and the forgeries are poor: "
        "it is too weak to teach."
    )
    return _finding("discriminator_too_weak", said, found, config, "right_real", "right_forged", "fcd")


def _collapses(config: TrainConfig, found: Signs) -> Finding | None:
    """One picture for every latent, few digits, or one that is never forged."""
    spec = config.data.spec
    if found.variety < SAME or (found.variety < ALIKE and _is_stuck(found)):
        share = _percent(found.variety, 1)
        said = f"Forgeries of one {spec.one} vary {share} as much as real ones: nearly the same picture each time."
        blame = "generator.latent_scale" if config.generator.latent_scale == 0 else ""
        return _finding("mode_collapse", said, found, config, "variety", blame=blame)
    left_out = bool(config.data.classes) and found.rarest_digit not in config.data.classes
    seen_long = left_out or (found.moves > LONG_MOVES and found.recent_looks > 2)  # digits are learned one by one
    if found.rarest < UNREAD and found.typical > READ and found.second_rarest > SECOND and seen_long:
        said = (
            f"No {spec.classes[found.rarest_digit]} is forged: of those asked for {_percent(found.rarest)} are read as "
            f"one, of the other {spec.many} {_percent(found.typical)}."
        )
        blame = "data.classes" if left_out else ""
        return _finding("mode_collapse", said, found, config, "rarest_digit", "rarest", "typical", blame=blame)
    if found.digits <= FEW and found.moves > COLLAPSED_MOVES and _is_stuck(found):
        few = f"{found.digits:.0f} of {len(spec.classes)} {spec.many} are"
        many = f"one {spec.one} is" if found.digits <= 1 else few
        return _finding(
            "mode_collapse", f"Only {many} forged, and it stays so.", found, config, "digits", "change", "approach"
        )
    return None


def _memorises(config: TrainConfig, found: Signs) -> Finding | None:
    """D tells the real images that it knows from those that it does not (BigGAN, section 4.2)."""
    if not found.memory > KNOWN:
        return None
    said = (
        f"The discriminator scores a real image that it learned from above one that it never saw in "
        f"{_percent(found.memory)} of all pairs, where 50 % would be fair: it knows the training set by heart."
    )
    return _finding("memorising", said, found, config, "memory", "real_over_forged")


def _oscillates(config: TrainConfig, found: Signs) -> Finding | None:
    """Forgeries jump from one kind of digit to another."""
    if not (found.turnover > TURNOVER and found.recent_looks > 2 and _is_stuck(found)):
        return None
    said = (
        f"From look to look {_percent(found.turnover)} of the forgeries turn into other digits, and they do not get "
        "better: the two networks chase each other in circles."
    )
    return _finding("oscillation", said, found, config, "turnover", "change")


def _well(config: TrainConfig, found: Signs) -> Finding:
    """What to say where nothing is wrong."""
    if found.fcd > POOR and not found.change < SLOWLY:
        said = (
            "Nothing is wrong that can be seen, but the pictures are poor and do not get better yet: too early to say."
        )
        return _finding("too_early", said, found, config, "fcd", "change", "moves")
    level = f"FCD {found.fcd:.1f} times that of real digits" if math.isfinite(found.fcd) else "the losses are sound"
    if found.looks >= 6 and found.fcd < FINE and found.change > SETTLED and found.fcd < 1.2 * found.best_fcd:
        said = f"As good as it gets with these settings: {level}, and hardly better than before."
        return _finding("as_good_as_it_gets", said, found, config, "fcd", "best_fcd", "change")
    better = ", and the pictures get better" if found.change < 1 else ""
    return _finding("healthy", f"All is well: {level}{better}.", found, config, "fcd", "change", "variety")


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


RULES: tuple[Callable[[TrainConfig, Signs], Finding | None], ...] = (
    _vanishes,
    _diverges,
    _too_strong,
    _too_weak,
    _collapses,
    _memorises,
    _oscillates,
)
"""The worst first."""
