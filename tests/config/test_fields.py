import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.config import ConfigError, GameConfig, TrainConfig, kinds
from gan.config.fields import (
    KIND,
    NAMES_BEFORE_PARTS,
    Hint,
    checked,
    find,
    flat,
    hints,
    is_plain,
    parse,
    problems,
    short,
    show,
)
from gan.config.schedule import PATH
from tests.helpers import is_sentence, refusal

GAMES = list(kinds())
FIELDS = list(hints())
"""Those of the default game."""
HUGE = 10**400
"""A whole number that no float can hold."""
PLACES = [(kind, path) for kind in GAMES for path in hints(kind)]
"""Every field of every game."""


def values_of(hint: Hint) -> st.SearchStrategy[Any]:
    """Everything that a field takes, for hypothesis."""
    if hint.choices:
        return st.sampled_from(hint.choices)
    if hint.kind is bool:
        return st.booleans()
    if hint.kind is str:
        return st.sampled_from(["", "600: batch_size=128, lr_g=0.004; 2000: shift=1"])  # a schedule
    assert hint.bounds
    low, high = hint.bounds.low, hint.bounds.high
    numbers: st.SearchStrategy[Any] = (
        st.floats(low, high) if hint.kind is float else st.integers(math.ceil(low), math.floor(high))
    )
    if hint.word:
        numbers |= st.just(hint.word)
    return st.lists(numbers, min_size=hint.least, max_size=8).map(tuple) if hint.is_tuple else numbers


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


any_setting = st.sampled_from(PLACES).flatmap(
    lambda place: st.tuples(st.just(place[0]), st.just(place[1]), values_of(hints(place[0])[place[1]]))
)
no_setting = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.just(HUGE), st.just((HUGE,))
)


@given(any_setting)
def test_parse_reads_what_a_value_is_written_as(setting: tuple[str, str, Any]) -> None:
    kind, path, value = setting
    assert parse(path, f" {_text(value)} ", kind) == value
    assert checked(path, value, kind) == value


@given(st.sampled_from(PLACES), st.text())
def test_parse_takes_or_refuses_any_text(place: tuple[str, str], text: str) -> None:
    """What it takes is nothing that the settings refuse for itself; what it refuses it names."""
    kind, path = place
    refused = refusal(lambda: parse(path, text, kind))
    if refused:
        assert refused.field == path
        assert str(refused).startswith(f"{short(path)} is ")
        assert is_sentence(str(refused))
    else:
        assert refusal(lambda: checked(path, parse(path, text, kind), kind)) is None


@given(st.sampled_from(FIELDS), no_setting)
def test_problems_names_only_the_field_that_was_asked_about(path: str, value: Any) -> None:
    assert set(problems(TrainConfig(), {path: value})) <= {path}


@given(st.sampled_from(PLACES), no_setting)
def test_whatever_a_field_is_given_is_taken_or_refused_in_a_sentence(place: tuple[str, str], value: Any) -> None:
    """By `checked`, which sees the field alone, and by `problems`, which sees all: both say the same of it."""
    kind, path = place
    alone = refusal(lambda: checked(path, value, kind))
    assert alone is None or is_sentence(str(alone))
    if path == KIND:  # another game has other fields
        return
    found = problems(TrainConfig().changed(kind=kind), {path: value})
    assert all(map(is_sentence, found.values()))
    if alone:
        assert found == {path: str(alone)}


@pytest.mark.parametrize(("kind", "path"), PLACES)
def test_field_has_words_and_a_hint(kind: str, path: str) -> None:
    hint = hints(kind)[path]
    assert len(hint.help) > 10
    assert "\n" not in hint.help
    assert hint.help.endswith(".")
    assert hint.label[0].isupper() or not hint.label[0].isalpha()
    assert hint.choices or hint.bounds or hint.kind is bool or path == PATH


@pytest.mark.parametrize("kind", GAMES)
def test_labels_tell_the_fields_of_a_part_apart(kind: str) -> None:
    """The form has a section for each part."""
    labels = [(path.rpartition(".")[0], hint.label) for path, hint in hints(kind).items()]
    assert len(set(labels)) == len(labels)


def test_help_is_the_text_under_its_own_field() -> None:
    assert hints()["preset"].help == "The preset that the other settings started from."
    assert hints()["seed"].help == "Everything random follows from it."
    assert hints()["optimizer.lr_d"].help == "Learning rate of the discriminator (Adam)."


def test_hints_by_hand() -> None:
    """One of each kind: choices, true or false, whole, fraction, tuple, and a number that a word can stand for."""
    found = hints("adversarial")
    assert found["game.loss"].choices == ("minimax", "non_saturating", "least_squares", "hinge", "relativistic")
    assert found["game.conditional"].kind is bool
    said = {path: (found[path].kind, found[path].is_tuple, str(found[path].bounds), found[path].word) for path in found}
    assert said["data.batch_size"] == (int, False, "between 2 and 4,096", "")
    assert said["optimizer.lr_g"] == (float, False, "between 1e-06 and 0.1", "")
    assert said["generator.widths"] == (int, True, "between 1 and 4,096", "")
    assert said["threads"] == (int, False, "between 1 and 1,024", "auto")
    assert said["seed"] == (int, False, "between 0 and 2,147,483,647", "")
    assert found[KIND].choices == tuple(GAMES)


def test_paths_are_in_the_order_of_the_parts() -> None:
    parts = list(dict.fromkeys(path.partition(".")[0] for path in FIELDS))
    assert parts == list(TrainConfig.model_fields)
    assert parts[:7] == ["preset", "data", "generator", "discriminator", "game", "optimizer", "budget"]


@pytest.mark.parametrize("kind", GAMES)
def test_fields_of_a_game_are_its_own(kind: str) -> None:
    own = {path.removeprefix("game.") for path in hints(kind) if path.startswith("game.")}
    assert own == set(kinds()[kind].model_fields) >= {"kind", "d_steps", "g_steps", "simultaneous"}
    assert get_args(kinds()[kind].model_fields["kind"].annotation) == (kind,)


def test_adversarial_game_is_the_default_and_the_first() -> None:
    assert GAMES[0] == "adversarial" == TrainConfig().game.kind
    assert hints() == hints("adversarial")
    assert all(issubclass(game, GameConfig) for game in kinds().values())


@pytest.mark.parametrize("config", [TrainConfig().changed(kind=kind) for kind in GAMES], ids=GAMES)
def test_flat_has_every_path_once(config: TrainConfig) -> None:
    assert list(flat(config)) == list(hints(config.game.kind))


# Names


@pytest.mark.parametrize(
    ("name", "path"),
    [
        # A path means itself.
        ("generator.widths", "generator.widths"),
        ("game.loss", "game.loss"),
        ("seed", "seed"),
        # The last word does where only one part has it.
        ("lr_g", "optimizer.lr_g"),
        ("ink_scale", "discriminator.ink_scale"),
        ("spectral_norm", "discriminator.spectral_norm"),
        ("simultaneous", "game.simultaneous"),
        ("batch_size", "data.batch_size"),
        ("patience", "budget.patience"),
        # The names of before there were parts: the generator's architecture had no letter.
        ("widths_g", "generator.widths"),
        ("widths_d", "discriminator.widths"),
        ("architecture", "generator.architecture"),
        ("architecture_d", "discriminator.architecture"),
        ("batch_norm_g", "generator.batch_norm"),
        ("activation_d", "discriminator.activation"),
        ("shift_d", "discriminator.shift"),
        ("dataset", "data.dataset"),
        # A game is meant by its kind.
        ("game", "game.kind"),
        ("kind", "game.kind"),
    ],
)
def test_name_means_a_field(name: str, path: str) -> None:
    assert find(name) == path


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("widths", ("generator.widths", "discriminator.widths")),
        ("batch_norm", ("generator.batch_norm", "discriminator.batch_norm")),
        ("activation", ("generator.activation", "discriminator.activation")),
    ],
)
def test_word_of_two_parts_is_refused_with_both_paths(name: str, paths: tuple[str, str]) -> None:
    for call in (lambda: find(name), lambda: TrainConfig().changed({name: 1}), lambda: parse(name, "1")):
        with pytest.raises(ConfigError) as caught:
            call()
        assert str(caught.value) == f"'{name}' may mean {paths[0]} or {paths[1]}; say which."
        assert caught.value.field == name


@pytest.mark.parametrize(
    "name",
    ["lr", "", "generator", "optimizer", "generator.lr_g", "Seed", "seed ", "widths_e", "game.", ".seed", "a\nb"],
)
def test_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    """Each by the shortest name that means it."""
    for call in (lambda: find(name), lambda: TrainConfig().changed({name: 1}), lambda: checked(name, 1)):
        with pytest.raises(
            ConfigError, match=r"There is no setting .*; there are preset, dataset, .*lr_g, lr_d"
        ) as caught:
            call()
        assert caught.value.field == name
        assert is_sentence(str(caught.value))
        listed = str(caught.value).partition("there are ")[2].rstrip(".").split(", ")
        assert [find(one) for one in listed] == FIELDS


@pytest.mark.parametrize("name", ["loss", "game.loss", "r1", "label_smoothing"])
def test_field_of_another_game_is_refused_with_the_name_of_the_game(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"There is no setting '{name}' in the game wgan; there are preset, .*clip"):
        find(name, "wgan")
    with pytest.raises(ConfigError, match=rf"There is no setting '{name}' in the game wgan; there are preset, .*clip"):
        TrainConfig().changed({"kind": "wgan", name: 1})
    assert find(name, "adversarial") == f"game.{name.removeprefix('game.')}"


@pytest.mark.parametrize("name", ["clip", "game.clip"])
def test_field_of_another_game_is_refused_by_the_default_game_too(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"There is no setting '{name}' in the game adversarial; there are preset"):
        TrainConfig().changed({name: 0.1})
    assert find(name, "wgan") == "game.clip"


@pytest.mark.parametrize(("kind", "path"), PLACES)
def test_names_of_a_field_all_mean_it(kind: str, path: str) -> None:
    """Its path, its shortest name, and its name of before there were parts."""
    assert find(path, kind) == find(short(path), kind) == path
    for name, meant in NAMES_BEFORE_PARTS.items():
        if meant == path:
            assert find(name, kind) == path


def test_shortest_names_by_hand() -> None:
    """What only one part has is short; what two have, or what once meant only one of two, is not."""
    assert short("optimizer.lr_g") == "lr_g"
    assert short("game.loss") == "loss"
    assert short("seed") == "seed"
    for path in ("generator.widths", "discriminator.widths", "generator.architecture", "discriminator.architecture"):
        assert short(path) == path


def test_every_name_of_before_means_a_field_of_its_own() -> None:
    """Forty names, none of them lost, no two the same."""
    assert len(NAMES_BEFORE_PARTS) == len(set(NAMES_BEFORE_PARTS.values())) == 40
    assert set(NAMES_BEFORE_PARTS.values()) <= set(FIELDS)
    assert set(FIELDS) - set(NAMES_BEFORE_PARTS.values()) == {
        "game.kind",
        "game.simultaneous",
        "data.classes",
        "data.train_images",
        "generator.latent_scale",
        "optimizer.schedule",
    }


# What numbers look like


@pytest.mark.parametrize(("text", "plain"), [("1000", True), ("1e-3", True), ("1_000", False), ("١٢", False)])
def test_numbers_are_written_as_everybody_writes_them(text: str, plain: bool) -> None:
    assert is_plain(text) == plain
    if not plain:
        for name in ("seed", "lr_g"):
            with pytest.raises(ConfigError, match=f"{name} is "):
                parse(name, text)


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("FALSE", False), (" True ", True)])
def test_true_and_false_are_read_in_any_case(text: str, meant: bool) -> None:
    assert parse("conditional", text) is meant


@pytest.mark.parametrize("text", ["yes", "1", ""])
def test_nothing_else_is_true_or_false(text: str) -> None:
    with pytest.raises(ConfigError, match="it takes true or false"):
        parse("conditional", text)


def test_what_is_shown_is_never_long() -> None:
    assert show((384, 256)) == "384, 256"
    assert show("cgan") == "'cgan'"
    assert show(10**5000) == "a number too long to show"
    assert len(show("x" * 1000)) == 60
    assert show("x" * 1000).endswith("…")
