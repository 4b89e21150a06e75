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
    task: str = ""
    """What is to be done, as a task says it; empty where the sentence does."""

    @property
    def to_do(self) -> str:
        """As a task that is ticked."""
        return self.task or self.sentence


DEEDS: Mapping[str, Deed] = {
    "started-a-run": Deed("Started a run", "Start a run"),
    "finished-a-run": Deed("Saw a run to its end", "See a run to its end"),
    "paused": Deed("Paused a run", "Pause the run"),
    "resumed": Deed("Let a paused run go on", "Let it go on"),
    "moved-a-rate": Deed("Moved a learning rate while a run trained", "Move a learning rate while it trains"),
    "looked-back": Deed("Looked back at an earlier moment of a run", "Look back at an earlier moment"),
    "played-the-film": Deed("Played a run as a film", "Play the run as a film"),
    "moved-d": Deed("Took a move of the discriminator by hand", "Take a move of D"),
    "moved-g": Deed("Took a move of the generator by hand", "Take a move of G"),
    "slow-motion": Deed("Watched a step in slow motion", "Watch a step in slow motion"),
    "trained-d-alone": Deed("Trained the discriminator while the generator stood still", "Train D alone"),
    "moved-both-at-once": Deed("Let both networks move at once", "Let both move at once"),
    "opened-a-failure": Deed("Opened a failure", "Open a failure"),
    "broke-it": Deed("Broke a run on purpose", "Break it"),
    "cured-it": Deed("Cured a broken run", "Cure it"),
    "moved-a-slider": Deed("Moved a slider of the latent", "Move a slider"),
    "asked-for-another-digit": Deed("Asked for another digit", "Ask for another digit"),
    "drew-a-new-latent": Deed("Drew a new latent", "Draw a new latent"),
    "walked-between-two": Deed("Walked between two latents", "Move along the path"),
    "evaluated": Deed("Evaluated a model", "Evaluate the model"),
    "trained-flatland": Deed("Trained in Flatland", "Let it play"),
    "finished-a-quiz": Deed("Answered all pictures of a quiz", "Answer all pictures of a quiz"),
    "beat-the-detective": Deed("Had more right in a quiz than the detective", "Have more right than the detective"),
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
