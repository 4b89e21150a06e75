"""What the process that evaluates is asked, and what it says: one JSON object a line, each way. No torch."""

import base64
import json
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gan.data import Bytes
from gan.quality.results import Evaluation, Metric, Reference

Subject = Literal["figures", "accuracy_score"]
"""All figures that take seconds, or the one that takes a minute."""


class QuestionError(ValueError):
    """A file that cannot be asked about, or a line that is no message; one sentence."""


@dataclass(frozen=True)
class Question:
    """How good a version of a model's file is. Equal questions have equal answers."""

    path: Path
    modified: int
    """Nanoseconds; with `size` it tells versions of the file apart."""
    size: int
    n: int
    seed: int
    reference: Reference = "test"
    subject: Subject = "figures"

    @classmethod
    def about(cls, path: Path, n: int, seed: int = 0) -> "Question":
        """The question about a file as it is now. Raises `QuestionError` if there is none, or no regular one."""
        try:
            found = path.stat()
        except FileNotFoundError:
            raise QuestionError(
                f"{path} is gone: its run was deleted, or has newer snapshots in its place; choose it again."
            ) from None
        except OSError as error:
            raise QuestionError(f"{path} cannot be read ({error.strerror}).") from error
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
            raise QuestionError(f"{path} is not a regular file.")
        return cls(path, found.st_mtime_ns, found.st_size, n, seed)

    def to_line(self) -> str:
        """As it is written to the process."""
        return json.dumps(asdict(self) | {"path": str(self.path)}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Question":
        """What `to_line` has written."""
        values = json.loads(line)
        return cls(**values | {"path": Path(values["path"])})


@dataclass(frozen=True)
class Progress:
    """How far an evaluation is."""

    share: float = 0.0
    doing: str = ""
    """What is being done, in words; empty before anything is."""


@dataclass(frozen=True)
class Measured:
    """All figures of a model but the accuracy score, and the pictures of its best and worst forgeries."""

    found: Evaluation
    images: int
    """Seen in training."""
    best: tuple[Bytes, Bytes]
    worst: tuple[Bytes, Bytes]
    """Forgeries and their nearest training images, (N, 28, 28) each."""


@dataclass(frozen=True)
class Refusal:
    """Why there is no answer, in one sentence."""

    sentence: str


Answer = Measured | Metric | Refusal
Message = Progress | Answer


def to_line(message: Message) -> str:
    """A message as the process writes it."""
    content: dict[str, Any]
    if isinstance(message, Progress):
        content = {"kind": "progress", **asdict(message)}
    elif isinstance(message, Refusal):
        content = {"kind": "error", "sentence": message.sentence}
    elif isinstance(message, Metric):
        content = {"kind": "score", **message.to_dict()}
    else:
        pictures = [base64.b64encode(digits.tobytes()).decode() for digits in (*message.best, *message.worst)]
        content = {
            "kind": "result",
            "found": message.found.to_dict(),
            "images": message.images,
            "pictures": pictures,
        }
    return json.dumps(content) + "\n"


def from_line(line: str) -> Message:
    """What `to_line` has written; raises `QuestionError` for anything else."""
    try:
        content = json.loads(line)
        kind = content.pop("kind")
        if kind == "progress":
            return Progress(**content)
        if kind == "error":
            return Refusal(content["sentence"])
        if kind == "score":
            return Metric.from_dict(content)
        digits = [_picture(text) for text in content["pictures"]]
        found = Evaluation.from_dict(content["found"])
        return Measured(found, content["images"], (digits[0], digits[1]), (digits[2], digits[3]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise QuestionError(f"{line[:100]!r} is no message of the process that evaluates.") from error


def _picture(text: str) -> Bytes:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, 28, 28)
