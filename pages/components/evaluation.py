"""How good models are: what came out of an evaluation, in words and as files."""

import csv
import html
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gan import data
from gan.quality.questions import Measured, Question, Refusal
from gan.quality.results import ACCURACY_SCORE, SAMPLES, Evaluation, Metric, MetricKind
from gan.training.signs import FOUND
from pages.components import asking
from pages.components.asking import Asked, Press

COUNTS = (1000, 2000, 5000, SAMPLES)
MOST = 4
"""Models side by side."""
LONGEST_NAME = 60
"""Letters of a name from the address that are shown."""
NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Examined:
    """A model that was evaluated."""

    id: str
    name: str
    question: Question
    measured: Measured

    @property
    def for_score(self) -> Asked:
        """The classification accuracy score of the same file."""
        return Asked(self.id, self.name, replace(self.question, subject="accuracy_score"))

    @property
    def metrics(self) -> dict[str, Metric]:
        """All that is known by now."""
        figures = self.measured.found.metrics
        job = asking.desk().look(self.for_score.question)
        return figures | {ACCURACY_SCORE: job.answer} if job and isinstance(job.answer, Metric) else figures

    @property
    def complete(self) -> Evaluation:
        """The evaluation with all that is known by now."""
        return replace(self.measured.found, metrics=self.metrics)


def results(press: Press) -> tuple[list[Examined], list[str]]:
    """What came out, and sentences for the models with which nothing did."""
    done, problems = [], list(press.problems)
    for one in press.asked:
        job = asking.desk().look(one.question)
        answer = job.answer if job else None
        if isinstance(answer, Measured):
            done.append(Examined(one.id, one.name, one.question, answer))
        elif isinstance(answer, Refusal):
            problems.append(answer.sentence)
    return done, problems


def unknown(names: Sequence[str]) -> str:
    """One sentence for names in the address that are none of models here."""
    shown = " or ".join(repr(name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…") for name in names[:3])
    more = f" (nor {len(names) - 3:,} others)" if len(names) > 3 else ""
    return plain(f"There is no model {shown} here{more}: it was deleted, or the address is mistyped.")


def plain(text: str) -> str:
    """Text that Streamlit would read as Markdown, so that it shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~:$])", r"\\\1", text)


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


def show(kind: MetricKind, value: float) -> str:
    """A figure's value, as a share or as a number."""
    return percent(value) if kind.is_share else number(value)


def times(ratio: float) -> str:
    """A ratio in words: times what."""
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"


def verdict(examined: Sequence[Examined]) -> str:
    """What the figures come to, as HTML."""
    return _comparison(examined) if len(examined) > 1 else _reading(examined[0])


def _against_real(fcd: Metric) -> str:
    ratio = "" if fcd.ratio is None else f": <b>{times(fcd.ratio)} the floor</b>"
    return f"FCD {number(fcd.value)}, real against real {number(fcd.floor)}{ratio}."


def _reading(one: Examined) -> str:
    found = one.measured.found
    spec = data.spec(found.dataset)
    agreement = found.metrics.get("label_agreement")
    if agreement is None:
        classes = sum(count >= FOUND * found.n for count in found.histogram)
        read = f"The judge finds {classes} of {len(spec.classes)} {spec.many} among the forgeries."
    else:
        read = (
            f"The judge reads {percent(agreement.value)} of the forgeries as asked, and {percent(agreement.floor)} "
            f"of real {spec.many} correctly."
        )
    return f"{_against_real(found.metrics['fcd'])} {read}"


def _comparison(examined: Sequence[Examined]) -> str:
    sets = dict.fromkeys(one.measured.found.dataset for one in examined)
    if len(sets) > 1:
        each = "; ".join(f"<b>{html.escape(one.name)}</b>: {_reading(one)}" for one in examined)
        titles = " and ".join(data.spec(name).title for name in sets)
        return f"They learned from {titles}: each has a judge of its own, so their figures cannot be compared. {each}"
    order = sorted(examined, key=lambda one: one.metrics["fcd"].value)
    first, last = order[0], order[-1]
    behind = f"{html.escape(last.name)} with {number(last.metrics['fcd'].value)}"
    return (
        f"Nearest to real {data.spec(next(iter(sets))).many} is <b>{html.escape(first.name)}</b>. "
        f"{_against_real(first.metrics['fcd'])} "
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
        for name, figure in one.metrics.items():
            numbers = [figure.value, figure.floor, "" if figure.ratio is None else figure.ratio]
            writer.writerow([one.id, name, *numbers, found.n, found.seed, found.reference])
    return text.getvalue()


def as_json(examined: Sequence[Examined]) -> str:
    """A list with an object for each model."""
    return json.dumps([{"model": one.id, **one.complete.to_dict()} for one in examined], indent=1)
