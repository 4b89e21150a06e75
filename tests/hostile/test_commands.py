"""Command lines that mean nothing: one line on stderr, status 2, nothing written."""

import os
from pathlib import Path

import pytest

from gan import runs
from tests.hostile.places import Place, changes, remove, tree
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
    "train-judge --out": lambda word: ["train-judge", "--out", word],
    "runs": lambda word: ["runs", word],
    "runs show": lambda word: ["runs", "show", word],
    "runs rm": lambda word: ["runs", "rm", word],
    "runs restore": lambda word: ["runs", "restore", word],
    "no verb": lambda word: [word],
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


OUT = {
    "a folder": "stranger",
    "a fifo": "pipe.png",
    "a full device": "/dev/full",
    "below a file": "stranger/thesis.txt/a.png",
    "in no folder": "nowhere/a.png",
    "a name too long": "x" * 300 + ".png",
    "a folder with a name": "folder.png",
    "a link to itself": "loop.png",
}


@pytest.mark.parametrize("name", OUT)
@pytest.mark.parametrize("verb", ["sample", "export", "train-judge"])
def test_file_that_cannot_be_written(place: Place, watchdog: Watchdog, verb: str, name: str) -> None:
    """Said at once, not after a minute of training."""
    endings = {"sample": ".png", "export": ".html", "train-judge": ".safetensors"}
    out = OUT[name].replace(".png", endings[verb])
    made = {
        "a fifo": os.mkfifo,
        "a folder with a name": Path.mkdir,
        "a link to itself": lambda path: path.symlink_to(path),
    }
    if name in made:
        made[name](Path(out))
    before = tree(place.top)
    try:
        with watchdog(place.top, f"{verb} into {name}"):
            said = command([verb, *([] if verb == "train-judge" else ["pretrained"]), "--out", out])
        assert refusals(said) == []
        assert said.status == 2
        assert changes(before, tree(place.top)) == []
    finally:
        if name in made:
            remove(Path(out))


@pytest.mark.parametrize(
    "name", [".", "..", "../stranger", "{stranger}", "{top}", "{root}", "{root}/..", "link", "{root}/link", "/"]
)
def test_only_what_is_a_run_is_removed(place: Place, watchdog: Watchdog, name: str) -> None:
    """Not a stranger's folder, not the runs folder or what lies above it, and no link."""
    (place.root / "link").symlink_to(place.stranger)
    text = name.format(stranger=place.stranger, top=place.top, root=place.root)
    before = tree(place.top)
    with watchdog(place.top, f"rm {name}"):
        said = command(["runs", "rm", text])
    assert changes(before, tree(place.top)) == []
    assert refusals(said) == []
    assert said.status == 2


def test_removed_run_can_be_had_again(place: Place) -> None:
    was = tree(place.bad)
    assert command(["runs", "rm", place.bad.name]).status == 0
    assert not place.bad.exists()
    assert runs.find(place.bad.name) is None
    assert command(["runs", "restore", place.bad.name]).status == 0
    assert tree(place.bad) == was
    assert command(["runs", "rm", place.bad.name]).status == 0
    assert command(["runs", "empty-trash"]).status == 0
    assert command(["runs", "restore", place.bad.name]).status == 2
    assert [path for path in place.root.rglob("*") if place.bad.name in path.name] == []
