"""How much all runs may take together, and whether there is room for another."""

import os
import shutil
from dataclasses import dataclass

from gan.runs import folders, store, trash
from gan.runs.folders import RunError

MEGABYTES, RUNS = 5_000, 500
"""The limits where the environment names none: GAN_RUNS_MB and GAN_RUNS_KEPT."""
LEAST_FREE = store.BUDGET
"""Bytes that have to be free on the disk before a run begins, since it may take so many."""
MB = 1_000_000


@dataclass(frozen=True)
class Space:
    """What the runs take, and what they may take."""

    runs: int
    bytes: int
    in_trash: int
    """Bytes of those that are in the trash."""
    free: int
    """Bytes that are free on the disk."""
    most_runs: int
    most_bytes: int

    @property
    def is_full(self) -> bool:
        """Whether no room is left for another run, as things stand."""
        return self.runs >= self.most_runs or self.bytes >= self.most_bytes or self.free < LEAST_FREE


def measured() -> Space:
    """How things stand now."""
    root = folders.root()
    # pathlib raises for a name that is too long, and so cannot be a folder.
    there = next(place for place in (root, *root.parents) if os.path.isdir(place))  # noqa: PTH112
    return Space(
        runs=len(folders.names()),
        bytes=folders.size(root),
        in_trash=folders.size(trash.place()),
        free=shutil.disk_usage(there).free,
        most_runs=_limit("GAN_RUNS_KEPT", RUNS),
        most_bytes=_limit("GAN_RUNS_MB", MEGABYTES) * MB,
    )


def _limit(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return (int(text) if text.isdecimal() and len(text) < 16 else 0) or default


def make_room() -> None:
    """Removes from the trash what is a day old, and as much more as it takes until another run may begin, the oldest
    first. Raises `RunError` with what can be done if that is not enough."""
    trash.empty(older_than=trash.KEPT)
    space = measured()
    for item in reversed(trash.listing()):
        if not space.is_full or space.runs >= space.most_runs:
            break
        trash.remove(item)
        space = measured()
    if space.is_full:
        raise RunError(_full(space))


def _full(space: Space) -> str:
    what_to_do = "delete some on the Runs page or with python -m gan runs rm RUN."
    if space.runs >= space.most_runs:
        return f"There are {space.runs} runs, and no more than {space.most_runs} are kept (GAN_RUNS_KEPT); {what_to_do}"
    if space.bytes >= space.most_bytes:
        used, most = space.bytes // MB, space.most_bytes // MB
        return f"The runs take {used:,} MB, and no more than {most:,} MB are kept (GAN_RUNS_MB); {what_to_do}"
    free = space.free // MB
    return (
        f"The disk that holds {folders.root()} has {free} MB left, and a run may take {LEAST_FREE // MB}; {what_to_do}"
    )
