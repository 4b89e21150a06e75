"""A model file that is not sound is refused by everything that takes one, in one sentence."""

from pathlib import Path

import pytest

from gan.models import snapshots
from tests.hostile.model_damages import MODELS
from tests.hostile.places import Place
from tests.hostile.tries import WITH_A_MODEL, Verb, Visitor, try_page, try_verb
from tests.hostile.watchdog import Watchdog

VERBS = (
    Verb("sample", lambda place: ["sample", str(file(place)), "--out", str(place.out / "a.npz"), "--n", "1"]),
    Verb("export", lambda place: ["export", str(file(place)), "--out", str(place.out / "a.html")]),
    Verb("export to ONNX", lambda place: ["export", str(file(place)), "--out", str(place.out / "a.onnx")]),
    Verb("evaluate", lambda place: ["evaluate", str(file(place)), "--n", "1000"]),
    Verb("sample from its run", lambda place: ["sample", str(place.bad), "--out", str(place.out / "a.png")]),
)


def file(place: Place) -> Path:
    """The snapshot that is damaged."""
    return snapshots.snapshot_paths(place.bad)[-1]


@pytest.mark.parametrize("name", MODELS)
def test_damaged_model(place: Place, watchdog: Watchdog, name: str) -> None:
    path = file(place)
    path.write_bytes(MODELS[name](path.read_bytes()))
    wrong: list[str] = []
    for verb in VERBS:
        said, found = try_verb(verb, place, watchdog)
        wrong += found
        if said and said.status != 2:
            wrong.append(f"{verb.name}: status {said.status}")
            break
    visitor = Visitor()
    good, bad = WITH_A_MODEL[list(MODELS).index(name) % len(WITH_A_MODEL)]
    wrong += try_page(bad, place, watchdog, visitor)
    if not (visitor.app.error or visitor.app.warning):
        wrong.append(f"{bad.title}: it says nothing")
    wrong += try_page(good, place, watchdog, visitor)
    assert not wrong, "\n".join(wrong)


def test_sound_model_is_taken(place: Place, watchdog: Watchdog) -> None:
    """What the verbs refuse above, they refuse for the damage."""
    for verb in VERBS:
        said, found = try_verb(verb, place, watchdog)
        assert not found
        assert said is not None
        assert said.status == 0, said.err
