"""The lessons of the folder: `lessons/` of the project, or `$GAN_LESSONS_DIR`."""

import os
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from gan.lessons.model import Lesson, LessonError, sentence
from gan.paths import PROJECT
from gan.system.text import shown

LARGEST = 200_000
"""Bytes of a file."""
MOST = 200
"""Files that are read."""
_NAME = re.compile(r"[a-z0-9-]{1,60}")


@dataclass(frozen=True)
class Listing:
    """What a folder holds."""

    lessons: tuple[Lesson, ...]
    broken: tuple[str, ...]
    """A sentence for each file that is no lesson."""


def folder() -> Path:
    """Where lessons are."""
    return Path(os.environ.get("GAN_LESSONS_DIR") or PROJECT / "lessons")


def listing() -> Listing:
    """All lessons, in their order."""
    found: list[Lesson] = []
    broken: list[str] = []
    try:
        paths = sorted(folder().glob("*.toml"))[:MOST]
    except OSError:
        paths = []
    for path in paths:
        try:
            found.append(_read(path))
        except LessonError as error:
            broken.append(str(error))
    return Listing(tuple(sorted(found, key=lambda one: (one.order, one.title))), tuple(broken))


def is_name(text: str) -> bool:
    """Whether a text can be the name of a lesson."""
    return bool(_NAME.fullmatch(text))


def find(name: str) -> Lesson:
    """The lesson of a name. Raises `LessonError` with a sentence."""
    path = folder() / f"{name}.toml"
    if not is_name(name) or not path.is_file():
        raise LessonError(f"There is no lesson '{shown(name, 40)}' here.")
    return _read(path)


def _read(path: Path) -> Lesson:
    try:
        changed = path.stat()
    except OSError as error:
        raise LessonError(f"{shown(path.name)} cannot be read.") from error
    return read(path, changed.st_mtime_ns, changed.st_size)


@lru_cache(maxsize=2 * MOST)
def read(path: Path, changed: int = 0, size: int = 0) -> Lesson:
    """The lesson in a file; `changed` and `size` tell its versions apart. Raises `LessonError` with a sentence that
    names the file and the field."""
    name = shown(path.name)
    if not is_name(path.stem):
        raise LessonError(f"{name}: a lesson's file is named by small letters, digits and hyphens.")
    if size > LARGEST:
        raise LessonError(f"{name} is too large for a lesson: {size:,} bytes.")
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LessonError(f"{name} cannot be read.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise LessonError(f"{name} is no TOML: {shown(error, 120)}.") from error
    if "name" in found:
        raise LessonError(f"{name}: name: there is no such field; a lesson is called as its file is.")
    try:
        return Lesson.model_validate({**found, "name": path.stem})
    except ValidationError as error:
        raise LessonError(f"{name}: {sentence(error)}.") from error
