"""Adversarial losses: pure functions of logits, in one registry.

Each loss is the mean over the batch. `d` is what the discriminator minimises, both halves added; `g`
is what the generator minimises. Where the loss is not `relative`, `g` needs no logits of real images and gets None.

The charts draw the ideal values, so this module can be imported without torch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Pair = Callable[["Tensor", "Tensor"], "Tensor"]


@dataclass(frozen=True)
class AdversarialLoss:
    """One way to play the game. All logits have shape (N,); the losses are scalars."""

    d: Pair
    """(real_logits, fake_logits) -> the discriminator's loss."""
    g: Callable[["Tensor | None", "Tensor"], "Tensor"]
    """(real_logits, fake_logits) -> the generator's loss."""
    probability: Callable[["Tensor"], "Tensor"] | None
    """Logits -> chance of being real; None where the output is a raw score."""
    ideal: tuple[float, float] | None
    """(loss_d, loss_g) at a perfect forger: p_g = p_data and the best possible discriminator."""
    ideal_output: float | None = 0.5
    """What the best discriminator answers to a perfect forger, in the unit of the chart."""
    undecided: float = 0.0
    """The raw output above which the discriminator says "real"."""
    has_target: bool = True
    """Whether there is a target for real images that can be smoothed."""
    relative: bool = False
    """Whether the generator's loss compares forged images with real ones."""
    meaning: str = "as a logit"
    """How to read a score, in plain words."""


def _softplus(logits: "Tensor") -> "Tensor":
    """log(1 + e^x), finite for any x; -log sigmoid(x) is softplus(-x)."""
    from torch.nn.functional import softplus

    return softplus(logits)


def _sigmoid(logits: "Tensor") -> "Tensor":
    return logits.sigmoid()


def _cross_entropy(smoothing: float) -> Pair:
    # -log D(x) is softplus(-logit); log(sigmoid(x)) would lose its gradient where D is sure.
    def d(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        real = _softplus(-real_logits).mean()
        if smoothing:  # target 1 - s: (1 - s) softplus(-l) + s softplus(l) = softplus(-l) + s l
            real = real + smoothing * real_logits.mean()
        return real + _softplus(fake_logits).mean()

    return d


def _ideal_cross_entropy(smoothing: float) -> tuple[float, float]:
    """(loss_d, D's output) at p_g = p_data, where the best D answers (1 - s) / 2."""
    output = (1 - smoothing) / 2
    return -(1 - smoothing) * math.log(output) - (1 + smoothing) * math.log(1 - output), output


def minimax(smoothing: float = 0.0) -> AdversarialLoss:
    """The value of the game itself, log(1 - D(G(z))) for G (Goodfellow et al. 2014, equation 1).

    It saturates: while D wins, its gradient with respect to G vanishes. `smoothing` is the one-sided
    label smoothing of Salimans et al. 2016, section 3.4.
    """
    loss_d, output = _ideal_cross_entropy(smoothing)
    return AdversarialLoss(
        d=_cross_entropy(smoothing),
        g=lambda real_logits, fake_logits: -_softplus(fake_logits).mean(),
        probability=_sigmoid,
        ideal=(loss_d, math.log(1 - output)),
        ideal_output=output,
    )


def non_saturating(smoothing: float = 0.0) -> AdversarialLoss:
    """-log D(G(z)) for G: same fixed point, strong gradient at the start (Goodfellow et al. 2014,
    section 3)."""
    loss_d, output = _ideal_cross_entropy(smoothing)
    return AdversarialLoss(
        d=_cross_entropy(smoothing),
        g=lambda real_logits, fake_logits: _softplus(-fake_logits).mean(),
        probability=_sigmoid,
        ideal=(loss_d, -math.log(output)),
        ideal_output=output,
    )


def least_squares(smoothing: float = 0.0) -> AdversarialLoss:
    """Half the squared distance from 1 for real and 0 for forged (Mao et al. 2017, equation 9).

    D's output is a score, not a logit; at a perfect forger it is (1 - smoothing) / 2.
    """
    target = 1 - smoothing
    output = target / 2

    def d(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        return 0.5 * ((real_logits - target).square().mean() + fake_logits.square().mean())

    return AdversarialLoss(
        d=d,
        g=lambda real_logits, fake_logits: 0.5 * (fake_logits - 1).square().mean(),
        probability=None,
        ideal=(0.5 * ((output - target) ** 2 + output**2), 0.5 * (output - 1) ** 2),
        ideal_output=output,
        undecided=0.5,
        meaning="where 1 means real and 0 forged",
    )


def hinge(smoothing: float = 0.0) -> AdversarialLoss:
    """max(0, 1 - D(x)) and max(0, 1 + D(G(z))) for D, -D(G(z)) for G (Lim and Ye 2017).

    D's output is a score. To a perfect forger every constant answer from -1 to 1 is a best one, with
    loss_d = 2; the ideal values are those of the middle, 0. There is no target to smooth.
    """

    def d(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        return (1 - real_logits).clamp(min=0).mean() + (1 + fake_logits).clamp(min=0).mean()

    return AdversarialLoss(
        d=d,
        g=lambda real_logits, fake_logits: -fake_logits.mean(),
        probability=None,
        ideal=(2.0, 0.0),
        ideal_output=0.0,
        has_target=False,
        meaning="where 1 or more means real and −1 or less forged",
    )


def relativistic(smoothing: float = 0.0) -> AdversarialLoss:
    """-log sigmoid of how much more real the real image of a pair looks, for D; the reverse for G
    (Jolicoeur-Martineau 2019, section 3; Huang et al. 2024, "R3GAN", equation 2).

    Only differences of scores count, so there is neither a probability nor an ideal output, and no target
    to smooth. At a perfect forger each half is ln 2.
    """

    def g(real_logits: "Tensor | None", fake_logits: "Tensor") -> "Tensor":
        if real_logits is None:
            raise ValueError("A relativistic loss needs the logits of real images.")
        return _softplus(real_logits - fake_logits).mean()

    return AdversarialLoss(
        d=lambda real_logits, fake_logits: _softplus(fake_logits - real_logits).mean(),
        g=g,
        probability=None,
        ideal=(math.log(2), math.log(2)),
        ideal_output=None,
        has_target=False,
        relative=True,
        meaning="the higher the more real; only differences count",
    )


LOSSES: dict[str, Callable[[float], AdversarialLoss]] = {
    "minimax": minimax,
    "non_saturating": non_saturating,
    "least_squares": least_squares,
    "hinge": hinge,
    "relativistic": relativistic,
}
"""Name -> function of the label smoothing that makes the loss. The names are those that
the adversarial game's `loss` takes."""
