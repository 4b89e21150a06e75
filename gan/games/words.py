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
        return f"D's loss {d:.2f}, near 0: it tells nearly all apart, and teaches G little. Higher is better."
    if ideal and d > 1.1 * ideal:
        return f"D's loss {d:.2f}, above the {ideal:.2f} of guessing: it errs just now, and has to come back down."
    if ideal and d > 0.9 * ideal:
        return f"D's loss {d:.2f}, near the {ideal:.2f} of guessing: it can hardly tell. Good if the pictures are."
    return "Each wants its own low, and what one gains the other loses: neither has to fall, hovering is good."


def of_losses_that_read(values: Values) -> str:
    """Of both losses where they also count what D reads off a picture."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    return (
        f"{values['loss_g']:.1f} and {values['loss_d']:.1f}: what D misreads is part of both and should fall; the rest "
        "hovers, one's gain the other's loss."
    )


def of_answers(values: Values, loss: AdversarialLoss) -> str:
    """Of what D says of real and of forged pictures."""
    if not {"d_real", "d_fake"} <= values.keys():
        return ""
    real, forged = values["d_real"], values["d_fake"]
    if loss.probability is None:
        if forged > real:
            return f"D scores forgeries {forged:.2f}, above real images at {real:.2f}: it errs, and has to catch up."
        return f"D scores real images {real:.2f}, forgeries {forged:.2f}: close is good if the pictures are."
    said = f"Real images get {real:.0%} from D, forgeries {forged:.0%}"
    if forged > real + 0.05:
        return f"{said}: it takes the one for the other, and has to catch up."
    if real - forged < 0.15:
        return f"{said}: it cannot tell them apart. Good if the pictures are; a weak D does so too."
    if real > 0.95 and forged < 0.05:
        return f"{said}: it is sure of all. Good is when that of forgeries rises."
    return f"{said}. Good for G is when both meet at {(loss.ideal_output or 0.5):.0%}, which takes long."


def of_critic_losses(values: Values) -> str:
    """Of both losses of a game with a critic."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    said = f"D's loss {values['loss_d']:.2f} is minus the estimate: good is when it rises to 0."
    return f"{said} G's has no aim."


def of_estimate(values: Values) -> str:
    """Of the Wasserstein estimate."""
    if "wasserstein" not in values:
        return ""
    estimate = values["wasserstein"]
    if estimate < 0:
        return "Below 0 the critic scores forgeries higher than real images: it errs, and has to catch up."
    return f"Real images score {estimate:.2f} higher than forgeries. Lower is better, but a weak critic is near 0 too."


def of_energy_losses(values: Values, margin: float) -> str:
    """Of both losses of a game in which D draws pictures anew."""
    if not {"loss_d", "loss_g"} <= values.keys():
        return ""
    d = values["loss_d"]
    return f"D's loss {d:.2f} settles at its margin {margin:g} when forgeries are perfect; G wants its own low."


def of_energies(values: Values) -> str:
    """Of the energies of real and of forged pictures."""
    if not {"energy_real", "energy_fake"} <= values.keys():
        return ""
    real, forged = values["energy_real"], values["energy_fake"]
    if forged < real:
        return f"D redraws forgeries ({forged:.3f}) better than real images ({real:.3f}): D has to catch up."
    return (
        f"D redraws real images with an error of {real:.3f}, forgeries {forged:.3f}: close is good if the pictures are."
    )


def of_distance(fcd: float | None, floor: float | None, best: float | None, best_images: int) -> str:
    """Of the distance of forgeries from real images: now, of real images among themselves, and at its lowest until now,
    after so many images. Empty before it was measured."""
    if fcd is None or not floor:
        return ""
    if best is not None and fcd > FAR * best:
        was = f"It was {best:.1f} after {best_images:,} images, now {fcd:.1f}"
        return f"Lower is better. {was}: more training can make forgeries worse."
    if fcd < NEAR * floor:
        return f"Lower is better. {fcd:.1f} is nearly as low as among real images, {floor:.1f}."
    return f"Lower is better: {fcd:.1f} now, while real images among themselves have {floor:.1f}."
