"""The moments that a run keeps, as its loop asks for them and its folder thins them."""

import json
import math
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan.config import TrainConfig
from gan.models.snapshots import snapshot_paths, without_discriminator
from gan.runs import footprint
from gan.runs.store import BUDGET, Writer, read_samples
from gan.training import timetable
from gan.training.messages import Best, Checkpoint, Sample, Segment, Snapshot
from tests.stored import picture

SCALE = 100
"""So many times smaller than in a real run are the files here, and the budget."""


def model_file(generator: int, discriminator: int) -> bytes:
    """A model file with so many bytes of each network."""
    entries = {
        "discriminator.a": {"dtype": "U8", "shape": [discriminator], "data_offsets": [0, discriminator]},
        "generator.a": {
            "dtype": "U8",
            "shape": [generator],
            "data_offsets": [discriminator, discriminator + generator],
        },
    }
    text = json.dumps({"__metadata__": {}} | entries).encode()
    return len(text).to_bytes(8, "little") + text + bytes(generator + discriminator)


def _has_discriminator(path: Path) -> bool:
    return without_discriminator(path.read_bytes()) is not None


def moments_due(seconds: float) -> list[float]:
    """When the loop asks for a moment in a run of so many seconds, as on a machine that always keeps up."""
    found, now = [], 0.0
    while (now := now + timetable.interval("snapshot", now)) < seconds:
        found.append(now)
    return [*found, seconds]


def _sizes() -> tuple[int, int, int]:
    """Bytes of the generator, the discriminator and the checkpoint of a default run, scaled."""
    needed = footprint.of(TrainConfig())
    generator = 2 * needed.generator
    return generator // SCALE, (needed.snapshot - generator) // SCALE, needed.checkpoint // SCALE


@settings(max_examples=12, deadline=None)
@given(
    seconds=st.sampled_from([60.0, 60.0, 100.0, 600.0, 3600.0]),
    speed=st.floats(500, 50_000),
    jitter=st.integers(0, 100),
    pauses=st.lists(st.floats(0.3, 1.0), max_size=5),
)
def test_default_run_keeps_sixty_moments_the_first_seconds_dense(
    seconds: float, speed: float, jitter: int, pauses: list[float]
) -> None:
    """Within the budget of a run, at any speed, however often it was paused: a pause adds a moment."""
    generator, discriminator, checkpoint = _sizes()
    noise = np.random.default_rng(jitter)
    due = sorted({*moments_due(seconds), *(share * seconds for share in pauses)})
    images = sorted({math.ceil(speed * (one + noise.uniform(0, 0.02))) for one in due})
    with TemporaryDirectory() as name, closing(Writer(Path(name), BUDGET // SCALE)) as writer:
        folder = Path(name)
        writer(Checkpoint(bytes(checkpoint)))
        writer(Best(1, bytes(generator + discriminator)))
        for count in images:
            writer(Snapshot(count, model_file(generator, discriminator)))
            writer(Sample(count, count / speed, picture(31_160 // SCALE)))
            paths = snapshot_paths(folder)
            assert [_has_discriminator(path) for path in paths] == [False] * (len(paths) - 1) + [True]
            assert int(paths[-1].stem) == count
        kept = [int(path.stem) for path in snapshot_paths(folder)]
        assert len(kept) >= 60
        assert kept[0] == images[0]
        assert sum(one <= 5.03 * speed for one in kept) >= 20
        assert sum(path.stat().st_size for path in folder.rglob("*.safetensors")) < BUDGET // SCALE
        # No hole: what lies between two moments is a small part of the run until then.
        gaps = np.diff(np.log(kept))[len([one for one in kept if one < 2 * speed]) :]
        assert gaps.max() < 0.3
        pictured = {sample.images for sample in read_samples(folder)}
        assert set(kept) <= pictured


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=40, unique=True).map(sorted), st.integers(0, 5000))
def test_rewinding_drops_the_moments_of_the_tail_and_only_those(images: list[int], start: int) -> None:
    with TemporaryDirectory() as name, closing(Writer(Path(name))) as writer:
        for count in images:
            writer(Snapshot(count, model_file(50, 50)))
            writer(Sample(count, count / 100, picture(300)))
        writer(Segment(1, start, start / 100))
        left = [one for one in images if one <= start]
        assert [int(path.stem) for path in snapshot_paths(Path(name))] == left
        assert [sample.images for sample in read_samples(Path(name))] == left
        # What the loop does first when it goes on.
        writer(Snapshot(start, model_file(50, 50)))
        paths = snapshot_paths(Path(name))
        assert [_has_discriminator(path) for path in paths] == [False] * (len(paths) - 1) + [True]


def test_moment_that_comes_again_keeps_its_discriminator(tmp_path: Path) -> None:
    """A run that is paused twice at the same images is kept twice."""
    with closing(Writer(tmp_path)) as writer:
        for _ in range(2):
            writer(Snapshot(100, model_file(50, 50)))
    (path,) = snapshot_paths(tmp_path)
    assert _has_discriminator(path)


@pytest.mark.parametrize("count", [10, 300])
def test_number_of_moments_is_bounded_however_small_they_are(tmp_path: Path, count: int) -> None:
    with closing(Writer(tmp_path)) as writer:
        for number in range(1, count + 1):
            writer(Snapshot(100 * number, b"model"))
    assert len(snapshot_paths(tmp_path)) == min(count, 150)
