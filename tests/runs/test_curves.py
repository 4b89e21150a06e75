"""The curves of a run: records as they are read, merged and drawn."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.curves import Array, reduced
from gan.runs import store
from gan.runs.store import Curves, Writer, read_samples, read_status
from gan.training.messages import Record, Segment, Summary
from tests.stored import a_record, curves_of


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(tmp_path)) as one:
        yield one


def test_series_has_images_seconds_mean_min_max(tmp_path: Path, writer: Writer) -> None:
    writer(Segment(0, 0, 0.0))
    writer(Record(32, 0.5, 0, {"loss_d": Summary(1.0, 0.5, 2.0), "loss_g": Summary(3.0, 3.0, 3.0)}))
    series, tails = curves_of(tmp_path).series("loss_d")
    assert series.T.tolist() == [[32, 0.5, 1.0, 0.5, 2.0]]
    assert tails == []


def test_quantity_that_nobody_recorded_is_empty(tmp_path: Path, writer: Writer) -> None:
    writer(Segment(0, 0, 0.0))
    writer(a_record(32, 1.0))
    assert curves_of(tmp_path).series("gradient_norm_g")[0].shape == (5, 0)


def test_update_reads_only_what_is_new(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    curves = Curves(tmp_path)
    writer(Segment(0, 0, 0.0))
    for images in (10, 20, 30):
        writer(a_record(images, images))
        curves.update()
        # What has been read cannot be read again.
        writer._connection.execute("DELETE FROM records WHERE images < ?", (images,))
    assert curves.series("loss_d")[0][0].tolist() == [10, 20, 30]


def test_reader_closes_what_it_opens(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def listening(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", listening)
    curves_of(tmp_path)
    read_status(tmp_path)
    read_samples(tmp_path)
    assert len(opened) == 3
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_merging_keeps_means_extremes_and_the_end(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ninth record makes four pairs and an odd one: means of 0.5, 2.5, 4.5, 6.5 and 8, extremes half a
    unit around the members."""
    monkeypatch.setattr(store, "RECORDS_KEPT", 8)
    writer(Segment(0, 0, 0.0))
    for number in range(9):
        writer(a_record(10 * (number + 1), number))
    images, seconds, mean, low, high = curves_of(tmp_path).series("loss_d")[0]
    assert images.tolist() == [20, 40, 60, 80, 90]
    assert seconds.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.9])
    assert mean.tolist() == [0.5, 2.5, 4.5, 6.5, 8]
    assert low.tolist() == [-0.5, 1.5, 3.5, 5.5, 7.5]
    assert high.tolist() == [1.5, 3.5, 5.5, 7.5, 8.5]


def test_records_stay_within_their_number(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 20)
    writer(Segment(0, 0, 0.0))
    for number in range(200):
        writer(a_record(number, number))
    series = curves_of(tmp_path).series("loss_d")[0]
    assert 10 <= series.shape[1] <= 20
    assert (series[3].min(), series[4].max(), series[0, -1]) == (-0.5, 199.5, 199)
    assert (np.diff(series[0]) > 0).all()


def test_merging_keeps_segments_and_quantities_apart(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 5)
    for segment, value in ((0, 1.0), (1, 100.0)):
        writer(Segment(segment, 30 * segment, 0.0))
        for number in range(3):
            at = 30 * segment + 10 * (number + 1)
            quantities = {"loss_d": Summary(value, value, value), "loss_g": Summary(-value, -value, -value)}
            writer(Record(at, 0.0, segment, quantities))
    curves = curves_of(tmp_path)
    assert curves.series("loss_d")[0][2].tolist() == [1, 1, 100, 100]
    assert curves.series("loss_g")[0][2].tolist() == [-1, -1, -100, -100]


def _with_quality(images: int, value: float) -> Record:
    quantities = {name: Summary(value, value, value) for name in ("loss_d", "fcd")}
    return Record(images, images / 100, 0, quantities)


def test_merging_leaves_alone_what_is_recorded_seldom(tmp_path: Path, writer: Writer) -> None:
    """10,000 records of the loss are merged, thrice; 100 of quality, one for each hundred, are all there."""
    writer(Segment(0, 0, 0.0))
    following = Curves(tmp_path)
    for number in range(1, 10_001):
        writer(_with_quality(number, number) if number % 100 == 0 else a_record(number, number))
        if number % 1000 == 0:
            following.update()
    expected = np.arange(100.0, 10_001, 100)
    for curves in (curves_of(tmp_path), following):
        quality = curves.series("fcd")[0]
        for row in (0, 2, 3, 4):
            assert np.array_equal(quality[row], expected)
        loss = curves.series("loss_d")[0]
        assert 2000 <= loss.shape[1] <= 4000
        assert (np.diff(loss[0]) > 0).all()
        assert loss[0, -1] == 10_000


def test_what_is_recorded_seldom_is_merged_once_there_is_much_of_it(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ninth loss is one too many; of quality there are five, more than half of eight: 0 and 2, 4 and 6, 8."""
    monkeypatch.setattr(store, "RECORDS_KEPT", 8)
    writer(Segment(0, 0, 0.0))
    for number in range(9):
        at = 10 * (number + 1)
        writer(a_record(at, number) if number % 2 else _with_quality(at, number))
    curves = curves_of(tmp_path)
    assert curves.series("fcd")[0][:3].tolist() == [[30, 70, 90], pytest.approx([0.3, 0.7, 0.9]), [1, 5, 8]]
    assert curves.series("loss_d")[0][2].tolist() == [0.5, 2.5, 4.5, 6.5, 8]


def test_reader_reloads_after_merging(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 8)
    writer(Segment(0, 0, 0.0))
    following = Curves(tmp_path)
    for number in range(30):
        writer(a_record(number, number))
        following.update()
    assert np.array_equal(following.series("loss_d")[0], curves_of(tmp_path).series("loss_d")[0])


def test_writer_that_takes_over_knows_how_many_records_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RECORDS_KEPT", 4)
    for segment in range(5):
        with closing(Writer(tmp_path)) as writer:
            writer(Segment(segment, 2 * segment, 0.0))
            writer(a_record(2 * segment + 1, 0.0, segment))
            writer(a_record(2 * segment + 2, 0.0, segment))
    # Pairs within each segment: five segments of two records cannot be fewer than five.
    assert curves_of(tmp_path).series("loss_d")[0].shape[1] <= 6


def test_resume_replaces_the_tail_beyond_its_start(tmp_path: Path, writer: Writer) -> None:
    """10, 20, 30 were seen; the checkpoint was from 20; then 30, 40: the first 30 is the tail."""
    writer(Segment(0, 0, 0.0))
    for images in (10, 20, 30):
        writer(a_record(images, images))
    writer(Segment(1, 20, 0.2))
    for images in (30, 40):
        writer(a_record(images, 100 + images, segment=1))
    series, tails = curves_of(tmp_path).series("loss_d")
    assert series[2].tolist() == [10, 20, 130, 140]
    assert [tail[2].tolist() for tail in tails] == [[30]]


def test_resume_of_a_resume_replaces_both_tails(tmp_path: Path, writer: Writer) -> None:
    for segment, start in enumerate((0, 20, 10)):
        writer(Segment(segment, start, 0.0))
        for images in (start + 10, start + 20):
            writer(a_record(images, 1000 * segment + images, segment))
    series, tails = curves_of(tmp_path).series("loss_d")
    assert series[2].tolist() == [10, 2020, 2030]
    assert [tail[2].tolist() for tail in tails] == [[20], [1030, 1040]]


def test_first_segment_may_be_missing(tmp_path: Path, writer: Writer) -> None:
    """A worker that was killed while it imported torch has left a status, and no segment."""
    writer(Segment(1, 0, 0.0))
    writer(a_record(10, 7.0, segment=1))
    assert curves_of(tmp_path).series("loss_d")[0][2].tolist() == [7]


def _series(count: int) -> Array:
    mean = np.random.default_rng(count).normal(size=count)
    return np.stack((np.arange(count) * 10.0, np.arange(count) / 10, mean, mean - 1, mean + 1))


@given(st.integers(0, 300), st.integers(1, 60))
def test_reduced_keeps_extremes_ends_and_the_overall_mean(count: int, points: int) -> None:
    series = _series(count)
    fewer = reduced(series, points)
    assert fewer.shape == (5, min(count, points))
    if count:
        assert (fewer[3].min(), fewer[4].max()) == (series[3].min(), series[4].max())
        assert fewer[:2, -1].tolist() == series[:2, -1].tolist()
        assert (np.diff(fewer[0]) > 0).all()
        assert (fewer[3] <= fewer[2]).all()
        assert (fewer[2] <= fewer[4]).all()


@given(st.integers(1, 60), st.integers(1, 5))
def test_reduced_of_even_bins_is_their_means(points: int, times: int) -> None:
    series = _series(points * times)
    assert reduced(series, points)[2] == pytest.approx(series[2].reshape(points, times).mean(1))


def test_reduced_by_hand() -> None:
    """Five columns in two bins: the first two, and the last three."""
    series = np.array([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 3, 5, 7, 9], [0, 2, 4, 6, 8], [9, 4, 6, 8, 10]], float)
    assert reduced(series, 2).tolist() == [[2, 5], [2, 5], [2, 7], [0, 4], [9, 10]]
