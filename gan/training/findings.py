"""What can be said of a run: the kinds of findings, how bad each is, and a finding with its evidence and its cure."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from gan.config import TrainConfig
from gan.training.remedies import Cure, cure
from gan.training.signs import Signs
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


def from_signs(
    kind: Kind, sentence: str, found: Signs, config: TrainConfig, *evidence: str, blame: str = ""
) -> Finding:
    """A finding of these signs; `evidence` names those that it rests on, `blame` the setting that did it, if known."""
    why, helps = WORDS[kind]
    numbers = {name: float(getattr(found, name)) for name in evidence}
    return Finding(kind, sentence, numbers, why, helps, cure(kind, config, blame))
