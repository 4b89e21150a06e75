"""The training loop: steps, and between them commands taken and events handed out.

It knows neither stdin nor SQLite. What is due when is decided by the training clock (see `gan.training.clock`), which
starts at the first step and stops while the run is paused.
"""

import math
import queue
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import torch

from gan import render
from gan.device import describe
from gan.games import grid
from gan.models.model import model_content
from gan.models.sampling import as_bytes
from gan.quality.examiner import Examiner
from gan.quality.held_out import HeldOut
from gan.system.files import StorageError
from gan.training import experiments
from gan.training.checkpoint import checkpoint_content
from gan.training.clock import TrainingClock
from gan.training.messages import (
    DIVERGED,
    WHOLE_STEPS,
    Best,
    Checkpoint,
    Command,
    Inspected,
    Record,
    Sample,
    Segment,
    Sink,
    Snapshot,
    State,
    Status,
    Summary,
)
from gan.training.signs import RECALL, SHARE
from gan.training.timetable import Timetable
from gan.training.trainer import Trainer

EVERY_STEP_UNTIL = 100
"""So many steps have a record each, since most happens at the beginning."""
RETRY_EVERY = 1.0
"""Seconds between two attempts to report that nothing can be written."""
SPEED_WINDOW = 3.0
"""Seconds of training over which images per second are averaged."""

Ending = Literal["finished", "stopped", "failed", "left", "discarded"]
ENDING_OF: dict[str, Ending] = {"stop": "stopped", "leave": "left", "discard": "discarded"}


class _DivergedError(Exception):
    """Something is no longer a finite number; the message says what."""


class Loop:
    """Trains until a limit is reached or a command ends it."""

    def __init__(
        self,
        trainer: Trainer,
        commands: "queue.SimpleQueue[Command]",
        sink: Sink,
        start: Status,
        note: str = "",
        patient: bool = True,
        examiner: Examiner | None = None,
        held_out: HeldOut | None = None,
        paused: bool = False,
    ) -> None:
        """`start` says where the run stands and what its limits are; `note` is shown while all is well.
        Without an `examiner` quality is not measured; with `held_out` the discriminator is then looked at as well.

        A `patient` loop pauses when the sink cannot keep something, and waits for a person to resume;
        another one raises the `StorageError`. `paused`: it waits for commands before the first step.
        """
        self.trainer = trainer
        self.paused = paused
        self.commands = commands
        self.sink = sink
        self.note = note
        self.patient = patient
        self.examiner = examiner
        self.held_out = held_out
        precision = str(trainer.dtype).removeprefix("torch.")
        self.status = replace(
            start, control=replace(start.control, device=describe(trainer.device), precision=precision)
        )
        self._clock = TrainingClock(start.progress.seconds)
        self._speed: deque[tuple[float, int]] = deque()
        self._pause_at = math.inf
        """What the training clock shows when the seconds have passed for which the run was resumed."""
        self._owed: list[Segment | Record] = []
        self._kept = trainer.images_seen
        """After how many images the last checkpoint was taken."""
        z, y = grid.grid(trainer.config)
        self._z, self._y = z.to(trainer.device), y.to(trainer.device)

    @property
    def seconds(self) -> float:
        """What the training clock shows."""
        return self._clock.seconds

    def run(self) -> Ending:
        """Trains to the end and says how it ended. What the trainer raises comes through."""
        try:
            return self._run()
        except _DivergedError as error:
            kept = f"The last good state, after {self._kept:,} images, is kept: resume with lower learning rates."
            return self._fail(f"{DIVERGED}: {error} is no longer finite. {kept}")

    def _run(self) -> Ending:
        self._hopeful_since = self.seconds
        self._timetable = Timetable(self.seconds)
        try:
            self._emit(Segment(self.status.segment, self.trainer.images_seen, self.seconds))
            if not self.trainer.images_seen:
                self._sample()  # the noise that it all begins with
                # From here on a run without a checkpoint is one that has lost it.
                self._checkpoint()
            else:
                self._snapshot()  # those before it have no discriminator any more
            if self.paused:
                ending = self._pause()
            else:
                self._report("running")
                ending = self._process_commands()
        except StorageError as error:
            ending = self._wait_out(error)
        self._start_clock()
        while ending is None:
            if (progress := self._progress()) < 1:  # else it was resumed only to keep what a full disk refused
                # Norms in the first step after a record only: they cost two copies of the weights. Nor in the rest of a
                # step that was begun by hand, in which who has moved before would seem to stand still.
                whole = self.trainer.between_steps
                self.trainer.step(norms=whole and self.trainer.unrecorded == 0, progress=progress)
                self._clock.lap()
            try:
                ending = self._after_step() or self._pause_when_due() or self._process_commands()
            except StorageError as error:
                ending = self._wait_out(error)
        return ending

    def _progress(self) -> float:
        """The share of the budget that is spent, which schedules run in; exact for a budget in images."""
        progress = replace(self.status.progress, images=self.trainer.images_seen, seconds=self.seconds)
        return progress.share or 0.0

    def _wait_out(self, error: StorageError) -> Ending | None:
        if not self.patient:
            raise error
        return self._pause(str(error))

    def _start_clock(self) -> None:
        self._clock.start()
        self._speed.clear()

    def _after_step(self) -> Ending | None:
        """Hands out what is due after a step; says how the run ended if it did."""
        seconds = self.seconds
        if self.trainer.steps <= EVERY_STEP_UNTIL or self._timetable.is_due("record", seconds):
            self._record()
            self._report("running")
        if self._progress() == 1:
            return self._end("finished")
        pictured, modelled = self._timetable.is_due("sample", seconds), self._timetable.is_due("snapshot", seconds)
        if modelled:  # a moment that can be opened can be seen as well
            self._timetable.put_off("sample", seconds)
        if pictured or modelled:
            self._sample()
        if modelled:
            self._snapshot()
        if self._timetable.is_due("checkpoint", seconds):
            self._checkpoint()
        if self.examiner and self._timetable.is_due("quality", seconds):
            began = time.perf_counter()
            self._examine()
            self._timetable.looked(time.perf_counter() - began, self.seconds)
            patience = self.trainer.config.budget.patience
            if 0 < patience <= self.seconds - max(self._hopeful_since, self.status.quality.best_seconds):
                return self._end("finished", f"Quality had not improved for {patience:g} s, so training ended early.")
        return None

    def _process_commands(self) -> Ending | None:
        """Takes all waiting commands; says how the run ended if one of them ended it."""
        with suppress(queue.Empty):
            while True:
                command = self.commands.get_nowait()
                if command.verb == "rates":
                    self._set_rates(command)
                elif command.verb == "pause":
                    return self._pause()
                elif command.verb not in ("resume", "move", "look", "experiment"):
                    return self._end(ENDING_OF[command.verb])
        return None

    def _pause_when_due(self) -> Ending | None:
        """Pauses once the seconds have passed for which the run was resumed; says how it ended if it did meanwhile."""
        return self._pause() if self.seconds >= self._pause_at else None

    def _set_rates(self, command: Command) -> None:
        self.trainer.lr_g = command.lr_g or self.trainer.lr_g
        self.trainer.lr_d = command.lr_d or self.trainer.lr_d
        self._report(self.status.state)

    def _pause(self, trouble: str = "") -> Ending | None:
        """Waits for commands. `trouble` is why nothing could be written, empty if a person paused.

        Returns None to go on training, else how the run ended.
        """
        self._clock.stop()
        self._pause_at = math.inf
        told = False
        while True:
            try:
                if not told:
                    if not trouble:
                        self._keep()
                    self._report("paused", trouble)
                    told = True
                    measured = self.status.quality.measured_images
                    if self.examiner and not self.paused and not trouble and measured < self.trainer.images_seen:
                        # On a busy machine the last look may be long ago, and people pause to look.
                        self._examine()
                        self._report("paused")
            except StorageError as error:
                trouble = str(error)
            try:
                command = self.commands.get(timeout=None if told else RETRY_EVERY)
            except queue.Empty:
                continue
            try:
                if command.verb == "rates":
                    self._set_rates(command)
                elif command.verb in ("move", "look", "experiment"):
                    if not trouble:
                        self._step_by_hand(command)
                elif command.verb == "resume":
                    if trouble:
                        if not self.trainer.between_steps:  # or the next record would be one of two steps
                            self.trainer.finish_step()
                            self._record()
                        self._emit()
                        self._checkpoint()  # if this cannot be written, nothing can
                    self.paused = False
                    self._pause_at = self.seconds + command.seconds if command.seconds else math.inf
                    self._report("running")
                    self._start_clock()
                    return None
                elif command.verb != "pause":
                    return self._end(ENDING_OF[command.verb])
            except StorageError as error:
                trouble, told = str(error), False

    def _step_by_hand(self, command: Command) -> None:
        if command.verb == "move":
            self._move(command)
        elif command.verb == "look":
            self.sink(Inspected("", self.trainer.look().to_bytes()))
        else:
            for points in experiments.run(command.player, self.trainer):
                self.sink(Inspected("experiment", points))
        answered = self.status.control.answered + 1
        self.status = replace(self.status, control=replace(self.status.control, answered=answered))
        self._report("paused")
        if command.verb == "move":
            self._sample()  # last: whoever steps waits for what was seen, not for this

    def _move(self, command: Command) -> None:
        """Takes moves by hand. The step that they begin stays open: whoever goes on, or keeps the run, closes it."""
        order = self.trainer.game.order
        left, looked = (command.count if command.player in ("", WHOLE_STEPS, *order) else 0), {}
        # No step begins beyond the budget, whoever takes it.
        while left and not (self.trainer.between_steps and self._progress() == 1):
            mover = self.trainer.next_player
            # Only what may be left to be seen at the end: looking costs more than the move.
            last = left <= (len(order) if command.player == "" else 1)
            looks = command.inspect and last and (command.player in ("", mover) or not self.trainer.moves_again)
            for found in self.trainer.move(looks, self._progress()):
                looked[found.player] = found
            whole = command.player == WHOLE_STEPS
            if self.trainer.between_steps if whole else command.player in ("", mover) or self.trainer.game.simultaneous:
                left -= 1
        self._record()
        for player, found in looked.items():
            self.sink(Inspected(player, found.to_bytes()))

    def _end(self, ending: Ending, message: str = "") -> Ending:
        """Keeps what is worth keeping and reports the last state, with a message for people.

        Raises `StorageError`, except for a run that nobody can ask any more.
        """
        self._clock.stop()
        if ending == "discarded":
            with suppress(StorageError, _DivergedError):  # for those who bring it back, if that can be
                self._keep()
            return ending
        try:
            self._keep()
            if ending == "finished" or ending == "stopped":
                if not message:
                    self._examine()
                self._report(ending, message)
        except StorageError:
            if ending != "left":
                raise
        return ending

    def _fail(self, message: str) -> Ending:
        """Ends without a checkpoint: the last one is from before the failure."""
        self._clock.stop()
        self._report("failed", message)
        return "failed"

    def _emit(self, *events: Segment | Record) -> None:
        """Hands out what nothing later makes up for: what cannot be kept now is owed until it can."""
        self._owed += events
        while self._owed:
            self.sink(self._owed[0])
            del self._owed[0]

    def _record(self) -> None:
        """Hands out what was measured since the last record."""
        steps, record = self.trainer.unrecorded, self.trainer.take_record()
        if broken := _broken(record):
            raise _DivergedError(broken)
        if record:
            self._emit(Record(self.trainer.images_seen, self.seconds, self.status.segment, record, steps))

    def _keep(self) -> None:
        self.trainer.finish_step()
        self._record()
        self._emit()
        self._sample()
        self._snapshot()
        self._checkpoint()

    def _report(self, state: State, message: str = "") -> None:
        seconds, images = self.seconds, self.trainer.images_seen
        self._speed.append((seconds, images))
        while seconds - self._speed[0][0] > SPEED_WINDOW:
            self._speed.popleft()
        since, images_then = self._speed[0]
        progress, control = self.status.progress, self.status.control
        speed = (images - images_then) / (seconds - since) if seconds > since else progress.images_per_second
        rates = (self.trainer.lr_g, self.trainer.lr_d)
        by_schedule = self.trainer.schedule.begun(progress.images, images)
        by_hand = control.lr_g and (control.lr_g, control.lr_d) != rates and not by_schedule
        self.status = replace(
            self.status,
            state=state,
            message=message or self.note,
            progress=replace(progress, images=images, seconds=seconds, images_per_second=speed),
            control=replace(
                control,
                lr_g=rates[0],
                lr_d=rates[1],
                rates_changed=images if by_hand else control.rates_changed,
                threads=self.trainer.threads,
                next_player=self.trainer.next_player if state == "paused" else "",
            ),
        )
        self.sink(self.status)

    @torch.inference_mode()
    def _sample(self) -> None:
        self._check()
        images = as_bytes(self.trainer.generator_ema(self._z, self._y)).cpu().numpy()
        self.sink(Sample(self.trainer.images_seen, self.seconds, render.png(render.grid(images, columns=grid.GRID))))

    def _examine(self) -> None:
        """Measures quality; the generator that is the best so far is kept."""
        if self.examiner is None or not self.trainer.images_seen:
            return
        self._check()
        found = self.examiner.examine(self.trainer.generator_ema)
        seconds, images = self.seconds, self.trainer.images_seen
        values = {"fcd": found.fcd, "agreement": found.agreement, "variety": found.variety}
        values |= {f"{SHARE}_{label}": count / sum(found.histogram) for label, count in enumerate(found.histogram)}
        values |= {f"{RECALL}_{label}": share for label, share in enumerate(found.recall)}
        if self.held_out:
            values |= self.held_out.measure(self.trainer.generator, self.trainer.discriminator)
        record = {name: Summary(value, value, value) for name, value in values.items() if value is not None}
        self._emit(Record(images, seconds, self.status.segment, record))
        quality = replace(
            self.status.quality,
            agreement=found.agreement,
            agreement_floor=None if found.agreement is None else self.examiner.agreement_floor,
            fcd=found.fcd,
            fcd_floor=self.examiner.fcd_floor,
            histogram=tuple(found.histogram),
            measured_images=images,
        )
        self.status = replace(self.status, quality=quality)
        if quality.best_fcd is None or found.fcd < quality.best_fcd:
            content = model_content(self.trainer.model(seconds))
            self.sink(Best(images, content))
            self._timetable.wrote_best(len(content))
            quality = replace(quality, best_fcd=found.fcd, best_images=images, best_seconds=seconds)
            self.status = replace(self.status, quality=quality)

    def _snapshot(self) -> None:
        self._check()
        if self.trainer.images_seen:
            content = model_content(self.trainer.model(self.seconds))
            self.sink(Snapshot(self.trainer.images_seen, content))
            self._timetable.wrote_snapshot(len(content))

    def _checkpoint(self) -> None:
        self.trainer.finish_step()
        self._check()
        content = checkpoint_content(self.trainer, {"seconds": self.seconds})
        self.sink(Checkpoint(content))
        self._kept = self.trainer.images_seen
        self._timetable.wrote_checkpoint(len(content), self.seconds)

    def _check(self) -> None:
        """Before anything is kept of the networks: what has diverged must not replace what has not."""
        if not self.trainer.is_finite():
            raise _DivergedError("a weight")


def _broken(record: dict[str, Summary]) -> str:
    """The first quantity that is no finite number any more; empty if all are."""
    return next((name for name, summary in record.items() if not math.isfinite(summary.mean)), "")
