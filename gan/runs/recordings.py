"""Recordings of runs that ship: curves, pictures of some moments and the settings, in one small file each.

A file is a numpy archive: `about` (JSON) and the pictures (PNG) as bytes, each quantity's curve as an array (5, N).
"""

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from gan import render
from gan.config import ConfigError, TrainConfig
from gan.curves import Array, reduced
from gan.paths import ASSETS
from gan.system import files
from gan.training.diagnosis import diagnose
from gan.training.findings import Finding

FOLDER = ASSETS / "failures"
POINTS = 200
"""Columns of a curve, at most."""
MOMENTS, COLUMNS = 10, 10
"""Rows of the strip, and digits of each."""
HEALTHY = ("learning-rate", "cured")
"""The recording of a run in which nothing goes wrong: the default preset."""
_CURVE = "curve."


class RecordingError(Exception):
    """A recording that cannot be read; the message is for people."""


@dataclass(frozen=True)
class Recording:
    """A run as it was recorded."""

    config: TrainConfig
    seconds: float
    """Of training that it shows."""
    floor: float
    """The FCD of real images."""
    curves: Mapping[str, Array]
    """Quantities by name, each (5, N): images, seconds, mean, minimum, maximum."""
    moments: tuple[int, ...]
    """Images seen at each row of the strip."""
    strip: bytes
    """PNG: a row of ten forgeries for each moment, from the same latents."""
    last: bytes
    """PNG: the whole picture of the last moment."""

    @property
    def images(self) -> int:
        """Images seen in all."""
        return int(max(curve[0, -1] for curve in self.curves.values()))

    @cached_property
    def findings(self) -> list[Finding]:
        """What its curves say at the end, the worst first."""
        return diagnose(self.config, self.curves, self.floor)

    def to_bytes(self) -> bytes:
        """As a file."""
        about = {
            "config": self.config.to_dict(),
            "seconds": self.seconds,
            "floor": None if math.isnan(self.floor) else self.floor,
            "moments": self.moments,
        }
        arrays = {f"{_CURVE}{name}": reduced(c, POINTS).astype(np.float32) for name, c in self.curves.items()}
        whole = {"about": json.dumps(about).encode(), "strip": self.strip, "last": self.last}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays, **{k: np.frombuffer(v, np.uint8) for k, v in whole.items()})  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Recording":
        """The inverse of `to_bytes`; raises `RecordingError` for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as held:
                parts = {name: held[name].tobytes() for name in ("about", "strip", "last")}
                curves = {n.removeprefix(_CURVE): held[n].astype(float) for n in held.files if n.startswith(_CURVE)}
            about = json.loads(parts["about"])
            floor = math.nan if about["floor"] is None else float(about["floor"])
            config = TrainConfig.from_json(json.dumps(about["config"]))
            found = cls(
                config,
                float(about["seconds"]),
                floor,
                curves,
                tuple(map(int, about["moments"])),
                parts["strip"],
                parts["last"],
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, ConfigError) as error:
            raise RecordingError("This is no recording of a run, or it is damaged.") from error
        if not curves or any(curve.ndim != 2 or curve.shape[0] != 5 or not curve.size for curve in curves.values()):
            raise RecordingError("This recording has no curves that can be read.")
        if not (render.is_png(found.strip) and render.is_png(found.last)):
            raise RecordingError("The pictures of this recording cannot be shown.")
        return found


def spread(seconds: Sequence[float]) -> list[int]:
    """Which of some moments, in order, a strip shows: the first, the last and some between, closer together at the
    beginning, where more happens."""
    count = min(MOMENTS, len(seconds))
    marks = seconds[-1] * np.linspace(0, 1, count) ** 1.5 if count else ()
    nearest = [int(np.argmin([abs(one - mark) for one in seconds])) for mark in marks]
    for at in range(1, count):  # each moment once
        nearest[at] = min(max(nearest[at], nearest[at - 1] + 1), len(seconds) - count + at)
    return nearest


def row(png: bytes, config: TrainConfig, failure: str) -> render.Bytes:
    """Ten forgeries of a moment, (10, 28, 28), of its picture: the ten digits of one latent, or ten latents where there
    are no digits to ask for. Where latents are what fails, ten of the 2. Raises `ValueError` for a picture that is not
    of a hundred."""
    whole: render.Bytes = render.cells(png).reshape(10, 10, 28, 28)
    columns = config.conditional and failure != "no-noise"
    found: render.Bytes = whole[:, 0] if columns else whole[2 if config.conditional else 0]
    return found


def path_of(failure: str, kind: str) -> Path:
    """Where the recording of a failure is kept; `kind` is "broken" or "cured"."""
    return FOLDER / f"{failure}-{kind}.npz"


@lru_cache(maxsize=32)
def shipped(failure: str, kind: str) -> Recording | None:
    """The recording that ships; None where there is none that can be read."""
    try:
        return Recording.from_bytes(path_of(failure, kind).read_bytes())
    except (OSError, RecordingError):
        return None


def write(failure: str, kind: str, recording: Recording) -> Path:
    """Keeps a recording among those that ship."""
    path = path_of(failure, kind)
    path.parent.mkdir(exist_ok=True)
    files.write_atomically(path, recording.to_bytes())
    return path
