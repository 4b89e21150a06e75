"""The models that a page lets one choose: the one that ships, and those of the runs.

In a URL a model is `pretrained`, a run's id (its newest snapshot), `ID:best` (its generator at its best FCD while
it trained), or `ID:IMAGES` (its snapshot after so many images, as long as that is kept). Ids are looked up in the
listing, never joined to a path.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan import runs, store
from gan.data import PRETRAINED as SHIPPED
from gan.runs import Run

if TYPE_CHECKING:
    from gan.checkpoint import Model

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
    """Where its run stood when it was listed."""
    run: Run | None = None
    images: int | None = None
    """Set where it is not the newest snapshot of the run but the one after so many images."""

    @property
    def label(self) -> str:
        """What it is called in a list."""
        return f"{self.name} · {self.progress}" if self.progress else self.name

    def file(self) -> Path | None:
        """Its file as of now; None if the run was deleted meanwhile."""
        if self.run is None:
            return SHIPPED
        if self.images is not None:
            found = [path for path in store.snapshots(self.run.folder) if int(path.stem) == self.images]
            return found[0] if found else None
        if not self.id.endswith(AT_ITS_BEST):
            return runs.newest_snapshot(self.run.folder)
        best = self.run.folder / store.BEST
        return best if best.is_file() else None


def listing() -> dict[str, Choice]:
    """All models by their ids, the one that ships first, then those of the runs, newest first."""
    found = [Choice(PRETRAINED, "the trained one that ships")]
    for run in runs.listing():
        name = f"{run.config.preset} · {run.created:%d %b %H:%M}"
        if runs.newest_snapshot(run.folder):
            found.append(Choice(run.id, name, f"{run.status.progress.images:,} images · {run.status.state}", run))
        if (run.folder / store.BEST).is_file():
            best_images = run.status.quality.best_images
            when = f"after {best_images:,} images" if best_images else ""
            found.append(Choice(run.id + AT_ITS_BEST, f"{name} · at its best", when, run))
    # A list tells its entries apart by what it shows of them.
    often = Counter(choice.name for choice in found)
    return {
        choice.id: choice
        if often[choice.name] == 1 or choice.run is None
        else replace(choice, name=f"{choice.name} · {choice.run.id}")
        for choice in found
    }


def find(asked: str, fingerprint: str, choices: dict[str, Choice]) -> Choice | None:
    """What a link means: a model by its id, or by its weights where the id is unknown here. A snapshot that is not kept
    any more is the newest of its run."""
    if asked in choices:
        return choices[asked]
    run, _, images = asked.partition(":")
    if run in choices and images.isdecimal():
        name = f"{choices[run].name} · after {int(images):,} images"
        then = replace(choices[run], id=asked, name=name, progress="", images=int(images))
        return then if then.file() else choices[run]
    return _with_weights(fingerprint, choices)


def _with_weights(fingerprint: str, choices: dict[str, Choice]) -> Choice | None:
    """The model that has the weights of a link (`gan.export.fingerprint`), as on another machine."""
    for choice in choices.values() if fingerprint else ():
        path = choice.file()
        with suppress(OSError):  # deleted or replaced while one looks
            if path and _fingerprint(path, path.stat().st_mtime) == fingerprint:
                return choice
    return None


@st.cache_data(show_spinner="Looking for the model of this link …", max_entries=1000)
def _fingerprint(path: Path, modified: float) -> str | None:
    from gan.checkpoint import ModelError, load_model
    from gan.export import compile_model, fingerprint

    try:
        return fingerprint(compile_model(load_model(path)))
    except ModelError:
        return None


@st.cache_resource(show_spinner=False, max_entries=8)
def load(path: Path, modified: float) -> "Model":
    """A model; `modified` tells versions of a file apart. Raises `gan.checkpoint.ModelError`."""
    from gan.checkpoint import load_model

    return load_model(path)
