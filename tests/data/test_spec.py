import pytest

from gan.config import ConfigError, TrainConfig, fields
from gan.data import SPECS, DataError, spec
from gan.games import KINDS


@pytest.mark.parametrize("name", SPECS)
def test_names_of_classes_can_be_typed(name: str) -> None:
    """By name in any case, and by number; a list of them is separated by commas."""
    of = spec(name)
    for number, one in enumerate(of.classes):
        assert of.place(one) == of.place(f" {one.upper()} ") == number
        assert "," not in one
    assert of.place(str(len(of.classes))) is of.place("no such thing") is of.place("²") is None


def test_unknown_set_is_refused() -> None:
    with pytest.raises(DataError, match="there are mnist, fashion-mnist, kmnist"):
        spec("cifar")
    with pytest.raises(ConfigError, match="choose one of mnist, fashion-mnist, kmnist"):
        TrainConfig().changed(dataset="cifar")


def test_classes_of_a_run_are_those_of_its_set() -> None:
    assert fields.parse("classes", "sneaker, Bag", dataset="fashion-mnist") == (7, 8)
    assert fields.written((7, 8), "fashion-mnist") == "Sneaker, Bag"
    with pytest.raises(ConfigError, match="none of them: MNIST has 0, 1, 2"):
        fields.parse("classes", "Sneaker")


@pytest.mark.parametrize("kind", KINDS)
def test_networks_have_as_many_classes_as_the_set(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of three: whatever is told the class has three rows for it."""
    from dataclasses import replace

    monkeypatch.setitem(SPECS, "three", replace(spec("fashion-mnist"), name="three", classes=("a", "b", "c")))
    config = TrainConfig().changed({"game.kind": kind, "data.dataset": "three"})
    for network in config.game.players(config).values():  # type: ignore[attr-defined]
        for name, parameter in network.named_parameters():
            if "embedding" in name or "projection" in name or "heads.digit" in name:
                assert len(parameter) == 3
