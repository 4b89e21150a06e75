from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gan import data
from gan.config import TrainConfig
from gan.data import Digits
from gan.trainer import Trainer
from tests.helpers import build, small, workers_ended

# The same examples in every run: a failure here is a failure for everybody.
settings.register_profile("counterfeit", deadline=None, max_examples=50, derandomize=True, database=None)
settings.load_profile("counterfeit")


@pytest.fixture(scope="session")
def digits() -> Digits:
    """MNIST."""
    return data.load()


@pytest.fixture
def launched() -> Iterator[None]:
    """Ends the workers that a test launches, by their process ids."""
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
def small_config() -> TrainConfig:
    """The default preset, with narrow layers: ten steps, a few milliseconds each."""
    return small()


@pytest.fixture
def trainer(digits: Digits) -> Trainer:
    """A small conditional trainer that has not taken a step."""
    return build(digits)
