import numpy as np

from gan.classics import shipped
from gan.classics.shipped import Classics


def test_file_is_small_and_holds_what_its_bytes_say() -> None:
    content = shipped.FITTED.read_bytes()
    assert len(content) < 300_000
    once = Classics.from_bytes(content)
    twice = Classics.from_bytes(once.to_bytes())
    assert np.array_equal(once.mixture.factors, twice.mixture.factors)
    assert np.array_equal(once.bayes.ink, twice.bayes.ink)
    assert once.pictures == twice.pictures


def test_samples_follow_from_the_seed() -> None:
    models = shipped.classics()
    ten = np.arange(10)
    for draw in (lambda seed: models.sample_bayes(ten, seed), lambda seed: models.sample_mixture(10, seed)):
        images = draw(1)
        assert images.shape == (10, 28, 28)
        assert images.dtype == np.uint8
        assert np.array_equal(images, draw(1))
        assert not np.array_equal(images, draw(2))


def test_naive_bayes_reads_its_own_samples_as_asked() -> None:
    """Its samples look bad to people only: by its own rule they are what was asked for."""
    models = shipped.classics()
    asked = np.arange(200) % 10
    assert (models.bayes.classify(models.sample_bayes(asked, 3).reshape(200, -1)) == asked).mean() > 0.95


def test_mixture_spreads_over_its_components() -> None:
    """No component is empty, and each is the likeliest at its own mean."""
    mixture = shipped.classics().mixture
    assert mixture.weights.min() > 0
    own = mixture.log_densities(mixture.means).argmax(1)
    assert (own == np.arange(len(mixture.weights))).mean() > 0.9


def test_figures_say_what_each_model_misses() -> None:
    found = {name: each["figures"] for name, each in shipped.figures()["models"].items()}
    assert found.keys() == {"real", "generator", "mixture", "bayes", "classifier"}
    assert found["real"]["fcd"] < found["generator"]["fcd"] < min(found[name]["fcd"] for name in ("mixture", "bayes"))
    history = shipped.figures()["log_likelihoods"]
    assert history == sorted(history)
