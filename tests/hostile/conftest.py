from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import pytest

from gan import runs
from gan.data import DataSet
from gan.quality import evaluation, examiner
from gan.quality.examiner import Examiner
from tests.apps import open_app
from tests.helpers import small, stop_at, train, with_fewer
from tests.hostile import places, tries
from tests.hostile.places import Place
from tests.hostile.watchdog import Watchdog, permissions_bite


@pytest.fixture(scope="session")
def watchdog() -> Iterator[Watchdog]:
    """Turns a hang into a failure."""
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()


@pytest.fixture(scope="session")
def less_to_measure(digits: DataSet) -> Callable[[pytest.MonkeyPatch], None]:
    """Leaves fewer images to train and to measure with: no figure is looked at here, only what can be read and what is
    refused."""
    yardstick = lru_cache(maxsize=2)(evaluation.yardstick.__wrapped__)

    def patched(patch: pytest.MonkeyPatch) -> None:
        with_fewer(digits, patch)
        patch.setattr(evaluation, "yardstick", yardstick)
        patch.setattr(examiner, "Examiner", partial(Examiner, n=100))

    return patched


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run that was stopped after twenty steps, its quality measured: the one that is damaged."""
    folder = runs.create(small(images=3200), tmp_path_factory.mktemp("trained") / "run")
    train(folder, stop_at(640))
    return folder


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, trained: Path, less_to_measure: Callable[[pytest.MonkeyPatch], None]
) -> Place:
    """A runs folder in which everything has been opened and computed once, so that what takes long later is a hang."""
    top = tmp_path_factory.mktemp("hostile")
    place = places.make(top, trained)
    place.copy()
    with pytest.MonkeyPatch.context() as patch:
        less_to_measure(patch)
        patch.setenv("GAN_RUNS_DIR", str(place.root))
        app = open_app()
        app.default_timeout = 60
        for page in tries.EVERY_PAGE:
            tries.go(app, page.name, page.query(place))
        for verb in tries.VERBS:
            tries.command(verb.arguments(place))
    place.clear()
    return place


@pytest.fixture
def place(
    shared: Place, less_to_measure: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A runs folder with a good run and one to be damaged."""
    less_to_measure(monkeypatch)
    monkeypatch.setenv("GAN_RUNS_DIR", str(shared.root))
    monkeypatch.delenv("GAN_PARALLEL_RUNS", raising=False)
    monkeypatch.setattr("gan.runs.processes.prepare", lambda: None)  # no page here launches anything
    monkeypatch.chdir(shared.top)
    shared.copy()
    with permissions_bite() as bite:
        if not bite:
            pytest.skip("permissions do not bite here: root, without the right to give rights away")
        yield shared
    shared.clear()
