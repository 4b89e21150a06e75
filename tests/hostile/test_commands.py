"""Command lines that mean nothing: one line on stderr, status 2, nothing written."""

import os
from pathlib import Path

import pytest

from tests.hostile.places import Place, changes, tree
from tests.hostile.tries import command, refusals
from tests.hostile.watchdog import Watchdog

WORDS = (
    "",
    " ",
    ".",
    "..",
    "../..",
    "/",
    "/etc",
    "~",
    "*",
    "-",
    "--",
    "-1",
    "0",
    "²",
    "٣",
    "1e400",
    "nan",
    "inf",
    "-0",
    "0x10",
    "1_000",
    "9" * 5000,
    "x" * 5000,
    "../" * 1500,
    "a\nb",
    "\x1b[31mred",
    "\x7f",
    "<img src=x>",
    "%s%n{0}{a}",
    "null",
    "[" * 3000,
    "'; DROP TABLE status; --",
    "🂡",
    "\u202etxt",
    "\udcff",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/null/x",
    "/dev/stdin",
    "/proc/self/mem",
    "pipe",
    "loop",
    "stranger",
    "stranger/config.json",
    "stranger/thesis.txt",
    "runs",
    "runs/",
    "out",
    "https://example.org/model.safetensors",
)
"""What people, programs and attackers write. Some are names in the folder in which the command is run."""
IN_PLACES = {
    "train --preset": lambda word: ["train", "--images", "32", "--preset", word],
    "train --seed": lambda word: ["train", "--images", "32", "--seed", word],
    "train --seconds": lambda word: ["train", "--seconds", word],
    "train --images": lambda word: ["train", "--images", word],
    "train --set": lambda word: ["train", "--images", "32", "--set", word],
    "train --set field": lambda word: ["train", "--images", "32", "--set", f"{word}=1"],
    "train --set lr_g": lambda word: ["train", "--images", "32", "--set", f"lr_g={word}"],
    "train --set widths_g": lambda word: ["train", "--images", "32", "--set", f"widths_g={word}"],
    "train --set conditional": lambda word: ["train", "--images", "32", "--set", f"conditional={word}"],
    "train --set device": lambda word: ["train", "--images", "32", "--set", f"device={word}"],
    "train --run-dir": lambda word: ["train", "--images", "32", "--set", "batch_size=5000", "--run-dir", word],
    "resume": lambda word: ["resume", word],
    "resume --images": lambda word: ["resume", "runs/none", "--images", word],
    "resume --seconds": lambda word: ["resume", "runs/none", "--seconds", word],
    "resume --set": lambda word: ["resume", "runs/none", "--set", word],
    "sample": lambda word: ["sample", word, "--out", "out/a.png"],
    "sample --digits": lambda word: ["sample", "pretrained", "--out", "out/a.png", "--digits", word],
    "sample --n": lambda word: ["sample", "pretrained", "--out", "out/a.png", "--n", word],
    "sample --seed": lambda word: ["sample", "pretrained", "--out", "out/a.png", "--seed", word],
    "sample --out": lambda word: ["sample", "pretrained", "--n", "1", "--out", word],
    "export": lambda word: ["export", word, "--out", "out/a.html"],
    "export --out": lambda word: ["export", "pretrained", "--out", word],
    "evaluate": lambda word: ["evaluate", word],
    "evaluate --n": lambda word: ["evaluate", "pretrained", "--n", word],
    "evaluate --reference": lambda word: ["evaluate", "pretrained", "--reference", word],
}
MEANT = {
    "train --seed": {"0", "-0", "٣", "1_000"},
    "train --seconds": {"1_000", "٣"},
    "train --images": {"1_000", "٣"},
    "sample --digits": {"0", "٣"},
    "sample --n": {"٣", "1_000"},
    "sample --seed": {"0", "-0", "٣", "1_000"},
    "evaluate --n": {"1_000"},
}
"""Odd, and yet numbers: these would train or sample."""


@pytest.mark.parametrize("where", IN_PLACES)
def test_command_that_means_nothing(place: Place, watchdog: Watchdog, where: str) -> None:
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    before = tree(place.top)
    wrong: list[str] = []
    try:
        for word in WORDS:
            if word in MEANT.get(where, ()):
                continue
            try:
                with watchdog(place.top, f"{where} {word[:30]!r}"):
                    said = command(IN_PLACES[where](word))
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                wrong.append(f"{word[:30]!r}: {type(error).__name__}: {str(error)[:200]}")
                continue
            found = refusals(said)
            if said.status != 2:
                found.append(f"status {said.status}: {said.err[:200]!r}")
            wrong += [f"{word[:30]!r}: {one}" for one in found]
        wrong += [f"{name[:100]} changed" for name in changes(before, tree(place.top))]
    finally:
        Path("pipe").unlink()
        Path("loop").unlink()
    assert not wrong, "\n".join(wrong)
