"""How good models are: what is measured when Evaluate is pressed, in words, and as files."""

import csv
import html
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import render
from gan.data import DataError
from gan.figures import ACCURACY_SCORE, SAMPLES, Evaluation, Figure, Kind
from pages.components import models, scoring
from pages.components.models import Choice
from pages.components.scoring import Key

COUNTS = (1000, 2000, 5000, SAMPLES)
MOST = 4
"""Models side by side."""
FOUND = 0.005
"""A digit counts as found if at least this share of the forgeries is read as it."""
NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Measured:
    """A version of a model's file, evaluated, and the digits of its wall."""

    found: Evaluation
    images: int
    """Seen in training."""
    best: tuple[render.Bytes, render.Bytes]
    worst: tuple[render.Bytes, render.Bytes]
    """Forgeries and their nearest training images."""


@dataclass(frozen=True)
class Examined:
    """A model of the last press of Evaluate."""

    id: str
    name: str
    key: Key
    measured: Measured

    @property
    def figures(self) -> dict[str, Figure]:
        """All that is known by now."""
        figures = self.measured.found.figures
        score = scoring.desk().figure(self.key)
        return figures if score is None else figures | {ACCURACY_SCORE: score}

    @property
    def complete(self) -> Evaluation:
        """The evaluation with all that is known by now."""
        return replace(self.measured.found, figures=self.figures)


@st.cache_resource(show_spinner=False, max_entries=16)
def measure(key: Key, _say: Callable[[str], None]) -> Measured:
    """Evaluates a model; whoever asks again gets the same answer at once. Raises `gan.checkpoint.ModelError`,
    `gan.judge.JudgeError`, `DataError` or `OSError`."""
    from gan import evaluation

    model = models.load(key.path, key.modified)
    found = evaluation.evaluate(model, key.n, key.seed, watch=_say)
    best, worst = (evaluation.pictures(model, found, forgeries) for forgeries in (found.best, found.worst))
    return Measured(found, model.images, best, worst)


def evaluate(choices: Iterable[Choice], n: int, seed: int, slot: DeltaGenerator) -> tuple[list[Examined], list[str]]:
    """Evaluates models one after the other, saying in `slot` what is being done. What cannot be evaluated is
    told in the sentences that come second."""
    status = slot.status("Evaluating …")
    # Imports torch, which takes seconds where it is the first to do so.
    from gan.checkpoint import ModelError
    from gan.judge import JudgeError

    done: list[Examined] = []
    problems: list[str] = []
    for choice in choices:

        def say(what: str, name: str = choice.name) -> None:
            status.update(label=f"{name}: {what[:1].lower()}{what[1:]} …")

        path = choice.file()
        if path is None or not path.is_file():
            problems.append(f"The run of {choice.name} was deleted meanwhile; choose another model.")
            continue
        try:
            key = Key(path, path.stat().st_mtime, n, seed)
            done.append(Examined(choice.id, choice.name, key, measure(key, say)))
        except (ModelError, JudgeError, DataError) as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{path} cannot be read ({error.strerror}).")
    return done, problems


def percent(share: float, decimals: int = 2) -> str:
    """A share as people write it."""
    return f"{100 * share:.{decimals}f}{NBSP}%"


def number(value: float) -> str:
    """A number with the digits that say something."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.1 or size < 5e-5:
        return f"{value:.2f}"
    return f"{value:.4f}"


def show(kind: Kind, value: float) -> str:
    """A figure's value, as a share or as a number."""
    return percent(value) if kind.is_share else number(value)


def times(ratio: float) -> str:
    """A ratio in words: times what."""
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"


def verdict(examined: Sequence[Examined]) -> str:
    """What the figures come to, as HTML."""
    return _comparison(examined) if len(examined) > 1 else _reading(examined[0])


def _against_real(fcd: Figure) -> str:
    ratio = "" if fcd.ratio is None else f": <b>{times(fcd.ratio)} the floor</b>"
    return f"FCD {number(fcd.value)}, real against real {number(fcd.floor)}{ratio}."


def _reading(one: Examined) -> str:
    found = one.measured.found
    agreement = found.figures.get("label_agreement")
    if agreement is None:
        digits = sum(count >= FOUND * found.n for count in found.histogram)
        read = f"The judge finds {digits} of 10 digits among the forgeries."
    else:
        read = (
            f"The judge reads {percent(agreement.value)} of the forgeries as asked, and {percent(agreement.floor)} "
            "of real digits correctly."
        )
    return f"{_against_real(found.figures['fcd'])} {read}"


def _comparison(examined: Sequence[Examined]) -> str:
    order = sorted(examined, key=lambda one: one.figures["fcd"].value)
    first, last = order[0], order[-1]
    behind = f"{html.escape(last.name)} with {number(last.figures['fcd'].value)}"
    return (
        f"Nearest to real digits is <b>{html.escape(first.name)}</b>. {_against_real(first.figures['fcd'])} "
        f"{'Furthest is' if len(order) > 2 else 'Behind it comes'} {behind}."
    )


def belief(confidence: float) -> str:
    """A probability, with no pretence of certainty at either end."""
    if confidence < 1e-4:
        return f"<{NBSP}0.01{NBSP}%".replace("<", "&lt;")
    if confidence > 0.9999:
        return f">{NBSP}99.99{NBSP}%".replace(">", "&gt;")
    return percent(confidence)


def as_csv(examined: Sequence[Examined]) -> str:
    """A row for each figure of each model."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "figure", "value", "floor", "ratio", "n", "seed", "reference"])
    for one in examined:
        found = one.measured.found
        for name, figure in one.figures.items():
            numbers = [figure.value, figure.floor, "" if figure.ratio is None else figure.ratio]
            writer.writerow([one.id, name, *numbers, found.n, found.seed, found.reference])
    return text.getvalue()


def as_json(examined: Sequence[Examined]) -> str:
    """A list with an object for each model."""
    return json.dumps([{"model": one.id, **one.complete.to_dict()} for one in examined], indent=1)
