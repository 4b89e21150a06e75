"""What lies in a runs folder beside the runs, and what the runs folder itself may be."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gan import runs
from tests.apps import open_app
from tests.hostile.damages import REPLACEMENTS
from tests.hostile.places import Place, changes, remove, tree
from tests.hostile.tries import EVERY_PAGE, TINY, Visitor, command, go, refusals, try_page
from tests.hostile.watchdog import Watchdog

PAGES = [page for page in EVERY_PAGE if page.name not in ("home", "explore", "draw")]
"""Explore and Draw find their models as Interpolate does, and Home has none."""
ODD_NAMES = (
    "20260101-000000-cgan-good copy",
    "20260101-000000-cgan-good (conflicted copy 2026-01-01)",
    "20260101-000000-CGAN-GOOD",
    "a__b",
    "__init__",
    "<img src=x onerror=alert(1)>",
    "**bold** [link](javascript:alert(1)) $x$ :red[text] `code`",
    "\"quoted\" & 'quoted'",
    "a\nb\tc",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "🂡 кириллица 漢字",
    "e\u0301",
    "-rf",
    "--help",
    "a:best",
    "a:640",
    ":",
    "a:b:c",
    "new",
    "pretrained",
    "?run=x&model=y#z",
    "%2e%2e%2f",
    "a\\b",
    " leading and trailing ",
    "nul",
    "x" * 255,
    "漢" * 85,
)
"""Folder names that a file system takes, as people, programs and other systems write them."""


@pytest.mark.parametrize("name", ODD_NAMES)
def test_run_with_an_odd_name(place: Place, watchdog: Watchdog, name: str) -> None:
    """It is a sound run: it can be opened, sampled and removed; and its name is text wherever it is shown."""
    place.bad = place.bad.rename(place.root / name)
    visitor, wrong = Visitor(), []
    for page in PAGES:
        wrong += try_page(page, place, watchdog, visitor)
        for part in visitor.app.get("html"):
            if "<img src=x" in str(part.proto.body):
                wrong.append(f"{page.title}: a name is read as HTML")
    for arguments in (
        ["runs", "list"],
        ["runs", "show", "--", name],
        ["sample", "--n", "1", "--out", "out/a.png", "--", f"runs/{name}"],
        ["runs", "rm", "--", name],
    ):
        with watchdog(place.top, " ".join(arguments)[:50]):
            said = command(arguments)
        if said.status != 0:
            wrong.append(f"{arguments[:2]}: {said.err}")
        if "\x1b" in said.out + said.err:
            wrong.append(f"{arguments[:2]}: control characters")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [os.fsdecode(b"a\xff\xfe"), "...", ".hidden", "..a"])
def test_folder_with_a_name_that_no_run_has(place: Place, watchdog: Watchdog, name: str) -> None:
    """No page can show the one; the others are hidden. The good run is not concerned."""
    place.bad = place.bad.rename(place.root / name)
    visitor, wrong = Visitor(), []
    for page in PAGES:
        if page.good:
            wrong += try_page(page, place, watchdog, visitor)
    for arguments in (["list"], ["show", name], ["rm", name]):
        with watchdog(place.top, f"{arguments[0]} {name!r}"):
            said = command(["runs", *arguments])
        wrong += refusals(said)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("how", [*REPLACEMENTS, "a file of the system"])
@pytest.mark.parametrize("name", [".DS_Store", "desktop.ini", ".launch.lock", ".trash", "20260101-000009-cgan-none"])
def test_stray_things_in_the_runs_folder(place: Place, watchdog: Watchdog, name: str, how: str) -> None:
    path = place.root / name
    if path.exists():
        remove(path)
    held = (REPLACEMENTS.get(how) or (lambda path: path.write_bytes(b"\0\0\0\1Bud1") and None))(path)
    visitor, wrong = Visitor(), []
    try:
        for page in PAGES:
            if page.good:
                wrong += try_page(page, place, watchdog, visitor)
        for arguments in (["runs", "list"], ["runs", "show", place.good.name], ["runs", "rm", place.bad.name]):
            with watchdog(place.top, " ".join(arguments)):
                said = command(arguments)
            wrong += refusals(said)
            if arguments[1] != "rm" and said.status != 0:
                wrong.append(f"{arguments[:2]}: {said.err}")
    finally:
        if held:
            held.close()
    assert not wrong, "\n".join(wrong)


def _relative(place: Place) -> str:
    return "runs"


def _file(place: Place) -> str:
    path = place.out / "file"
    path.write_text("a file")
    return str(path)


def _linked(place: Place) -> str:
    path = place.out / "link"
    path.symlink_to(place.root)
    return str(path)


def _loop(place: Place) -> str:
    path = place.out / "loop"
    path.symlink_to(path)
    return str(path)


def _fifo(place: Place) -> str:
    path = place.out / "fifo"
    os.mkfifo(path)
    return str(path)


def _unreadable(place: Place) -> str:
    path = place.out / "closed"
    path.mkdir()
    path.chmod(0)
    return str(path)


def _unwritable(place: Place) -> str:
    path = place.out / "read-only"
    shutil.copytree(place.root, path)
    path.chmod(0o555)
    return str(path)


ROOTS: dict[str, Callable[[Place], str]] = {
    "relative": _relative,
    "with a slash at its end": lambda place: f"{place.root}/",
    "by detours": lambda place: f"{place.out}/../runs/../runs",
    "a link": _linked,
    "not writable": _unwritable,
    "a file": _file,
    "below a file": lambda place: f"{_file(place)}/runs",
    "missing": lambda place: str(place.out / "none" / "such"),
    "a link to itself": _loop,
    "a fifo": _fifo,
    "not readable": _unreadable,
    "a device": lambda place: "/dev/null",
    "too long": lambda place: "/tmp/" + "x" * 300,
    "much too long": lambda place: "/tmp" + "/x" * 5000,
    "with control characters": lambda place: str(place.out / "a\nb\x1b[31m"),
    "of no characters": lambda place: str(place.out / os.fsdecode(b"\xff")),
    "of a home": lambda place: "~nobody-at-all/runs",
    "a root without a place": lambda place: "/proc/self/task/runs",
}
WITH_RUNS = 5
"""So many of them, the first ones, do hold the runs."""


@pytest.mark.parametrize("name", ROOTS)
def test_runs_folder_that_is_something_else(
    place: Place, watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("GAN_RUNS_DIR", ROOTS[name](place))
    holds = list(ROOTS).index(name) < WITH_RUNS
    visitor, wrong = Visitor(), []
    for page in PAGES:
        if not page.good:
            continue
        if holds:
            wrong += try_page(page, place, watchdog, visitor)
            continue
        with watchdog(place.top, page.title):
            opened = go(visitor.app, page.name, page.query(place))
        wrong += [f"{page.title}: {one.message}" for one in opened.exception]
    with watchdog(place.top, "list"):
        said = command(["runs", "list"])
    wrong += refusals(said)
    if holds and place.good.name not in said.out:
        wrong.append("the good run is not listed")
    for arguments in (["runs", "show", "x"], ["runs", "rm", "x"], ["runs", "empty-trash"], ["train", "--images", "0"]):
        with watchdog(place.top, " ".join(arguments)):
            said = command(arguments)
        wrong += [f"{arguments[:2]}: {one}" for one in refusals(said)]
    with watchdog(place.top, "train"):
        said = command(["train", *TINY])
    wrong += [f"train: {one}" for one in refusals(said)]
    if said.status == 0 and not runs.root().exists():
        wrong.append("train says that it did, and there is nothing")
    assert not wrong, "\n".join(wrong)


def test_wrong_number_of_parallel_runs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("", "²", "-1", "9" * 5000, "two", "1e9", "٣", "0"):
        monkeypatch.setenv("GAN_PARALLEL_RUNS", text)
        assert runs.parallel() >= 1
        app = open_app()
        assert not go(app, "runs", {}).exception
        assert not go(app, "train", {}).exception


WORDS = (
    "",
    " ",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "\0",
    "a\0b",
    "x" * 5000,
    "%00",
    "<script>alert(1)</script>",
    "nan",
    "-1",
    "1e400",
    "٣",
    "²",
    "[" * 1000,
    "\u202e",
    "{bad}:",
    "{bad}:best",
    "{bad}:640",
    "{bad}:²",
    "{bad}:" + "9" * 5000,
    "{bad}/../{bad}",
    "{bad}:640:640",
    "pretrained:best",
    "pretrained:640",
    ":best",
    "new",
    "*",
    "__proto__",
    "null",
)


@pytest.mark.parametrize("parameter", ["run", "from", "model", "weights", "z", "y", "page", "k", "dims"])
def test_address_that_means_nothing(place: Place, watchdog: Watchdog, parameter: str) -> None:
    app, wrong = open_app(), []
    for word in WORDS:
        text = word.replace("{bad}", place.bad.name)
        for page in ("train", "evaluate", "interpolate", "runs"):
            if (parameter in ("run", "from")) != (page == "train") and page != "runs":
                continue
            query = {"run": "new", parameter: text} if parameter == "from" else {parameter: text}
            try:
                with watchdog(place.top, page):
                    opened = go(app, page, query)
                wrong += [f"{page}?{parameter}={word[:30]!r}: {one.message[:200]}" for one in opened.exception]
            except Exception as error:
                wrong.append(f"{page}?{parameter}={word[:30]!r}: {type(error).__name__} {error}")
    assert not wrong, "\n".join(wrong)


def test_two_copies_of_one_run(place: Place, watchdog: Watchdog) -> None:
    """As a sync tool or a person makes them: both are listed, and each is itself."""
    copies = [place.root / f"{place.good.name} {number}" for number in range(3)]
    for path in copies:
        shutil.copytree(place.good, path)
    app = open_app()
    opened = go(app, "explore", {"model": copies[1].name})
    assert not opened.exception
    assert opened.selectbox[0].value == copies[1].name
    assert len(set(opened.selectbox[0].options)) == len(opened.selectbox[0].options)
    was = tree(place.good)
    assert command(["runs", "rm", copies[1].name]).status == 0
    assert not copies[1].exists()
    assert changes(was, tree(place.good)) == []
    assert Path(copies[2]).exists()
