"""The model files in the folder of a run: snapshots of its averaged generator, and the best one. Only the newest
snapshot has to keep its discriminator, which is about half of the file. No torch.
"""

import json
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from gan.games.game import DISCRIMINATOR

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


def nearest(folder: Path, images: int) -> int | None:
    """After how many images the snapshot was taken that is the nearest to so many; None where there is none."""
    kept = (int(path.stem) for path in snapshot_paths(folder))
    return min(kept, key=lambda one: abs(one - images), default=None)


def without_discriminator(content: bytes) -> bytes | None:
    """A model file's content without the discriminator's tensors; None where it has none, or is no such file.

    A safetensors file is the length of its header (8 bytes, little endian), the header as JSON, and the tensors, which
    follow each other without a gap.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8:start])
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        kept = {name: entry for name, entry in tensors.items() if not name.startswith(f"{DISCRIMINATOR}.")}
        if len(kept) == len(tensors):
            return None
        described, parts, used = {"__metadata__": header["__metadata__"]}, [], 0
        for name, entry in sorted(kept.items(), key=lambda item: item[1]["data_offsets"]):
            begin, end = entry["data_offsets"]
            described[name] = entry | {"data_offsets": [used, used + end - begin]}
            parts.append(content[start + begin : start + end])
            used += end - begin
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    text = json.dumps(described, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join((len(text).to_bytes(8, "little"), text, *parts))
