"""What the tests of the loop share: reactions to its events, a disk that is full, a clock that stands still."""

import copy
import math
import queue
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor

from gan.networks.generator import Generator
from gan.quality.examiner import Examination
from gan.system.files import StorageError
from gan.training import clock as clocks
from gan.training import loop as loops
from gan.training import timetable
from gan.training.loop import Ending, Loop
from gan.training.messages import Command, Event, Record, Status
from gan.training.trainer import Trainer
from tests.helpers import React, commands, status_at

Kind = TypeVar("Kind")
Queue = queue.SimpleQueue[Command]


def of(events: list[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def states(events: list[Event]) -> list[str]:
    """The states that were reported, without repetitions."""
    states = [status.state for status in of(events, Status)]
    return [state for number, state in enumerate(states) if number == 0 or states[number - 1] != state]


def once(condition: Callable[[Event], bool], act: Callable[[Queue], None]) -> React:
    """A reaction to the first event that fits."""
    done: list[Event] = []

    def react(event: Event, waiting: Queue) -> None:
        if not done and condition(event):
            done.append(event)
            act(waiting)

    return react


def is_record(images: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Record) and event.images == images


def say(*given: Any) -> Callable[[Queue], None]:
    def act(waiting: Queue) -> None:
        for one in given:
            waiting.put(one if isinstance(one, Command) else Command(one))

    return act


def at(images: int, *given: Any) -> React:
    """Gives commands when the record at so many images comes."""
    return once(is_record(images), say(*given))


def every(*reactions: React) -> React:
    def react(event: Event, waiting: Queue) -> None:
        for one in reactions:
            one(event, waiting)

    return react


NEVER = dict.fromkeys(timetable.EVERY, 1e9)
ALWAYS = dict.fromkeys(timetable.EVERY, 0.0)


class Disk:
    """Refuses some events while it is full; full from the first that fits until it is freed."""

    def __init__(self, condition: Callable[[Event], bool], free_after: int = 1) -> None:
        self.condition = condition
        self.left = free_after
        self.full = False
        self.refused: list[Event] = []

    def __call__(self, event: Event, _: Queue) -> None:
        self.full = self.full or (self.left > 0 and self.condition(event))
        if self.full:
            self.refused.append(event)
            self.left -= 1
            self.full = self.left > 0
            raise StorageError("The disk is full.")


def play(
    trainer: Trainer, react: React | None = None, examiner: Any = None, **start: Any
) -> tuple[Ending, list[Event]]:
    """Runs a loop to its end; `react` sees each event first and may command or raise. Returns the ending
    and the events that were kept."""
    events: list[Event] = []
    waiting = commands()

    def sink(event: Event) -> None:
        if react:
            react(event, waiting)
        events.append(event)

    begun = status_at("starting", **({"images_limit": trainer.config.budget.images} | start))
    return Loop(trainer, waiting, sink, begun, examiner=examiner).run(), events


def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, nothing is due that a test has not asked for."""
    monkeypatch.setattr(loops, "RETRY_EVERY", 0.01)
    monkeypatch.setattr(timetable, "EVERY", NEVER)
    monkeypatch.setattr(timetable, "FIRST_LOOK", 1e9)
    monkeypatch.setattr(timetable, "BYTES_A_SECOND", math.inf)


def broken_at_once(trainer: Trainer) -> Callable[[Queue], None]:
    def act(_: Queue) -> None:
        next(trainer.generator.parameters()).data.fill_(torch.nan)

    return act


class FakeExaminer:
    """Finds what it was told to find, the last of it again and again; keeps what it was shown."""

    agreement_floor, fcd_floor = 0.99, 2.5

    def __init__(self, *fcds: float, agreement: float | None = 0.75, act: Callable[[], None] | None = None) -> None:
        self.fcds = fcds
        self.agreement = agreement
        self.act = act
        self.shown: list[dict[str, Tensor]] = []

    def examine(self, generator: Generator) -> Examination:
        self.shown.append(copy.deepcopy(generator.state_dict()))
        if self.act:
            self.act()
        fcd = self.fcds[min(len(self.shown), len(self.fcds)) - 1]
        return Examination(self.agreement, fcd, [len(self.shown)] * 10)


class FakeClock:
    """Stands still but for what steps and examinations are said to take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


def timed(monkeypatch: pytest.MonkeyPatch, trainer: Trainer, step: float = 0.125) -> FakeClock:
    """A clock that each step of `trainer` moves on by an eighth of a second, which floats hold exactly."""
    clock, take = FakeClock(), trainer.step

    def timed(**given: Any) -> None:
        take(**given)
        clock.forward(step)

    monkeypatch.setattr(trainer, "step", timed)
    for module in (loops, clocks):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock, process_time=clock))
    return clock


def looks(events: list[Event]) -> list[Record]:
    """The records of quality."""
    return [record for record in of(events, Record) if "fcd" in record.quantities]
