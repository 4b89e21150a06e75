"""The diagnosis of a run in its folder."""

import math
from pathlib import Path

from gan.config import TrainConfig
from gan.curves import Array
from gan.runs import store
from gan.training.diagnosis import diagnose
from gan.training.findings import Finding
from gan.training.messages import DIVERGED, Status


def of_run(config: TrainConfig, status: Status, curves: store.Curves, until: float = math.inf) -> list[Finding]:
    """What the records of a run say (`gan.training.diagnosis.diagnose`), those of its first `until` seconds."""
    floor = status.quality.fcd_floor or math.nan
    diverged = status.message if status.state == "failed" and status.message.startswith(DIVERGED) else ""
    return diagnose(config, measured(curves, until), floor, diverged if until == math.inf else "")


def measured(curves: store.Curves, until: float = math.inf) -> dict[str, Array]:
    """All quantities of a run by name, each (5, N), those of its first `until` seconds."""
    found = {name: curves.series(name)[0] for name in curves.quantities()}
    return {name: curve[:, curve[1] <= until] for name, curve in found.items()}


def of_folder(folder: Path, config: TrainConfig, status: Status, until: float = math.inf) -> list[Finding]:
    """The same, read once."""
    curves = store.Curves(folder)
    curves.update()
    return of_run(config, status, curves, until)
