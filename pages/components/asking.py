"""Evaluations that pages have asked for: the line in which they wait, and what is shown meanwhile."""

import html
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from gan.quality.desk import Desk, Job
from gan.quality.questions import Question, QuestionError
from pages.components.models import Choice

KEPT = 64
"""Presses of Evaluate that a server remembers, so that a page that is loaded anew finds its own."""
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
Wanted = tuple[tuple[str, ...], int, int]
"""What a page's address asks for: ids of models, samples, seed."""


@dataclass(frozen=True)
class Asked:
    """A model, and the question about its file as it was when it was asked."""

    id: str
    name: str
    question: Question


@dataclass(frozen=True)
class Press:
    """What one press of Evaluate has asked for, and sentences for the models that could not be asked about."""

    asked: tuple[Asked, ...]
    problems: tuple[str, ...]


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """The one of this server."""
    return Desk()


@st.cache_resource(show_spinner=False)
def _presses() -> "OrderedDict[Wanted, Press]":
    return OrderedDict()


def ask_about(choices: Iterable[Choice], n: int, seed: int) -> Press:
    """The questions about models as they are now; nothing is put in line."""
    asked, problems = [], []
    for choice in choices:
        try:
            path = choice.file()
            if path is None:
                problems.append(f"The run of {choice.name} was deleted meanwhile; choose another model.")
            else:
                asked.append(Asked(choice.id, choice.name, Question.about(path, n, seed)))
        except QuestionError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{choice.name} cannot be read ({error.strerror}).")
    return Press(tuple(asked), tuple(problems))


def press(choices: Sequence[Choice], n: int, seed: int) -> None:
    """Puts the models in line, and remembers what was asked by what stands in the address."""
    new = ask_about(choices, n, seed)
    for one in new.asked:
        desk().ask(one.question)
    presses = _presses()
    presses[tuple(choice.id for choice in choices), n, seed] = new
    while len(presses) > KEPT:
        presses.popitem(last=False)


def remembered(wanted: Wanted) -> Press | None:
    """The press that has asked for this; None if there was none, or its answers are forgotten by now."""
    found = _presses().get(wanted)
    if found is None or any(desk().look(one.question) is None for one in found.asked):
        return None
    return found


def waits(asked: Iterable[Asked]) -> bool:
    """Whether one of them has no answer yet."""
    return any(job is not None and job.answer is None for job in _jobs(asked))


def _jobs(asked: Iterable[Asked]) -> list[Job | None]:
    return [desk().look(one.question) for one in asked]


@st.fragment(run_every=1.0)
def wait(asked: Sequence[Asked]) -> None:
    """How far they are, every second, until all are answered; then the page is shown anew."""
    if not waits(asked):
        st.rerun()
    st.html(line(asked))


def line(asked: Sequence[Asked]) -> str:
    """The place in line or what is being done, about how long it will take, and a bar, as HTML."""
    jobs = _jobs(asked)
    open_jobs = [(one, job) for one, job in zip(asked, jobs, strict=True) if job is not None and job.answer is None]
    if not open_jobs:
        return ""
    one, first = open_jobs[0]
    left = desk().left([one.question for one, _ in open_jobs])
    place = desk().place(first)
    if place:
        said = f"<b>{ORDINALS[place] if place < len(ORDINALS) else f'{place + 1}th'} in line</b>"
    else:
        which = f" {len(asked) - len(open_jobs) + 1} of {len(asked)}" if len(asked) > 1 else ""
        said = f"<b>Evaluating{which}</b>: {html.escape(one.name)}, {first.progress.doing or 'starting'}"
    passed = time.monotonic() - min(job.asked for _, job in open_jobs)
    share = 100 * passed / (passed + max(left, 1.0))
    return (
        f'<div class="verdict" role="status">{said}; about {duration(left)}.</div>'
        f'<div class="wait-bar"><i style="width: {share:.1f}%"></i></div>'
    )


def duration(seconds: float) -> str:
    """So many seconds in words, no more exact than they are known."""
    if seconds >= 90:
        return f"{seconds / 60:.0f} minutes"
    return f"{max(1, round(seconds))} s" if seconds < 10 else f"{5 * round(seconds / 5)} s"
