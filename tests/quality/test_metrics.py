import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gan import data
from gan.data import Bytes, DataSet
from gan.quality import judge, metrics
from gan.quality.judge import Reading
from gan.quality.metrics import BLOCK, Array, Gaussian

# torchmetrics and scikit-learn take seconds to import. The tests that need them import them: every process of tests
# imports all modules.
pytestmark = pytest.mark.filterwarnings("ignore:Metric `.*` will save all extracted features")

SIX_DIGITS = 1e-6
COUNT = 3 * BLOCK + 37
"""Rows of the sets that are compared: several blocks, and one that is not full."""


class _Features(nn.Module):
    """What torchmetrics takes for Inception: the judge's last hidden layer, in float64."""

    num_features = judge.FEATURES

    def __init__(self) -> None:
        super().__init__()
        self.judge = copy.deepcopy(judge.load().judge)  # metrics move and cast their extractors

    def forward(self, images: Tensor) -> Tensor:
        return self.judge.features(judge.as_input(images)).double()


class _Logits(_Features):
    """The judge's logits, likewise."""

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.judge.head(super().forward(images).float())
        return logits.double()


def _noisy(images: Bytes) -> Bytes:
    noise = np.random.default_rng(3).normal(0, 60, images.shape)
    return (images + noise).clip(0, 255).astype(np.uint8)


PERTURBED: dict[str, Callable[[Bytes], Bytes]] = {
    "clean": lambda images: images,
    "noisy": _noisy,
    "shifted": lambda images: np.roll(images, (3, -2), axis=(1, 2)),
    "one picture": lambda images: np.repeat(images[:1], len(images), axis=0),
}


@pytest.fixture(scope="module")
def real(digits: DataSet) -> Bytes:
    return data.some(*digits.test, COUNT)[0]


@pytest.fixture(scope="module", params=list(PERTURBED))
def forged(digits: DataSet, request: pytest.FixtureRequest) -> Bytes:
    """As many other images, some of them spoilt."""
    return PERTURBED[request.param](data.some(*digits.validation, COUNT)[0])


def _read(images: Bytes) -> Reading:
    return judge.load().judge.read(images)


def _fed(metric: Any, images: Bytes, **more: bool) -> Any:
    """The metric after it was shown the images, as many at once as the judge reads."""
    with torch.inference_mode():
        for part in torch.from_numpy(images).split(judge.BLOCK):
            metric.update(part, **more)
    return metric


def test_frechet_distance_is_that_of_torchmetrics(real: Bytes, forged: Bytes) -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    theirs = FrechetInceptionDistance(feature=_Features())
    expected = _fed(_fed(theirs, real, real=True), forged, real=False).compute().item()
    ours = metrics.frechet_distance(*(metrics.gaussian(_read(images).features) for images in (forged, real)))
    assert ours == pytest.approx(expected, rel=SIX_DIGITS)


def test_kernel_distance_is_that_of_torchmetrics(real: Bytes, forged: Bytes) -> None:
    from torchmetrics.image.kid import KernelInceptionDistance

    theirs = KernelInceptionDistance(feature=_Features(), subsets=1, subset_size=COUNT)
    expected = _fed(_fed(theirs, real, real=True), forged, real=False).compute()[0].item()
    assert metrics.kernel_distance(_read(forged).features, _read(real).features) == pytest.approx(
        expected, rel=SIX_DIGITS
    )


@pytest.mark.filterwarnings("ignore:std")  # that of a single split, which nobody asks for
def test_classifier_score_is_that_of_torchmetrics(forged: Bytes) -> None:
    from torchmetrics.image.inception import InceptionScore

    expected = _fed(InceptionScore(feature=_Logits(), splits=1), forged).compute()[0].item()
    assert metrics.classifier_score(_read(forged).probabilities) == pytest.approx(expected, rel=SIX_DIGITS)


@pytest.mark.parametrize("neighbours", [1, metrics.NEIGHBOURS, 12])
def test_radii_are_those_of_scikit_learn(real: Bytes, neighbours: int) -> None:
    from sklearn.neighbors import NearestNeighbors

    features = _read(real).features
    # Without an argument, kneighbors leaves each point itself out.
    distances, _ = NearestNeighbors(n_neighbors=neighbours, algorithm="kd_tree").fit(features).kneighbors()
    assert metrics.squared_radii(features, neighbours) == pytest.approx(distances[:, -1] ** 2, rel=SIX_DIGITS)


@pytest.mark.parametrize("neighbours", [1, metrics.NEIGHBOURS, 12])
def test_neighbourhoods_are_those_of_scikit_learn(real: Bytes, forged: Bytes, neighbours: int) -> None:
    """Spheres around the points of one set, and the points of the other that a tree finds in them."""
    from sklearn.neighbors import KDTree, NearestNeighbors

    x, y = _read(real).features, _read(forged).features

    def found(around: Array, among: Array) -> list[npt.NDArray[np.int64]]:
        distances, _ = NearestNeighbors(n_neighbors=neighbours, algorithm="kd_tree").fit(around).kneighbors()
        spheres: list[npt.NDArray[np.int64]] = list(KDTree(among).query_radius(around, distances[:, -1]))
        return spheres

    in_real, in_forged = found(x, y), found(y, x)
    expected = {
        "precision": len(np.unique(np.concatenate(in_real))) / COUNT,
        "recall": len(np.unique(np.concatenate(in_forged))) / COUNT,
        "density": sum(map(len, in_real)) / neighbours / COUNT,
        "coverage": np.mean([len(sphere) > 0 for sphere in in_real]),
    }
    assert metrics.neighbourhoods(x, y, neighbours)._asdict() == pytest.approx(expected, rel=1e-12)


def test_radii_that_are_known_already_change_nothing(real: Bytes, forged: Bytes) -> None:
    x, y = _read(real).features, _read(forged).features
    assert metrics.neighbourhoods(x, y, 3, metrics.squared_radii(x, 3)) == metrics.neighbourhoods(x, y, 3)


def test_nearest_is_that_of_scikit_learn(digits: DataSet) -> None:
    from sklearn.neighbors import NearestNeighbors

    images, collection = digits.test_images[:300], digits.train_images[:4000]
    rows = [part.reshape(len(part), -1) / 255 for part in (images, collection)]
    distance, index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(rows[1]).kneighbors(rows[0])
    found = metrics.nearest(images, collection)
    assert np.array_equal(found.index, index[:, 0])
    assert found.distance == pytest.approx(distance[:, 0], rel=SIX_DIGITS)


def test_confusion_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import confusion_matrix

    asked, read = np.random.default_rng(0).integers(0, 10, (2, 500))
    assert np.array_equal(metrics.confusion(asked, read, 10), confusion_matrix(asked, read, labels=range(10)))


@pytest.mark.parametrize(("left", "right"), [(2, 2), (BLOCK - 1, BLOCK + 1), (BLOCK, 3 * BLOCK), (2 * BLOCK + 1, 5)])
def test_kernel_distance_of_sets_of_any_size(left: int, right: int) -> None:
    """Against scikit-learn's kernel, and sums over whole matrices without their diagonals."""
    from sklearn.metrics.pairwise import polynomial_kernel

    x, y = _random(left, 6, 1), _random(right, 6, 2) + 0.2

    def kernel(one: Array, other: Array) -> Array:
        values: Array = polynomial_kernel(one, other, degree=3, gamma=1 / 6, coef0=1)
        return values

    def within(rows: Array) -> float:
        values = kernel(rows, rows)
        return float(values[~np.eye(len(rows), dtype=bool)].mean())

    expected = within(x) + within(y) - 2 * kernel(x, y).mean()
    assert metrics.kernel_distance(x, y) == pytest.approx(expected, rel=SIX_DIGITS)


def test_gaussian_by_hand() -> None:
    """(0, 0), (2, 0), (1, 3): mean (1, 1); sums of squares 2 and 6 by N - 1 = 2; nothing in common."""
    found = metrics.gaussian(np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0]]))
    assert found.mean.tolist() == [1.0, 1.0]
    assert found.covariance == pytest.approx(np.array([[1.0, 0.0], [0.0, 3.0]]))


def test_gaussian_of_one_feature_has_a_matrix_too() -> None:
    """0 and 2: mean 1, unbiased variance (1 + 1) / 1."""
    found = metrics.gaussian(np.array([[0.0], [2.0]]))
    assert (found.mean.tolist(), found.covariance.tolist()) == ([1.0], [[2.0]])


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        # N(0, 1) and N(3, 4): 3² + (1 − 2)².
        (([0], [[1]]), ([3], [[4]]), 10.0),
        # Diagonal: means 1 and 2 apart, standard deviations 1 and 3, 2 and 4: 1 + 4 + 2² + 2².
        (([0, 0], [[1, 0], [0, 4]]), ([1, -2], [[9, 0], [0, 16]]), 13.0),
        # The same two covariances, both turned by 45°, and one mean: 2² + 2².
        (([5, 5], [[2.5, -1.5], [-1.5, 2.5]]), ([5, 5], [[12.5, -3.5], [-3.5, 12.5]]), 8.0),
        # No common axes. For 2×2 matrices tr (AB)^½ is the root of tr AB + 2 (det A det B)^½: the traces are 5,
        # 4 and (of the product) 10, the determinants 4 and 3.
        (([0, 0], [[1, 0], [0, 4]]), ([0, 0], [[2, 1], [1, 2]]), 9 - 2 * math.sqrt(10 + 2 * math.sqrt(12))),
        # One is flat in a direction: 1 + 2 − 2 · 1.
        (([0, 0], [[1, 0], [0, 0]]), ([0, 0], [[1, 0], [0, 1]]), 1.0),
        # A point and a cloud: the trace of the cloud, and the way between them.
        (([0, 0], [[0, 0], [0, 0]]), ([3, 4], [[2, 1], [1, 5]]), 32.0),
    ],
)
def test_frechet_distance_by_hand(one: Any, other: Any, distance: float) -> None:
    pair = [Gaussian(*(np.array(part, float) for part in both)) for both in (one, other)]
    assert metrics.frechet_distance(*pair) == pytest.approx(distance, rel=SIX_DIGITS)
    assert metrics.frechet_distance(*pair[::-1]) == pytest.approx(distance, rel=SIX_DIGITS)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        # One feature, k = (xy + 1)³. {0, 1, 2}: pairs 1, 1 and 27, mean 29/3. {0, 1}: the one pair 1. Across:
        # 1, 1, 1, 8, 1, 27, mean 39/6. A biased estimate would count the diagonals too.
        ([[0], [1], [2]], [[0], [1]], 29 / 3 + 1 - 13),
        # Two features, k = (x·y / 2 + 1)³: orthogonal within, 1 each; across 8, 8, 8 and 0, mean 6.
        ([[1, 1], [1, -1]], [[2, 0], [0, 2]], 1 + 1 - 12),
    ],
)
def test_kernel_distance_by_hand(one: list[list[float]], other: list[list[float]], distance: float) -> None:
    assert metrics.kernel_distance(np.array(one, float), np.array(other, float)) == pytest.approx(distance)


def _line(*places: float) -> Array:
    return np.array(places, float)[:, None]


@pytest.mark.parametrize(
    ("points", "neighbours", "radii"),
    [
        ((0, 1, 3, 7), 1, (1, 1, 2, 4)),
        ((0, 1, 3, 7), 2, (3, 2, 3, 6)),
        # A point that is there three times has two neighbours at no distance.
        ((0, 0, 0, 5), 2, (0, 0, 0, 5)),
    ],
)
def test_radii_on_a_line(points: tuple[float, ...], neighbours: int, radii: tuple[float, ...]) -> None:
    assert np.sqrt(metrics.squared_radii(_line(*points), neighbours)).tolist() == list(radii)


@pytest.mark.parametrize(
    ("real", "fake", "neighbours", "expected"),
    [
        # Intervals around 0, 1, 3, 7, 8: [-1, 1], [0, 2], [1, 5], [6, 8], [7, 9]. 1/2 lies in two, 2 in two
        # (on the edge of one), 20 in none: two of three, four of three, three of five covered. Those around
        # 1/2, 2 and 20 are [-1, 2], [1/2, 7/2] and [2, 38], and hold all five.
        ((0, 1, 3, 7, 8), (0.5, 2, 20), 1, (2 / 3, 1.0, 4 / 3, 3 / 5)),
        # With -9 for 20 the third is [-18.5, 0.5]: 7 and 8 are in none.
        ((0, 1, 3, 7, 8), (0.5, 2, -9), 1, (2 / 3, 3 / 5, 4 / 3, 3 / 5)),
        # Two neighbours: [-3, 3], [-1, 3], [0, 6] hold 1 and 2 thrice and 5 once, seven of 2 · 3.
        ((0, 1, 3), (1, 2, 5), 2, (1.0, 1.0, 7 / 6, 1.0)),
        # Far from each other.
        ((0, 1, 2), (50, 51, 52), 1, (0.0, 0.0, 0.0, 0.0)),
        # All forgeries are one: it lies in two intervals of four, its own holds nothing but itself.
        ((0, 1, 5, 6), (0.5, 0.5, 0.5), 1, (1.0, 0.0, 2.0, 0.5)),
    ],
)
def test_neighbourhoods_on_a_line(
    real: tuple[float, ...], fake: tuple[float, ...], neighbours: int, expected: tuple[float, ...]
) -> None:
    assert tuple(metrics.neighbourhoods(_line(*real), _line(*fake), neighbours)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("beliefs", "score"),
    [
        (np.eye(10), 10.0),  # sure of each, all ten alike often
        (np.eye(10)[[3] * 7], 1.0),  # sure of each, always the same
        (np.full((7, 10), 0.1), 1.0),  # never sure
        (np.eye(10)[[3, 8]], 2.0),
        # 3/4 and 1/4 the one way, then the other, so half and half on the whole.
        (np.array([[0.75, 0.25], [0.25, 0.75]]), math.exp(0.75 * math.log(1.5) + 0.25 * math.log(0.5))),
    ],
)
def test_classifier_score_by_hand(beliefs: Array, score: float) -> None:
    assert metrics.classifier_score(beliefs) == pytest.approx(score)


@pytest.mark.parametrize(
    ("counts", "kl"),
    [
        ([7] * 10, 0.0),
        ([1] + [0] * 9, math.log(10)),
        ([0, 500, 0, 0, 0, 500, 0, 0, 0, 0], math.log(5)),
        # 3/4 and 1/4 of two: 3/4 ln 3/2 + 1/4 ln 1/2.
        ([3, 1], 0.75 * math.log(1.5) + 0.25 * math.log(0.5)),
    ],
)
def test_kl_from_uniform_by_hand(counts: list[int], kl: float) -> None:
    assert metrics.kl_from_uniform(counts) == pytest.approx(kl, abs=1e-12)


@pytest.mark.parametrize("counts", [[], [0] * 10])
def test_kl_of_nothing_is_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="needs at least one count"):
        metrics.kl_from_uniform(counts)


def test_confusion_has_the_asked_digit_in_the_row() -> None:
    found = metrics.confusion([3, 3, 3, 9, 0], [5, 5, 3, 9, 0], 10)
    assert found.shape == (10, 10)
    assert {(int(row), int(column)): int(found[row, column]) for row, column in np.argwhere(found)} == {
        (3, 5): 2,
        (3, 3): 1,
        (9, 9): 1,
        (0, 0): 1,
    }


def test_nearest_by_hand() -> None:
    """All pixels 100 of 255: nearer to black, and 28 · 100 / 255 away from it; 130 is nearer to white."""
    grey = np.stack([np.full((28, 28), value, np.uint8) for value in (100, 130)])
    found = metrics.nearest(grey, np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)]))
    assert found.index.tolist() == [0, 1]
    assert found.distance == pytest.approx([28 * 100 / 255, 28 * 125 / 255], rel=SIX_DIGITS)


def test_nearest_to_a_member_is_the_member(digits: DataSet) -> None:
    found = metrics.nearest(digits.test_images[500:800], digits.test_images[:1000])
    assert np.array_equal(found.index, np.arange(500, 800))
    assert not found.distance.any()


def _random(count: int, width: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(count, width))


sizes = st.one_of(st.integers(10, 30), st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3]))
sets = st.builds(_random, sizes, st.just(4), st.integers(0, 1000))


@given(sets)
def test_frechet_distance_to_itself_is_nothing(features: Array) -> None:
    gaussian = metrics.gaussian(features)
    assert metrics.frechet_distance(gaussian, gaussian) == pytest.approx(0, abs=1e-6)


@given(sets, sets)
def test_distances_are_symmetric_and_blind_to_order(one: Array, other: Array) -> None:
    other = 2 * other + 1
    gaussians = metrics.gaussian(one), metrics.gaussian(other)
    frechet, kernel = metrics.frechet_distance(*gaussians), metrics.kernel_distance(one, other)
    assert metrics.frechet_distance(*gaussians[::-1]) == pytest.approx(frechet, rel=1e-9)
    assert metrics.kernel_distance(other, one) == pytest.approx(kernel, rel=1e-9)
    shuffled = np.random.default_rng(0).permutation(one)
    assert metrics.frechet_distance(metrics.gaussian(shuffled), gaussians[1]) == pytest.approx(frechet, rel=1e-9)
    assert metrics.kernel_distance(shuffled, other) == pytest.approx(kernel, rel=1e-9)


@given(sets, sets, st.integers(1, 8), st.floats(0.5, 2))
def test_neighbourhoods_hold_in_blocks_of_any_size(real: Array, fake: Array, neighbours: int, scale: float) -> None:
    """Shares that are shares, whatever the order, equal to those from one whole matrix of distances."""
    from sklearn.metrics import pairwise_distances

    fake = fake * scale
    found = metrics.neighbourhoods(real, fake, neighbours)
    assert all(0 <= share <= 1 for share in (found.precision, found.recall, found.coverage))
    assert found.density >= found.precision / neighbours
    shuffled = [np.random.default_rng(0).permutation(rows) for rows in (real, fake)]
    assert metrics.neighbourhoods(*shuffled, neighbours) == pytest.approx(found)
    across = pairwise_distances(real, fake)
    within_real = across <= np.sort(pairwise_distances(real), 1)[:, [neighbours]]
    within_fake = across <= np.sort(pairwise_distances(fake), 1)[:, neighbours]
    expected = {
        "precision": within_real.any(0).mean(),
        "recall": within_fake.any(1).mean(),
        "density": within_real.sum() / neighbours / len(fake),
        "coverage": within_real.any(1).mean(),
    }
    assert found._asdict() == pytest.approx(expected)


@given(sets, sets)
def test_recall_is_precision_the_other_way_round(real: Array, fake: Array) -> None:
    there, back = metrics.neighbourhoods(real, fake), metrics.neighbourhoods(fake, real)
    assert (there.precision, there.recall) == (back.recall, back.precision)


@given(sets)
def test_set_lies_among_itself(features: Array) -> None:
    found = metrics.neighbourhoods(features, features)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)


def test_kernel_distance_of_one_distribution_is_nothing_on_average() -> None:
    """Unbiased: the mean over 400 pairs of samples is within four standard errors of 0, and many are below."""
    found = np.array([metrics.kernel_distance(_random(20, 3, 2 * k), _random(20, 3, 2 * k + 1)) for k in range(400)])
    assert abs(found.mean()) < 4 * found.std() / 20
    assert 100 < (found < 0).sum() < 300


@given(st.lists(st.integers(0, 100), min_size=10, max_size=10).filter(any), st.integers(1, 50))
def test_kl_is_between_0_and_log_10_and_counts_shares_alone(counts: list[int], factor: int) -> None:
    kl = metrics.kl_from_uniform(counts)
    assert -1e-12 <= kl <= math.log(10) + 1e-12
    assert metrics.kl_from_uniform([count * factor for count in counts]) == pytest.approx(kl, abs=1e-12)


@given(sizes, st.integers(0, 1000), st.floats(0, 200))
def test_classifier_score_is_between_1_and_10(count: int, seed: int, sharpness: float) -> None:
    """Up to beliefs that are 0 to the last bit."""
    beliefs = torch.from_numpy(sharpness * _random(count, 10, seed)).softmax(1).numpy()
    assert 1 - 1e-9 <= metrics.classifier_score(beliefs) <= 10 + 1e-9


def test_variety_within_classes_by_hand() -> None:
    """Real: class 0 has variance 1 + 1 (unbiased, from ±1/√2), class 1 has 4; forged: half and none. The mean of 1/4 of
    class 0 and 0 of class 1."""
    pair = np.array([[1.0, 1.0], [-1.0, -1.0]]) / np.sqrt(2)
    real = np.concatenate((pair, 2 * pair))
    forged = np.concatenate((pair / 2 + 5, np.zeros((2, 2))))
    classes = np.array([0, 0, 1, 1])
    assert metrics.within_class_variety(forged, classes, real, classes, least=2) == pytest.approx(0.125)
    assert metrics.within_class_variety(real, classes, real, classes, least=2) == pytest.approx(1)
    assert metrics.within_class_variety(real, classes, real, classes, least=3) is None


def test_variety_does_not_see_which_classes_there_are() -> None:
    rng = np.random.default_rng(0)
    classes = np.arange(400) % 4
    real = rng.normal(size=(400, 8)) + 10 * classes[:, None]
    only = real[classes == 2]
    found = metrics.within_class_variety(only, np.full(100, 2), real, classes)
    assert found == pytest.approx(1)
