"""What goes into a training loop (commands) and what comes out of it (events): plain data, no torch.

A loop reads commands from a queue and hands events to a sink. Between them may lie a pipe and a
folder, as in `gan.worker`, or anything else that carries these values.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

State = Literal["starting", "running", "paused", "finished", "stopped", "failed", "interrupted"]
"""`interrupted` is never written: it is what a living state means once the run's lock is free."""
LIVING: tuple[State, ...] = ("starting", "running", "paused")

Verb = Literal["pause", "resume", "stop", "discard", "rates", "leave"]


@dataclass(frozen=True)
class Command:
    """An order to a running loop. `rates` carries the learning rates to change; `leave` means save and
    go, the run to be taken up again later."""

    verb: Verb
    lr_g: float | None = None
    lr_d: float | None = None

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Command":
        """The inverse of `to_line`; raises `ValueError` for anything else."""
        values = json.loads(line)
        if not isinstance(values, dict) or values.get("verb") not in get_args(Verb):
            raise ValueError(f"no such command: {line.strip()!r}")
        rates = [values.get("lr_g"), values.get("lr_d")]
        if any(rate is not None and not (isinstance(rate, float) and 0 < rate < math.inf) for rate in rates):
            raise ValueError(f"learning rates have to be positive numbers: {line.strip()!r}")
        return cls(values["verb"], *rates)


@dataclass(frozen=True)
class Summary:
    """One quantity over the steps since the last record."""

    mean: float
    min: float
    max: float


@dataclass(frozen=True)
class Status:
    """Where a run stands. `images` and `seconds` count its training; a limit of 0 means none."""

    state: State
    images: int = 0
    seconds: float = 0.0
    images_per_second: float = 0.0
    images_limit: int = 0
    seconds_limit: float = 0.0
    lr_g: float = 0.0
    lr_d: float = 0.0
    segment: int = 0
    device: str = ""
    precision: str = ""
    message: str = ""
    agreement: float | None = None
    """The last quality that was measured (see `gan.examiner`); None without digits to ask for."""
    fcd: float | None = None
    histogram: tuple[int, ...] = ()
    """Forgeries by the digit that the judge reads, of those that quality was measured with."""
    measured_images: int = 0
    """When that was."""
    agreement_floor: float | None = None
    fcd_floor: float | None = None
    """The same for as many real images."""
    best_fcd: float | None = None
    """The best quality so far, and when that was."""
    best_images: int = 0
    best_seconds: float = 0.0

    @property
    def progress(self) -> float | None:
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
    def spent(self) -> bool:
        """Whether a limit has been reached."""
        return self.progress == 1.0


@dataclass(frozen=True)
class Segment:
    """A stretch of training without interruption begins, after so many images and seconds."""

    number: int
    images: int
    seconds: float


@dataclass(frozen=True)
class Record:
    """Measurements since the last record, by quantity (see `gan.trainer`)."""

    images: int
    seconds: float
    segment: int
    quantities: Mapping[str, Summary]


@dataclass(frozen=True)
class Sample:
    """The averaged generator's picture of the run's fixed latents, a PNG."""

    images: int
    seconds: float
    png: bytes


@dataclass(frozen=True)
class Snapshot:
    """A model file's content (see `gan.checkpoint`)."""

    images: int
    content: bytes


@dataclass(frozen=True)
class Best:
    """The model file's content of a generator that is better than all before it."""

    images: int
    content: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file's content (see `gan.checkpoint`)."""

    content: bytes


Event = Status | Segment | Record | Sample | Snapshot | Best | Checkpoint
Sink = Callable[[Event], None]
"""Takes events; raises `StorageError` where it could not keep one."""


class StorageError(RuntimeError):
    """An event could not be kept; the message is one sentence for people."""
