import numpy as np
import pytest

from gan.classics import naive_bayes
from gan.classics.naive_bayes import NaiveBayes


def test_probabilities_are_counts_with_one_image_more_of_each_kind() -> None:
    """Class 0 has two images with ink at the first pixel and one with it at the second: (2 + 1) / (2 + 2) and
    (1 + 1) / (2 + 2). Class 1 has one image, without ink: 1 / 3. 127 is no ink, 128 is."""
    images = np.array([[255, 128], [128, 127], [0, 0]], np.uint8)
    found = naive_bayes.fit(images, np.array([0, 0, 1]), 2)
    assert found.ink == pytest.approx(np.array([[3 / 4, 2 / 4], [1 / 3, 1 / 3]]))
    assert found.prior == pytest.approx(np.array([2 / 3, 1 / 3]))


def test_belief_is_by_bayes_rule() -> None:
    """p(ink at 0 only, class 0) = 0.5 · 0.9 · 0.8; of class 1 it is 0.5 · 0.3 · 0.6."""
    model = NaiveBayes(np.array([[0.9, 0.2], [0.3, 0.4]]), np.array([0.5, 0.5]))
    joint = model.log_joint(np.array([[255, 0]], np.uint8))
    assert np.exp(joint) == pytest.approx(np.array([[0.36, 0.09]]))
    assert model.classify(np.array([[255, 0], [0, 255]], np.uint8)).tolist() == [0, 1]


def test_samples_have_ink_as_often_as_their_class() -> None:
    """The mean of 4,000 draws of a probability has a deviation of at most 0.008: five of them are 0.04."""
    ink = np.random.default_rng(3).random((2, 6))
    model = NaiveBayes(ink, np.array([0.5, 0.5]))
    images = model.sample(np.repeat([0, 1], 4000), np.random.default_rng(0))
    assert set(np.unique(images)) == {0, 255}
    for label in (0, 1):
        assert (images[4000 * label :][:4000] / 255).mean(0) == pytest.approx(ink[label], abs=0.04)


def test_pixels_of_a_sample_are_independent() -> None:
    """What it misses: two pixels that always agree in its images agree in half of its samples."""
    images = np.repeat(np.array([[0, 0], [255, 255]], np.uint8), 500, axis=0)
    model = naive_bayes.fit(images, np.zeros(1000, int), 1)
    samples = model.sample(np.zeros(4000, int), np.random.default_rng(0))
    assert (samples[:, 0] == samples[:, 1]).mean() == pytest.approx(0.5, abs=0.04)
