"""What a command says to whoever called it: exit statuses, sentences on stderr, files that it has written."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gan.system import outputs

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
LONGEST = 800
"""Characters of what is said on stderr."""


class UsageError(Exception):
    """Bad input, in one sentence."""


def refuse(error: Exception) -> int:
    """Says on stderr why not; returns the status."""
    print(one_line(str(error)), file=sys.stderr)
    return BAD_INPUT


def one_line(text: str) -> str:
    """A sentence that a terminal can show, whatever names it quotes: what commands a terminal is spelled out, and of
    what is far too long the middle is left out."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


def write(path: Path, content: bytes) -> int:
    """Writes what was asked for, and says where; returns the status."""
    outputs.write(path, content)
    print(path)
    return 0


def made_ready(make: Callable[[Callable[[float, str], None]], object]) -> None:
    """Fetches or trains what is not here yet, with a progress bar on stderr if there is something to do."""
    bars: list[Any] = []
    with contextlib.ExitStack() as stack:

        def watch(share: float, doing: str) -> None:
            if not bars:
                form = "{l_bar}{bar}| {postfix}"
                bars.append(stack.enter_context(tqdm(total=100, unit="%", bar_format=form, file=sys.stderr)))
            bars[0].n = round(100 * share, 1)
            bars[0].set_postfix_str(doing, refresh=False)
            bars[0].update(0)

        make(watch)
