"""What goes into a training loop (commands) and what comes out of it (events): plain data, no torch.

A loop reads commands from a queue and hands events to a sink. Between them may lie a pipe and a
folder, as in `gan.runs.worker`, or anything else that carries these values.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_type_hints

State = Literal["starting", "running", "paused", "finished", "stopped", "failed", "interrupted", "silent"]
LIVING: tuple[State, ...] = ("starting", "running", "paused", "silent")
DERIVED: tuple[State, ...] = ("interrupted", "silent")
"""Never written, but seen by who reads: a living run whose lock is free, and one that has stopped writing."""

MOST = 10**15
"""No number in a status is larger."""

DIVERGED = "Training diverged"
"""How the message of a run begins that ended because a number was no longer finite."""

Verb = Literal["pause", "resume", "stop", "discard", "rates", "leave", "move", "look", "experiment"]
MOST_MOVES = 1000
"""Moves by hand that one command may ask for."""
WHOLE_STEPS = "step"
"""In place of a player: the moves go on to the end of so many steps."""


@dataclass(frozen=True)
class Command:
    """An order to a running loop. `rates` carries the learning rates to change; `leave` means save and
    go, the run to be taken up again later. The others are for a paused run: `resume` trains on, perhaps for so many
    `seconds` only, `move` takes so many moves of a step, `look` shows how things stand, and `experiment` tries on
    copies what the run itself does not do."""

    verb: Verb
    lr_g: float | None = None
    lr_d: float | None = None
    count: int = 1
    """Of moves; with a `player`, of moves of that player, the others' in between not counted; with `WHOLE_STEPS` of
    steps, the one that is open included."""
    player: str = ""
    """For an experiment, its name."""
    inspect: bool = False
    """Whether the last move is looked into, and the last one of each player before it."""
    seconds: float = 0.0
    """Of training, after which a run that is resumed pauses by itself, whoever looks on; 0 for no such limit."""

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Command":
        """The inverse of `to_line`; raises `ValueError` for anything else."""
        try:
            values = json.loads(line)
        except RecursionError:
            values = None
        if not isinstance(values, dict) or values.get("verb") not in get_args(Verb):
            raise ValueError(f"no such command: {line.strip()!r}")
        rates = [values.get("lr_g"), values.get("lr_d")]
        if any(rate is not None and not (isinstance(rate, float) and 0 < rate < math.inf) for rate in rates):
            raise ValueError(f"learning rates have to be positive numbers: {line.strip()!r}")
        count, player, inspect = values.get("count", 1), values.get("player", ""), values.get("inspect", False)
        if type(count) is not int or not 1 <= count <= MOST_MOVES:
            raise ValueError(f"the number of moves has to be from 1 to {MOST_MOVES:,}: {line.strip()!r}")
        if not isinstance(player, str) or not isinstance(inspect, bool):
            raise ValueError(f"no such moves: {line.strip()!r}")
        seconds = values.get("seconds", 0.0)
        if not isinstance(seconds, float) or not 0 <= seconds < math.inf:
            raise ValueError(f"seconds of training have to be a number: {line.strip()!r}")
        return cls(values["verb"], rates[0], rates[1], count, player, inspect, seconds)


@dataclass(frozen=True)
class Order:
    """What a run that begins or goes on is told: how much more to train than was left, other learning rates, and
    whether it waits, paused, for somebody to step it by hand."""

    images: int = 0
    seconds: float = 0.0
    lr_g: float | None = None
    lr_d: float | None = None
    paused: bool = False


WHAT_IS_LEFT = Order()


@dataclass(frozen=True)
class Summary:
    """One quantity over the steps since the last record."""

    mean: float
    min: float
    max: float


@dataclass(frozen=True)
class Progress:
    """How much a run has trained, how fast it goes, and what its limits are; a limit of 0 means none."""

    images: int = 0
    seconds: float = 0.0
    images_per_second: float = 0.0
    images_limit: int = 0
    seconds_limit: float = 0.0
    prepared: float = 0.0
    """How much is done of what has to be there before the first step, 0 to 1: data that are fetched, a classifier."""

    @property
    def share(self) -> float | None:
        """Share of the limit that is spent, 0 to 1; None without a limit."""
        shares = [
            done / limit
            for done, limit in ((self.images, self.images_limit), (self.seconds, self.seconds_limit))
            if limit
        ]
        return min(1.0, max(shares)) if shares else None

    @property
    def seconds_left(self) -> float | None:
        """Training seconds until a limit is reached; None without a limit or without a speed yet."""
        left = []
        if self.seconds_limit:
            left.append(self.seconds_limit - self.seconds)
        if self.images_limit and self.images_per_second:
            left.append((self.images_limit - self.images) / self.images_per_second)
        return max(0.0, min(left)) if left else None

    @property
    def complete(self) -> bool:
        """Whether a limit has been reached."""
        return self.share == 1.0


@dataclass(frozen=True)
class Control:
    """What a run trains with at the moment; 0 and empty before it is known."""

    lr_g: float = 0.0
    lr_d: float = 0.0
    device: str = ""
    precision: str = ""
    threads: int = 0
    next_player: str = ""
    """Whose move it is in a run that is paused."""
    answered: int = 0
    """Commands to a paused run that have been carried out since its process began, those to move and to look."""
    rates_changed: int = 0
    """After how many images the learning rates were last changed; 0 if they never were."""


@dataclass(frozen=True)
class Quality:
    """The last quality that was measured (see `gan.quality.examiner`), and the best so far."""

    agreement: float | None = None
    """None without classes to ask for."""
    fcd: float | None = None
    """None before the first measurement."""
    histogram: tuple[int, ...] = ()
    """Forgeries by the class that the judge reads."""
    measured_images: int = 0
    """After how many images it was measured."""
    agreement_floor: float | None = None
    fcd_floor: float | None = None
    """The same for as many real images."""
    best_fcd: float | None = None
    best_images: int = 0
    best_seconds: float = 0.0


@dataclass(frozen=True)
class Status:
    """Where a run stands."""

    state: State
    message: str = ""
    segment: int = 0
    progress: Progress = Progress()
    control: Control = Control()
    quality: Quality = Quality()

    def to_json(self) -> str:
        """One JSON object, with an object for each part."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Status":
        """The inverse of `to_json`. Also reads a status of before there were parts, when all was one flat object, and
        leaves out fields that it does not know, which a newer version may have written.

        Raises `ValueError` with what is wrong, for it may not be a status at all.
        """
        try:
            values = json.loads(text)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(values, dict):
            raise ValueError("it is no JSON object")
        if values.get("state") not in get_args(State) or values["state"] in DERIVED:
            raise ValueError(f"its state is {str(values.get('state'))[:40]!r}")
        parts = {"progress": Progress, "control": Control, "quality": Quality}
        if not parts.keys() & values.keys():
            values = values | dict.fromkeys(parts, values)
        found = {name: kind(**_fields(kind, values.get(name, {}))) for name, kind in parts.items()}
        status = cls(values["state"], **_fields(cls, values), **found)
        quality = status.quality
        if quality.fcd is not None and (quality.fcd_floor is None or not any(quality.histogram)):
            raise ValueError("its fcd comes without a histogram and that of real images")
        if quality.agreement is not None and quality.agreement_floor is None:
            raise ValueError("its agreement comes without that of real images")
        return status


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_number(value: object, low: float = -MOST) -> bool:
    # Not NaN either, which compares false with everything.
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= MOST


def _is_text(value: object) -> bool:
    # JSON can spell half a character, which no page can show.
    return isinstance(value, str) and value.isprintable() and len(value) <= 10_000


_CHECKS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    int: (_is_count, "a whole number"),
    float: (lambda value: _is_number(value, low=0), "a positive number"),
    float | None: (lambda value: value is None or _is_number(value), "a number"),
    str: (_is_text, "a line of text"),
    tuple[int, ...]: (lambda value: isinstance(value, list) and all(map(_is_count, value)), "a list of whole numbers"),
}
"""What JSON may hold for a field, by the field's type."""
_hints = lru_cache(get_type_hints)


def _fields(kind: type, values: object) -> dict[str, Any]:
    """The values for the fields of `kind` whose types are checked here; raises `ValueError`."""
    if not isinstance(values, dict):
        raise ValueError(f"its {kind.__name__.lower()} is no JSON object")
    found: dict[str, Any] = {}
    for name, hint in _hints(kind).items():
        if name not in values or hint not in _CHECKS:
            continue
        value = values[name]
        fits, what = _CHECKS[hint]
        if not fits(value):
            raise ValueError(f"{name} is {str(value)[:40]!r}, not {what}")
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


@dataclass(frozen=True)
class Segment:
    """A stretch of training without interruption begins, after so many images and seconds."""

    number: int
    images: int
    seconds: float


@dataclass(frozen=True)
class Record:
    """Measurements since the last record, by quantity (see `gan.training.trainer`)."""

    images: int
    seconds: float
    segment: int
    quantities: Mapping[str, Summary]
    steps: int = 1
    """How many steps it summarises."""


@dataclass(frozen=True)
class Sample:
    """The averaged generator's picture of the run's fixed latents, a PNG."""

    images: int
    seconds: float
    png: bytes


@dataclass(frozen=True)
class Snapshot:
    """A model file's content (see `gan.models.model`)."""

    images: int
    content: bytes


@dataclass(frozen=True)
class Best:
    """The model file's content of a generator that is better than all before it."""

    images: int
    content: bytes


@dataclass(frozen=True)
class Inspected:
    """What was seen of a player's last move by hand, the content of a file (see `gan.training.inspection`). No player
    means a look while nobody moves; `experiment` the course of an experiment (`gan.training.experiments`)."""

    player: str
    content: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file's content (see `gan.models.model`)."""

    content: bytes


Event = Status | Segment | Record | Sample | Snapshot | Best | Inspected | Checkpoint
Sink = Callable[[Event], None]
"""Takes events; raises `StorageError` where it could not keep one."""
