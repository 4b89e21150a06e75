"""A worker is launched, or refused in a sentence, whatever lies where its log and its half-written files would be."""

from pathlib import Path

import pytest

from gan import runs
from gan.models import snapshots
from gan.runs import RunError, processes, store
from tests.helpers import workers_ended
from tests.hostile.damages import REPLACEMENTS
from tests.hostile.places import Place
from tests.hostile.tries import command
from tests.hostile.watchdog import Watchdog


@pytest.mark.parametrize("how", ["fifo", "folder", "link to a device without end", "dangling link"])
def test_log_that_is_no_file(place: Place, watchdog: Watchdog, how: str) -> None:
    """Who presses Resume waits for nobody, and neither do those who look at other runs."""
    REPLACEMENTS[how](place.bad / processes.LOG)
    with (
        workers_ended(),
        watchdog(place.top, "launch"),
        pytest.raises(RunError, match=f"{processes.LOG} is not a file"),
    ):
        runs.launch(place.bad, images=32)
    assert not runs.read(place.bad).living


@pytest.mark.parametrize("how", ["empty", "folder", "full folder", "fifo", "link to itself"])
def test_what_looks_like_a_half_written_file(place: Place, watchdog: Watchdog, how: str) -> None:
    """A resume removes what a kill has left, and is not kept by what cannot be removed."""
    names = (f".{store.CHECKPOINT}.123.part", f"{snapshots.SNAPSHOTS}/.00000640.safetensors.123.part")
    for name in names:
        REPLACEMENTS[how](place.bad / name)
    with watchdog(place.top, "resume"):
        said = command(["resume", str(place.bad), "--images", "32"])
    assert said.status == 0, said.err
    left = [name for name in names if Path(place.bad / name).is_file()]
    assert left == []
