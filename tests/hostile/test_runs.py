"""A damaged run costs its own row and nothing more: every verb and every page, with every damage of the table.

`HOSTILE=all` tries all combinations, which takes minutes; without it some of them are tried.
"""

import os

import pytest

from tests.hostile.damages import COMBINED
from tests.hostile.databases import DAMAGES
from tests.hostile.places import Place
from tests.hostile.tries import EVERY_PAGE, PAGES, VERBS, WITH_A_MODEL, Visitor, try_page, try_verb
from tests.hostile.watchdog import Watchdog

ALL = os.environ.get("HOSTILE") == "all"
EACH = 53
"""Of the combinations, one in so many: a prime, so that each file and each value has its turn."""
TRIED = [name for name in DAMAGES if ALL or name not in COMBINED or COMBINED.index(name) % EACH == 0]


@pytest.mark.parametrize("name", TRIED)
def test_damaged_run(place: Place, watchdog: Watchdog, name: str) -> None:
    pages = EVERY_PAGE if ALL else (*PAGES, *WITH_A_MODEL[TRIED.index(name) % len(WITH_A_MODEL)])
    held = DAMAGES[name](place.bad)
    wrong: list[str] = []
    try:
        visitor = Visitor()
        for page in pages:
            wrong += try_page(page, place, watchdog, visitor)
        usable = False
        for verb in VERBS:
            if verb.name == "evaluate" and usable:
                continue  # it takes seconds, and is tried on models by themselves
            said, found = try_verb(verb, place, watchdog)
            usable = usable or (verb.name == "sample" and said is not None and said.status == 0)
            wrong += found
    finally:
        if held:
            held.close()
    assert not wrong, "\n".join(wrong)
