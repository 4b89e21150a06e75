"""The games: who plays, and what each player minimises. A module a family; a new one is one new file here.

A game's settings, its words and what it measures can be had without torch.
"""

from importlib import import_module
from pkgutil import iter_modules

from gan.games.game import Game
from gan.games.game import has_rows as has_rows
from gan.games.game import rules as rules
from gan.games.game import spec_of as spec_of
from gan.games.game import stillness as stillness

DEFAULT = "adversarial"
TOOLS = ("grid", "penalties", "shifts", "step")
"""Modules here that hold no game, and need torch."""


def _found() -> dict[str, type[Game]]:
    """The games of all modules here, by their kind; the default comes first."""
    for module in iter_modules(__path__):
        if module.name not in TOOLS:
            import_module(f"{__name__}.{module.name}")
    waiting, found = [Game], {}
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if isinstance(kind := one.model_fields["kind"].default, str) and kind:  # what several have in common has none
            found[kind] = one
    return dict(sorted(found.items(), key=lambda entry: (entry[0] != DEFAULT, entry[0])))


KINDS = _found()
