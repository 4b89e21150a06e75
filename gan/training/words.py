"""Why a run does what a finding says, and what usually helps: for people who have not seen a GAN before."""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "healthy": (
        "The losses of a GAN hover and need not fall: each network gets better because the other does. What counts is "
        "that the pictures do.",
        "Nothing has to be changed.",
    ),
    "too_early": (
        "In its first seconds every GAN makes noise, blots, and one digit in place of ten.",
        "Wait a little.",
    ),
    "as_good_as_it_gets": (
        "A GAN has no point at which it is done; at some time it only wanders about what it can do.",
        "Stop here, or give it larger layers or falling learning rates in a new run.",
    ),
    "discriminator_too_strong": (
        "A discriminator that is always sure tells the generator that it is wrong, but not in which direction it would "
        "be less so.",
        "Fewer moves or a lower learning rate of the discriminator, or a penalty on its slope (R1).",
    ),
    "discriminator_too_weak": (
        "A discriminator that is fooled by anything teaches whatever happens to fool it, and that is not what digits "
        "look like.",
        "Fewer moves or a lower learning rate of the generator, or a larger discriminator.",
    ),
    "vanishing_gradient": (
        "The generator learns from how the discriminator's answer changes with the picture. Where the discriminator is "
        "sure, a loss that saturates is flat, and there is nothing to learn from.",
        "A loss that does not saturate (non_saturating), or a slower discriminator.",
    ),
    "mode_collapse": (
        "The generator has found few pictures that do well and makes only those; nothing in its loss asks for more.",
        "All digits in the training set, noise in the latent, less momentum (β₁), a slower generator.",
    ),
    "oscillation": (
        "Each network answers the other's last move instead of what is real, so that they go round in circles.",
        "Less momentum (β₁), lower learning rates, an average of the generator.",
    ),
    "divergence": (
        "Each step goes farther than what it was computed from holds for, and the next has to take it back and more.",
        "Lower learning rates. A run that has ended keeps its last good state and can be resumed from it.",
    ),
    "memorising": (
        "A discriminator with few real images need not learn what a digit is: it can learn those images, and takes all "
        "others for forged. The generator can then please it only by copying them.",
        "More real images, shifts of what the discriminator sees, a smaller discriminator.",
    ),
}
"""Kind of finding -> (why, what usually helps)."""
