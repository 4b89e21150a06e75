import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from gan import data
from gan.data import Bytes, DataSet
from gan.latents import sampling
from gan.models.model import Model
from gan.models.sampling import sample
from gan.quality import evaluation, judge, judge_training, metrics
from gan.quality.evaluation import accuracy_score, evaluate, pictures
from gan.quality.results import KINDS, Evaluation, Metric
from tests.helpers import is_sentence, networks, small

N = 1000


@pytest.fixture(scope="module", autouse=True)
def few(few_digits: DataSet) -> DataSet:
    """Each test has fewer real images."""
    return few_digits


class _Shows(nn.Module):
    """In place of a generator: it shows these images (N, 28, 28), whatever it is asked for."""

    def __init__(self, images: Bytes) -> None:
        super().__init__()
        self.images = judge.as_input(torch.from_numpy(images))

    def forward(self, z: Tensor, _: Tensor | None = None) -> Tensor:
        assert len(z) == len(self.images)
        return self.images


def _model(generator: nn.Module | None = None, preset: str = "cgan") -> Model:
    """A model that was not trained, or one that has something else in the place of its generator."""
    config = small(preset)
    torch.manual_seed(0)
    own, discriminator = networks(config)
    pair = (generator or own, discriminator)
    for network in pair:
        network.eval().requires_grad_(False)
    return Model(config, *pair, images=0, seconds=0.0)  # type: ignore[arg-type]


def _floor(few: DataSet) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """The images that make the floor where the reference is the test images, and their digits."""
    return data.some(*few.validation, N)


def _others(few: DataSet) -> Bytes:
    """Other validation images that show the same digits."""
    images, labels = few.validation
    taken, asked = data.some(np.arange(len(labels)), labels, N)
    left = {digit: list(set(np.flatnonzero(labels == digit)) - set(taken)) for digit in range(10)}
    return images[[left[digit].pop() for digit in asked.tolist()]]


def _three(digits: DataSet) -> Bytes:
    """A test image that is in none of the few sets."""
    return digits.test_images[np.flatnonzero(digits.test_labels[:8000] == 3)[4]]


@pytest.fixture(scope="module")
def real(few: DataSet) -> Evaluation:
    return evaluate(_model(_Shows(_floor(few)[0])), N)


@pytest.fixture(scope="module")
def other(few: DataSet) -> Evaluation:
    return evaluate(_model(_Shows(_others(few))), N)


@pytest.fixture(scope="module")
def collapsed(digits: DataSet) -> Evaluation:
    return evaluate(_model(_Shows(np.repeat(_three(digits)[None], N, axis=0))), N)


@pytest.fixture(scope="module")
def conditional() -> Evaluation:
    return evaluate(_model(), N, seed=5)


@pytest.fixture(scope="module")
def unconditional() -> Evaluation:
    return evaluate(_model(preset="vanilla"), N)


def test_images_of_the_floor_have_its_figures(real: Evaluation) -> None:
    """Validation images are training images to a generator: to show them is to copy."""
    copied = {"nearest_distance": 0, "copies": 1}
    assert list(real.metrics) == [name for name in KINDS if name != "classification_accuracy"]
    for name, figure in real.metrics.items():
        assert figure.value == pytest.approx(copied.get(name, figure.floor), rel=1e-9), name
        assert name in copied or figure.ratio is None or figure.ratio == pytest.approx(1), name
    assert real.histogram == real.histogram_floor
    assert real.digits is not None
    assert all(figure.value == figure.floor > 0.9 for figure in real.digits)


def test_floor_is_what_the_metrics_say_of_it(real: Evaluation, few: DataSet) -> None:
    """All from the judge's readings of the two sets and from the pixels, put together once more. How near real
    images come to the training images is asked of test images, the only ones that are new to a generator."""
    reader = judge.load().judge
    images, labels = _floor(few)
    floor, against = reader.read(images), reader.read(few.test_images)
    around = metrics.neighbourhoods(against.features, floor.features)._asdict()
    near = metrics.nearest(data.some(*few.test, 1000)[0], few.train_images).distance
    expected = {
        "label_agreement": (floor.labels == labels).mean(),
        "fcd": metrics.frechet_distance(metrics.gaussian(floor.features), metrics.gaussian(against.features)),
        "kernel_distance": metrics.kernel_distance(floor.features, against.features),
        **around,
        "classifier_score": metrics.classifier_score(floor.probabilities),
        "kl_from_uniform": metrics.kl_from_uniform(np.bincount(floor.labels, minlength=10)),
        "nearest_distance": np.median(near),
        "copies": 0.01,
    }
    assert {name: figure.floor for name, figure in real.metrics.items()} == pytest.approx(expected, rel=1e-6)


def test_other_real_images_come_out_as_real(other: Evaluation, collapsed: Evaluation) -> None:
    """A perfect forger, in other words: every figure near its floor, but for those that find out that its images
    are training images."""
    ratios = {name: figure.ratio for name, figure in other.metrics.items()}
    for name in ("label_agreement", "precision", "recall", "density", "coverage", "classifier_score"):
        assert ratios[name] == pytest.approx(1, abs=0.05), name
    assert ratios["fcd"] == pytest.approx(1, abs=0.3)
    far = collapsed.metrics["kernel_distance"].value
    assert other.metrics["kernel_distance"].value == pytest.approx(0, abs=far / 100)
    assert other.metrics["kl_from_uniform"].value == pytest.approx(0, abs=0.02)
    assert (other.metrics["copies"].value, other.metrics["nearest_distance"].value) == (1, 0)


def test_images_that_nobody_has_seen_are_no_copies(few: DataSet, digits: DataSet) -> None:
    """As far from the training images as the test images of the floor are, and as seldom next to one."""
    images = digits.test_images[-3000:-2000]
    found = evaluate(_model(_Shows(images)), N).metrics
    assert found["nearest_distance"].ratio == pytest.approx(1, abs=0.05)
    assert found["copies"].value < 0.03


def test_collapsed_generator_is_found_out(collapsed: Evaluation, few: DataSet) -> None:
    """One picture of a 3, a thousand times: read as asked where a 3 was asked for, one digit of ten found, near
    next to nothing of what is real."""
    asked = (_floor(few)[1] == 3).mean()
    assert 0.05 < asked < 0.15
    value = {name: figure.value for name, figure in collapsed.metrics.items()}
    assert value["label_agreement"] == asked
    assert value["kl_from_uniform"] == pytest.approx(math.log(10))
    assert value["classifier_score"] == pytest.approx(1)
    assert value["recall"] == 0
    assert value["coverage"] < 0.02
    assert collapsed.metrics["coverage"].floor > 0.6
    ratio = collapsed.metrics["fcd"].ratio
    assert ratio is not None
    assert ratio > 20
    assert collapsed.histogram == [0, 0, 0, N, 0, 0, 0, 0, 0, 0]
    assert collapsed.digits is not None
    assert [figure.value for figure in collapsed.digits] == [float(digit == 3) for digit in range(10)]


@pytest.mark.parametrize("noise", [0, 12])
def test_copying_is_found_out(few: DataSet, noise: int) -> None:
    """Training images of the digits that are asked for, also with a little noise on all pixels."""
    asked = _floor(few)[1]
    pool = {digit: list(np.flatnonzero(few.train_labels[:4000] == digit)) for digit in range(10)}
    copies = few.train_images[[pool[digit].pop() for digit in asked.tolist()]].astype(int)
    copies = (copies + np.random.default_rng(0).integers(-noise, noise + 1, copies.shape)).clip(0, 255)
    found = evaluate(_model(_Shows(copies.astype(np.uint8))), N)
    assert found.metrics["label_agreement"].value > 0.98
    assert found.metrics["copies"].value > 0.9
    assert found.metrics["copies"].floor == 0.01
    assert found.metrics["nearest_distance"].value < 0.5 * found.metrics["nearest_distance"].floor
    if not noise:
        assert (found.metrics["copies"].value, found.metrics["nearest_distance"].value) == (1, 0)


def test_one_seed_is_one_evaluation(conditional: Evaluation) -> None:
    again, other = evaluate(_model(), N, seed=5), evaluate(_model(), N, seed=6)
    assert _figures(again) == _figures(conditional)
    assert _figures(other)["figures"] != _figures(conditional)["figures"]
    assert (again.seed, other.seed) == (5, 6)


def _figures(found: Evaluation) -> dict[str, Any]:
    return {name: value for name, value in found.to_dict().items() if name != "seconds"}


def test_digits_are_asked_for_as_often_as_the_floor_shows_them(conditional: Evaluation, few: DataSet) -> None:
    labels = _floor(few)[1]
    assert conditional.confusion is not None
    matrix = np.array(conditional.confusion)
    assert matrix.sum(1).tolist() == np.bincount(labels).tolist()
    assert matrix.sum(0).tolist() == conditional.histogram
    for forgery in conditional.best + conditional.worst:
        assert forgery.asked == labels[forgery.index]


def test_agreement_is_the_diagonal(conditional: Evaluation, other: Evaluation) -> None:
    for found in (conditional, other):
        assert found.confusion is not None
        assert found.digits is not None
        matrix = np.array(found.confusion)
        assert found.metrics["label_agreement"].value == pytest.approx(np.trace(matrix) / N)
        assert [figure.value for figure in found.digits] == pytest.approx(np.diag(matrix) / matrix.sum(1))


def test_unconditional_model_is_asked_for_nothing(unconditional: Evaluation) -> None:
    assert unconditional.confusion is None
    assert unconditional.digits is None
    assert "label_agreement" not in unconditional.metrics
    assert {"fcd", "coverage", "copies"} < set(unconditional.metrics)
    assert sum(unconditional.histogram) == N
    assert {forgery.asked for forgery in unconditional.best + unconditional.worst} == {None}


@pytest.mark.parametrize("preset", ["cgan", "vanilla"])
def test_best_are_the_surest_and_worst_the_least_sure(
    preset: str, conditional: Evaluation, unconditional: Evaluation, few: DataSet
) -> None:
    """Sure of the digit that was asked for, or of the one that is read where none was."""
    model, found = _model(preset=preset), conditional if preset == "cgan" else unconditional
    asked = _floor(few)[1]
    images = sample(model, sampling.sample(N, model.latents, found.seed), torch.from_numpy(asked)).numpy()
    reading = judge.load().judge.read(images)
    belief = reading.probabilities[np.arange(N), asked] if preset == "cgan" else reading.probabilities.max(1)
    expected = np.sort(belief)
    assert [forgery.confidence for forgery in found.best] == pytest.approx(expected[::-1][:10], rel=1e-5)
    assert [forgery.confidence for forgery in found.worst] == pytest.approx(expected[:10], rel=1e-5, abs=1e-12)
    for forgery in found.best + found.worst:
        assert forgery.confidence == pytest.approx(belief[forgery.index], rel=1e-5, abs=1e-12)
        assert forgery.read == reading.labels[forgery.index]


@pytest.mark.parametrize("preset", ["cgan", "vanilla"])
def test_pictures_are_those_that_were_evaluated(
    preset: str, conditional: Evaluation, unconditional: Evaluation, few: DataSet
) -> None:
    model, found = _model(preset=preset), conditional if preset == "cgan" else unconditional
    forgeries = [*found.best[:3], *found.worst[:4]]
    shown, neighbours = pictures(model, found, forgeries)
    assert (shown.shape, shown.dtype) == ((7, 28, 28), np.uint8)
    asked = torch.from_numpy(_floor(few)[1])
    images = sample(model, sampling.sample(N, model.latents, found.seed), asked).numpy()
    # Another batch size may add up in another order: one grey level.
    assert np.abs(shown.astype(int) - images[[forgery.index for forgery in forgeries]]).max() <= 1
    differences = images[[forgery.index for forgery in forgeries]][:, None].astype(float) - few.train_images
    nearest = np.square(differences).sum((2, 3)).argmin(1)
    assert [forgery.nearest for forgery in forgeries] == nearest.tolist()
    assert np.array_equal(neighbours, few.train_images[nearest])


@pytest.mark.parametrize("name", ["real", "other", "collapsed", "conditional", "unconditional"])
def test_evaluation_survives_json(name: str, request: pytest.FixtureRequest) -> None:
    found: Evaluation = request.getfixturevalue(name)
    written = found.to_dict()
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert (written["n"], written["seed"], written["reference"]) == (N, found.seed, "test")
    assert list(written["figures"]) == [kind for kind in KINDS if kind in found.metrics]
    assert found.seconds > 0


def test_figure_by_its_floor() -> None:
    """The kernel distance of real images is as often below 0 as above: nothing to divide by."""
    assert Metric(3.0, 2.0).ratio == 1.5
    assert [Metric(3.0, floor).ratio for floor in (0.0, -0.1)] == [None, None]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_figure_is_explained(kind: Any) -> None:
    assert is_sentence(kind.meaning)
    assert kind.meaning.endswith(".")
    assert kind.better in ("higher", "lower")


@pytest.mark.parametrize("n", [0, 999, 10_001])
def test_other_numbers_of_samples_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"n is {n}; it has to be between 1,000 and 10,000") as caught:
        evaluate(_model(), n)
    assert is_sentence(str(caught.value))


def test_validation_as_the_reference_makes_test_images_the_floor(few: DataSet) -> None:
    """For what is chosen or stopped while training; the test images stay for what is final."""
    images, labels = data.some(*few.test, N)
    told: list[str] = []
    found = evaluate(_model(_Shows(images)), N, reference="validation", watch=lambda _, doing: told.append(doing))
    assert found.reference == "validation"
    assert found.confusion is not None
    assert np.sum(found.confusion, axis=1).tolist() == np.bincount(labels).tolist()
    assert all(figure.value == pytest.approx(figure.floor, rel=1e-9) for figure in found.metrics.values())
    reader = judge.load().judge
    against = metrics.gaussian(reader.read(few.validation[0]).features)
    expected = metrics.frechet_distance(metrics.gaussian(reader.read(images).features), against)
    assert found.metrics["fcd"].value == pytest.approx(expected, rel=1e-6)
    assert len(told) == len(set(told)) > 2


def test_classifier_that_learns_from_real_images_reads_as_well_as_the_floor(
    few: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same lesson makes the same classifier; one that learned from noise is left with chance."""
    monkeypatch.setattr(evaluation, "TAUGHT_PASSES", 4)
    images, _ = data.some(*few.validation, 500)
    done: list[float] = []
    same = accuracy_score(_model(_Shows(images)), 500, watch=done.append)
    assert 0.6 < same.value == same.floor < 1
    assert done == sorted(done)
    assert done[-1] == 1
    assert len(done) == 2 * round(4 * 500 / judge_training.BATCH)
    noise = np.random.default_rng(0).integers(0, 256, images.shape).astype(np.uint8)
    nothing = accuracy_score(_model(_Shows(noise)), 500)
    assert nothing.floor == same.floor
    assert nothing.value < 0.3


def test_forgeries_that_nobody_asked_for_are_labelled_by_the_judge(
    few: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real images in another order than the floor's: with the floor's digits they would teach nothing."""
    lessons: list[tuple[Bytes, Bytes]] = []

    def train(images: Bytes, digits: Bytes, **_: Any) -> judge.Judge:
        lessons.append((images, digits))
        return judge.load().judge

    monkeypatch.setattr(judge_training, "train", train)
    images, labels = data.some(*few.validation, 500)
    accuracy_score(_model(_Shows(images[::-1].copy()), "vanilla"), 500)
    assert np.array_equal(lessons[0][0], images[::-1])
    assert (lessons[0][1] == labels[::-1]).mean() > 0.98
    assert np.array_equal(lessons[1][0], images)
    assert np.array_equal(lessons[1][1], labels)
