"""What is due when, between the steps of a run: by the training clock, and by what it costs."""

import statistics

EVERY = {"record": 0.1, "sample": 1.0, "snapshot": 1.0, "checkpoint": 5.0, "quality": 4.0}
"""Seconds of training between two events of a kind. A killed run loses what follows its last
checkpoint; half of the ten seconds that it may lose leaves room for a slow disk."""
YOUNG, DENSER = 5.0, 0.2
"""While a run has trained for less than so many seconds, moments (samples and snapshots) come after this share of the
usual time: most happens at the beginning."""
SETTLED = 25.0
"""From so many seconds on, snapshots come after the same share of the run's life, not after the same time."""
BYTES_A_SECOND = 4_000_000
"""So much is written at most of checkpoints, and so much of models: large ones come less often."""
BURST = 48_000_000
"""So many bytes of models may be written at once, for the sake of the beginning."""
QUALITY_SHARE = 0.04
"""At most this share of training goes into measuring quality; on a slow machine it is measured less often."""
QUALITY_AHEAD = 15.0
"""Seconds of training whose share may be spent before they have passed, so that a young run is looked at often."""
FIRST_LOOK = 1.0
"""Seconds of training before quality is measured for the first time."""
LOOK_AFTER = 0.5
"""While a run is young, it is looked at again after this share of its life."""


def interval(kind: str, seconds: float) -> float:
    """Seconds of training until the next event of a kind, in a run that has trained for so many."""
    if kind not in ("sample", "snapshot"):
        return EVERY[kind]
    if seconds < YOUNG:
        return DENSER * EVERY[kind]
    return EVERY[kind] * (max(1.0, seconds / SETTLED) if kind == "snapshot" else 1.0)


class Timetable:
    """When the next event of each kind is due, in a process that began when the training clock showed `began`."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._due = {kind: began + interval(kind, began) for kind in EVERY}
        self._due["quality"] = began + FIRST_LOOK
        self._looks = 0
        self._looked: list[float] = []
        self._best_size = 0
        self._written = -BURST

    def is_due(self, kind: str, seconds: float) -> bool:
        """Whether an event of a kind is due; if so, the next one is in its usual time."""
        if seconds < self._due[kind]:
            return False
        self.put_off(kind, seconds)
        return True

    def put_off(self, kind: str, seconds: float) -> None:
        """An event of a kind has come for another reason: the next one is in its usual time."""
        self._due[kind] = seconds + interval(kind, seconds)

    def wrote_snapshot(self, size: int) -> None:
        """A model of so many bytes was kept."""
        self._written += size
        self._due["snapshot"] = max(self._due["snapshot"], self._began + self._written / BYTES_A_SECOND)

    def wrote_checkpoint(self, size: int, seconds: float) -> None:
        """A checkpoint of so many bytes was kept: the next one waits for as long as so many bytes may take."""
        self._due["checkpoint"] = max(self._due["checkpoint"], seconds + size / BYTES_A_SECOND)

    def wrote_best(self, size: int) -> None:
        """The generator that is the best so far, of so many bytes, was kept."""
        self._best_size = size

    def looked(self, took: float, seconds: float) -> None:
        """Quality was measured, which took so long: soon again while the run is young, later where that takes long."""
        # The first look also pays for what a process does once, so that it says little of the next; one that had to
        # wait for a core says little as well, and must not leave the run unseen for a minute.
        self._looks += 1
        if self._looks > 1:
            self._looked.append(took)
        usual = statistics.median(self._looked) if self._looked else 0.0
        affordable = self._began + self._looks * usual / QUALITY_SHARE - QUALITY_AHEAD
        wanted = seconds + min(EVERY["quality"], LOOK_AFTER * seconds)
        self._due["quality"] = max(wanted, affordable, seconds + self._best_size / BYTES_A_SECOND)
