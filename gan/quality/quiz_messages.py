"""What a quiz tells the page: never more of a picture than its pixels before it was answered. No torch."""

from collections.abc import Mapping
from typing import Any

from gan.quality.quiz import Pool, right, wilson
from gan.system.framing import framed


def message(quiz: Pool, name: str, given: str, words: Mapping[str, Any]) -> bytes:
    """What is said, and the picture that is next, 784 bytes; after the last answer the pictures that were missed in its
    place (`gan.system.framing`).

    `given` are the answers so far, a letter each; `name` tells quizzes apart; `words` are for the page. Of what is real
    the answered part is told.
    """
    answered = len(given)
    about: dict[str, Any] = {**words, "quiz": name, "count": len(quiz.truth), "given": given}
    about["truth"] = quiz.truth[:answered]
    if answered < len(quiz.truth):
        pictures = quiz.images[answered : answered + 1]
    else:
        missed = [place for place in range(answered) if given[place] != quiz.truth[place]]
        about["result"] = {"players": players(quiz, given), "missed": [_missed(quiz, place) for place in missed]}
        about["says"] = says(quiz, given)
        pictures = quiz.images[missed]
    return framed(about, pictures.tobytes())


def players(quiz: Pool, given: str) -> list[dict[str, Any]]:
    """How many pictures you, the discriminator and the classifier have right, with the interval around that share; for
    who cannot play, why."""
    found: list[dict[str, Any]] = []
    others = (
        ("discriminator", quiz.discriminator, quiz.why_not),
        ("classifier", quiz.classifier, quiz.why_no_classifier),
    )
    for who, answers, why in (("you", given, ""), *others):
        if answers is None:
            found.append({"who": who, "why": why})
            continue
        count = right(answers, quiz.truth)
        low, high = wilson(count, len(answers))
        found.append({"who": who, "right": count, "low": low, "high": high})
    return found


def _missed(quiz: Pool, place: int) -> dict[str, Any]:
    """Of a picture that somebody missed: which, and who missed it too (None for who cannot play)."""
    others = {"discriminator": quiz.discriminator, "classifier": quiz.classifier}
    too = {who: None if said is None else said[place] != quiz.truth[place] for who, said in others.items()}
    return {"number": place + 1, **too}


def says(quiz: Pool, given: str) -> str:
    """What the score means, in two sentences at most."""
    count, total = right(given, quiz.truth), len(given)
    low, high = wilson(count, total)
    if low > 0.5:
        sentence = "You can tell them apart: guessing alone hardly ever goes so well."
    elif high < 0.5:
        sentence = "You can tell them apart, but take the one for the other: guessing hardly ever goes so badly."
    else:
        sentence = f"A coin could do that too: {total} pictures do not show whether you can tell them apart."
    if quiz.discriminator is None:
        return sentence
    ahead = count - right(quiz.discriminator, quiz.truth)
    if ahead == 0:
        return f"{sentence} The detective has as many right as you."
    return f"{sentence} {'You beat the detective' if ahead > 0 else 'The detective beat you'} by {abs(ahead)}."
