"""What a chart shows at a moment, and which way is good: a sentence each, for people who see a GAN for the first time.

Pure functions of the quantities' values at that moment, each from what a game knows of itself. No torch.
"""

from collections.abc import Mapping

from gan.games.losses import AdversarialLoss

Values = Mapping[str, float]
"""Means over the last records, by the names of quantities; what was not measured is not there."""
FAR, NEAR = 1.15, 1.5
"""So many times the best a distance is clearly worse; so many times the floor it is nearly as good as it gets."""


def of_losses(values: Values, loss: AdversarialLoss) -> str:
    """Of both losses of a game in which D tells real from forged."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    d, ideal = values["loss_d"], (loss.ideal or (0.0, 0.0))[0]
    if ideal and d < 0.15 * ideal:
        return (
            f"D's loss, {d:.2f}, is near 0: D tells nearly all apart, and G is hardly told what to change. "
            "For G it is good when this rises."
        )
    if ideal and d > 1.1 * ideal:
        return (
            f"D's loss, {d:.2f}, is above the {ideal:.2f} of guessing: D errs at present. Both losses should come back "
            "to the dotted lines."
        )
    if ideal and d > 0.9 * ideal:
        return (
            f"D's loss, {d:.2f}, is near the {ideal:.2f} of guessing: D hardly tells them apart. Good if the pictures "
            "are; else D is too weak."
        )
    return "Each wants its own loss low, and what one gains the other loses: so neither has to fall, hovering is good."


def of_losses_that_read(values: Values) -> str:
    """Of both losses where they also count what D reads off a picture."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    return (
        f"Both ({values['loss_g']:.2f} and {values['loss_d']:.2f} now) also count what D misreads: that part should "
        "fall. The rest hovers: one gains what the other loses."
    )


def of_answers(values: Values, loss: AdversarialLoss) -> str:
    """Of what D says of real and of forged pictures."""
    if not {"d_real", "d_fake"} <= values.keys():
        return ""
    real, forged = values["d_real"], values["d_fake"]
    if loss.probability is None:
        if forged > real:
            return f"D scores forgeries ({forged:.2f}) above real digits ({real:.2f}): it errs, and has to catch up."
        return (
            f"D scores real digits {real:.2f}, forgeries {forged:.2f}. The closer they are, the better the forgeries."
        )
    said = f"D says “real” with {real:.0%} to real digits and {forged:.0%} to forgeries"
    if forged > real + 0.05:
        return f"{said}: it takes the one for the other, and has to catch up."
    if real - forged < 0.15:
        return f"{said}: it cannot tell them apart. Good if the pictures are; a weak D says so of poor ones too."
    if real > 0.95 and forged < 0.05:
        return f"{said}: it is sure of all. Good is when the curve of the forgeries rises."
    return f"{said}. Good for G is when both meet at {(loss.ideal_output or 0.5):.0%}, which takes long."


def of_critic_losses(values: Values) -> str:
    """Of both losses of a game with a critic."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    return (
        f"D's loss, {values['loss_d']:.2f}, should rise to 0: it is the estimate with a minus. G's has no aim, since "
        "only differences of scores count."
    )


def of_estimate(values: Values) -> str:
    """Of the Wasserstein estimate."""
    if "wasserstein" not in values:
        return ""
    estimate = values["wasserstein"]
    if estimate < 0:
        return "Below 0 the critic scores forgeries higher than real digits: it errs, and has to catch up."
    return f"Real digits score {estimate:.2f} higher than forgeries. Lower is better; at 0 nothing tells them apart."


def of_energy_losses(values: Values, margin: float) -> str:
    """Of both losses of a game in which D draws pictures anew."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    return (
        f"D's loss, {values['loss_d']:.3f}, settles at its margin, {margin:g}, when forgeries are perfect. G wants its "
        "own low, and D works against it."
    )


def of_energies(values: Values) -> str:
    """Of the energies of real and of forged pictures."""
    if not {"energy_real", "energy_fake"} <= values.keys():
        return ""
    real, forged = values["energy_real"], values["energy_fake"]
    if forged < real:
        return (
            f"D draws forgeries anew better ({forged:.3f}) than real digits ({real:.3f}): they are too simple, or D "
            "has to catch up."
        )
    return (
        f"D draws real digits anew with an error of {real:.3f}, forgeries with {forged:.3f}. The closer they are, the "
        "better the forgeries."
    )


def of_distance(fcd: float | None, floor: float | None, best: float | None, best_images: int) -> str:
    """Of the distance of forgeries from real digits: now, of real digits among themselves, and at its lowest until now,
    after so many images. Empty before it was measured."""
    if fcd is None or not floor:
        return ""
    if best is not None and fcd > FAR * best:
        return (
            f"Lower is better. It was {best:.1f} after {best_images:,} images and is {fcd:.1f}: further training can "
            "make digits worse. The best is kept."
        )
    if fcd < NEAR * floor:
        return f"Lower is better. At {fcd:.1f} it is nearly as low as among real digits, {floor:.1f}."
    return f"Lower is better: {fcd:.1f} now, while real digits among themselves have {floor:.1f}."
