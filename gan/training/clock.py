"""The clock of training: seconds in which steps were taken."""

import time
from collections import deque

GRACE = 0.5
"""Seconds that a lap may always take."""
STRETCH = 1.5
"""A lap counts as at most so many times the longest of the laps before it."""
NEIGHBOURS = 5


class TrainingClock:
    """Adds up laps, each from one step to the next, while it is started.

    A process that is stopped, or a machine that is suspended, makes one lap much longer than its neighbours. It is cut
    to what a lap may take; if laps stay that long, the machine has become slower, and the next one counts in full. The
    very first lap has no neighbours: it counts as at most the processor time that it took.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        """`seconds`: what it shows before it is started."""
        self._counted = seconds
        self._laps: deque[float] = deque(maxlen=NEIGHBOURS)
        self._began: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        """The laps so far, and the one that is open."""
        return self._counted + (self._counts(self._open()) if self._began else 0.0)

    def start(self) -> None:
        """Opens a lap."""
        self._began = time.perf_counter(), time.process_time()

    def lap(self) -> None:
        """Closes the open lap and opens the next."""
        took = self._open()
        self._counted += self._counts(took)
        self._laps.append(took[0])
        self.start()

    def stop(self) -> None:
        """Closes the open lap, if one is open; what follows does not count."""
        self._counted = self.seconds
        self._began = None

    def _open(self) -> tuple[float, float]:
        assert self._began
        return time.perf_counter() - self._began[0], time.process_time() - self._began[1]

    def _counts(self, took: tuple[float, float]) -> float:
        seconds, of_processor = took
        return min(seconds, max(GRACE, STRETCH * max(self._laps) if self._laps else of_processor))
