"""The diagnosis on recorded runs (`benchmarks.diagnosis`; every curve reduced to few points)."""

from pathlib import Path

import pytest

from benchmarks.diagnosis import WITHIN, kept, said_after
from benchmarks.odd import ODD, WELL
from gan.failures import BY_NAME

RUNS = kept(Path(__file__).parents[1] / "data" / "recorded.npz")
MISSED = ("odd.strong-wide.0",)
"""Found nothing wrong with, within the 22 s of it that were recorded."""
RIGHT = {one.name: one.right for one in ODD}


def _of(kind: str) -> list[str]:
    return [name for name in RUNS if name.startswith(kind)]


def _is_well(name: str) -> bool:
    kind, what, _ = name.split(".")
    return kind in ("preset", "cured") or (kind == "odd" and RIGHT[what] == WELL)


@pytest.mark.parametrize("name", filter(_is_well, RUNS))
def test_healthy_run_is_never_called_ill(name: str) -> None:
    """Every other second of its life; `benchmarks.diagnosis` asks at each."""
    run = RUNS[name]
    for moment in range(2, int(run.seconds) + 2, 2):
        assert {finding.kind for finding in run.findings(moment)} <= set(WELL), moment


@pytest.mark.parametrize("name", _of("broken"))
def test_broken_run_is_found_out(name: str) -> None:
    """Its own finding comes first of all, not long after one can see it; at first nothing is said."""
    run, failure = RUNS[name], BY_NAME[name.split(".")[1]]
    assert said_after(run, failure.finding) <= run.crossed(failure) + WITHIN
    assert run.said[1.0] == ["too_early"]


@pytest.mark.parametrize("name", [name for name in _of("odd") if not _is_well(name) and name not in MISSED])
def test_broken_settings_that_nobody_ships_are_found_out(name: str) -> None:
    run = RUNS[name]
    assert run.findings(run.seconds)[0].kind in RIGHT[name.split(".")[1]]
