"""The process around a training loop: `python -m gan.runs.worker RUN_DIR`.

Commands come as JSON lines on stdin; events go into the run folder. End of file on stdin means that
whoever launched it is gone: the worker saves its checkpoint and leaves, and the run reads as
interrupted. `train_in` is the part without stdin, which `python -m gan train` shares.
"""

import argparse
import io
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan import runs
from gan.models import snapshots
from gan.runs import processes, store, trash
from gan.runs.preparing import EndedError, ready
from gan.system import nursery
from gan.system.files import StorageError
from gan.training.messages import WHAT_IS_LEFT, Command, Event, Order, Quality, Status

if TYPE_CHECKING:
    from gan.training.loop import Ending


def train_in(
    folder: Path,
    commands: "queue.SimpleQueue[Command]",
    *,
    order: Order = WHAT_IS_LEFT,
    watch: Callable[[Event], None] | None = None,
    patient: bool = True,
) -> "Ending":
    """Trains the run in `folder` from where it stands, as `order` says. `watch` sees every event after it was
    kept. `patient` says what happens when the disk is full: the run pauses, for somebody to resume it, or
    `StorageError` is raised.

    What goes wrong is written as the run's state and raised again. Raises `gan.runs.RunError` if another process
    has the run, or it cannot go on so; nothing is changed then.
    """
    with runs.lock(folder):
        runs.check_resumable(runs.read(folder), order)
        writer = store.Writer(folder)
        try:
            start = _opening(folder)
            writer(start)
            try:
                return _train(folder, writer, commands, start, order, watch, patient)
            except Exception as error:
                failed = store.read_status(folder) or start
                writer(replace(failed, state="failed", message=_in_words(error)))
                raise
        finally:
            writer.close()


def _opening(folder: Path) -> Status:
    """The status that a run starts or resumes with; written before torch is imported."""
    config = runs.read(folder).config
    before = store.read_status(folder)
    if before is None:
        return runs.begun(config)
    progress = replace(before.progress, images_per_second=0.0)
    return replace(before, state="starting", message="", segment=before.segment + 1, progress=progress)


def _train(
    folder: Path,
    writer: store.Writer,
    commands: "queue.SimpleQueue[Command]",
    start: Status,
    order: Order,
    watch: Callable[[Event], None] | None,
    patient: bool,
) -> "Ending":
    from gan import data, device
    from gan.quality.examiner import Examiner
    from gan.quality.held_out import HeldOut
    from gan.runs import footprint
    from gan.training.checkpoint import load_checkpoint
    from gan.training.loop import Loop
    from gan.training.trainer import Trainer

    def sink(event: Event) -> None:
        writer(event)
        if watch:
            watch(event)

    config = runs.read(folder).config
    dataset = config.data.dataset
    place = device.choose(config.device)
    footprint.check(config, place.device, new=not (folder / store.CHECKPOINT).exists())
    try:
        unmeasured = ready(dataset, start, sink, commands)
    except EndedError as ended:
        if ended.ending == "stopped":
            sink(replace(start, state="stopped"))
        return ended.ending
    digits = data.load(dataset)
    trainer = Trainer(config, digits, place.device)
    elapsed = 0.0
    if (folder / store.CHECKPOINT).exists():
        elapsed = float(load_checkpoint(folder / store.CHECKPOINT, trainer)["seconds"])
    trainer.lr_g, trainer.lr_d = order.lr_g or trainer.lr_g, order.lr_d or trainer.lr_d
    progress = replace(start.progress, images=trainer.images_seen, seconds=elapsed)
    if order.images or order.seconds:
        progress = replace(
            progress,
            images_limit=trainer.images_seen + order.images if order.images else 0,
            seconds_limit=elapsed + order.seconds if order.seconds else 0.0,
        )
    start = replace(start, progress=progress, quality=_quality_that_counts(folder, start.quality, trainer.images_seen))
    note = " ".join(filter(None, (place.note, trainer.note, unmeasured)))
    examiner = None if unmeasured else Examiner(config, place.device)
    held_out = HeldOut(config, digits, place.device)
    return Loop(trainer, commands, sink, start, note, patient, examiner, held_out, order.paused).run()


def _quality_that_counts(folder: Path, quality: Quality, images: int) -> Quality:
    """What was measured within the training that goes on after so many images; it and the best model may be of a tail
    that this replaces. The best is then forgotten, and found anew."""
    from gan.models.files import ModelError
    from gan.models.model import load_model

    path = folder / snapshots.BEST
    try:
        kept_images = load_model(path).images
    except ModelError:
        kept_images = -1
    if kept_images != quality.best_images or kept_images > images:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:  # a folder in its place, say
            raise StorageError(f"{path} cannot be replaced ({error.strerror or error}).") from error
        quality = replace(quality, best_fcd=None, best_images=0, best_seconds=0.0)
    if quality.measured_images > images:
        quality = Quality(best_fcd=quality.best_fcd, best_images=quality.best_images, best_seconds=quality.best_seconds)
    return quality


def _in_words(error: Exception) -> str:
    """One sentence on what ended a run; the whole story is in worker.log."""
    lines = str(error).strip().splitlines()
    said = lines[0] if lines else type(error).__name__
    if "out of memory" in str(error).lower():
        return "The device ran out of memory; take a smaller batch or smaller layers."
    ours = type(error).__module__.startswith("gan.")
    return said if ours else f"Training ended with an error ({type(error).__name__}: {said})."


def _listen(commands: "queue.SimpleQueue[Command]", lines: Iterable[bytes]) -> None:
    """Turns lines into commands, their end into `leave`."""
    for line in lines:
        try:
            commands.put(Command.from_line(line.decode()))
        except ValueError as error:
            print(f"ignored: {error}", file=sys.stderr, flush=True)
    commands.put(Command("leave"))


def _prepare() -> None:
    """Imports what takes long: torch, and with the first optimiser and the first footprint what torch imports late."""
    import torch

    from gan import data
    from gan.config import TrainConfig
    from gan.runs import footprint
    from gan.training import loop  # noqa: F401

    data.load()
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
    footprint.of(TrainConfig())


def _await_order(stdin: io.FileIO) -> dict[str, Any] | None:
    """The run to train, a line of JSON on stdin; None at its end."""
    line = stdin.readline()
    if not line:
        return None
    order: dict[str, Any] = json.loads(line)
    with suppress(OSError), processes.log_of(Path(order["run_dir"])).open("ab") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    return order


def _discard(folder: Path) -> None:
    """Moves the run into the trash. Whoever brings it back finds one that was stopped."""
    try:
        kept = trash.place() / trash.discard(folder) / folder.name
        if status := store.read_status(kept):
            with closing(store.Writer(kept)) as writer:
                writer(replace(status, state="stopped"))
    except (runs.RunError, StorageError) as error:
        print(error, file=sys.stderr)


def main() -> int:
    """Exit status 0 unless the run failed. Without a RUN_DIR, the worker gets ready first, and then takes the run from
    the first line on stdin, or is forked for it by the nursery that it has become."""
    parser = argparse.ArgumentParser(prog="python -m gan.runs.worker", description=__doc__)
    parser.add_argument("run_dir", nargs="?")
    parser.add_argument("--runs-dir", help="where runs and their trash are kept; default: as the environment says")
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--lr-g", type=float)
    parser.add_argument("--lr-d", type=float)
    parser.add_argument("--paused", action="store_true", help="wait for commands before the first step")
    parser.add_argument("--nursery", type=int, help="number of the socket on which orders come (gan.system.nursery)")
    order: dict[str, Any] | None = vars(args := parser.parse_args())
    # A terminal sends Ctrl-C to the server's children too; the server's end is told by stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not sys.stdin: a thread that waits in its buffer makes Python abort when the process ends.
    stdin = io.FileIO(0, closefd=False)
    if args.run_dir is None:
        _prepare()
        order = _await_order(stdin) if args.nursery is None else nursery.serve(args.nursery)
    return _work(order, stdin) if order else 0


def _work(told: dict[str, Any], stdin: io.FileIO) -> int:
    """Trains a run as told, and returns the exit status."""
    if told["runs_dir"]:
        os.environ["GAN_RUNS_DIR"] = told["runs_dir"]
    folder, order = Path(told["run_dir"]), Order(*(told[field.name] for field in fields(Order)))
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    signal.signal(signal.SIGTERM, lambda *_: commands.put(Command("leave")))
    threading.Thread(target=_listen, args=(commands, stdin), daemon=True).start()
    try:
        ending = train_in(folder, commands, order=order)
    except (runs.RunError, StorageError) as error:
        print(error, file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    if ending == "discarded":
        _discard(folder)
    return 0 if ending != "failed" else 1


if __name__ == "__main__":
    sys.exit(main())
