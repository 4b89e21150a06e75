import json
from dataclasses import asdict
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.messages import Best, Command, Event, Status, Verb

rates = st.none() | st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@given(st.builds(Command, st.sampled_from(get_args(Verb)), rates, rates))
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
    ],
)
def test_any_other_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"no such command|learning rates|Expecting value"):
        Command.from_line(line)


def test_line_is_json_with_a_verb() -> None:
    assert json.loads(Command("rates", lr_d=1e-4).to_line()) == {"verb": "rates", "lr_g": None, "lr_d": 1e-4}


@pytest.mark.parametrize(
    ("status", "progress"),
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
def test_progress_is_the_larger_share(status: dict[str, Any], progress: float | None) -> None:
    assert Status("running", **status).progress == progress


@pytest.mark.parametrize(
    ("status", "left"),
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
def test_seconds_left_is_until_the_first_limit(status: dict[str, Any], left: float | None) -> None:
    assert Status("running", **status).seconds_left == left


@pytest.mark.parametrize(("images", "spent"), [(0, False), (199, False), (200, True), (256, True)])
def test_spent_is_at_the_limit(images: int, spent: bool) -> None:
    assert Status("finished", images=images, images_limit=200).spent is spent


def test_run_without_a_limit_is_never_spent() -> None:
    assert not Status("running", images=10**9, seconds=1e6).spent


def test_quality_is_unknown_until_it_was_measured() -> None:
    """None and not 0: an FCD of 0 would be a perfect forger's."""
    status = Status("running", images=320)
    assert [getattr(status, name) for name in ("agreement", "fcd", "agreement_floor", "fcd_floor", "best_fcd")] == [
        None
    ] * 5
    assert status.histogram == ()


def test_quality_has_no_part_in_the_budget() -> None:
    """A run whose best lies behind it is not spent."""
    status = Status("running", images=50, images_limit=200, best_fcd=1.0, best_images=200, best_seconds=60.0)
    assert (status.progress, status.spent) == (0.25, False)


def test_status_survives_json_but_for_the_kind_of_its_sequence() -> None:
    status = Status("paused", agreement=0.75, fcd=12.5, histogram=(3, 4), fcd_floor=2.5, best_fcd=11.5, best_images=9)
    values = json.loads(json.dumps(asdict(status)))
    assert Status(**values | {"histogram": tuple(values["histogram"])}) == status


def test_best_is_an_event_of_its_own() -> None:
    assert Best in get_args(Event)
    assert asdict(Best(32, b"model")) == {"images": 32, "content": b"model"}
