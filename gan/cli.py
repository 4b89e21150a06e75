"""The command line. What it refuses, it refuses in one line, status 2. The commands are in `gan.commands`."""

import argparse
import io
import sys
from collections.abc import Sequence
from functools import cache

from gan import runs
from gan.commands import COMMANDS
from gan.commands.arguments import Parser
from gan.commands.terminal import BAD_INPUT as BAD_INPUT
from gan.commands.terminal import INTERRUPTED, UsageError, refuse
from gan.config import ConfigError
from gan.data import DataError
from gan.models.files import ModelError
from gan.system.files import StorageError
from gan.system.outputs import OutputError
from gan.system.text import shown


@cache
def parser() -> argparse.ArgumentParser:
    """The whole command line. To make it takes longer than many a command does."""
    top = Parser(prog="python -m gan", description="Train a small GAN on MNIST or another data set, and use it.")
    commands = top.add_subparsers(dest="command", required=True, parser_class=Parser)
    for command in COMMANDS:
        command.add(commands)
    return top


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
        return refuse(error)
    except RuntimeError as error:
        from gan.quality.judge import JudgeError

        if not isinstance(error, JudgeError):
            raise
        return refuse(error)
    except BrokenPipeError:  # the reader of a list has seen enough
        sys.stderr.close()
        return 0
