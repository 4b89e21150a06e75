"""Moves by hand: a paused run takes them one at a time, and ends as if nobody had."""

from pathlib import Path
from typing import Any

import pytest

from gan.data import DataSet
from gan.system.files import StorageError
from gan.training import loop as loops
from gan.training.checkpoint import load_checkpoint
from gan.training.inspection import Inspection
from gan.training.messages import MOST_MOVES, Checkpoint, Command, Event, Inspected, Record, Sample, Snapshot, Status
from gan.training.trainer import Trainer
from tests.helpers import LARGE, React, assert_equal, build
from tests.loops import Disk, Queue, at, broken_at_once, every, of, once, play, quiet, say, states, timed


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)


def _moves(count: int = 1, player: str = "", inspect: bool = False) -> Command:
    return Command("move", count=count, player=player, inspect=inspect)


def _moved(trainer: Trainer) -> list[str]:
    """Who moves from now on, move by move."""
    moved: list[str] = []
    for name, optimizer in trainer.optimizers.items():
        optimizer.register_step_post_hook(lambda *_, name=name: moved.append(name))
    return moved


def _next(events: list[Event]) -> list[str]:
    """Whose move it is said to be, in each status of a paused run."""
    return [status.control.next_player for status in of(events, Status) if status.state == "paused"]


D, G = "discriminator", "generator"
STEPS: dict[str, Any] = {"d_steps": 3, "g_steps": 2}


@pytest.mark.parametrize(
    ("changes", "given", "expected"),
    [
        ({}, [_moves()], [D]),
        ({}, [_moves(), _moves()], [D, G]),
        ({}, [_moves(5)], [D, G, D, G, D]),
        ({}, [_moves(1, G)], [D, G]),
        ({}, [_moves(1, D), _moves(1, D)], [D, G, D]),
        ({}, [_moves(2, G), _moves(1, G)], [D, G, D, G, D, G]),
        (STEPS, [_moves(1, G)], [D, D, D, G]),
        (STEPS, [_moves(2), _moves(1, G), _moves(1, D)], [D, D, D, G, G, D]),
        (STEPS, [_moves(4, D)], [D, D, D, G, G, D]),
        ({}, [_moves(1, "nobody"), _moves(3, "Generator")], []),
        ({"simultaneous": True}, [_moves()], [D, G]),
        ({"simultaneous": True}, [_moves(1, G), _moves(1, D)], [D, G, D, G]),
    ],
)
def test_paused_run_takes_the_moves_that_it_is_told(
    digits: DataSet, changes: dict[str, Any], given: list[Command], expected: list[str]
) -> None:
    """So many; with a player, until that one has moved so often. An unknown player moves nobody."""
    trainer = build(digits, images=LARGE, **changes)
    moved = _moved(trainer)
    first: list[int] = []
    began = once(
        lambda event: isinstance(event, Status) and event.state == "paused", lambda _: first.append(len(moved))
    )
    told: list[int] = []
    step = trainer.game.order.count(D) * 32
    _, events = play(trainer, every(began, _count(moved, told), at(step, "pause", *given, "leave")))
    assert moved[first[0] : told[-1]] == expected
    left = len(moved) - first[0]
    assert left % len(trainer.game.order) == 0  # whoever leaves closes the step
    assert _next(events)[-1] == trainer.game.order[len(expected) % len(trainer.game.order)]


def _count(moved: list[str], told: list[int]) -> React:
    """Notes how many have moved whenever the paused run says where it stands."""

    def react(event: Event, _: Queue) -> None:
        if isinstance(event, Status) and event.state == "paused":
            told.append(len(moved))

    return react


def test_running_run_takes_no_moves_by_hand(digits: DataSet) -> None:
    plain, told = build(digits), build(digits)
    play(plain)
    _, events = play(told, at(96, _moves(3, inspect=True)))
    assert states(events) == ["running", "finished"]
    assert of(events, Inspected) == []
    assert_equal(told.tensors(), plain.tensors())


GIVEN: list[list[Command]] = [
    [_moves()],
    [_moves(inspect=True), _moves(inspect=True), _moves(inspect=True)],
    [_moves(1, G, True), _moves(1, D)],
    [_moves(7, inspect=True)],
    [_moves(1, "nobody")],
]


OTHERS: list[dict[str, Any]] = [
    {"d_steps": 2, "g_steps": 2, "shift_d": 1, "loss": "relativistic", "r1": 1.0, "penalty_every": 2},
    {"batch_norm_d": True, "decay_from": 0.25},
    {"simultaneous": True, "spectral_norm_d": True},
    {"schedule": "100: batch_size=16, lr_g=1e-3; 250: batch_size=48, shift=1, ema_kimg=0.1"},
]


@pytest.mark.parametrize(
    ("changes", "given"), [*(({}, given) for given in GIVEN), *((changes, GIVEN[1]) for changes in OTHERS)]
)
def test_stepped_run_ends_in_the_same_bits(digits: DataSet, changes: dict[str, Any], given: list[Command]) -> None:
    """Paused after a step, stepped, and resumed, twice; the budget is in images, the threads are one. Every kind of
    step is stepped by hand in test_moves.py."""
    more = {"threads": 1, "images": 640} | changes
    plain, stepped = build(digits, **more), build(digits, **more)
    play(plain)
    step = 32 * plain.game.order.count(D)
    again = at(step * 6, "pause", *given, "resume")
    ending, events = play(stepped, every(at(step, "pause", *given, "resume"), again))
    assert ending == "finished"
    assert states(events)[-1] == "finished"
    assert "paused" in states(events)
    assert_equal(stepped.tensors(), plain.tensors())
    assert (stepped.images_seen, stepped.steps) == (plain.images_seen, plain.steps)
    # No step is measured twice, and none is left out.
    assert sum(record.steps for record in of(events, Record)) == plain.steps


@pytest.mark.parametrize("given", [[_moves(MOST_MOVES)], [_moves(MOST_MOVES, G, True)], [_moves(3), _moves(20, D)]])
def test_moves_by_hand_stay_within_the_budget(digits: DataSet, given: list[Command]) -> None:
    """A budget in images is one, whoever spends it."""
    plain, stepped = build(digits, threads=1), build(digits, threads=1)
    play(plain)
    ending, events = play(stepped, at(96, "pause", *given, "resume"))
    assert ending == "finished"
    assert stepped.images_seen == plain.images_seen == 320
    assert_equal(stepped.tensors(), plain.tensors())
    assert _next(events)[-1] == D


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("verb", "ending"), [("stop", "stopped"), ("leave", "left"), ("discard", "discarded")])
def test_run_that_ends_in_an_open_step_keeps_a_whole_one(
    digits: DataSet, tmp_path: Path, verb: str, ending: str, count: int
) -> None:
    """And whoever takes the checkpoint up ends in the same bits as a run that was never stepped."""
    more: dict[str, Any] = {"threads": 1, "d_steps": 2, "images": 640}
    plain, stepped, resumed = (build(digits, **more) for _ in range(3))
    play(plain)
    said, events = play(stepped, at(128, "pause", _moves(count), verb))
    assert said == ending
    assert stepped.between_steps
    path = tmp_path / "checkpoint"
    path.write_bytes(of(events, Checkpoint)[-1].content)
    load_checkpoint(path, resumed)
    assert resumed.images_seen == stepped.images_seen == 192
    assert_equal(resumed.tensors(), stepped.tensors())
    play(resumed, images=192, segment=1)
    assert_equal(resumed.tensors(), plain.tensors())


def test_pause_says_whose_move_it_is_and_a_running_run_does_not(digits: DataSet) -> None:
    _, events = play(build(digits), at(96, "pause", _moves(), _moves(), "resume"))
    assert _next(events) == [D, G, D]
    assert {status.control.next_player for status in of(events, Status) if status.state != "paused"} == {""}


def test_run_that_is_resumed_for_some_seconds_pauses_by_itself(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step takes an eighth of a second, so 0.3 s are three of them. Resumed without a limit, the run goes on to its
    end; and it ends in the same bits as one that was never paused."""
    plain, limited = build(digits, threads=1), build(digits, threads=1)
    play(plain)
    timed(monkeypatch, limited)
    stops: list[int] = []

    def resume(event: Event, waiting: Queue) -> None:
        if _is_paused(event):
            assert isinstance(event, Status)
            stops.append(event.progress.images)
            again = len(stops) < 3
            waiting.put(Command("resume", seconds=0.3) if again else Command("resume"))

    ending, events = play(limited, every(resume, at(64, "pause")))
    assert stops == [64, 160, 256]
    assert ending == "finished"
    assert states(events) == ["running", *["paused", "running"] * 3, "finished"]
    assert_equal(limited.tensors(), plain.tensors())


def test_pause_by_hand_ends_the_seconds_of_a_resumed_run(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = build(digits)
    timed(monkeypatch, trainer)
    _, events = play(trainer, every(at(64, "pause", Command("resume", seconds=0.5)), at(96, "pause", "resume")))
    assert states(events) == ["running", "paused", "running", "paused", "running", "finished"]


def test_clock_stands_still_while_moves_are_taken_by_hand(digits: DataSet) -> None:
    _, events = play(build(digits), at(96, "pause", _moves(4), "resume"))
    paused = [status.progress for status in of(events, Status) if status.state == "paused"]
    assert [progress.images for progress in paused] == [96, 160]
    assert paused[0].seconds == paused[1].seconds


def test_step_by_hand_has_its_record_and_its_picture(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as it is closed; a move in between has a picture only, the average's, which it leaves as it was."""
    monkeypatch.setattr(loops, "EVERY_STEP_UNTIL", 3)
    _, events = play(build(digits, images=LARGE), at(96, "pause", _moves(), _moves(), "stop"))
    at_pause = next(number for number, event in enumerate(events) if _is_paused(event))
    after = events[at_pause + 1 :]
    assert [type(event) for event in after[:5]] == [Status, Sample, Record, Status, Sample]
    assert [event.images for event in of(after, Record)] == [128]
    before, between, then = (sample.png for sample in of(events[: at_pause + 6], Sample)[-3:])
    assert before == between != then


def _is_paused(event: Event) -> bool:
    return isinstance(event, Status) and event.state == "paused"


@pytest.mark.parametrize(
    ("given", "players"),
    [
        ([_moves(inspect=True)], [D]),
        ([_moves(inspect=True), _moves(inspect=True)], [D, G]),
        ([_moves(2, inspect=True)], [D, G]),
        ([_moves(6, inspect=True)], [D, G]),
        ([_moves(1, G, inspect=True)], [D, G]),
        ([_moves(6), _moves(1, G)], []),
    ],
)
def test_inspections_are_those_of_each_players_last_move(
    digits: DataSet, given: list[Command], players: list[str]
) -> None:
    """What is handed out is what the trainer itself sees of these moves."""
    twin, told = build(digits, steps=3), build(digits)
    _, events = play(told, at(96, "pause", *given, "resume"))
    found = of(events, Inspected)
    assert [one.player for one in found] == players
    seen: dict[str, bytes] = {}
    for _ in range(sum(max(command.count, 2 if command.player == G else 1) for command in given)):
        for looked in twin.move(inspect=True):
            seen[looked.player] = looked.to_bytes()
    for one in found:
        mine, theirs = Inspection.from_bytes(one.content), Inspection.from_bytes(seen[one.player])
        assert (mine.player, mine.loss_before, mine.loss_after) == (one.player, theirs.loss_before, theirs.loss_after)
        assert mine.layers == theirs.layers
        assert all((mine.seen[name] == theirs.seen[name]).all() for name in theirs.seen)


REFUSED: list[Any] = [Record, Sample, Inspected, Status, Checkpoint, Snapshot]


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("count", [1, 2])
def test_full_disk_in_the_middle_of_a_step_loses_nothing(digits: DataSet, refused: type[Event], count: int) -> None:
    """What a move leaves cannot be kept; the run says so, takes no more moves, and once there is room it goes on to
    the same weights and the same records."""
    plain, unlucky = build(digits, threads=1), build(digits, threads=1)
    undisturbed = play(plain)[1]
    armed: list[Event] = []
    arm = once(lambda event: _is_paused(event), armed.append)  # type: ignore[arg-type]
    disk = Disk(lambda event: bool(armed) and isinstance(event, refused), free_after=1)
    told: list[Status] = []

    def resume(event: Event, waiting: Queue) -> None:
        if isinstance(event, Status) and event.state == "paused" and event.message:
            told.append(event)
            say(_moves(3), "resume")(waiting)

    react = every(disk, resume, at(96, "pause", _moves(count, inspect=True), "resume"), arm)
    ending, events = play(unlucky, react)
    assert ending == "finished"
    assert len(disk.refused) == 1
    assert_equal(unlucky.tensors(), plain.tensors())
    mine, theirs = ([(r.images, _measured(r)) for r in of(some, Record)] for some in (events, undisturbed))
    assert mine == theirs


def _measured(record: Record) -> dict[str, Any]:
    """But for the norms, which are those of whole steps of a run that runs."""
    return {name: one for name, one in record.quantities.items() if "norm" not in name}


def test_moves_that_diverge_end_the_run(digits: DataSet) -> None:
    """And what is broken is not kept."""
    trainer = build(digits)
    act = broken_at_once(trainer)
    paused = once(_is_paused, lambda waiting: (act(waiting), say(_moves(2), "resume")(waiting))[1])
    ending, events = play(trainer, every(paused, at(96, "pause")))
    assert ending == "failed"
    assert "diverged" in of(events, Status)[-1].message
    assert [event.images for event in of(events, Snapshot)] == [96]


def test_norms_that_are_recorded_are_those_of_whole_steps(digits: DataSet) -> None:
    """A step that was begun by hand has none: in its second half, D's update would be nothing."""
    _, events = play(build(digits), at(96, "pause", _moves(1), "resume"))
    found = [record.quantities for record in of(events, Record)]
    updates = [some["update_norm_d"].mean for some in found if "update_norm_d" in some]
    assert len(updates) >= 8
    assert min(updates) > 0


def test_rates_can_be_set_between_moves(digits: DataSet) -> None:
    trainer = build(digits, lr_g=1e-3)
    rates = Command("rates", lr_g=5e-4)
    _, events = play(trainer, at(96, "pause", _moves(), rates, _moves(), "resume"))
    assert trainer.optimizers[G].param_groups[0]["lr"] == 5e-4
    assert {status.control.lr_g for status in of(events, Status)[-2:]} == {5e-4}
    assert _next(events) == [D, G, G, D]


def test_disk_stays_full_and_the_run_is_left_in_an_open_step(digits: DataSet) -> None:
    """Nobody to wait for: it ends, without a word more."""
    armed: list[Event] = []

    def react(event: Event, waiting: Queue) -> None:
        if armed and isinstance(event, Checkpoint | Sample | Record):
            raise StorageError("The disk is full.")
        if _is_paused(event) and not armed:
            armed.append(event)
            say(_moves(), "leave")(waiting)

    trainer = build(digits, images=LARGE)
    assert play(trainer, every(react, at(96, "pause")))[0] == "left"
