"""A schedule: from so many images seen on, other values of a few settings.

It is written as `60000: batch_size=128, lr_g=0.0028; 200000: batch_size=256`: stages, separated by semicolons, each
with the images from which on it holds, and what changes then. It counts images, not seconds, so that a run that is
resumed goes on exactly. A learning rate that a stage names is set when the stage begins; until the next one that names
it, it can be moved by hand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gan.config import ConfigError, TrainConfig
from gan.config.fields import find, is_plain, parse, show

PATH = "optimizer.schedule"
NAMES = ("batch_size", "lr_g", "lr_d", "ema_kimg", "shift")
"""What can be scheduled."""
LATEST = 1_000_000_000
"""Images from which a stage can begin at the latest."""
_EXAMPLE = "a stage is written 60000: batch_size=128, lr_g=0.002"


@dataclass(frozen=True)
class Values:
    """What can be scheduled, as it stands at a moment."""

    batch_size: int
    lr_g: float
    lr_d: float
    ema_kimg: float
    shift: int


@dataclass(frozen=True)
class Stage:
    """From so many images on."""

    images: int
    changes: Mapping[str, Any]
    """Values by the names of `NAMES`."""


def stages(text: str) -> tuple[Stage, ...]:
    """The stages of a schedule as it is written, the first one first; none for an empty text. Raises `ConfigError`."""
    found: list[Stage] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        images, colon, changes = (piece.strip() for piece in part.partition(":"))
        if not colon or not changes:
            raise _wrong(text, _EXAMPLE)
        if not (is_plain(images) and images.isdecimal() and len(images) < 13 and 1 <= int(images) <= LATEST):
            raise _wrong(text, f"a stage begins after a number of images from 1 to {LATEST:,}, not {show(images, 20)}")
        if found and int(images) <= found[-1].images:
            raise _wrong(text, f"its stages come one after the other, and {images} follows {found[-1].images}")
        found.append(Stage(int(images), _changes(text, changes)))
    return tuple(found)


def _changes(text: str, written: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in written.split(","):
        name, equals, value = (piece.strip() for piece in pair.partition("="))
        if not equals:
            raise _wrong(text, _EXAMPLE)
        if name not in NAMES:
            raise _wrong(text, f"it takes {', '.join(NAMES)}, not {show(name, 20)}")
        if name in found:
            raise _wrong(text, f"{name} stands twice in a stage")
        try:
            found[name] = parse(name, value)
        except ConfigError as error:
            raise _wrong(text, str(error).rstrip(".")) from error
    return found


def _wrong(text: str, why: str) -> ConfigError:
    return ConfigError(PATH, f"schedule is {show(text)}; {why}.")


def as_text(found: tuple[Stage, ...]) -> str:
    """The inverse of `stages`."""
    return "; ".join(
        f"{stage.images}: {', '.join(f'{name}={_exact(value)}' for name, value in stage.changes.items())}"
        for stage in found
    )


def on_the_way(text: str) -> dict[str, str]:
    """What becomes of settings in a schedule, in words, by their paths: "128 from 120,000 images on, 256 from 240,000
    on". Raises `ConfigError`."""
    found: dict[str, list[str]] = {}
    for stage in stages(text):
        for name, value in stage.changes.items():
            images = "" if name in found else " images"
            found.setdefault(name, []).append(f"{value:g} from {stage.images:,}{images} on")
    return {find(name): ", ".join(parts) for name, parts in found.items()}


def _exact(value: float) -> str:
    return repr(value).removesuffix(".0")


@dataclass(frozen=True)
class Schedule:
    """The schedule of a run."""

    config: TrainConfig

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """One after the other."""
        return stages(self.config.optimizer.schedule)

    def at(self, images: int) -> Values:
        """What stands after so many images, unless a rate was moved by hand."""
        found = self._first
        for stage in self.stages:
            if stage.images <= images:
                found = replace(found, **stage.changes)
        return found

    def begun(self, before: int, images: int) -> list[Stage]:
        """The stages that begin after more than `before` images and at most `images`."""
        return [stage for stage in self.stages if before < stage.images <= images]

    def steps(self, images: int, batches: int) -> int:
        """The whole steps that had been taken after so many images, where a step draws so many batches."""
        pieces = list(self._pieces(images, batches))
        taken = sum(steps for _, steps in pieces)
        return taken if sum(batches * size * steps for size, steps in pieces) <= images else taken - 1

    def batch_of(self, images: int, batches: int) -> int:
        """The batch size of the step in which the last of so many images was drawn."""
        return [size for size, _ in self._pieces(max(1, images), batches)][-1]

    def _pieces(self, images: int, batches: int) -> Iterator[tuple[int, int]]:
        """Batch sizes, and how many steps have each, until so many images are drawn."""
        seen = 0
        for end in (*(stage.images for stage in self.stages), images):
            size = self.at(seen).batch_size
            # A stage begins between two steps, after the first that reaches it.
            steps = -(-(min(end, images) - seen) // (batches * size))
            if steps > 0:
                yield size, steps
                seen += steps * batches * size

    @property
    def largest_batch(self) -> int:
        """Real images in the largest of its steps."""
        return max(self.at(images).batch_size for images in (0, *(stage.images for stage in self.stages)))

    @cached_property
    def _first(self) -> Values:
        config = self.config
        optimizer = config.optimizer
        return Values(
            config.data.batch_size, optimizer.lr_g, optimizer.lr_d, optimizer.ema_kimg, config.discriminator.shift
        )
