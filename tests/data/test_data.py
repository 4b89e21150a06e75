from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan import data, paths
from gan.data import DataError, DataSet, Sampler


def _sampler(size: int, batch_size: int, seed: int = 0) -> Sampler:
    """Image k is all k, so that a batch says which images it took."""
    labels = torch.arange(size, dtype=torch.uint8)
    return Sampler(labels[:, None, None].repeat(1, 28, 28), labels, batch_size, seed)


def _drawn(sampler: Sampler, batches: int) -> list[int]:
    return [int(label) for _ in range(batches) for label in next(sampler)[1]]


def test_mnist_has_sixty_and_ten_thousand(digits: DataSet) -> None:
    arrays = [*vars(digits).values()][:4]
    shapes = [array.shape for array in arrays]
    assert shapes == [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
    assert {array.dtype for array in arrays} == {np.dtype(np.uint8)}


def test_mnist_is_the_one_that_everybody_knows(digits: DataSet) -> None:
    """The first labels of the training set, and the counts of each digit, as LeCun's files have them."""
    assert digits.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(digits.train_labels).tolist() == counts


@pytest.mark.parametrize("position", [0, 1_000_000, -1])
def test_damaged_file_is_refused(tmp_path: Path, position: int) -> None:
    content = bytearray((paths.ASSETS / "mnist.npz").read_bytes())
    content[position] ^= 1
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match="is damaged: its SHA-256 is not the recorded one"):
        data.load("mnist", tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mnist.npz cannot be read \(No such file"):
        data.load("mnist", tmp_path)


def test_examples_are_sorted_by_digit(digits: DataSet) -> None:
    examples = digits.examples(each=2)
    assert examples.shape == (20, 28, 28)
    second_seven = digits.test_images[np.flatnonzero(digits.test_labels == 7)[1]]
    assert np.array_equal(examples[15], second_seven)


def test_parts_do_not_overlap(digits: DataSet) -> None:
    """What the judge learns from, what it is chosen by and what it is measured with: 50,000, 10,000, 10,000."""
    parts = {"judge": digits.for_judge, "validation": digits.validation, "test": digits.test}
    assert [len(images) for images, _ in parts.values()] == [50_000, 10_000, 10_000]
    assert [len(labels) for _, labels in parts.values()] == [50_000, 10_000, 10_000]
    for place in (0, 1):
        together = np.concatenate((parts["judge"][place], parts["validation"][place]))
        assert np.array_equal(together, (digits.train_images, digits.train_labels)[place])
        assert np.array_equal(parts["test"][place], (digits.test_images, digits.test_labels)[place])
        for one, other in (("judge", "validation"), ("judge", "test"), ("validation", "test")):
            assert not np.shares_memory(parts[one][place], parts[other][place])


def test_some_are_the_same_each_time_and_keep_their_digits(digits: DataSet) -> None:
    images, labels = data.some(*digits.test, 500)
    again, _ = data.some(*digits.test, 500)
    assert np.array_equal(images, again)
    assert (images.shape, images.dtype) == ((500, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((500,), np.int64)
    places, _ = data.some(np.arange(10_000), digits.test_labels, 500)
    assert np.array_equal(digits.test_images[places], images)
    assert np.array_equal(digits.test_labels[places], labels)


def test_some_come_from_everywhere_and_from_no_place_twice() -> None:
    """Half of them from the second half, give or take five standard deviations of 14; in order."""
    places, _ = data.some(np.arange(10_000), np.zeros(10_000, np.uint8), 1000)
    assert (np.diff(places) > 0).all()
    assert 430 < (places >= 5000).sum() < 570


@given(size=st.integers(1, 200), count=st.integers(1, 250), more=st.integers(0, 50))
def test_more_of_some_hold_the_fewer(size: int, count: int, more: int) -> None:
    """So that figures of 1,000 samples and of 2,000 are about the same images; at most all there are."""
    few, many = (data.some(np.arange(size), np.zeros(size, np.uint8), number)[0] for number in (count, count + more))
    assert len(few) == min(size, count)
    assert set(few) <= set(many) <= set(range(size))


@given(size=st.integers(1, 40), batch_size=st.integers(2, 100), seed=st.integers(0, 2**31 - 1))
def test_each_pass_shows_each_image_once(size: int, batch_size: int, seed: int) -> None:
    """Batches run on over the end of a pass; `size` of them are `batch_size` whole passes."""
    drawn = _drawn(_sampler(size, batch_size, seed), batches=size)
    for start in range(0, size * batch_size, size):
        assert sorted(drawn[start : start + size]) == list(range(size))


@given(
    size=st.integers(1, 40), batch_size=st.integers(2, 100), seed=st.integers(0, 2**31 - 1), before=st.integers(0, 5)
)
def test_batch_depends_on_seed_and_drawn_alone(size: int, batch_size: int, seed: int, before: int) -> None:
    went_there, jumped = _sampler(size, batch_size, seed), _sampler(size, batch_size, seed)
    _drawn(went_there, before)
    jumped.drawn = before * batch_size
    assert _drawn(went_there, 3) == _drawn(jumped, 3)


def test_sampler_counts_what_it_has_drawn() -> None:
    sampler = _sampler(10, 7)
    _drawn(sampler, 3)
    assert sampler.drawn == 21


@pytest.mark.parametrize(("left", "right"), [((0, 0), (1, 0)), ((0, 0), (0, 1))])
def test_passes_and_seeds_differ_in_their_order(left: tuple[int, int], right: tuple[int, int]) -> None:
    def order(seed: int, passes_before: int) -> list[int]:
        sampler = _sampler(200, 200, seed)
        sampler.drawn = 200 * passes_before
        return _drawn(sampler, 1)

    assert order(*left) != order(*right)


def test_order_is_no_order() -> None:
    assert _drawn(_sampler(200, 200), 1) != list(range(200))


def test_batch_is_in_minus_one_to_one(digits: DataSet) -> None:
    """0 becomes -1 and 255 becomes 1, exactly."""
    sampler = Sampler(torch.from_numpy(digits.train_images), torch.from_numpy(digits.train_labels), 256, seed=0)
    images, labels = next(sampler)
    assert (images.shape, images.dtype, labels.dtype) == ((256, 1, 28, 28), torch.float32, torch.int64)
    assert (images.min().item(), images.max().item()) == pytest.approx((-1.0, 1.0), abs=1e-6)


def test_batch_covers_all_ten_digits(digits: DataSet) -> None:
    """randint(0, 9) never gives a 9; in 1,000 images every digit is there about a hundred times."""
    sampler = Sampler(torch.from_numpy(digits.train_images), torch.from_numpy(digits.train_labels), 1000, seed=0)
    counts = torch.bincount(next(sampler)[1], minlength=10)
    assert len(counts) == 10
    assert 50 < counts.min() <= counts.max() < 200


def test_images_keep_their_labels_and_are_not_mirrored(digits: DataSet) -> None:
    sampler = Sampler(torch.from_numpy(digits.train_images), torch.from_numpy(digits.train_labels), 64, seed=0)
    images, labels = next(sampler)
    index = sampler._permutation(0)[:64].numpy()
    assert np.array_equal(labels.numpy(), digits.train_labels[index])
    back = ((images[:, 0] + 1) * 127.5).round().to(torch.uint8)
    assert np.array_equal(back.numpy(), digits.train_images[index])


@pytest.fixture
def mixed() -> DataSet:
    """Image k is all k; its digit is the k-th of 3, 3, 3, 1, 1, 5."""
    labels = np.array([3, 3, 3, 1, 1, 5], np.uint8)
    images = np.repeat(np.arange(6, dtype=np.uint8), 784).reshape(6, 28, 28)
    return DataSet(images, labels, images, labels)


@pytest.mark.parametrize(
    ("classes", "count", "expected"),
    [
        ((), 0, [0, 1, 2, 3, 4, 5]),
        ((3,), 0, [0, 1, 2]),
        ((5, 3), 0, [0, 1, 2, 5]),
        ((), 3, [0, 3, 5]),  # the first of each
        ((), 5, [0, 1, 3, 4, 5]),  # there is no second 5
        ((1, 3), 3, [0, 1, 3]),
        ((1,), 100, [3, 4]),  # all that there are
    ],
)
def test_chosen_images_by_hand(mixed: DataSet, classes: tuple[int, ...], count: int, expected: list[int]) -> None:
    images, labels = mixed.chosen(classes, count)
    assert images[:, 0, 0].tolist() == expected
    assert labels.tolist() == mixed.train_labels[expected].tolist()


def test_sampler_covers_exactly_the_images_chosen(digits: DataSet) -> None:
    """Two hundred: twenty of each digit, each once a pass."""
    images, labels = digits.chosen(count=200)
    assert np.bincount(labels).tolist() == [20] * 10
    sampler = Sampler(torch.from_numpy(images), torch.from_numpy(labels), 64, seed=0)
    batches = [next(sampler) for _ in range(25)]  # 1,600 images, which is eight passes
    seen = torch.cat([(x + 1).mul(127.5).round().flatten(1).sum(1) for x, _ in batches])
    expected = torch.from_numpy(images.reshape(200, -1).astype(np.float32)).sum(1).repeat(8)
    assert torch.equal(seen.sort().values, expected.sort().values)
