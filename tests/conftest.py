import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

# Two threads that wait for each other in layers this small take several times as long on a busy machine. Said before
# torch is imported, which reads it then; the processes that tests start have it from here.
os.environ["OMP_NUM_THREADS"] = "1"

# The process that hands the tests out imports this file and no test, so torch is left to those that need it.
if TYPE_CHECKING:
    from gan.data import DataSet
    from gan.training.trainer import Trainer
    from tests.distribution import Distribution

pytest_plugins = ["tests.servers"]

# The same examples in every run: a failure here is a failure for everybody.
settings.register_profile("counterfeit", deadline=None, max_examples=50, derandomize=True, database=None)
settings.load_profile("counterfeit")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "Distribution":
    """Hands the tests out to processes, where there are several."""
    from tests.distribution import Distribution

    return Distribution(config, log)


@pytest.fixture(scope="session")
def digits() -> "DataSet":
    """MNIST."""
    from gan import data

    return data.load()


@pytest.fixture(scope="module")
def few_digits(digits: "DataSet") -> Iterator["DataSet"]:
    """MNIST with fewer images, for a module that evaluates in this process; `tests.evaluator` is the process of
    evaluations that has as few."""
    from gan.quality.evaluation import yardstick
    from tests.helpers import with_fewer

    with pytest.MonkeyPatch.context() as patch:
        some = with_fewer(digits, patch)
        yardstick.cache_clear()
        yield some
    yardstick.cache_clear()


@pytest.fixture
def launched() -> Iterator[None]:
    """Ends the workers that a test launches, by their process ids."""
    from tests.helpers import workers_ended

    with workers_ended():
        yield


@pytest.fixture
def runs_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launched: None) -> Path:
    """An empty folder for runs."""
    root = tmp_path / "runs"
    root.mkdir()
    monkeypatch.setenv("GAN_RUNS_DIR", str(root))
    monkeypatch.delenv("GAN_PARALLEL_RUNS", raising=False)
    return root


@pytest.fixture
def trainer(digits: "DataSet") -> "Trainer":
    """A small conditional trainer that has not taken a step."""
    from tests.helpers import build

    return build(digits)
