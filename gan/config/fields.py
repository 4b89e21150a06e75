"""The fields of the settings: their names and paths, what each takes, and what is wrong with a value, in one sentence.

All of it is read off the classes in `gan.config` and `gan.games`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from gan.config import ConfigError, Part, TrainConfig, kinds
from gan.data.spec import DEFAULT, SPECS, DataSpec

NAMES_BEFORE_PARTS: dict[str, str] = {
    **{name: name for name in ("preset", "seed", "device", "precision", "threads")},
    **{name: f"data.{name}" for name in ("dataset", "batch_size")},
    **{name: f"generator.{name}" for name in ("architecture", "latent_dim", "embedding_dim", "output")},
    **{f"{name}_g": f"generator.{name}" for name in ("widths", "batch_norm", "activation")},
    **{f"{name}_d": f"discriminator.{name}" for name in ("architecture", "widths", "batch_norm", "activation")},
    **{f"{name}_d": f"discriminator.{name}" for name in ("ink_scale", "shift", "spectral_norm")},
    **{name: f"game.{name}" for name in ("conditional", "loss", "label_smoothing", "r1", "r2", "penalty_every")},
    **{name: f"game.{name}" for name in ("d_steps", "g_steps")},
    **{name: f"optimizer.{name}" for name in ("lr_g", "lr_d", "beta1", "beta2", "weight_l1", "weight_l2")},
    **{name: f"optimizer.{name}" for name in ("decay_from", "ema_kimg")},
    **{name: f"budget.{name}" for name in ("images", "seconds", "patience")},
}
"""What each field was called while the settings were one flat list (versions 1 to 3 of the schema), and its path."""
ALL = "all"
"""How an empty tuple is written: no choice means all that there are."""
KIND = "game.kind"
DATASET, CLASSES = "data.dataset", "data.classes"
KIND_NAMES = (KIND, "kind", "game")
"""All names of the field on which depends what others there are."""


@dataclass(frozen=True)
class Between:
    """The closed interval that a number, or each number of a tuple, has to lie in."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"between {self.low:g} and {self.high:,.12g}"


@dataclass(frozen=True)
class Hint:
    """What a field takes: its element type, its choices or its bounds; and its words."""

    kind: type
    label: str
    help: str
    is_tuple: bool = False
    least: int = 1
    """How many numbers a tuple has at the least; none stands for all that there are."""
    choices: tuple[str, ...] = ()
    bounds: Between | None = None
    word: str = ""
    """What it takes in place of a number, if anything."""


@cache
def hints(game: str = "") -> dict[str, Hint]:
    """For each field, by path and in order, what it takes; the game's fields are those of the kind `game`."""
    return {path: _hint(path, field) for path, (_, field) in _fields(game).items()}


@cache
def _fields(game: str) -> dict[str, tuple[type[Part], FieldInfo]]:
    played = kinds()[game or next(iter(kinds()))]
    found: dict[str, tuple[type[Part], FieldInfo]] = {}
    for name, field in TrainConfig.model_fields.items():
        kind = played if name == "game" else field.annotation
        if isinstance(kind, type) and issubclass(kind, Part):
            found |= {f"{name}.{inner}": (kind, one) for inner, one in kind.model_fields.items()}
        else:
            found[name] = (TrainConfig, field)
    return found


def _hint(path: str, field: FieldInfo) -> Hint:
    annotation, metadata = field.annotation, list(field.metadata)
    label = field.title or path.rpartition(".")[2].replace("_", " ").capitalize()
    text = " ".join((field.description or "").split())
    if path == "preset":
        return Hint(str, label, text, choices=_presets())
    if path == KIND:
        return Hint(str, label, text, choices=tuple(kinds()))
    if path == DATASET:
        return Hint(str, label, text, choices=tuple(SPECS))
    is_tuple, word = get_origin(annotation) is tuple, ""
    if get_origin(annotation) in (Union, UnionType):
        annotation, other = get_args(annotation)
        word = get_args(other)[0]
    least = next((entry.min_length for entry in metadata if isinstance(entry, MinLen)), 0)
    if is_tuple:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata += [entry for info in more for entry in info.metadata]
    if get_origin(annotation) is Literal:
        return Hint(str, label, text, choices=get_args(annotation))
    low = next((float(str(entry.ge)) for entry in metadata if isinstance(entry, Ge)), None)
    high = next((float(str(entry.le)) for entry in metadata if isinstance(entry, Le)), None)
    bounds = None if low is None or high is None else Between(low, high)
    assert isinstance(annotation, type)
    return Hint(annotation, label, text, is_tuple, least, bounds=bounds, word=word)


def _presets() -> tuple[str, ...]:
    from gan.presets import PRESET_NOTES  # which is made of settings

    return tuple(PRESET_NOTES)


def find(name: str, game: str = "") -> str:
    """The path of the field that a name means: a path, a name of before there were parts, or the last word of only one
    path. Raises `ConfigError` for a name that means none, or several."""
    known = hints(game)
    if name in known:
        return name
    if NAMES_BEFORE_PARTS.get(name) in known:
        return NAMES_BEFORE_PARTS[name]
    if name in KIND_NAMES:
        return KIND
    meant = [path for path in known if path.rpartition(".")[2] == name]
    if len(meant) > 1:
        raise ConfigError(name, f"{show(name)} may mean {' or '.join(meant)}; say which.")
    if not meant:
        raise unknown(name, map(short, known), game)
    return meant[0]


def unknown(name: str, known: Iterable[str], game: str = "") -> ConfigError:
    """What to say of a name that no field has."""
    of_games = {path for one in kinds() for path in hints(one) if path.startswith("game.")}
    among = f" in the game {game}" if game and {name, f"game.{name}"} & of_games else ""
    return ConfigError(name, f"There is no setting {show(name)}{among}; there are {', '.join(known)}.")


@cache
def short(path: str) -> str:
    """The shortest name of a field that means it in every game."""
    last = path.rpartition(".")[2]
    before = NAMES_BEFORE_PARTS.get(last, path)
    others = {other for game in kinds() for other in hints(game) if other.rpartition(".")[2] == last}
    return last if before == path and others <= {path} else path


def flat(config: TrainConfig) -> dict[str, Any]:
    """All values by path."""
    found: dict[str, Any] = {}
    for name in TrainConfig.model_fields:
        value = getattr(config, name)
        if isinstance(value, Part):
            found |= {f"{name}.{inner}": getattr(value, inner) for inner in type(value).model_fields}
        else:
            found[name] = value
    return found


def merged(config: TrainConfig, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of `config` with other values, by any name; unchecked but for the names."""
    game = config.game.kind
    for name, value in changes.items():
        if name in KIND_NAMES:
            game = value
    if not isinstance(game, str) or game not in kinds():
        raise ConfigError(KIND, _sentence(KIND, hints()[KIND], game, {"literal_error"}))
    parts = config.model_dump()
    if game != config.game.kind:
        parts["game"] = {"kind": game}
    for name, value in changes.items():
        part, _, last = find(name, game).rpartition(".")
        (parts[part] if part else parts)[last] = value
    return parts


def problems(config: TrainConfig, changes: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with settings that differ from `config` by `changes`: path -> one sentence. Empty if they can be
    used."""
    try:
        parts = merged(config, changes)
    except ConfigError as error:
        return {error.field: str(error)}
    try:
        return contradictions(TrainConfig.model_validate(parts))
    except ValidationError as error:
        return sentences(error, parts)


def contradictions(config: TrainConfig) -> dict[str, str]:
    """What is wrong between settings that are each fine."""
    found = {}
    for path, chosen in (("preset", config.preset), (KIND, config.game.kind)):
        hint = hints()[path]
        if chosen not in hint.choices:
            found[path] = _sentence(path, hint, chosen, {"literal_error"})
    generator, discriminator = config.generator, config.discriminator
    own = generator.architecture if discriminator.architecture == "same" else discriminator.architecture
    for path, network, architecture in (
        ("generator.widths", generator, generator.architecture),
        ("discriminator.widths", discriminator, own),
    ):
        if architecture == "conv" and len(network.widths) < 2:
            found[path] = f"{path} is {show(network.widths)}; a conv network takes at least two numbers."
    found |= _of_schedule(config)
    images, batch_size = config.budget.images, config.data.batch_size
    if images and images < batch_size:
        found["budget.images"] = f"images is {images}; one batch alone has {batch_size} (batch_size)."
    return found | _of_data(config) | config.game.problems(config)


def _of_schedule(config: TrainConfig) -> dict[str, str]:
    """What is wrong with the schedule."""
    from gan.config.schedule import stages  # which is made of fields

    try:
        stages(config.optimizer.schedule)
    except ConfigError as error:
        return {error.field: str(error)}
    return {}


def _of_data(config: TrainConfig) -> dict[str, str]:
    """What is wrong with the choice of real images."""
    found, data = {}, config.data
    if len(set(data.classes)) < len(data.classes):
        found[CLASSES] = f"classes is {show(data.classes)}; it takes each class once."
    if max(data.classes, default=0) >= len(data.spec.classes):
        found[CLASSES] = f"classes is {show(data.classes)}; {_classes_of(data.spec)}."
    least = len(set(data.classes)) or len(data.spec.classes)
    if 0 < data.train_images < least:
        found["data.train_images"] = (
            f"train_images is {data.train_images}; it has to be 0 for all, or at least {least}, one of each class."
        )
    return found


def _classes_of(spec: DataSpec) -> str:
    return f"{spec.title} has {', '.join(spec.classes)}"


_OUT_OF_BOUNDS = {"greater_than_equal", "less_than_equal", "finite_number"}
_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def sentences(error: ValidationError, parts: Mapping[str, Any]) -> dict[str, str]:
    """What pydantic found, in our words, by path."""
    given = parts.get("game")
    game = given.get("kind") if isinstance(given, Mapping) else None
    if isinstance(given, Mapping) and not (isinstance(game, str) and game in kinds()):
        return {KIND: _sentence(KIND, hints()[KIND], game, set())}  # else its fields would be to blame
    known = hints(game or "")
    types: dict[str, set[str]] = {}
    for one in error.errors(include_url=False, include_context=False):
        location = [str(step) for step in one["loc"]]
        path = next((path for path in (".".join(location[:2]), location[0]) if path in known), ".".join(location[:2]))
        types.setdefault(path, set()).add(one["type"])
    found = {}
    for path, kinds_of_error in types.items():
        part, _, last = path.rpartition(".")
        holder = parts.get(part) if part else parts
        if "extra_forbidden" in kinds_of_error:
            found[path] = str(unknown(last, map(short, known), str(game) if part == "game" else ""))
        elif path in known:
            value = holder.get(last) if isinstance(holder, Mapping) else None
            found[path] = _sentence(path, known[path], value, kinds_of_error)
        else:
            found[path] = f"{path} is {show(parts.get(path))}; it takes a group of settings."
    return found


def _sentence(path: str, hint: Hint, value: Any, errors: set[str]) -> str:
    said = f"{short(path)} is {show(value)}"
    if hint.choices:
        return f"{said}; choose one of {', '.join(hint.choices)}."
    # A whole number that no float can hold is too large, whatever pydantic calls it.
    too_large = hint.kind is float and type(value) is int
    if hint.bounds and (errors & _OUT_OF_BOUNDS or too_large):
        return f"{said}; it has to be {hint.bounds}."
    if hint.is_tuple and not hint.least:
        return f"{said}; it takes whole numbers, separated by commas, or none for all."
    if hint.is_tuple:
        return f"{said}; it takes one to eight whole numbers, separated by commas."
    return f"{said}; it takes {_KINDS[hint.kind]}{f' or {hint.word}' if hint.word else ''}."


@cache
def _adapter(path: str, game: str) -> "TypeAdapter[Any]":
    _, field = _fields(game)[path]
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(annotation, config={"strict": True, "allow_inf_nan": False})


def checked(name: str, value: Any, game: str = "") -> Any:
    """The value as the field takes it; raises `ConfigError` where it does not."""
    path = find(name, game)
    hint = hints(game)[path]
    if path in ("preset", KIND):
        if value not in hint.choices:
            raise ConfigError(path, _sentence(path, hint, value, set()))
        return value
    try:
        return _adapter(path, game).validate_python(value)
    except ValidationError as error:
        types = {one["type"] for one in error.errors(include_url=False, include_context=False)}
        raise ConfigError(path, _sentence(path, hint, value, types)) from error


def show(value: Any, most: int = 60) -> str:
    """A value as a message can show it, not too long."""
    try:
        said = ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value)
    except ValueError:  # a whole number of thousands of digits
        said = "a number too long to show"
    return said if len(said) <= most else f"{said[: most - 1]}…"


def written(value: Any, dataset: str = "") -> str:
    """A value as one types it; classes of a `dataset` by their names."""
    if isinstance(value, tuple):
        if dataset and value:
            return SPECS[dataset].called(value)
        return ", ".join(map(str, value)) or ALL
    return f"{value:g}" if isinstance(value, float) else str(value)


def _classes(text: str, spec: DataSpec) -> tuple[int, ...]:
    """The classes whose names or numbers stand in a list."""
    places = [(part.strip(), spec.place(part)) for part in text.split(",")]
    for part, place in places:
        if place is None:
            raise ConfigError(CLASSES, f"classes is {show(text)}; {show(part)} is none of them: {_classes_of(spec)}.")
    return tuple(place for _, place in places if place is not None)


def is_plain(text: str) -> bool:
    """Whether a number is written as everybody writes one: Python also takes 1_000 and other scripts' digits."""
    return text.isascii() and "_" not in text


def parse(name: str, text: str, game: str = "", dataset: str = DEFAULT) -> Any:
    """The value that `text` means for the field `name`; classes are those of `dataset`. Raises `ConfigError` where it
    means none."""
    path = find(name, game)
    hint = hints(game)[path]
    text = text.strip()
    if path == CLASSES and text not in ("", ALL):
        return checked(path, _classes(text, SPECS.get(dataset, SPECS[DEFAULT])), game)
    value: Any = text
    try:
        if hint.kind in (int, float) and not is_plain(text):
            raise ValueError
        if hint.is_tuple and not hint.least and text in ("", ALL):
            value = ()
        elif hint.is_tuple:
            value = tuple(int(part) for part in text.split(","))
        elif hint.kind is bool:
            value = {"true": True, "false": False}.get(text.lower(), text)
        elif hint.kind is int and text != hint.word:
            value = int(text)
        elif hint.kind is float:
            value = float(text)
    except ValueError:
        value = text
    return checked(name, value, game)
