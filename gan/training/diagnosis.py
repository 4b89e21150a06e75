"""What the curves of a run and the looks at its samples say: a pure function from them to findings, the worst first.

Two rules stand above all others. A healthy run is never called ill: what would be an alarm has to hold with a margin,
over all that was measured of late, and nothing is wrong with a run whose pictures get better. And nothing is said
before it can be known. Published rules are given where they are used; the margins are those of recorded runs, see
"What the diagnosis says" in benchmarks/README.md.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gan.config import TrainConfig
from gan.presets import preset
from gan.training import signs
from gan.training.findings import Finding, from_signs
from gan.training.signs import NAN, Curves, Signs

# When something can be said at all, in moves of both players: seconds mean nothing on another machine.
EARLY_MOVES, STUCK_MOVES, COLLAPSED_MOVES, LONG_MOVES, SINGLE_MOVES, LEARNED_MOVES = 400, 700, 1000, 1200, 1400, 3000
# FCD by that of real images. Beyond POOR the pictures are hardly digits; up to GOOD nothing can be very wrong.
GOOD, POOR = 10.0, 40.0
# FCD by what it was before; and the distance of the game's quantities from where they settle.
HARDLY, BETTER, SLOWLY, SETTLED, APPROACHES = 0.65, 0.85, 0.95, 0.9, 0.7
# The discriminator's loss by what it should be.
BLOWN_UP = 6.0
# The generator's gradient by its own largest.
FADED = 2e-4
# Chances and shares. Sure: the discriminator is right. Above, apart: it scores so many held-out real images above a
# forgery. Doubt: D(G(z)) at the most. Coin: right less often than this; fooled: about either kind.
SURE, ABOVE, APART, DOUBT, COIN, FOOLED = 0.95, 0.9, 0.98, 0.12, 0.46, 0.6
# Variety within a digit, real images being 1; for blots, and once digits can be read.
NONE, ALIKE, ALIKE_DIGITS = 1e-6, 0.02, 0.05
# The share of digits that are read as asked: of the one that is missing, of the second worst, and of the usual one.
UNREAD, SECOND, READ = 0.3, 0.5, 0.8
# The share of the commonest digit where there are too few.
FEW = 0.7
# How often a real image of the training set is scored above one that is new.
KNOWN = 0.7
# The share of forgeries that turn into other digits from look to look.
TURNOVER = 0.5


def diagnose(
    config: TrainConfig, curves: Curves, floor: float = NAN, diverged: str = "", since: int = 0
) -> list[Finding]:
    """What can be said of a run with these settings, the worst first; at least one finding.

    `curves` are its quantities by name, each (5, N) with the rows images, seconds, mean, minimum and maximum of each
    record; quality while training is among them (`fcd`, `variety`, `share_0` and so on). `floor` is the FCD of real
    images. `diverged` is what the run said when it ended because a number was no longer finite. `since` is after how
    many images the learning rates were last changed: what was before that says nothing of now.
    """
    found = signs.read(config, signs.after(curves, since), floor)
    findings = list(judge(config, replace(found, images=found.images + since), diverged))
    if not since or findings[0].kind != "too_early":
        return findings
    said = f"Too early to say: the learning rates were changed after {since:,} images, and {_looked(found)} since."
    return [replace(findings[0], sentence=said)]


def judge(config: TrainConfig, found: Signs, diverged: str = "") -> Iterator[Finding]:
    """The same, of signs that were read already."""
    if diverged:
        yield from_signs("divergence", diverged, found, config, "images")
        return
    if found.moves_now >= EARLY_MOVES > found.moves and (finding := _diverges(config, found)):
        yield finding
        return
    if _moves(config, found) < EARLY_MOVES or not found.recent_looks:
        yield from_signs("too_early", _too_early(found), found, config, "images", "moves", "looks")
        return
    alarms = [finding for rule in RULES if (finding := rule(config, found))]
    yield from sorted(alarms, key=_unexplained)
    if not alarms:
        yield _well(config, found)


def _unexplained(finding: Finding) -> tuple[bool, bool]:
    """What is bad comes first, and of several such findings the one that a changed setting explains."""
    return finding.level != "bad", not (finding.cure and finding.cure.back)


def _too_early(found: Signs) -> str:
    if not found.looks:
        return "Nothing can be said yet: the pictures have not been looked at."
    last = "" if found.looks == 1 else ", the last time"
    return f"Too early to say: {_looked(found)}{last} after {found.moves:,.0f} moves."


def _looked(found: Signs) -> str:
    times = {0: "not measured", 1: "measured once"}.get(found.looks, f"measured {found.looks} times")
    return f"quality was {times}"


def _moves(config: TrainConfig, found: Signs) -> float:
    """Moves of both players, in those of the preset's learning rates: with a third of them all takes three times as
    long. One player alone that is slow makes nothing late; it may be what is wrong."""
    usual = preset(config.preset).optimizer
    rates = (config.optimizer.lr_g / usual.lr_g, config.optimizer.lr_d / usual.lr_d)
    return found.moves * min(1.0, max(rates))


def _is_stuck(config: TrainConfig, found: Signs) -> bool:
    """Whether the pictures are poor and do not get better, neither as a rule nor at best, nor goes what the game
    measures where it should; not before that can be known."""
    better = found.change < BETTER or found.best_change < BETTER or found.approach < APPROACHES
    return _moves(config, found) > STUCK_MOVES and found.fcd > POOR and not math.isnan(found.change) and not better


def _diverges(config: TrainConfig, found: Signs) -> Finding | None:
    """D's loss in spikes (ganhacks, section 10)."""
    if not (found.blown_up > BLOWN_UP and found.fcd > GOOD):
        return None
    said = (
        f"The discriminator's loss is {found.blown_up:.0f} times what it should be, in spikes: the steps are too long."
    )
    return from_signs("divergence", said, found, config, "blown_up", "fcd")


def _vanishes(config: TrainConfig, found: Signs) -> Finding | None:
    """The generator's gradient is gone while D wins (Goodfellow et al. 2014, section 3; Arjovsky and Bottou 2017)."""
    if not (found.fade < FADED and found.real_over_forged > APART and found.fcd > GOOD):
        return None
    said = (
        f"The generator's gradient has faded to {found.fade:.1g} of what it was, and the discriminator tells "
        f"{_percent(found.real_over_forged)} of all pairs apart: nothing tells the generator which way to go."
    )
    return from_signs("vanishing_gradient", said, found, config, "fade", "gradient", "real_over_forged")


def _too_strong(config: TrainConfig, found: Signs) -> Finding | None:
    """D is right all the time (ganhacks, section 10), and the pictures are poor and do not get better. The first alone
    is no failure: a DCGAN's D is right in 98 of 100 while its digits take shape."""
    sure = min(found.right_real, found.right_forged) > SURE and found.says_forged < DOUBT
    sure = sure and found.real_over_forged > ABOVE  # by held-out images, of which it knows less
    long = _moves(config, found) > LONG_MOVES and found.fcd > POOR and found.change > BETTER
    if not (sure and (long or _is_stuck(config, found))):
        return None
    said = (
        f"The discriminator is right about {_percent(min(found.right_real, found.right_forged))} of the pictures, and "
        "they are still poor: it is too strong for this generator."
    )
    return from_signs(
        "discriminator_too_strong", said, found, config, "right_real", "right_forged", "real_over_forged", "change"
    )


def _too_weak(config: TrainConfig, found: Signs) -> Finding | None:
    """G fools D with pictures that are no digits (ganhacks, section 10): D is right less often than by tossing a coin,
    about real images as about forgeries, or it even prefers forgeries, and these hardly get better. Games without sides
    to be right about have no such D: to a critic only differences between its scores count, and what is blurred may
    have little energy."""
    fooled = max(found.right_real, found.right_forged) < FOOLED
    misled = found.real_over_forged < 0.5 and _moves(config, found) > STUCK_MOVES
    wrong = (found.right_real + found.right_forged) / 2 < COIN and (fooled or misled)
    if not (wrong and found.fcd > POOR and found.change > HARDLY):
        return None
    said = (
        f"The discriminator is right about {_percent(found.right_real)} of the real images and "
        f"{_percent(found.right_forged)} of the forgeries, worse than by tossing a coin, and the forgeries are poor: "
        "it is too weak to teach."
    )
    return from_signs("discriminator_too_weak", said, found, config, "right_real", "right_forged", "fcd", "change")


def _collapses(config: TrainConfig, found: Signs) -> Finding | None:
    """One picture for every latent, few digits, or one that is never forged."""
    spec = config.data.spec
    # While they are blots, all forgeries are alike. Where digits are read as asked, they should not be.
    long = _moves(config, found) > STUCK_MOVES and found.fcd > POOR and found.change > HARDLY
    digits = found.agreement > READ and found.variety < ALIKE_DIGITS and long
    if found.variety < NONE or digits or (found.variety < ALIKE and _is_stuck(config, found)):
        share = _percent(found.variety, 1)
        said = f"Forgeries of one {spec.one} vary {share} as much as real ones: nearly the same picture each time."
        blame = "generator.latent_scale" if config.generator.latent_scale == 0 else ""
        return from_signs("mode_collapse", said, found, config, "variety", blame=blame)
    if never_shown := _never_shown(config, found):
        return never_shown
    seen_long = _moves(config, found) > LEARNED_MOVES and found.recent_looks > 2  # digits are learned one by one
    if found.rarest < UNREAD and found.typical > READ and found.second_rarest > SECOND and seen_long:
        said = (
            f"No {spec.classes[found.rarest_digit]} is forged: of those asked for {_percent(found.rarest)} are read as "
            f"one, of the other {spec.many} {_percent(found.typical)}."
        )
        return from_signs("mode_collapse", said, found, config, "rarest_digit", "rarest", "typical")
    # One digit alone may become a better one all the time. A critic's estimate tells whether there is more to come.
    single = found.digits <= 1 and found.recent_looks > 2 and not found.approach < APPROACHES
    single = single and _moves(config, found) > SINGLE_MOVES
    stays = _moves(config, found) > COLLAPSED_MOVES and _is_stuck(config, found)
    if found.largest > FEW and (single or stays):
        few = (
            f"{found.digits:.0f} of {len(spec.classes)} {spec.many} are forged, {_percent(found.largest)} of them alike"
        )
        said = f"Only {f'one {spec.one} is forged' if found.digits <= 1 else few}, and it stays so."
        return from_signs("mode_collapse", said, found, config, "digits", "largest", "change", "approach")
    return None


def _never_shown(config: TrainConfig, found: Signs) -> Finding | None:
    """Classes that the training set has not, once the others are learned."""
    shown, names = config.data.classes, config.data.spec.classes
    without = [label for label in range(len(names)) if label not in shown]
    seen, learned, unlearned = found.recalls or found.shares, READ, UNREAD
    if not found.recalls:  # nobody can ask for a class: it is to be found as often as others
        learned, unlearned = 0.5 / max(1, len(shown)), 0.2 / len(names)
    if not (shown and without and len(seen) == len(names)):
        return None
    usual, best = float(np.median([seen[label] for label in shown])), max(seen[label] for label in without)
    if not (usual > learned and best < unlearned):
        return None
    missing = " or ".join(names[label] for label in without)
    said = f"No {missing} is forged, and none can be: the training set has no such {config.data.spec.one}."
    finding = from_signs("mode_collapse", said, found, config, "agreement", "digits", blame="data.classes")
    return replace(finding, evidence={**finding.evidence, "of_missing": best, "of_others": usual})


def _memorises(config: TrainConfig, found: Signs) -> Finding | None:
    """D tells the real images that it knows from those that it does not (BigGAN, section 4.2)."""
    if not found.memory > KNOWN:
        return None
    said = (
        f"The discriminator scores a real image that it learned from above one that it never saw in "
        f"{_percent(found.memory)} of all pairs, where 50 % would be fair: it knows the training set by heart."
    )
    return from_signs("memorising", said, found, config, "memory", "real_over_forged")


def _oscillates(config: TrainConfig, found: Signs) -> Finding | None:
    """Forgeries jump from one kind of digit to another."""
    if not (found.turnover > TURNOVER and _is_stuck(config, found)):
        return None
    said = (
        f"From look to look {_percent(found.turnover)} of the forgeries turn into other digits, and they do not get "
        "better: the two networks chase each other in circles."
    )
    return from_signs("oscillation", said, found, config, "turnover", "change")


def _well(config: TrainConfig, found: Signs) -> Finding:
    """What to say where nothing is wrong."""
    if found.fcd > POOR and not found.change < SLOWLY:
        said = (
            "Nothing is wrong that can be seen, but the pictures are poor and do not get better yet: too early to say."
        )
        return from_signs("too_early", said, found, config, "fcd", "change", "moves")
    if found.fcd > POOR and found.digits <= 1:
        said = f"Too early to say: so far nearly all forgeries are of one {config.data.spec.one}."
        return from_signs("too_early", said, found, config, "fcd", "change", "digits")
    level = f"FCD {found.fcd:.1f} times that of real images" if math.isfinite(found.fcd) else "the losses are sound"
    if found.looks >= 6 and found.fcd < POOR and found.change > SETTLED and found.fcd < 1.2 * found.best_fcd:
        said = f"As good as it gets with these settings: {level}, and hardly better than before."
        return from_signs("as_good_as_it_gets", said, found, config, "fcd", "best_fcd", "change")
    if found.fcd > POOR:
        said = f"Nothing is wrong: the pictures are still poor ({level}), and they get better."
        return from_signs("healthy", said, found, config, "fcd", "change", "variety")
    better = ", and the pictures get better" if found.change < 1 else ""
    return from_signs("healthy", f"All is well: {level}{better}.", found, config, "fcd", "change", "variety")


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
"""The worst first, where no setting explains one of them better."""
