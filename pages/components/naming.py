"""Names of what a list lets one choose."""

from collections import Counter
from collections.abc import Callable, Mapping


def told_apart(names: Mapping[str, str], more: Callable[[str], str]) -> dict[str, str]:
    """The names, by ids; those that are alike each with what `more` says of their id.

    A browser tells the server what was chosen by the text that it shows. Of two that are alike only the first could be
    chosen.
    """
    often = Counter(names.values())
    return {one: name if often[name] == 1 else f"{name} · {more(one)}" for one, name in names.items()}
