"""The widget that steps a run by hand: what the page asks for, how the trainer is told, and what it is shown."""

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan import runs
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.runs import Run, RunError, store
from gan.training.messages import MOST_MOVES, WHOLE_STEPS, Command
from pages.components import look, widget

if TYPE_CHECKING:
    from gan.training.inspection import Inspection

WITHIN = 10.0
"""Seconds that a command may take."""
TRAIN = 5.0
"""Seconds of training that one button gives."""
EVERY = {"running": 0.25, "starting": 0.3}
OTHERWISE = 2.0
"""Seconds between two looks at the state of a run, in which somebody else may change something."""
READ_EVERY = 0.1
"""Seconds after which the status of a run is read whether anything was seen to be written or not."""


def show(first: Run) -> None:
    """The widget for a run that this server trains."""

    @st.fragment(run_every=EVERY.get(first.status.state, OTHERWISE))
    def refresh() -> None:
        try:
            run = runs.read(first.folder)
        except RunError:
            st.rerun()
        if (run.status.state, run.living) != (first.status.state, first.living):
            st.rerun()
        _widget(run)

    refresh()


def _widget(run: Run) -> None:
    from gan.training import scenes

    key = f"steps-{look.short_key(run.id)}"
    asked, words = _asked(key)
    memory = st.session_state.setdefault(f"{key}-memory", {"done": asked, "version": "", "note": "", "scenes": []})
    if asked != memory["done"]:
        memory["done"], memory["note"] = asked, ""
        found: list[Inspection] = []
        try:
            found = _carry_out(run, words)
        except RunError as error:
            memory["note"] = str(error)
        with suppress(RunError):
            run = runs.read(run.folder)
        if found:
            memory["version"], memory["scenes"] = str(asked), found
    about = {
        "run": run.id,
        "where": _where(run),
        "note": memory["note"] or run.status.message,
        "ready": run.status.state == "paused",
        "running": run.status.state == "running",
        "asked": memory["done"],
        "next": run.status.control.next_player,
        "version": memory["version"],
        "conditional": "the same ten latents all along",
        **scenes.players(run.config),
    }
    # The last ones again and again: of two messages that come close together a page may see the later one only.
    widget.component("steps")(
        data=scenes.message(about, run.config, memory["scenes"]), key=key, on_asked_change=lambda: None
    )


def _where(run: Run) -> str:
    """HTML that says where the run stands, and whose move is next."""
    status = run.status
    parts = [f'<span class="state-{status.state}">●</span> {status.state}', f"{status.progress.images:,} images"]
    if status.state == "paused" and (player := status.control.next_player):
        name = {GENERATOR: "the forger G", DISCRIMINATOR: "the detective D"}.get(player, player)
        parts.append(f'next: <span class="{player}">{name}</span>')
    return " · ".join(parts)


def _asked(key: str) -> tuple[int, list[str]]:
    """What the page asks for: "NUMBER WORD …", a number that grows and what it wants."""
    state = st.session_state.get(key)
    number, *words = str(state.get("asked") or "" if state else "").split() or [""]
    return (int(number), words) if number.isdecimal() and len(number) < 18 else (0, [])


def _carry_out(run: Run, words: list[str]) -> "list[Inspection]":
    """Does what the page asks for; returns what is to be seen of it. Raises `RunError` with a sentence."""
    if words == ["pause"] and run.status.state == "running":
        runs.send(run.folder, Command("pause"))
        runs.settle(run)
        return []
    if run.status.state != "paused":
        raise RunError(f"This run is {run.status.state}; only a paused one can be stepped.")
    if words == ["train"]:
        runs.send(run.folder, Command("resume", seconds=TRAIN))
        runs.settle(run)
        return []
    command = _command(words)
    before = _stamps(run.folder)
    if command.verb == "move" and (run.status.progress.complete and _is_between_steps(run)):
        raise RunError("This run has spent its budget; on the Train page it can be given more.")
    answered(run, command)
    after = _stamps(run.folder)
    changed = [player for player in store.INSPECTIONS if after[player] != before[player]]
    return _read(run.folder, changed)


def _command(words: list[str]) -> Command:
    """Raises `RunError` for what no button asks."""
    if words[:1] == ["look"]:
        return Command("look")
    if len(words) == 3 and words[0] == "move" and words[2].isdecimal() and 0 < int(words[2]) <= MOST_MOVES:
        player = {"next": ""}.get(words[1], words[1])
        if player in ("", DISCRIMINATOR, GENERATOR, WHOLE_STEPS):
            return Command("move", count=int(words[2]), player=player, inspect=True)
    raise RunError("There is no such step.")


def _is_between_steps(run: Run) -> bool:
    from gan.games import rules

    return run.status.control.next_player in ("", rules(run.config).order[0])


def answered(run: Run, command: Command, timeout: float = WITHIN) -> None:
    """Sends a command to a paused run and returns when it has been carried out. Raises `RunError` if it is not."""
    before = run.status.control.answered
    runs.send(run.folder, command)
    began = read = time.monotonic()
    seen = -1
    while (now := time.monotonic()) < began + timeout:
        # Where nothing was written, there is nothing new to read: the trainer needs the processor more than this does.
        if (written := _written(run.folder)) == seen and now < read + READ_EVERY:
            time.sleep(0.003)
            continue
        seen, read = written, now
        status = store.read_status(run.folder)
        if status and (status.control.answered != before or status.state != "paused"):
            if status.control.answered == before:
                raise RunError(status.message or f"The run is {status.state} now.")
            return
    raise RunError("The trainer has not answered; it may be busy. Try again.")


def _written(folder: Path) -> int:
    """Changes when the trainer writes."""
    try:
        return (folder / f"{store.DATABASE}-wal").stat().st_mtime_ns
    except OSError:
        return 0


def _stamps(folder: Path) -> dict[str, tuple[int, int] | None]:
    """Changes for each player when what was seen of its move does."""
    found: dict[str, tuple[int, int] | None] = {}
    for player, name in store.INSPECTIONS.items():
        try:
            status = (folder / name).stat()
            found[player] = (status.st_mtime_ns, status.st_ino)
        except OSError:
            found[player] = None
    return found


def _read(folder: Path, players: list[str]) -> "list[Inspection]":
    """What was seen of the players' last moves, in the order in which they moved."""
    from gan.training.inspection import Inspection

    found = []
    for player in players:
        if player == "experiment":
            continue
        try:
            found.append(Inspection.from_bytes((folder / store.INSPECTIONS[player]).read_bytes()))
        except (OSError, ValueError) as error:
            raise RunError("What was seen of the move cannot be read.") from error
    return sorted(found, key=lambda one: (one.step, one.number, one.player))
