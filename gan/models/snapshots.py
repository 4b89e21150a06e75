"""The model files in the folder of a run: snapshots of its averaged generator, and the best one."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

BEST, SNAPSHOTS = "best.safetensors", "snapshots"

SNAPSHOT = re.compile(r"[0-9]{1,15}\.safetensors")
"""The name of a snapshot: how many images it was trained on."""


def is_folder(path: Path) -> bool:
    """Whether it is a folder itself, not a link to one."""
    with suppress(OSError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def snapshot_paths(folder: Path) -> list[Path]:
    """The model files of a run, oldest first, by their names; whatever else lies there is left out."""
    if not is_folder(folder / SNAPSHOTS):
        return []
    with suppress(OSError):
        found = [
            folder / SNAPSHOTS / entry.name
            for entry in os.scandir(folder / SNAPSHOTS)
            if SNAPSHOT.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        ]
        return sorted(found, key=lambda path: int(path.stem))
    return []


def newest_snapshot(folder: Path) -> Path | None:
    """The latest model file of a run; None where there is none."""
    paths = snapshot_paths(folder)
    return paths[-1] if paths else None
