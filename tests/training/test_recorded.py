"""The diagnosis on recorded runs, seed 0 of each (`benchmarks.diagnosis`; every curve reduced to a hundred points)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan.config import TrainConfig
from gan.curves import Array
from gan.failures import BY_NAME
from gan.training.diagnosis import diagnose

WELL = {"healthy", "too_early", "as_good_as_it_gets"}


def _recorded() -> tuple[dict[str, Any], dict[str, dict[str, Array]]]:
    with np.load(Path(__file__).parents[1] / "data" / "recorded.npz", allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        curves: dict[str, dict[str, Array]] = {name: {} for name in about}
        for name in file.files:
            run, _, quantity = name.partition("/")
            if quantity:
                curves[run][quantity] = file[name].astype(np.float64)
    return about, curves


ABOUT, CURVES = _recorded()


def _said(run: str, until: float) -> list[str]:
    config = TrainConfig.from_dict(ABOUT[run]["config"])
    cut = {name: curve[:, curve[1] <= until] for name, curve in CURVES[run].items()}
    return [finding.kind for finding in diagnose(config, cut, ABOUT[run]["floor"])]


@pytest.mark.parametrize("until", range(1, 62))
@pytest.mark.parametrize("run", [name for name in ABOUT if not name.startswith("broken")])
def test_healthy_run_is_never_called_ill(run: str, until: int) -> None:
    """At no second of its life."""
    assert set(_said(run, until)) <= WELL


@pytest.mark.parametrize("run", [name for name in ABOUT if name.startswith("broken")])
def test_broken_run_is_found_out_within_half_a_minute(run: str) -> None:
    """Its own finding comes first of all, and before it nothing but that it is too early, or that nothing is wrong."""
    finding = BY_NAME[run.split(".")[1]].finding
    assert _said(run, 30.9)[0] == finding
    assert _said(run, 1.0) == ["too_early"]
