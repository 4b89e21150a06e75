"""The models that a page lets one choose: the one that ships, and those of the runs.

In a URL a model is `pretrained`, a run's id (its newest snapshot), `ID:best` (its generator at its best FCD while
it trained), or `ID:IMAGES` (its snapshot after so many images, as long as that is kept). Ids are looked up in the
listing, never joined to a path. A folder may be called as another model is: then its id, or that of its best generator,
gets a tilde.
"""

from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan import runs
from gan.export.content import ExportError, shipped_fingerprint
from gan.models import snapshots
from gan.models.files import ModelError
from gan.paths import PRETRAINED as SHIPPED
from gan.runs import Run
from pages.components import naming

if TYPE_CHECKING:
    from gan.models.model import Model

PRETRAINED = "pretrained"
AT_ITS_BEST = ":best"


@dataclass(frozen=True)
class Choice:
    """A model that can be chosen."""

    id: str
    """What it is called in a URL."""
    name: str
    """Short, and the same for as long as the model is there."""
    progress: str = ""
    """Where its run stood when it was listed. Stays the same while the run trains: a browser names what was chosen
    by the text that it shows."""
    run: Run | None = None
    images: int | None = None
    """Set where it is not the newest snapshot of the run but the one after so many images."""
    best: bool = False
    """Whether it is the run's generator at its best."""

    @property
    def label(self) -> str:
        """What it is called in a list."""
        return f"{self.name} · {self.progress}" if self.progress else self.name

    def file(self) -> Path | None:
        """Its file as of now; None if the run was deleted meanwhile."""
        if self.run is None:
            return SHIPPED
        if self.images is not None:
            found = [path for path in snapshots.snapshot_paths(self.run.folder) if int(path.stem) == self.images]
            return found[0] if found else None
        if not self.best:
            return snapshots.newest_snapshot(self.run.folder)
        best = self.run.folder / snapshots.BEST
        return best if best.is_file() else None


def listing() -> dict[str, Choice]:
    """All models by their ids, the one that ships first, then those of the runs, newest first. Never raises: a folder
    that cannot be looked into is left out."""
    found = {PRETRAINED: Choice(PRETRAINED, "the trained one that ships")}
    present = runs.listing()
    taken = {PRETRAINED, *(run.id for run in present)}
    for run in present:
        run_id = _unused(run.id, taken) if run.id == PRETRAINED else run.id
        with suppress(OSError):
            found |= {choice.id: choice for choice in _of(run, run_id, taken)}
    folders = {choice.id: choice.run.id if choice.run else choice.id for choice in found.values()}
    names = naming.told_apart({choice.id: choice.name for choice in found.values()}, folders.__getitem__)
    return {choice.id: replace(choice, name=names[choice.id]) for choice in found.values()}


def _of(run: Run, run_id: str, taken: Container[str]) -> Iterator[Choice]:
    """The models of a run: its newest snapshot, and the one at its best."""
    name = f"{run.config.preset} · {run.created:%d %b %H:%M}"
    best = run.status.quality.best_images
    if snapshots.newest_snapshot(run.folder):
        images = f"{run.status.progress.images:,} images · {run.status.state}"
        yield Choice(run_id, name, "in training" if run.living else images, run)
    if (run.folder / snapshots.BEST).is_file():
        when = "in training" if run.living else f"after {best:,} images" if best else ""
        yield Choice(_unused(run_id + AT_ITS_BEST, taken), f"{name} · at its best", when, run, best=True)


def _unused(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "~"
    return name


def find(asked: str, fingerprint: str, choices: dict[str, Choice]) -> Choice | None:
    """What a link means: a model by its id, or by its weights where the id is unknown here. In place of a snapshot that
    is not kept any more it is the nearest of its run that is."""
    if asked in choices:
        return choices[asked]
    newest, _, images = asked.rpartition(":")
    known = choices.get(newest)
    # No run is as long as 13 digits, and Python reads no number that is very much longer.
    if known and known.run and not known.best and images.isascii() and images.isdecimal() and len(images) < 13:
        nearest = snapshots.nearest(known.run.folder, int(images))
        if nearest is None:
            return known
        name = f"{known.name} · after {nearest:,} images"
        return replace(known, id=f"{newest}:{nearest}", name=name, progress="", images=nearest)
    return _with_weights(fingerprint, choices)


def _with_weights(fingerprint: str, choices: dict[str, Choice]) -> Choice | None:
    """The model that has the weights of a link (`gan.export.program.fingerprint`), as on another machine."""
    for choice in choices.values() if fingerprint else ():
        path = choice.file()
        with suppress(OSError):  # deleted or replaced while one looks
            if path and _fingerprint(path, path.stat().st_mtime) == fingerprint:
                return choice
    return None


@st.cache_data(show_spinner="Looking for the model of this link …", max_entries=1000)
def _fingerprint(path: Path, modified: float) -> str | None:
    if path == SHIPPED:
        return shipped_fingerprint()
    from gan.export.program import compile_model, fingerprint
    from gan.models.model import load_model

    try:
        return fingerprint(compile_model(load_model(path)))
    except (ModelError, ExportError):
        return None


@st.cache_resource(show_spinner=False, max_entries=4)
def load(path: Path, modified: float) -> "Model":
    """A model; `modified` tells versions of a file apart. Raises `gan.models.files.ModelError`."""
    from gan.models.model import load_model

    return load_model(path)
