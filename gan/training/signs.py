"""The signs by which one tells how a run goes: numbers read off its curves and the looks at its samples. They are
what `gan.training.diagnosis` judges by, and what it gives as evidence.

Everything is a share, a ratio to the run itself or to real images, or a chance, so that it means the same for every
game, whatever its losses and scores are. Quantities that a run has not (an older one, or a game without them) are NaN.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gan.config import TrainConfig
from gan.config.schedule import Schedule
from gan.curves import Array
from gan.games import rules

IMAGES, SECONDS, MEAN, LOW, HIGH = range(5)
"""The rows of a curve."""
RECENT = 0.6
"""What counts as now: what was measured after this share of the images seen so far."""
FOUND = 0.005
"""A digit is found if at least this share of the forgeries is read as it: a twentieth of what there should be."""
SHARE, RECALL = "share", "recall"
"""Quantities, `share_0` and so on: the share of forgeries that are read as each class, and, where classes are asked
for, the share of those asked for it that are read as it."""
NAN = float("nan")
Curves = Mapping[str, Array]
"""A run's quantities by name, each (5, N): images, seconds, mean, minimum, maximum of each record."""


@dataclass(frozen=True)
class Signs:
    """What is known of a run at a moment. NaN where something was not measured."""

    images: float = 0.0
    seconds: float = 0.0
    moves: float = 0.0
    """Moves of both players, until the last look: what came after it was not seen yet."""
    moves_now: float = 0.0
    """All of them."""
    looks: int = 0
    """Times that quality was measured."""
    recent_looks: int = 0
    fcd: float = NAN
    """Of the averaged generator, by that of as many real images: 1 is perfect. The median of the recent looks."""
    best_fcd: float = NAN
    fcd_then: float = NAN
    """The same before: the median of the looks in the half before what is recent, or the last of those before."""
    change: float = NAN
    """FCD now by FCD then; below 1 the pictures get better."""
    best_change: float = NAN
    """The best FCD of the recent looks by the best before."""
    agreement: float = NAN
    variety: float = NAN
    """Within a digit, real images being 1; the highest of the recent looks."""
    digits: float = NAN
    """How many of the ten were found in any of the recent looks."""
    largest: float = NAN
    """The share of forgeries that are read as the commonest digit of a look; recent median."""
    shares: tuple[float, ...] = ()
    """For each class the share of forgeries that are read as it, the highest of late; empty where nobody looked."""
    recalls: tuple[float, ...] = ()
    """The same of those asked for it that are read as it, where classes are asked for."""
    rarest: float = NAN
    """Where digits are asked for: how often the one that is read worst is read as asked, at its best of late."""
    second_rarest: float = NAN
    rarest_digit: int = -1
    typical: float = NAN
    """The same for the digit in the middle."""
    turnover: float = NAN
    """How much of the histogram of digits changes from look to look: 0 none, 1 all. The mean over the looks of late and
    those of as long before, three at the least."""
    real_over_forged: float = NAN
    """The chance that D scores a real image above a forgery, held-out ones; recent mean."""
    memory: float = NAN
    """The chance that D scores a real image of the training set above one that it never saw; lowest of late."""
    right_real: float = NAN
    """The share of real images that D puts on the right side; recent mean. And of forgeries."""
    right_forged: float = NAN
    says_forged: float = NAN
    """What D says of forgeries where it is a chance: D(G(z)); recent mean."""
    gradient: float = NAN
    """The norm of the generator's gradient; recent median."""
    fade: float = NAN
    """The same by its largest record of the whole run."""
    approach: float = NAN
    """How far the game's own quantities are from where they would settle, by how far they were before: the largest of
    these ratios. Below 1 all of them approach it."""
    blown_up: float = NAN
    """The size of the discriminator's loss by what it is at a perfect forger, where the game knows that, else by its
    own of before; recent mean."""


def read(config: TrainConfig, curves: Curves, floor: float = NAN) -> Signs:
    """The signs of a run with these settings. `floor` is the FCD of real images."""
    whole = {name: curve for name, curve in curves.items() if curve.shape[1]}
    if not whole:
        return Signs()
    now_images = max(float(curve[IMAGES, -1]) for curve in whole.values())
    curves = _until_last_look(whole)
    images = max(float(curve[IMAGES, -1]) for curve in curves.values())
    since, classes = RECENT * images, len(config.data.spec.classes)
    step = Schedule(config).at(int(images)).batch_size * config.game.d_steps

    def means(name: str, images: float) -> Array:
        curve = curves.get(name)
        return np.empty(0) if curve is None else curve[MEAN, curve[IMAGES] > images]

    def recent(name: str) -> Array:
        return means(name, since)

    fcd = curves.get("fcd", np.empty((5, 0)))
    now, then = _median(recent("fcd")), _before(fcd, since)
    best_then = _least(fcd[MEAN, fcd[IMAGES] <= since])
    shares = [recent(f"{SHARE}_{label}") for label in range(classes)]
    recalls = _best([recent(f"{RECALL}_{label}") for label in range(classes)])
    gradient = _median(recent("gradient_norm_g"))
    quantities = {one.name: one for one in rules(config).quantities}
    steepest = _most(curves.get("gradient_norm_g", np.empty((5, 0)))[MEAN])
    worst, rarest, second, typical = _rarest(recalls)
    return Signs(
        images=images,
        seconds=max(float(curve[SECONDS, -1]) for curve in curves.values()),
        moves_now=now_images / step * len(rules(config).order),
        moves=(float(fcd[IMAGES, -1]) if fcd.shape[1] else images) / step * len(rules(config).order),
        looks=fcd.shape[1],
        recent_looks=len(recent("fcd")),
        fcd=now / floor,
        best_fcd=float(fcd[MEAN].min()) / floor if fcd.shape[1] else NAN,
        fcd_then=then / floor,
        change=now / then if then else NAN,
        best_change=_least(recent("fcd")) / best_then if best_then else NAN,
        agreement=_mean(recent("agreement")),
        variety=_most(recent("variety")),
        digits=float(sum(_most(share) >= FOUND for share in shares)) if len(shares[0]) else NAN,
        largest=_median(np.stack(shares).max(0)) if len({len(share) for share in shares}) == 1 else NAN,
        shares=_best(shares),
        recalls=recalls,
        rarest_digit=worst,
        rarest=rarest,
        second_rarest=second,
        typical=typical,
        turnover=_turnover([means(f"{SHARE}_{label}", since / 2) for label in range(classes)]),
        real_over_forged=_mean(recent("held_out_over_forged")),
        memory=_least(recent("trained_over_held_out")),
        right_real=_mean(recent("accuracy_real")),
        right_forged=_mean(recent("accuracy_fake")),
        says_forged=_mean(recent("d_fake")),
        gradient=gradient,
        fade=gradient / steepest if steepest else NAN,
        approach=max(
            (
                ratio
                for one in quantities.values()
                if one.ideal is not None and one.name in curves
                if math.isfinite(ratio := _approach(curves[one.name], one.ideal, since))
            ),
            default=NAN,
        ),
        # Of now, not of the last look: losses that explode need no pictures.
        blown_up=_blown_up(whole.get("loss_d", np.empty((5, 0))), quantities["loss_d"].ideal, RECENT * now_images),
    )


def _until_last_look(curves: Curves) -> Curves:
    """The curves until the last look, where that is no longer recent, as on a busy machine: pictures of then say
    nothing beside losses of now."""
    fcd = curves.get("fcd")
    if fcd is None or fcd[IMAGES, -1] > RECENT * max(curve[IMAGES, -1] for curve in curves.values()):
        return curves
    cut = {name: curve[:, curve[IMAGES] <= fcd[IMAGES, -1]] for name, curve in curves.items()}
    return {name: curve for name, curve in cut.items() if curve.shape[1]}


def after(curves: Curves, images: float) -> Curves:
    """The curves as those of a run that began after so many images."""
    if not images:
        return curves
    found = {}
    for name, curve in curves.items():
        later = curve[:, curve[IMAGES] > images].copy()
        later[IMAGES] -= images
        found[name] = later
    return found


def digits(curves: Curves) -> Array:
    """How many digits were found at each look, as a curve (5, N)."""
    shares = [curve for name, curve in curves.items() if name.startswith(f"{SHARE}_")]
    if not shares:
        return np.empty((5, 0))
    count = np.sum([share[MEAN] >= FOUND for share in shares], axis=0, dtype=float)
    return np.stack((*shares[0][:MEAN], count, count, count))


def _before(fcd: Array, since: float) -> float:
    """FCD before what is recent."""
    earlier = fcd[MEAN, fcd[IMAGES] <= since]
    within = fcd[MEAN, (fcd[IMAGES] <= since) & (fcd[IMAGES] > since / 2)]
    return _median(within) if len(within) else float(earlier[-1]) if len(earlier) else NAN


def _best(curves: list[Array]) -> tuple[float, ...]:
    """The highest value of each; nothing if one is missing."""
    return tuple(map(_most, curves)) if all(map(len, curves)) else ()


def _rarest(best: tuple[float, ...]) -> tuple[int, float, float, float]:
    """Which digit is read worst of those asked for, how often it is read at its best of late, and the same of the
    second worst and of the one in the middle."""
    if len(best) < 2 or any(map(math.isnan, best)):
        return -1, NAN, NAN, NAN
    order = np.argsort(best)
    return int(order[0]), best[order[0]], best[order[1]], float(np.median(best))


def _turnover(shares: list[Array]) -> float:
    """The mean total variation distance between the histograms of looks that follow each other."""
    if len(shares[0]) < 3 or len({len(share) for share in shares}) > 1:
        return NAN
    return float(np.abs(np.diff(np.stack(shares), axis=1)).sum(0).mean() / 2)


def _approach(curve: Array, ideal: float, since: float) -> float:
    """The distance of a quantity from its ideal, by what it was before."""
    before = (curve[IMAGES] <= since) & (curve[IMAGES] > since / 3)
    then = abs(_mean(curve[MEAN, before]) - ideal)
    return abs(_mean(curve[MEAN, curve[IMAGES] > since]) - ideal) / then if then else NAN


def _blown_up(loss: Array, ideal: float | None, since: float) -> float:
    usual = abs(ideal) if ideal else _mean(np.abs(loss[MEAN, loss[IMAGES] <= since]))
    return _mean(np.abs(loss[MEAN, loss[IMAGES] > since])) / usual if usual else NAN


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else NAN


def _median(values: Array) -> float:
    return float(np.median(values)) if len(values) else NAN


def _most(values: Array) -> float:
    return float(values.max()) if len(values) else NAN


def _least(values: Array) -> float:
    return float(values.min()) if len(values) else NAN
