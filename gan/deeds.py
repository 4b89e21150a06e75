"""What one can do in the app that lessons, chapters and tasks ask for, and that the app then ticks by itself.

A page says so by `pages.components.journal.did`, a widget in the page by `did` of `gan/web/src/did.js`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Deed:
    """Something that one has done."""

    sentence: str
    """What was done, as a list of things done says it."""


DEEDS: Mapping[str, Deed] = {
    "started-a-run": Deed("Started a run"),
    "finished-a-run": Deed("Saw a run to its end"),
    "paused": Deed("Paused a run"),
    "resumed": Deed("Let a paused run go on"),
    "moved-a-rate": Deed("Moved a learning rate while a run trained"),
    "looked-back": Deed("Looked back at an earlier moment of a run"),
    "played-the-film": Deed("Played a run as a film"),
    "moved-d": Deed("Took a move of the discriminator by hand"),
    "moved-g": Deed("Took a move of the generator by hand"),
    "slow-motion": Deed("Watched a step in slow motion"),
    "trained-d-alone": Deed("Trained the discriminator while the generator stood still"),
    "moved-both-at-once": Deed("Let both networks move at once"),
    "opened-a-failure": Deed("Opened a failure"),
    "broke-it": Deed("Broke a run on purpose"),
    "cured-it": Deed("Cured a broken run"),
    "moved-a-slider": Deed("Moved a slider of the latent"),
    "asked-for-another-digit": Deed("Asked for another digit"),
    "drew-a-new-latent": Deed("Drew a new latent"),
    "walked-between-two": Deed("Walked between two latents"),
    "switched-the-path": Deed("Switched between the straight path and the arc"),
    "evaluated": Deed("Evaluated a model"),
    "trained-flatland": Deed("Trained in Flatland"),
    "finished-a-quiz": Deed("Answered all pictures of a quiz"),
    "beat-the-detective": Deed("Had more right in a quiz than the detective"),
}
"""All of them by name; whoever needs another adds it here."""

_DERIVED = (
    # A question of a lesson that was answered rightly: the lesson's name, and the step's number.
    re.compile(r"lesson-[a-z0-9-]{1,60}-[0-9]{1,2}"),
    # What a chapter of "How it works" asks for (gan.chapters).
    re.compile(r"chapter-[1-8]-(tried|answered)"),
)
"""Names that are made of others."""


def known(name: str) -> bool:
    """Whether there is such a deed."""
    return name in DEEDS or any(pattern.fullmatch(name) for pattern in _DERIVED)
