"""Damages that nobody has thought of: random ones. The examples are the same in every run."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gan.models import snapshots
from gan.runs import store
from tests.hostile.contents import change_config, change_status
from tests.hostile.places import Place
from tests.hostile.tries import EVERY_PAGE, VERBS, Visitor, try_page, try_verb
from tests.hostile.watchdog import Watchdog

PAGES = [page for page in EVERY_PAGE if (page.name, page.good) in {("train", False), ("runs", True), ("draw", True)}]
QUICK = [verb for verb in VERBS if verb.name in ("list", "show", "sample")]
ONE_OF = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])

numbers = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**30, 10**309, 10**400, -(10**400)]),
    st.floats(allow_nan=True, allow_infinity=True),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20), st.sampled_from(["running", "\ud800", "\0"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


def _try(place: Place, watchdog: Watchdog, harm: Callable[[Path], object], verbs: list[Any] = QUICK) -> None:
    place.copy()
    harm(place.bad)
    visitor, wrong = Visitor(), []
    for page in PAGES:
        wrong += try_page(page, place, watchdog, visitor)
    for verb in verbs:
        wrong += try_verb(verb, place, watchdog)[1]
    shutil.rmtree(place.bad)
    assert not wrong, "\n".join(wrong)


def _at_random(found: Any, chance: random.Random, value: Any) -> Any:
    """The same JSON with `value` somewhere in it."""
    if isinstance(found, dict) and found and chance.random() < 0.9:
        key = chance.choice(sorted(found))
        return found | {key: _at_random(found[key], chance, value)}
    if isinstance(found, list) and found and chance.random() < 0.5:
        place = chance.randrange(len(found))
        return [*found[:place], _at_random(found[place], chance, value), *found[place + 1 :]]
    return value


@ONE_OF
@given(st.integers(0, 2**20), values)
def test_status_with_something_else_in_it(place: Place, watchdog: Watchdog, seed: int, value: Any) -> None:
    _try(place, watchdog, lambda run: change_status(run, lambda s: _at_random(s, random.Random(seed), value)))


@ONE_OF
@given(st.integers(0, 2**20), values)
def test_settings_with_something_else_in_them(place: Place, watchdog: Watchdog, seed: int, value: Any) -> None:
    _try(place, watchdog, lambda run: change_config(run, lambda s: _at_random(s, random.Random(seed), value)))


def _cut(content: bytes, at: int, more: bytes) -> bytes:
    return content[: at % (len(content) + 1)]


def _overwritten(content: bytes, at: int, more: bytes) -> bytes:
    place = at % (len(content) + 1)
    return content[:place] + more + content[place + len(more) :]


def _inserted(content: bytes, at: int, more: bytes) -> bytes:
    place = at % (len(content) + 1)
    return content[:place] + more + content[place:]


def _shifted(content: bytes, at: int, more: bytes) -> bytes:
    place = at % (len(content) + 1)
    return content[place:] + content[:place]


@ONE_OF
@given(
    st.sampled_from([store.CONFIG, store.DATABASE, store.CHECKPOINT, snapshots.BEST, "snapshots/00000640.safetensors"]),
    st.sampled_from([_cut, _overwritten, _inserted, _shifted]),
    st.integers(0, 2**20),
    st.binary(min_size=1, max_size=64),
)
def test_files_with_other_bytes(
    place: Place, watchdog: Watchdog, name: str, change: Callable[[bytes, int, bytes], bytes], at: int, more: bytes
) -> None:
    def harm(run: Path) -> None:
        (run / name).write_bytes(change((run / name).read_bytes(), at, more))

    _try(place, watchdog, harm, [*QUICK, *(verb for verb in VERBS if verb.name == "resume")])


@ONE_OF
@given(
    st.permutations([store.CONFIG, store.DATABASE, store.CHECKPOINT, snapshots.BEST, "snapshots/00000640.safetensors"])
)
def test_files_in_each_other_s_place(place: Place, watchdog: Watchdog, order: list[str]) -> None:
    def harm(run: Path) -> None:
        contents = {name: (run / name).read_bytes() for name in order}
        for name, other in zip(sorted(order), order, strict=True):
            (run / name).write_bytes(contents[other])

    _try(place, watchdog, harm)
