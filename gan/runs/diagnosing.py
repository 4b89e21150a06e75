"""The diagnosis of a run in its folder."""

import math
from pathlib import Path

from gan.config import ConfigError, TrainConfig
from gan.curves import Array
from gan.runs import store
from gan.training.diagnosis import diagnose
from gan.training.findings import Finding
from gan.training.messages import DIVERGED, LIVING, Status

LEAST = 0.5
"""The share of a run that its records have to reach. The last ones may be missing where it was killed."""


def of_run(config: TrainConfig, status: Status, curves: store.Curves, until: float = math.inf) -> list[Finding]:
    """What the records of a run say (`gan.training.diagnosis.diagnose`), those of its first `until` seconds."""
    found = measured(curves, until)
    reached = max((float(curve[0, -1]) for curve in found.values() if curve.shape[1]), default=0.0)
    floor = status.quality.fcd_floor or math.nan
    diverged = status.message if status.state == "failed" and status.message.startswith(DIVERGED) else ""
    ended = until == math.inf and status.state not in LIVING
    if ended and not diverged and reached < LEAST * status.progress.images:
        return [_incomplete(reached, status.progress.images)]
    since = status.control.rates_changed
    return diagnose(_as_it_trains(config, status), found, floor, diverged if until == math.inf else "", since)


def _as_it_trains(config: TrainConfig, status: Status) -> TrainConfig:
    """The settings with the learning rates of now, which somebody may have moved."""
    rates = {"optimizer.lr_g": status.control.lr_g, "optimizer.lr_d": status.control.lr_d}
    try:
        return config.changed({path: rate for path, rate in rates.items() if rate})
    except ConfigError:  # a status that somebody else wrote
        return config


def _incomplete(reached: float, images: int) -> Finding:
    """What to say of a run whose records are damaged or were never written."""
    said = f"Nothing can be said: the records of this run end after {reached:,.0f} of its {images:,} images."
    why = "Its folder is damaged, or a version wrote it that kept fewer records."
    return Finding("too_early", said, {"images": reached}, why, "Train it again with the same seed.")


def measured(curves: store.Curves, until: float = math.inf) -> dict[str, Array]:
    """All quantities of a run by name, each (5, N), those of its first `until` seconds."""
    found = {name: curves.series(name)[0] for name in curves.quantities()}
    return {name: curve[:, curve[1] <= until] for name, curve in found.items()}


def of_folder(folder: Path, config: TrainConfig, status: Status, until: float = math.inf) -> list[Finding]:
    """The same, read once."""
    curves = store.Curves(folder)
    curves.update()
    return of_run(config, status, curves, until)
