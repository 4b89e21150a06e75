"""What several commands take, and the types of arguments. What they refuse, they refuse in one sentence."""

import argparse
import contextlib
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from gan.commands.terminal import UsageError
from gan.config import TrainConfig, fields
from gan.system.text import shown

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""Where a command adds its parser."""
MODEL = "a run folder, a .safetensors file, or the word pretrained"


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` for what it cannot read."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, and where help is."""
        # argparse quotes what it was given, whatever that is.
        said = " ".join(shown(word) for word in message.split())[:600]
        raise UsageError(f"{said[0].upper()}{said[1:]}; see {self.prog} --help.")


def number(kind: type, low: float, high: float, name: str) -> Any:
    """A type of argument: a plain number between two others."""

    def parse(text: str) -> Any:
        with contextlib.suppress(ValueError):
            if fields.is_plain(text) and low <= (value := kind(text)) <= high:
                return value
        raise argparse.ArgumentTypeError(f"'{shown(text)}' is not {name} from {low:g} to {high:,.12g}")

    return parse


seconds = number(float, 1e-3, 1e6, "a number of seconds")
images = number(int, 1, 10**9, "a whole number of images")
count = number(int, 1, 1_000_000, "a whole number")
seed = number(int, 0, 2**31 - 1, "a whole number")


def path(text: str) -> Path:
    """A type of argument: a path."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a path is empty")
    return Path(text)


def add_settings(command: argparse.ArgumentParser, names: list[str]) -> None:
    """`--set`, for the settings of these names."""
    command.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        metavar="FIELD=VALUE",
        help=f"{'any' if len(names) > 2 else 'either'} of {', '.join(names)}",
    )


def settings(given: list[str], base: TrainConfig) -> dict[str, Any]:
    """What `--set` says of the settings `base`, by path; raises `UsageError` and `ConfigError`."""
    pairs = []
    for setting in given:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes FIELD=VALUE, not '{shown(setting)}'.")
        pairs.append((name, text))
    game, dataset = base.game.kind, base.data.dataset
    for name, text in pairs:
        if name in fields.KIND_NAMES:  # which fields there are depends on it
            game = fields.parse(fields.KIND, text)
        elif name in ("dataset", fields.DATASET):  # and on this, which classes
            dataset = fields.parse(fields.DATASET, text)
    return {fields.find(name, game): fields.parse(name, text, game, dataset) for name, text in pairs}


def add_budget(command: argparse.ArgumentParser) -> None:
    """How long to train."""
    budget = command.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=seconds, help="how many seconds to train")
    budget.add_argument("--images", type=images, help="how many real images to train on")
