"""Schedules: how they are written, what stands when, and how many steps there were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.config import ConfigError, TrainConfig
from gan.config.schedule import NAMES, Schedule, as_text, on_the_way, stages
from tests.helpers import is_sentence

TWO = "600: batch_size=128, lr_g=0.004; 2000: batch_size=256, ema_kimg=40, shift=1"


def schedule(text: str) -> Schedule:
    return Schedule(TrainConfig().changed({"schedule": text}))


def test_stage_changes_what_it_names_from_its_images_on() -> None:
    found, config = schedule(TWO), TrainConfig()
    first = found.at(599)
    assert (first.batch_size, first.lr_g, first.ema_kimg, first.shift) == (64, 2e-3, 20.0, 0)
    second = found.at(600)
    assert (second.batch_size, second.lr_g, second.lr_d) == (128, 4e-3, config.optimizer.lr_d)
    third = found.at(10**9)
    assert (third.batch_size, third.lr_g, third.ema_kimg, third.shift) == (256, 4e-3, 40.0, 1)
    assert found.largest_batch == 256
    assert schedule("").stages == ()


def test_what_becomes_of_a_setting_is_told_in_words() -> None:
    assert on_the_way(TWO) == {
        "data.batch_size": "128 from 600 images on, 256 from 2,000 on",
        "optimizer.lr_g": "0.004 from 600 images on",
        "optimizer.ema_kimg": "40 from 2,000 images on",
        "discriminator.shift": "1 from 2,000 images on",
    }
    assert on_the_way("") == {}


def test_steps_are_counted_through_the_stages() -> None:
    """64 images a step until 640, the first end of a step from 600 on, are 10; 128 until 2,048 are 11; then 256."""
    found = schedule(TWO)
    assert [found.steps(images, 1) for images in (0, 64, 640, 768, 2048, 2304)] == [0, 1, 10, 11, 21, 22]
    assert [found.batch_of(images, 1) for images in (1, 640, 641, 2048, 2049)] == [64, 64, 128, 128, 256]
    # Two batches a step: 128 until 640, then 256 until 2,176 (the first from 2,000 on), then 512.
    assert [found.steps(images, 2) for images in (640, 896, 2176, 2688)] == [5, 6, 11, 12]


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(2, 300)), max_size=5, unique_by=lambda pair: pair[0]),
    st.integers(1, 3),
)
def test_count_of_steps_is_that_of_a_run(changes: list[tuple[int, int]], batches: int) -> None:
    found = schedule("; ".join(f"{images}: batch_size={size}" for images, size in sorted(changes)))
    seen = steps = 0
    while seen < 6000:
        size = found.at(seen).batch_size
        for drawn in range(1, batches + 1):
            assert found.batch_of(seen + drawn * size, batches) == size
        seen, steps = seen + batches * size, steps + 1
        assert found.steps(seen, batches) == steps


@given(
    st.dictionaries(
        st.integers(1, 10**9),
        st.fixed_dictionaries(
            {},
            optional={
                "batch_size": st.integers(2, 4096),
                "lr_g": st.sampled_from([1e-6, 0.0028, 0.1]),
                "lr_d": st.sampled_from([1e-6, 0.0028, 0.1]),
                "ema_kimg": st.sampled_from([0.0, 20.0, 10_000.0]),
                "shift": st.integers(0, 8),
            },
        ).filter(bool),
        max_size=4,
    )
)
def test_written_schedule_is_read_as_it_was(found: dict[int, dict[str, float]]) -> None:
    text = "; ".join(
        f"{images}: {', '.join(f'{name}={value}' for name, value in found[images].items())}" for images in sorted(found)
    )
    read = stages(text)
    assert {stage.images: stage.changes for stage in read} == found
    assert stages(as_text(read)) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "a stage is written 60000: batch_size=128"),
        ("600:", "a stage is written"),
        ("600: batch_size", "a stage is written"),
        ("0: batch_size=128", "a number of images from 1 to 1,000,000,000, not '0'"),
        ("٣: batch_size=128", "a number of images"),
        (f"{'9' * 1900}: batch_size=128", "a number of images"),
        ("600: batch_size=128; 600: shift=1", "one after the other, and 600 follows 600"),
        ("600: seed=3", f"it takes {', '.join(NAMES)}, not 'seed'"),
        ("600: shift=1, shift=2", "shift stands twice"),
        ("600: batch_size=1", "batch_size is 1; it has to be between 2 and 4,096"),
        ("600: lr_g=fast", "lr_g is 'fast'; it takes a number"),
    ],
)
def test_schedule_that_means_nothing_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig().changed({"schedule": text})
    assert caught.value.field == "optimizer.schedule"
    assert said in str(caught.value)
    assert is_sentence(str(caught.value))
