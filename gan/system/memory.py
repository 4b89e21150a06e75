"""How much memory is free: on a GPU, on the machine, and within the limits that a container or host sets."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import torch

MEMBERSHIP = Path("/proc/self/cgroup")
HIERARCHY = Path("/sys/fs/cgroup")


def free(device: "torch.device") -> int:
    """Bytes that a new run may take on a device."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    return min(int(psutil.virtual_memory().available), *cgroups())


def cgroups(membership: Path = MEMBERSHIP, hierarchy: Path = HIERARCHY) -> Iterator[int]:
    """Bytes left within each limit of a control group that this process is in, of version 1 or 2 of the interface."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _left(hierarchy, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _left(hierarchy / "memory", path, *names)


def _left(root: Path, path: str, limit: str, usage: str, inactive: str) -> Iterator[int]:
    """What is left in a group and in all groups around it. Inside a container the path may not be there: its own
    group is then the root."""
    group = root / path.lstrip("/")
    for folder in (group, *group.parents):
        if not folder.is_relative_to(root):
            break
        try:
            allowed, used = (folder / limit).read_text().strip(), int((folder / usage).read_text())
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue
        if allowed.isdecimal():  # else "max"
            # Cached files count as used, and are given up when there is need.
            yield max(0, int(allowed) - used + int(statistics.get(inactive, 0)))


def size(count: int) -> str:
    """Bytes as people read them, such as 12 MB or 3.4 GB."""
    return f"{max(1, round(count / 1e6))} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"
