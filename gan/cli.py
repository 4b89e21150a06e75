"""The command line. What it refuses, it refuses in one line, status 2."""

import argparse
import contextlib
import io
import json
import queue
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, NoReturn, get_args

from tqdm import tqdm

from gan import paths, runs
from gan.config import ConfigError, TrainConfig, fields
from gan.data import DataError
from gan.models import files
from gan.models.files import ModelError
from gan.models.find import resolve
from gan.presets import PRESETS, preset
from gan.quality import results
from gan.runs import Run, diagnosing, folders, space, trash
from gan.system import outputs
from gan.system.files import StorageError
from gan.system.outputs import OutputError
from gan.system.text import shown
from gan.training.messages import WHAT_IS_LEFT, Command, Event, Order, Status

RATES = ("lr_g", "lr_d")
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
LONGEST = 800
"""Characters of what is said on stderr."""


class UsageError(Exception):
    """Bad input, in one sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse quotes what it was given, whatever that is.
        said = " ".join(shown(word) for word in message.split())[:600]
        raise UsageError(f"{said[0].upper()}{said[1:]}; see {self.prog} --help.")


def _number(kind: type, low: float, high: float, name: str) -> Any:
    def parse(text: str) -> Any:
        with contextlib.suppress(ValueError):
            if fields.is_plain(text) and low <= (value := kind(text)) <= high:
                return value
        raise argparse.ArgumentTypeError(f"'{shown(text)}' is not {name} from {low:g} to {high:,.12g}")

    return parse


_seconds = _number(float, 1e-3, 1e6, "a number of seconds")
_images = _number(int, 1, 10**9, "a whole number of images")
_count = _number(int, 1, 1_000_000, "a whole number")
_samples = _number(int, results.LEAST, results.SAMPLES, "a whole number")
_seed = _number(int, 0, 2**31 - 1, "a whole number")


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("a path is empty")
    return Path(text)


def _digits(text: str) -> list[int]:
    parts = text.split(",")
    if all(part.strip() in tuple("0123456789") for part in parts):
        return [int(part) for part in parts]
    raise argparse.ArgumentTypeError(f"'{shown(text)}' is not a list of digits from 0 to 9, separated by commas")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="python -m gan", description="Train a small GAN on MNIST, and use it.")
    commands = top.add_subparsers(dest="command", required=True, parser_class=_Parser)

    train = commands.add_parser("train", help="train a new run")
    origin = train.add_mutually_exclusive_group()
    origin.add_argument("--preset", help=f"one of {', '.join(PRESETS)}")
    origin.add_argument("--from", dest="origin", metavar="MODEL", help="begin with a model, and with its settings")
    _add_budget(train)
    train.add_argument("--seed", type=_seed, help=fields.hints()["seed"].help)
    train.add_argument("--run-dir", type=_path, help="a new or empty folder; default: a new one in ./runs")
    _add_settings(train, list(map(fields.short, fields.hints())))
    train.set_defaults(act=_train)

    resume = commands.add_parser("resume", help="go on with a run that ended")
    resume.add_argument("run_dir", type=_path)
    _add_budget(resume)
    _add_settings(resume, list(RATES))
    resume.set_defaults(act=_resume)

    sample = commands.add_parser("sample", help="forge digits with a trained model")
    sample.add_argument("model", help="a run folder, a .safetensors file, or the word pretrained")
    sample.add_argument("--out", type=_path, required=True, help=".png for a grid, .npz for arrays")
    sample.add_argument("--digits", type=_digits, help="such as 0,3,8; default: all ten")
    sample.add_argument("--n", type=_count, default=10, help="pictures for each digit (unconditional: in all)")
    sample.add_argument("--seed", type=_seed, default=0)
    sample.set_defaults(act=_sample)

    export = commands.add_parser("export", help="take a generator home: a page of its own, or ONNX")
    export.add_argument("model", help="a run folder, a .safetensors file, or the word pretrained")
    export.add_argument("--out", type=_path, required=True, help=".html (a page without a server) or .onnx")
    export.set_defaults(act=_export)

    evaluate = commands.add_parser("evaluate", help="how good a model is: one JSON object on stdout")
    evaluate.add_argument("model", help="a run folder, a .safetensors file, or the word pretrained")
    evaluate.add_argument("--n", type=_samples, default=results.SAMPLES, help="samples; default: 10,000")
    evaluate.add_argument("--seed", type=_seed, default=0)
    evaluate.add_argument(
        "--reference", choices=get_args(results.Reference), default="test", help="real images to compare with"
    )
    which = evaluate.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="also train a classifier on forgeries: a minute more")
    which.add_argument("--only", choices=[results.ACCURACY_SCORE], help="nothing but that")
    evaluate.set_defaults(act=_evaluate)

    judge = commands.add_parser("train-judge", help="make the classifier that judges forgeries")
    judge.add_argument("--out", type=_path, help="default: where the one that ships is")
    judge.set_defaults(act=_train_judge)

    diagnose = commands.add_parser("diagnose", help="what a run's curves and samples say: one JSON object on stdout")
    diagnose.add_argument("run_dir", type=_path)
    diagnose.set_defaults(act=_diagnose)

    _add_runs(commands.add_parser("runs", help="list, show, remove or bring back runs"))
    return top


def _add_runs(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, parser_class=_Parser)
    actions.add_parser("list", help="all runs, and what is in the trash").set_defaults(act=_list)
    show = actions.add_parser("show", help="where a run stands, and its settings")
    show.add_argument("--json", action="store_true", help="as one JSON object")
    show.set_defaults(act=_show)
    remove = actions.add_parser("rm", help="move a run into the trash, where it is kept for a day")
    remove.set_defaults(act=_remove)
    for action in (show, remove):
        action.add_argument("run", help="a run's id, or its folder")
    restore = actions.add_parser("restore", help="bring a run back from the trash")
    restore.add_argument("run", help="its id, or its name in the trash")
    restore.set_defaults(act=_restore)
    actions.add_parser("empty-trash", help="remove for good what is in the trash").set_defaults(act=_empty_trash)


def _add_settings(command: argparse.ArgumentParser, names: list[str]) -> None:
    command.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        metavar="FIELD=VALUE",
        help=f"{'any' if len(names) > 2 else 'either'} of {', '.join(names)}",
    )


def _settings(given: list[str], base: TrainConfig) -> dict[str, Any]:
    """What `--set` says of the settings `base`, by path; raises `UsageError` and `ConfigError`."""
    pairs = []
    for setting in given:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes FIELD=VALUE, not '{shown(setting)}'.")
        pairs.append((name, text))
    game = base.game.kind
    for name, text in pairs:
        if name in fields.KIND_NAMES:  # which fields there are depends on it
            game = fields.parse(fields.KIND, text)
    return {fields.find(name, game): fields.parse(name, text, game) for name, text in pairs}


def _add_budget(command: argparse.ArgumentParser) -> None:
    budget = command.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=_seconds, help="how many seconds to train")
    budget.add_argument("--images", type=_images, help="how many real images to train on")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status: 0, 1 for a run that failed, 2 for bad input, 130
    after Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file system takes names that no encoding has
    try:
        given = sys.argv[1:] if arguments is None else arguments
        for text in given:
            if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
                raise UsageError(f"'{shown(text)}' holds what no text can hold.")
        args = parser().parse_args(given)
        return int(args.act(args))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (UsageError, OutputError, ModelError, ConfigError, runs.RunError, StorageError, DataError) as error:
        return _refuse(error)
    except RuntimeError as error:
        from gan.quality.judge import JudgeError

        if not isinstance(error, JudgeError):
            raise
        return _refuse(error)
    except BrokenPipeError:  # the reader of a list has seen enough
        sys.stderr.close()
        return 0


def _refuse(error: Exception) -> int:
    print(_one_line(str(error)), file=sys.stderr)
    return BAD_INPUT


def _one_line(text: str) -> str:
    """A sentence that a terminal can show, whatever names it quotes: what commands a terminal is spelled out, and of
    what is far too long the middle is left out."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


def _train(args: argparse.Namespace) -> int:
    if any(setting.startswith("preset=") for setting in args.set):
        raise UsageError("The preset is chosen with --preset, not with --set.")
    others: dict[str, Any] = {} if args.seed is None else {"seed": args.seed}
    if args.images or args.seconds:
        others |= {"budget.images": args.images or 0, "budget.seconds": args.seconds or 0.0}

    def changed(base: TrainConfig) -> TrainConfig:
        return base.changed(_settings(args.set, base) | others)

    if args.origin:
        return _work(lambda: _new_run_from(args.origin, changed, args.run_dir), WHAT_IS_LEFT)
    config = changed(preset(args.preset or TrainConfig().preset))
    return _work(lambda: _new_run(config, args.run_dir), WHAT_IS_LEFT)


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
    for path, value in _settings(given, config).items():
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
            _refuse(error)
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
                bar.n = round(100 * (progress.share or 0), 1)
                said = event.message or f"{progress.images:,} images, {progress.images_per_second:,.0f}/s, {device}"
                bar.set_postfix_str(said, refresh=False)
                bar.update(0)

        yield watch


def _sample(args: argparse.Namespace) -> int:
    outputs.check(args.out, ".png", ".npz")
    files.check(file := resolve(args.model))
    import numpy as np
    import torch

    from gan import render
    from gan.latents import sampling
    from gan.models.model import load_model
    from gan.models.sampling import sample
    from gan.networks.layers import PIXELS
    from gan.system import memory

    model = load_model(file)
    digits = (args.digits or list(range(10))) if model.config.conditional else []
    count = args.n * max(1, len(digits))
    needed, free = count * (4 * PIXELS + 8 * model.latents.size), memory.free(torch.device("cpu"))
    if needed > free:
        raise UsageError(
            f"{count:,} pictures take about {memory.size(needed)} of memory, and {memory.size(free)} is free; "
            "make --n smaller."
        )
    if model.config.conditional:
        y = torch.tensor(digits).repeat_interleave(args.n)
        # The same latents for every digit, so that a column of the grid is one latent.
        z = sampling.sample(args.n, model.latents, args.seed).repeat(len(digits), 1)
        columns, labels = args.n, y.to(torch.uint8).numpy()
    else:
        if args.digits:
            raise UsageError(f"{shown(args.model)} is unconditional: it cannot be asked for digits.")
        z, y = sampling.sample(args.n, model.latents, args.seed), None
        columns, labels = 10, np.full(args.n, 255, np.uint8)
    images = sample(model, z, y).numpy()
    if args.out.suffix == ".png":
        content = render.png(render.grid(images, min(columns, 100)))
    else:
        content = render.npz(images=images, labels=labels, latents=z.numpy())
    return _write(args.out, content)


def _write(path: Path, content: bytes) -> int:
    outputs.write(path, content)
    print(path)
    return 0


def _export(args: argparse.Namespace) -> int:
    outputs.check(args.out, ".html", ".onnx")
    files.check(file := resolve(args.model))
    from gan.export.content import ExportError
    from gan.export.onnx_file import onnx_content
    from gan.export.program import compile_model
    from gan.export.standalone import standalone_page
    from gan.models.model import load_model

    model = load_model(file)
    try:
        if args.out.suffix == ".html":
            content = standalone_page(model, args.model).encode()
        else:
            content = onnx_content(compile_model(model))
    except ExportError as error:
        raise UsageError(str(error)) from error
    return _write(args.out, content)


def _evaluate(args: argparse.Namespace) -> int:
    files.check(file := resolve(args.model))
    from gan.models.model import load_model
    from gan.quality.evaluation import accuracy_score, evaluate

    model = load_model(file)
    about = {"model": args.model, "preset": model.config.preset, "images": model.images}
    found: dict[str, Any] = {"n": args.n, "seed": args.seed, "reference": args.reference, "figures": {}}
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {postfix}", file=sys.stderr) as bar:

        def watch(share: float, doing: str) -> None:
            bar.n = round(100 * share, 1)
            bar.set_postfix_str(doing, refresh=False)
            bar.update(0)

        if not args.only:
            found = evaluate(model, args.n, args.seed, args.reference, watch).to_dict()
        if args.all or args.only:
            score = accuracy_score(model, args.n, args.seed, lambda share: watch(share, "training two classifiers"))
            found["figures"][results.ACCURACY_SCORE] = score.to_dict()
        watch(1.0, "done")
    print(json.dumps(about | found))
    return 0


def _train_judge(args: argparse.Namespace) -> int:

    outputs.check(out := args.out or paths.JUDGE, ".safetensors")  # said now, not after four minutes
    from gan.quality.examiner import make_judge

    with tqdm(unit="step", file=sys.stderr) as bar:

        def watch(step: int, steps: int) -> None:
            bar.total = steps
            bar.update(1)

        content, about = make_judge(watch)
    _write(out, content)
    for name, value in about.items():
        print(f"  {name:18} {value:.4f}")
    return 0


def _list(_: argparse.Namespace) -> int:
    trash.empty(older_than=trash.KEPT)
    for entry in runs.entries():
        if isinstance(entry, Run):
            state, progress = entry.status.state, entry.status.progress
            trained = f"{progress.images:>12,} images  {progress.seconds:>8.1f} s"
            print(f"{shown(entry.id, 255)}  {entry.config.preset:8}  {state:11}  {trained}")
        else:
            print(f"{shown(entry.id, 255)}  damaged: {entry.problem}")
    for item in trash.listing():
        print(f"{shown(item.run, 255)}  in the trash as {item.name} until {item.until.astimezone():%Y-%m-%d %H:%M}")
    return 0


def _by_path(one: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass, those of its parts as PART.FIELD."""
    for name, value in vars(one).items():
        if is_dataclass(value):
            yield from _by_path(value, f"{before}{name}.")
        else:
            yield before + name, value


def _show(args: argparse.Namespace) -> int:
    run = runs.read(folders.locate(args.run))
    if args.json:
        about = {"id": run.id, "folder": str(run.folder), "created": run.created.astimezone().isoformat()}
        print(json.dumps(about | {"status": asdict(run.status), "config": run.config.to_dict()}))
        return 0
    print(f"{shown(run.id, 255)}, created {run.created:%Y-%m-%d %H:%M:%S}, in {shown(run.folder, 1000)}")
    for name, value in (*_by_path(run.status), *fields.flat(run.config).items()):
        print(f"  {name:26} {', '.join(map(str, value)) if isinstance(value, tuple) else value}")
    return 0


def _diagnose(args: argparse.Namespace) -> int:
    run = runs.read(args.run_dir)
    found = diagnosing.of_folder(run.folder, run.config, run.status)
    print(json.dumps({"findings": [finding.to_dict() for finding in found]}))
    return 0


def _remove(args: argparse.Namespace) -> int:
    folder = folders.locate(args.run)
    name = trash.discard(folder)
    print(f"{shown(folder.name)} is in the trash for a day; python -m gan runs restore {name} brings it back.")
    return 0


def _restore(args: argparse.Namespace) -> int:
    print(trash.restore(args.run))
    return 0


def _empty_trash(_: argparse.Namespace) -> int:
    freed = folders.size(trash.place())
    print(f"{trash.empty()} removed for good, {freed / space.MB:.1f} MB.")
    return 0
