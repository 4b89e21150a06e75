"""What is tried with every damage: the verbs of the command line and the pages, each one entry."""

import contextlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamlit.testing.v1 import AppTest

from gan import cli
from tests.apps import open_app
from tests.hostile.places import Place
from tests.hostile.watchdog import HangError, Watchdog, patience


@dataclass(frozen=True)
class Verb:
    """A command, tried on the damaged run."""

    name: str
    arguments: Callable[[Place], list[str]]
    changes_the_run: bool = False
    """Where it succeeds, or fails half way."""


VERBS = (
    Verb("list", lambda place: ["runs", "list"]),
    Verb("show", lambda place: ["runs", "show", place.bad.name]),
    Verb("show a path", lambda place: ["runs", "show", str(place.bad)]),
    Verb("show as JSON", lambda place: ["runs", "show", place.bad.name, "--json"]),
    Verb("sample", lambda place: ["sample", str(place.bad), "--out", str(place.out / "a.png"), "--n", "1"]),
    Verb("export", lambda place: ["export", str(place.bad), "--out", str(place.out / "a.onnx")]),
    Verb("evaluate", lambda place: ["evaluate", str(place.bad), "--n", "1000"]),
    Verb("train", lambda place: ["train", "--run-dir", str(place.bad), *TINY], changes_the_run=True),
    Verb("resume", lambda place: ["resume", str(place.bad), "--images", "32"], changes_the_run=True),
    Verb("rm", lambda place: ["runs", "rm", place.bad.name], changes_the_run=True),
)
TINY = ("--images", "32", "--set", "widths_g=16,16", "--set", "widths_d=16,16", "--set", "batch_size=32")
"""Flags of a run that trains for one step."""


@dataclass(frozen=True)
class Said:
    """What a command did."""

    status: int
    out: str
    err: str


def command(arguments: Sequence[str]) -> Said:
    """Runs a command in this process. What it raises comes through."""
    # As strict as the streams of a process: not every name of a file can be written to them.
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = cli.main(list(arguments))
        except SystemExit as error:  # --help, and nothing else
            status = error.code if isinstance(error.code, int) else 99
    return Said(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def refusals(said: Said) -> list[str]:
    """What is wrong with how a command ended."""
    if said.status in (0, 1, 130):
        return []
    if said.status != cli.BAD_INPUT:
        return [f"status {said.status}"]
    wrong = []
    if len(said.err.splitlines()) != 1 or not said.err.strip():
        wrong.append(f"not one line on stderr: {said.err[:300]!r}")
    if not said.err.strip().isprintable():
        wrong.append(f"control characters on stderr: {said.err[:300]!r}")
    if len(said.err) > 1000:
        wrong.append(f"{len(said.err)} characters on stderr")
    if said.out:
        wrong.append(f"stdout of a refused command: {said.out[:100]!r}")
    return wrong


def try_verb(verb: Verb, place: Place, watchdog: Watchdog) -> tuple[Said | None, list[str]]:
    """Tries a verb; returns what it said, and sentences on what it did wrong."""
    place.remember()
    said, wrong = None, []
    try:
        with watchdog(place.top, verb.name):
            said = command(verb.arguments(place))
        wrong = refusals(said)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        wrong = [f"{type(error).__name__}: {str(error)[:300]}"]
    wrong += place.changed(but=place.bad if verb.changes_the_run else None)
    if said and said.status and any(place.out.iterdir()):
        wrong.append("something was written")
    for path in place.out.iterdir():
        path.unlink()
    return said, [f"{verb.name}: {one}" for one in wrong]


@dataclass(frozen=True)
class Page:
    """A page, opened at an address."""

    name: str
    query: Callable[[Place], dict[str, str]]
    good: bool = False
    """It is about the good run, and has to show it."""

    @property
    def title(self) -> str:
        """For people."""
        return f"the {self.name.capitalize()} page of the {'good' if self.good else 'damaged'} run"


def _good(name: str) -> Page:
    return Page(name, lambda place: {"run": place.good.name, "model": place.good.name}, good=True)


def _bad(name: str) -> Page:
    return Page(name, lambda place: {"run": place.bad.name, "model": place.bad.name})


PAGES = (
    *map(_good, ("home", "train", "evaluate", "runs")),
    *map(_bad, ("train", "evaluate")),
    Page("train", lambda place: {"run": "new", "from": place.bad.name}),
)
WITH_A_MODEL = [(_good(name), _bad(name)) for name in ("explore", "interpolate", "draw", "quiz")]
"""Pages that have most of their way in common: each damage is tried with one of them."""
EVERY_PAGE = (*PAGES, *(page for pair in WITH_A_MODEL for page in pair))


def go(app: AppTest, page: str, query: dict[str, str]) -> AppTest:
    """Opens a page at an address."""
    for name in list(app.query_params):
        del app.query_params[name]
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}.py").run()


def _shows(app: AppTest, page: Page, place: Place) -> list[str]:
    """What a page about the good run does not show of it."""
    if page.name in ("explore", "interpolate", "draw"):
        if not app.get("bidi_component"):
            return ["no model"]
        if app.selectbox[0].value != place.good.name:
            return [f"another model: {app.selectbox[0].value}"]
    if page.name == "quiz" and not app.selectbox[0].value.startswith(f"model={place.good.name}"):
        return [f"another model: {app.selectbox[0].value}"]
    if page.name == "train" and not app.get("plotly_chart"):
        return ["no curves"]
    if page.name == "runs" and not any(place.good.name in str(part.proto.body) for part in app.get("html")):
        return ["no row"]
    if page.name == "evaluate" and place.good.name not in app.multiselect[0].value:
        return ["no model"]
    return []


class Visitor:
    """Somebody who goes from page to page of the app."""

    def __init__(self) -> None:
        self.app = open_app()

    def open(self, page: Page, place: Place, watchdog: Watchdog) -> AppTest:
        """Opens a page. What hangs hangs again: a machine that stood still for a while does not. Whoever saw a page
        hang begins with a new app, for the old one is in the middle of it."""
        try:
            return self._open(page, place, watchdog)
        except HangError:
            self.app = open_app()
            return self._open(page, place, watchdog)

    def _open(self, page: Page, place: Place, watchdog: Watchdog) -> AppTest:
        self.app.default_timeout = patience()
        with watchdog(place.top, page.title):
            return go(self.app, page.name, page.query(place))


def try_page(page: Page, place: Place, watchdog: Watchdog, visitor: Visitor) -> list[str]:
    """Opens a page and returns sentences on what is wrong with it."""
    place.remember()
    wrong: list[str] = []
    try:
        opened = visitor.open(page, place, watchdog)
        wrong += [f"exception {one.message[:300]!r}" for one in opened.exception]
        if page.good and not wrong:
            wrong += _shows(opened, page, place)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        wrong.append(f"{type(error).__name__}: {str(error)[:300]}")
    wrong += place.changed()
    return [f"{page.title}: {one}" for one in wrong]
