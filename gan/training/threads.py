"""How many threads PyTorch trains with, found while the training goes on.

Threads wait for each other after every layer. With the machine to themselves, more of them are faster; beside
something else that computes, one that has lost its core keeps all others waiting, and a single thread is many times
as fast. Neither is known before, and it changes while a run trains. So the number is measured again and again, in
bursts of a tenth of a second.

There is no torch in here, so that the rule can be tried on machines that exist only in numbers.
"""

from collections import deque
from collections.abc import Collection

BURST = 0.1
"""Seconds that the steps of a burst take, about."""
LEAST_STEPS = 4
"""Steps in a burst, where they take longer than that."""
PAIRS = 2
"""Bursts with each of the two numbers in a trial, taken in turn."""
HOPELESS = 1.5
"""A burst ends its trial once it has taken so many times as long as one with the other number."""
MARGIN = 1.03
"""So much faster another number has to be to replace the current one."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
"""Seconds until the next trial: after a change, and doubled for each trial that has changed nothing."""
TRIAL_SHARE = 0.1
"""At most this share of the time goes into trials that change nothing, where steps take long."""
SLOWED = 1.4
"""Steps that take so many times as long as when the number was chosen call for a trial at once."""


class _Burst:
    """Steps in a row with one number of threads. The first does not count: threads start in it, or go to sleep."""

    def __init__(self, threads: int, steps: int) -> None:
        self.threads = threads
        self.first = 0.0
        self.seconds = 0.0
        self._left = steps + 1

    def add(self, seconds: float) -> None:
        """Counts a step."""
        if self.first:
            self.seconds += seconds
        else:
            self.first = seconds
        self._left -= 1

    @property
    def is_over(self) -> bool:
        """Whether all its steps were taken."""
        return self._left == 0


class _Trial:
    """The current number of threads against another one. What was measured of the current one before is its first
    burst."""

    def __init__(self, current: int, other: int, pace: float) -> None:
        """`pace`: seconds that a step took of late."""
        self.current, self.other = current, other
        self.took = 0.0
        self._steps = max(LEAST_STEPS, round(BURST / pace))
        self._bursts = {current: [pace * self._steps], other: []}
        self._order = [other, *[current, other] * (PAIRS - 1)]
        self.burst = _Burst(self._order.pop(0), self._steps)

    def add(self, seconds: float) -> int | None:
        """Counts a step; returns the number that has won, None while that is open."""
        self.took += seconds
        burst = self.burst
        burst.add(seconds)
        rival = self.other if burst.threads == self.current else self.current
        if max(burst.first, burst.seconds) > HOPELESS * _mean(self._bursts[rival]):
            return rival
        if not burst.is_over:
            return None
        self._bursts[burst.threads].append(burst.seconds)
        if self._order:
            self.burst = _Burst(self._order.pop(0), self._steps)
            return None
        is_faster = _mean(self._bursts[self.other]) * MARGIN < _mean(self._bursts[self.current])
        return self.other if is_faster else self.current


class ThreadController:
    """Says how many threads the next step should have, from how long each step took.

    It begins with the least. The next number, up or down, is the next of 1, 2, 3, 4, 6, 8, 12, 16 and so on.
    """

    def __init__(self, least: int, most: int) -> None:
        """With `least` equal to `most` there is nothing to find out."""
        self._ladder = _ladder(least, most)
        self._rung = 0
        self._next_wait = FIRST_WAIT
        self._upwards = True
        self._trial: _Trial | None = None
        self._recent: deque[float] = deque()
        self._expected: float | None = None
        self._wait = FIRST_WAIT
        self._settled = False

    @property
    def threads(self) -> int:
        """The number for the next step."""
        return self._trial.burst.threads if self._trial else self.chosen

    @property
    def chosen(self) -> int:
        """The number that was found fastest; others are tried meanwhile."""
        return self._ladder[self._rung]

    def step_took(self, seconds: float) -> None:
        """Takes in how long a step with `threads` threads took."""
        if len(self._ladder) == 1:
            return
        if self._trial:
            winner = self._trial.add(seconds)
            if winner is not None:
                self._conclude(self._trial, winner)
            return
        if not self._settled:
            self._settled = True
            return
        self._wait -= seconds
        self._recent.append(seconds)
        if len(self._recent) < LEAST_STEPS or sum(self._recent) < BURST:
            return
        pace = _mean(self._recent)
        self._expected = self._expected or pace
        while sum(self._recent) > BURST and len(self._recent) > LEAST_STEPS:
            self._recent.popleft()
        has_slowed = self._rung > 0 and pace > SLOWED * self._expected
        if has_slowed or self._wait <= 0:
            self._trial = _Trial(self.chosen, self._ladder[self._neighbour(down=has_slowed)], pace)

    def _neighbour(self, down: bool) -> int:
        """The rung to try: the one below, or the next one in the direction that is due where there is one."""
        top = len(self._ladder) - 1
        if down or self._rung == top:
            return self._rung - 1
        return self._rung + 1 if self._upwards or self._rung == 0 else self._rung - 1

    def _conclude(self, trial: _Trial, winner: int) -> None:
        self._trial = None
        if winner == trial.current:
            self._upwards = trial.other < trial.current  # the other side is next
            self._next_wait = min(LONGEST_WAIT, self._next_wait * 2)
            self._settle(max(self._next_wait, trial.took / TRIAL_SHARE))
        else:
            self._upwards = winner > trial.current
            self._rung = self._ladder.index(winner)
            self._next_wait = FIRST_WAIT
            self._settle(FIRST_WAIT)

    def _settle(self, wait: float) -> None:
        self._wait = wait
        self._settled = False
        self._recent.clear()
        self._expected = None


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values)


def _ladder(least: int, most: int) -> list[int]:
    powers = [2**k for k in range(most.bit_length())]
    steps = (*powers, *(power * 3 // 2 for power in powers[1:]), least, most)
    return sorted({number for number in steps if least <= number <= most})
