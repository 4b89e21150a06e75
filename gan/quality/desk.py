"""Where evaluations are ordered: one at a time, in a process of its own (`gan.quality.evaluator`), each question once.

Whoever asks what somebody has asked already shares the answer, also while it is under way. The process stays for a
while after the last question, since it takes as long to get ready as an evaluation does. No Streamlit here.
"""

import atexit
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from gan.paths import PROJECT
from gan.quality.questions import Answer, Message, Progress, Question, QuestionError, Refusal, Subject, from_line
from gan.quality.results import SAMPLES

STAY = 60.0
"""Seconds that the process stays when there is nothing to do: it takes 0.7 GB."""
PATIENCE = 75.0
"""Seconds that a question waits in line though nobody looks. Browsers wake a page in the background once a minute."""
LONGEST = 900.0
"""Seconds after which an evaluation counts as stuck."""
KEPT = 64
"""Answers that are remembered."""
LINE = 50
"""Questions that may wait."""
GUESSES: dict[tuple[Subject, bool], tuple[float, float]] = {
    ("figures", False): (6.0, 20.0),
    ("figures", True): (2.0, 10.0),
    ("accuracy_score", False): (12.0, 60.0),
    ("accuracy_score", True): (8.0, 60.0),
}
"""Seconds that a question takes before any was measured here: so many, and so many more for 10,000 samples. By its
subject and by whether the process is warm: has answered a question with as many samples."""


def guess(subject: Subject, warm: bool, n: int) -> float:
    """Seconds, by `GUESSES`."""
    fixed, more = GUESSES[subject, warm]
    return fixed + more * n / SAMPLES


@dataclass(eq=False)
class Job:
    """A question that was asked, and how it stands."""

    question: Question
    asked: float = field(default_factory=time.monotonic)
    began: float | None = None
    progress: Progress = field(default_factory=Progress)
    answer: Answer | None = None
    looked: float = field(default_factory=time.monotonic)
    """When somebody asked for it, or looked, last."""

    @property
    def seconds(self) -> float:
        """Since it began; 0 before."""
        return 0.0 if self.began is None else time.monotonic() - self.began


class _Process:
    """The process, with a thread that reads what it says and waits for its end, so that it is never a zombie."""

    def __init__(self, command: Sequence[str]) -> None:
        """Raises `OSError`."""
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT)
        self._said: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name="evaluator's messages").start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with suppress(QuestionError):
                    self._said.put(from_line(line.decode(errors="replace")))
        self._process.wait()
        self._said.put(None)

    def ask(self, question: Question, tell: Callable[[Progress], None]) -> Answer:
        """Waits for the answer; that the process ends or gets stuck is one, too."""
        assert self._process.stdin is not None
        deadline = time.monotonic() + LONGEST
        with suppress(OSError):  # it has just ended, which is heard below
            self._process.stdin.write(question.to_line().encode())
            self._process.stdin.flush()
        while True:
            try:
                message = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self.end(patience=0.0)
                return Refusal(f"The evaluation was given up after {LONGEST / 60:.0f} minutes.")
            if message is None:
                status = self._process.returncode
                how = f"signal {-status}" if status < 0 else f"exit status {status}"
                return Refusal(f"The process that evaluates has ended before it was done ({how}); evaluate again.")
            if not isinstance(message, Progress):
                return message
            tell(message)

    def end(self, patience: float = 5.0) -> None:
        """Ends it, by force if it does not go by itself."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Desk:
    """Takes questions, keeps the line, remembers answers. Safe to share between threads."""

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "gan.quality.evaluator"),
        *,
        stay: float = STAY,
        patience: float = PATIENCE,
    ) -> None:
        self.stay, self.patience = stay, patience
        self._command = command
        self._changed = threading.Condition()
        self._line: deque[Job] = deque()
        """The one under way first."""
        self._jobs: OrderedDict[Question, Job] = OrderedDict()
        """Those in line and those that were answered, the oldest first."""
        self._took: dict[tuple[Subject, bool, int], deque[float]] = {}
        self._warm: set[int] = set()
        self._serving = False
        self._process: _Process | None = None
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The process that evaluates, while there is one."""
        process = self._process
        return process.pid if process is not None and process.lives else None

    @property
    def idle(self) -> bool:
        """Whether nothing is in line."""
        return not self._line

    def ask(self, question: Question) -> Job:
        """Puts a question in line, unless it is there or was answered. One that failed is asked anew."""
        with self._changed:
            job = self._jobs.get(question)
            if job is not None and not isinstance(job.answer, Refusal):
                job.looked = time.monotonic()
                return job
            job = Job(question)
            if len(self._line) > LINE:
                job.answer = Refusal(f"{LINE} evaluations are in line already; try again in some minutes.")
                return job
            self._jobs[question] = job
            self._jobs.move_to_end(question)
            self._line.append(job)
            self._forget()
            if not self._serving:
                self._serving = True
                threading.Thread(target=self._serve, daemon=True, name="desk").start()
            self._changed.notify_all()
            return job

    def look(self, question: Question) -> Job | None:
        """How a question stands; None if it was never asked, has left the line or is forgotten. What nobody
        looks at leaves the line."""
        with self._changed:
            job = self._jobs.get(question)
            if job is not None:
                job.looked = time.monotonic()
            return job

    def place(self, job: Job) -> int:
        """How many are before it; 0 also for the one under way."""
        with self._changed:
            return self._line.index(job) if job in self._line else 0

    def left(self, questions: Sequence[Question]) -> float:
        """Seconds until all of these are answered, by what was measured on this machine: those that are in line by
        their places, others as if they were asked now."""
        with self._changed:
            known = [self._jobs.get(question) for question in questions]
            waiting = [job for job in known if job is not None and job.answer is None]
            # What was refused would be asked anew.
            new = [
                question
                for question, job in zip(questions, known, strict=True)
                if job is None or isinstance(job.answer, Refusal)
            ]
            last = max((self._line.index(job) for job in waiting), default=-1)
            seconds, warm = 0.0, set(self._warm) if self.pid else set()
            for job in list(self._line)[: len(self._line) if new else last + 1]:
                expected = self._expected(job.question, warm)
                # One that takes longer than expected still has to do what it says that it has not done.
                seconds += max(1.0, expected - job.seconds, (1 - job.progress.share) * expected / 2)
                warm.add(job.question.n)
            for question in new:
                seconds += self._expected(question, warm)
                warm.add(question.n)
            return seconds

    def _expected(self, question: Question, warm: Collection[int]) -> float:
        kind = (question.subject, question.n in warm)
        if took := self._took.get((*kind, question.n)):
            return statistics.median(took)
        # What else was measured says how fast this machine is.
        ratios = [statistics.median(took) / guess(*measured) for measured, took in self._took.items()]
        return guess(*kind, question.n) * (statistics.median(ratios) if ratios else 1.0)

    def close(self) -> None:
        """Answers nothing any more and ends the process."""
        with self._changed:
            for job in self._line:
                job.answer = Refusal("The server is ending.")
            self._line.clear()
            self.stay = 0.0
            self._changed.notify_all()
            process = self._process
        if process is not None:
            process.end(patience=0.0)

    def _forget(self) -> None:
        answered = [question for question, job in self._jobs.items() if job.answer is not None]
        for question in answered[: max(0, len(answered) - KEPT)]:
            del self._jobs[question]

    def _next(self) -> Job | None:
        """The next in line at whom somebody still looks, once there is one; None when the process has stayed
        long enough."""
        with self._changed:
            deadline = time.monotonic() + self.stay
            while True:
                while self._line and time.monotonic() - self._line[0].looked > self.patience:
                    self._jobs.pop(self._line.popleft().question, None)
                if self._line:
                    job = self._line[0]
                    job.began = time.monotonic()
                    return job
                if not self._changed.wait(min(deadline - time.monotonic(), self.stay)):
                    self._serving = False
                    return None

    def _serve(self) -> None:
        """Answers what is in line, in a thread that ends with its process."""
        process = None
        while (job := self._next()) is not None:
            question = job.question
            if process is None or not process.lives:
                self._warm.clear()
                try:
                    process = self._process = _Process(self._command)
                except OSError as error:
                    self._answered(job, Refusal(f"The process that evaluates cannot be started ({error.strerror})."))
                    continue
            warm = question.n in self._warm
            answer = process.ask(question, partial(setattr, job, "progress"))
            if not isinstance(answer, Refusal):
                took = self._took.setdefault((question.subject, warm, question.n), deque(maxlen=5))
                took.append(job.seconds)
                self._warm.add(question.n)
            self._answered(job, answer)
        if process is not None:
            process.end()

    def _answered(self, job: Job, answer: Answer) -> None:
        with self._changed:
            if job.answer is None:
                job.answer = answer
            if job in self._line:
                self._line.remove(job)
            self._forget()
