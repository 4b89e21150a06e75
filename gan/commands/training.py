"""`train` and `resume`."""

import argparse
import contextlib
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gan import runs
from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.commands.terminal import FAILED, INTERRUPTED, UsageError, made_ready, refuse
from gan.config import TrainConfig, fields, schedule
from gan.models.files import ModelError
from gan.models.find import resolve
from gan.presets import PRESETS, preset
from gan.system.files import StorageError
from gan.training.messages import WHAT_IS_LEFT, Command, Event, Order, Status

RATES = ("lr_g", "lr_d")


def add(commands: Commands) -> None:
    """Adds both."""
    train = commands.add_parser("train", help="train a new run")
    origin = train.add_mutually_exclusive_group()
    origin.add_argument("--preset", help=f"one of {', '.join(PRESETS)}")
    origin.add_argument("--from", dest="origin", metavar="MODEL", help="begin with a model, and with its settings")
    arguments.add_budget(train)
    train.add_argument("--seed", type=arguments.seed, help=fields.hints()["seed"].help)
    train.add_argument("--run-dir", type=arguments.path, help="a new or empty folder; default: a new one in ./runs")
    arguments.add_settings(train, list(map(fields.short, fields.hints())))
    train.set_defaults(act=_train)

    resume = commands.add_parser("resume", help="go on with a run that ended")
    resume.add_argument("run_dir", type=arguments.path)
    arguments.add_budget(resume)
    arguments.add_settings(resume, list(RATES))
    resume.set_defaults(act=_resume)


def _train(args: argparse.Namespace) -> int:
    if any(setting.startswith("preset=") for setting in args.set):
        raise UsageError("The preset is chosen with --preset, not with --set.")
    others: dict[str, Any] = {} if args.seed is None else {"seed": args.seed}
    if args.images or args.seconds:
        others |= {"budget.images": args.images or 0, "budget.seconds": args.seconds or 0.0}

    def changed(base: TrainConfig) -> TrainConfig:
        return base.changed(arguments.settings(args.set, base) | others)

    if args.origin:
        return _work(lambda: _noted(_new_run_from(args.origin, changed, args.run_dir), args.set), WHAT_IS_LEFT)
    config = changed(preset(args.preset or TrainConfig().preset))
    return _work(lambda: _noted(_new_run(config, args.run_dir), args.set), WHAT_IS_LEFT)


def _noted(run: Path, given: list[str]) -> Path:
    """Says of a new run what will not stay as `--set` has it, since the schedule changes it on the way."""
    config = runs.read(run).config
    named = arguments.settings(given, config)
    if schedule.PATH not in named:
        for path, what in schedule.on_the_way(config.optimizer.schedule).items():
            if path in named:
                print(f"The schedule makes {fields.short(path)} {what}; --set schedule= leaves it.", file=sys.stderr)
    return run


def _new_run(config: TrainConfig, folder: Path | None) -> Path:
    from gan import device
    from gan.runs import footprint

    footprint.check(config, device.choose(config.device).device)  # refused before anything is written
    return runs.create(config, folder)


def _new_run_from(origin: str, changed: Callable[[TrainConfig], TrainConfig], folder: Path | None) -> Path:
    """A new run whose first checkpoint holds a model's networks; all else is at its beginning."""
    from gan import data, device
    from gan.models.model import load_model
    from gan.runs import footprint, store
    from gan.system.files import write_atomically
    from gan.training.checkpoint import begin_with, checkpoint_content
    from gan.training.trainer import Trainer

    model = load_model(resolve(str(runs.find(origin) or origin)))
    config = changed(model.config)
    footprint.check(config, device.choose(config.device).device)
    made_ready(lambda watch: data.fetch(config.data.dataset, watch))
    trainer = Trainer(config, data.load(config.data.dataset))
    begin_with(model, trainer)
    content = checkpoint_content(trainer, {"seconds": 0.0})
    created = _new_run(config, folder)
    write_atomically(created / store.CHECKPOINT, content)
    return created


def _resume(args: argparse.Namespace) -> int:
    run = runs.read(args.run_dir)
    if run.living:
        raise runs.RunError(f"{run.id} is {run.status.state} in another process.")
    rates = _rates(args.set, run.config)
    order = Order(args.images or 0, args.seconds or 0.0, rates.get("lr_g"), rates.get("lr_d"))
    runs.check_resumable(run, order)
    return _work(lambda: Path(args.run_dir), order)


def _rates(given: list[str], config: TrainConfig) -> dict[str, float]:
    """The learning rates that `--set` gives to a run that goes on."""
    found = {}
    for path, value in arguments.settings(given, config).items():
        name = fields.short(path)
        if name not in RATES:
            raise UsageError(f"{name} cannot be changed once a run has begun; {' and '.join(RATES)} can.")
        found[name] = value
    return found


def _work(find: Callable[[], Path], order: Order) -> int:
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    interrupted: list[int] = []

    def stop(number: int, _: object) -> None:
        interrupted.append(number)
        commands.put(Command("stop"))

    # Before torch is imported, which takes seconds: Ctrl-C must not fall between.
    before = [signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        from gan.device import DeviceError
        from gan.runs.footprint import FootprintError
        from gan.runs.worker import train_in

        try:
            folder = find()
            with _progress() as watch:
                # Nobody can press Resume here: a full disk ends the run, its last checkpoint kept.
                ending = train_in(folder, commands, order=order, watch=watch, patient=False)
        except (DeviceError, FootprintError, ModelError) as error:
            raise UsageError(str(error)) from error
        except StorageError as error:
            refuse(error)
            return FAILED
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    print(folder)
    if ending == "failed":
        print(runs.read(folder).status.message, file=sys.stderr)
        return FAILED
    return INTERRUPTED if interrupted else 0


@contextlib.contextmanager
def _progress() -> Iterator[Any]:
    """A progress bar on stderr, as a watcher of events; it is there once the run trains."""
    with contextlib.ExitStack() as stack:
        bars: list[Any] = []

        def watch(event: Event) -> None:
            if isinstance(event, Status):
                if not bars:
                    form = "{l_bar}{bar}| {postfix}"
                    bars.append(stack.enter_context(tqdm(total=100, unit="%", bar_format=form, file=sys.stderr)))
                bar = bars[0]
                progress, device = event.progress, event.control.device
                share = progress.prepared if event.state == "starting" else progress.share
                bar.n = round(100 * (share or 0), 1)
                said = event.message or f"{progress.images:,} images, {progress.images_per_second:,.0f}/s, {device}"
                bar.set_postfix_str(said, refresh=False)
                bar.update(0)

        yield watch
