"""Run folders with the curves of the recordings that ship."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan import runs
from gan.runs import recordings, store
from gan.runs.recordings import Recording
from gan.training.messages import Quality, Record, Sample, Segment, State, Status, Summary
from tests.helpers import status_at


def recorded(failure: str, kind: str = "broken") -> Recording:
    found = recordings.shipped(failure, kind)
    assert found is not None
    return found


def status_of(recording: Recording, state: State = "finished", **values: Any) -> Status:
    """The status of a run that has trained as long as the recording; its budget is spent."""
    seconds = recording.seconds
    rates = {name: getattr(recording.config.optimizer, name) for name in ("lr_g", "lr_d")}
    values = {"images": recording.images, "seconds": seconds, "seconds_limit": seconds} | rates | values
    return replace(status_at(state, **values), quality=Quality(None, 100.0, (100,) * 10, 1000, None, recording.floor))


def run_of(recording: Recording, status: Status | None = None, without: str = "none") -> Path:
    """A run under `runs.root()` with these curves, but for those whose names begin with `without`."""
    folder = runs.create(recording.config)
    writer = store.Writer(folder)
    writer(Segment(0, 0, 0.0))
    records: dict[tuple[int, float], dict[str, Summary]] = defaultdict(dict)
    for name, curve in recording.curves.items():
        if not name.startswith(without):
            for images, seconds, *values in curve.T:
                records[int(images), float(seconds)][name] = Summary(*map(float, values))
    for (images, seconds), quantities in sorted(records.items()):
        writer(Record(images, seconds, 0, quantities))
    writer(Sample(recording.images, recording.seconds, recording.last))
    writer(status or status_of(recording))
    writer.close()
    return folder
