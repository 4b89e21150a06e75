import json
from dataclasses import asdict
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.training.messages import MOST_MOVES, Best, Command, Control, Event, Inspected, Progress, Quality, Status, Verb

rates = st.none() | st.floats(min_value=0, exclude_min=True, allow_infinity=False)


counts = st.integers(1, MOST_MOVES)
durations = st.floats(min_value=0, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda some: st.lists(some, max_size=3)
)


@given(st.builds(Command, st.sampled_from(get_args(Verb)), rates, rates, counts, st.text(), st.booleans(), durations))
def test_command_survives_its_line(command: Command) -> None:
    line = command.to_line()
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert Command.from_line(line) == command


@pytest.mark.parametrize(
    "line",
    [
        "",
        "stop",
        "[]",
        "null",
        "{}",
        '{"verb": "explode"}',
        '{"verb": ["stop"]}',
        '{"verb": "rates", "lr_g": 0.0}',
        '{"verb": "rates", "lr_g": -1e-3}',
        '{"verb": "rates", "lr_d": NaN}',
        '{"verb": "rates", "lr_d": Infinity}',
        '{"verb": "rates", "lr_d": "fast"}',
        '{"verb": "rates", "lr_d": true}',
        '{"verb": "move", "count": 0}',
        '{"verb": "move", "count": -1}',
        '{"verb": "move", "count": 1001}',
        '{"verb": "move", "count": 1e2}',
        '{"verb": "move", "count": true}',
        '{"verb": "move", "count": null}',
        '{"verb": "move", "count": "three"}',
        '{"verb": "move", "player": null}',
        '{"verb": "move", "player": ["generator"]}',
        '{"verb": "move", "inspect": 1}',
        '{"verb": "move", "inspect": "yes"}',
        '{"verb": "resume", "seconds": -5.0}',
        '{"verb": "resume", "seconds": NaN}',
        '{"verb": "resume", "seconds": 1e999}',
        '{"verb": "resume", "seconds": null}',
        '{"verb": "resume", "seconds": "five"}',
    ],
)
def test_any_other_line_is_refused(line: str) -> None:
    with pytest.raises(
        ValueError,
        match=r"no such command|learning rates|number of moves|no such moves|seconds of training|Expecting value",
    ):
        Command.from_line(line)


@given(st.sampled_from(["verb", "lr_g", "lr_d", "count", "player", "inspect", "seconds"]), anything)
def test_whatever_stands_in_a_line_it_is_a_command_or_refused(field: str, value: Any) -> None:
    """A worker that chokes on a line hears nothing more."""
    try:
        command = Command.from_line(json.dumps({"verb": "move", field: value}))
    except ValueError:
        return
    assert Command.from_line(command.to_line()) == command
    assert 1 <= command.count <= MOST_MOVES


def test_line_is_json_with_a_verb() -> None:
    rest = {"count": 1, "player": "", "inspect": False, "seconds": 0.0}
    assert json.loads(Command("rates", lr_d=1e-4).to_line()) == {"verb": "rates", "lr_g": None, "lr_d": 1e-4} | rest
    moves = Command("move", count=3, player="generator", inspect=True).to_line()
    assert json.loads(moves) == {"verb": "move", "lr_g": None, "lr_d": None} | {
        "count": 3,
        "player": "generator",
        "inspect": True,
        "seconds": 0.0,
    }
    assert json.loads(Command("resume", seconds=5.0).to_line())["seconds"] == 5.0


@pytest.mark.parametrize("verb", get_args(Verb))
def test_line_of_before_there_were_moves_is_read(verb: str) -> None:
    """A server that was started before an update speaks to workers that were started after it."""
    assert Command.from_line(f'{{"verb": "{verb}", "lr_g": null, "lr_d": null}}') == Command(verb)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        ({}, None),
        ({"images": 50}, None),
        ({"images": 50, "images_limit": 200}, 0.25),
        ({"seconds": 30.0, "seconds_limit": 60.0}, 0.5),
        # Whichever comes first ends the run: 0.25 of the images, half of the seconds.
        ({"images": 50, "images_limit": 200, "seconds": 30.0, "seconds_limit": 60.0}, 0.5),
        ({"images": 256, "images_limit": 200}, 1.0),
    ],
)
def test_share_is_the_larger_one(progress: dict[str, Any], share: float | None) -> None:
    assert Progress(**progress).share == share


@pytest.mark.parametrize(
    ("progress", "left"),
    [
        ({}, None),
        ({"images": 50, "images_limit": 200}, None),
        # 150 images at 10 images a second.
        ({"images": 50, "images_limit": 200, "images_per_second": 10.0}, 15.0),
        ({"seconds": 50.0, "seconds_limit": 60.0}, 10.0),
        (
            {"images": 50, "images_limit": 200, "images_per_second": 10.0, "seconds": 50.0, "seconds_limit": 60.0},
            10.0,
        ),
        ({"seconds": 61.0, "seconds_limit": 60.0}, 0.0),
    ],
)
def test_seconds_left_is_until_the_first_limit(progress: dict[str, Any], left: float | None) -> None:
    assert Progress(**progress).seconds_left == left


@pytest.mark.parametrize(("images", "spent"), [(0, False), (199, False), (200, True), (256, True)])
def test_spent_is_at_the_limit(images: int, spent: bool) -> None:
    assert Progress(images, images_limit=200).complete is spent


def test_run_without_a_limit_is_never_spent() -> None:
    assert not Progress(images=10**9, seconds=1e6).complete


def test_quality_is_unknown_until_it_was_measured() -> None:
    """None and not 0: an FCD of 0 would be a perfect forger's."""
    quality = Status("running").quality
    assert [quality.agreement, quality.fcd, quality.agreement_floor, quality.fcd_floor, quality.best_fcd] == [None] * 5
    assert quality.histogram == ()


MEASURED = Quality(0.75, 12.5, (3, 4), 640, 0.99, 2.5, best_fcd=11.5, best_images=9, best_seconds=1.5)
WHOLE = Status(
    "paused", "m", 4, Progress(20, 1.5, 3.25, 7, 8.0), Control(1e-3, 2e-3, "CPU", "f", 2, "generator"), MEASURED
)


@pytest.mark.parametrize("status", [Status("starting"), WHOLE])
def test_status_survives_json(status: Status) -> None:
    again = Status.from_json(status.to_json())
    assert again == status
    assert hash(again) == hash(status)  # a list for a tuple could not be hashed


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "7", "{}", "[" * 100_000, '{"state": "lost"}', '{"state": ["paused"]}']
)
def test_what_is_no_status_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no JSON object|nested too deeply|its state is|Expecting value"):
        Status.from_json(text)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("progress", "images", "many"),
        ("progress", "images", None),
        ("progress", "images", True),
        ("progress", "images", 2.5),
        ("progress", "images", -1),
        ("progress", "images", 10**30),
        ("progress", "seconds", -0.5),
        ("progress", "seconds", float("nan")),
        ("progress", "seconds_limit", float("inf")),
        ("control", "lr_g", "fast"),
        ("control", "device", 7),
        ("control", "device", "two\nlines"),
        ("control", "precision", "half a character: \ud800"),
        ("control", "next_player", 7),
        ("control", "next_player", "two\nlines"),
        ("quality", "fcd", float("nan")),
        ("quality", "fcd", [1.0]),
        ("quality", "histogram", "0123456789"),
        ("quality", "histogram", [1, None]),
        ("quality", "histogram", [0] * 10),
        ("quality", "fcd_floor", None),
        ("quality", "agreement_floor", None),
    ],
)
def test_status_is_checked_field_by_field(part: str, field: str, value: Any) -> None:
    values = asdict(WHOLE)
    values[part][field] = value
    with pytest.raises(ValueError, match=rf"{field} is .*, not a|comes without"):
        Status.from_json(json.dumps(values))
    with pytest.raises(ValueError, match="is no JSON object"):
        Status.from_json(json.dumps(values | {part: value if value != "" else 0}))


def test_best_is_an_event_of_its_own() -> None:
    assert Best in get_args(Event)
    assert asdict(Best(32, b"model")) == {"images": 32, "content": b"model"}


def test_inspection_is_an_event_of_its_own() -> None:
    assert Inspected in get_args(Event)
    assert asdict(Inspected("generator", b"seen")) == {"player": "generator", "content": b"seen"}
