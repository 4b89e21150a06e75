"""A runs folder in which a run is damaged, what lies beside it, and what of all that has changed."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

GOOD = "20260101-000000-cgan-good"
_FLEETING = ("run.sqlite-wal", "run.sqlite-shm", "run.lock")
"""What SQLite and locks leave beside a database that is only read."""


@dataclass
class Place:
    """Two runs side by side, and somebody else's folder."""

    root: Path
    good: Path
    bad: Path
    """The one that is damaged."""
    stranger: Path
    """Outside of the runs folder; it has a `config.json` too."""
    out: Path
    """Where verbs write."""
    _number: int = 0
    _seen: "dict[Path, Tree]" = field(default_factory=dict)

    @property
    def top(self) -> Path:
        """All of it."""
        return self.root.parent

    def copy(self) -> None:
        """Puts another run beside the good one, to be damaged. It has a name of its own, so that nothing is remembered
        of those before it."""
        self._number += 1
        self._seen = {}
        self.bad = self.root / f"20260101-000001-cgan-{self._number:04}"
        shutil.copytree(self.good, self.bad)

    def remember(self) -> None:
        """Looks at both runs and the stranger's folder, unless `changed` has since the damaged run was put there."""
        if not self._seen:
            self._seen = self._look()

    def changed(self, but: Path | None = None) -> list[str]:
        """What has changed in them since they were looked at last, in sentences; nothing is said of what may change."""
        before, self._seen = self._seen, self._look()
        return [
            f"{path.name}/{name} changed"
            for path, now in self._seen.items()
            if path != but
            for name in changes(before.get(path, {}), now)
        ]

    def _look(self) -> "dict[Path, Tree]":
        return {path: tree(path) for path in (self.good, self.bad, self.stranger)}

    def clear(self) -> None:
        """Removes all but the good run."""
        restore_rights(self.root)
        for path in (*self.root.iterdir(), *self.out.iterdir()):
            if path != self.good:
                remove(path)


def remove(path: Path) -> None:
    """Whatever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def restore_rights(folder: Path) -> None:
    """Makes all of a folder readable again, so that it can be removed."""
    for place, names, _ in os.walk(folder):
        for path in (Path(place) / name for name in names):
            if not path.is_symlink():
                path.chmod(0o755)


def make(top: Path, trained: Path) -> Place:
    """A place with a good run."""
    place = Place(top / "runs", top / "runs" / GOOD, top / "runs" / "none", top / "stranger", top / "out")
    shutil.copytree(trained, place.good)
    place.out.mkdir()
    place.stranger.mkdir()
    (place.stranger / "config.json").write_text('{"compilerOptions": {"strict": true}}')
    (place.stranger / "thesis.txt").write_text("Three years of work.\n" * 100)
    return place


Tree = dict[str, tuple[object, ...]]


def tree(folder: Path, fleeting: Iterable[str] = _FLEETING) -> Tree:
    """All that lies below a folder: kinds, sizes and contents. Links are not followed."""
    found: Tree = {}
    for place, names, files in os.walk(folder):
        for name in (*names, *files):
            if name in fleeting:
                continue
            path = Path(place) / name
            try:
                about = path.lstat()
            except PermissionError:
                found[name] = ()
                continue
            content: object = None
            if stat.S_ISLNK(about.st_mode):
                content = path.readlink()
            elif stat.S_ISREG(about.st_mode) and about.st_size < 50_000_000:
                with suppress(PermissionError):
                    content = _digest(path, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
            size = 0 if stat.S_ISDIR(about.st_mode) else about.st_size
            found[str(path.relative_to(folder))] = (stat.S_IFMT(about.st_mode), size, content)
    return found


@lru_cache(maxsize=4096)
def _digest(path: Path, *version: int) -> bytes:
    """A hash of a file. All that was written to since has another time of its last change, which nobody can set."""
    return hashlib.blake2b(path.read_bytes()).digest()


def changes(before: Tree, after: Tree) -> list[str]:
    """Names of what came, went or changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
