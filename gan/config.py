"""What a run is: one frozen dataclass. The presets, instances of it, stand in `gan.presets`.

Every default of the project stands here. The form on the Train page, the flags of the command line,
the table in the README and a run's `config.json` are all made from `TrainConfig`: its annotations say
what is allowed, the text under each field says what it means.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

SCHEMA_VERSION = 3
_SINCE_2 = {
    "architecture_d": "same",
    "ink_scale_d": 0.0,
    "shift_d": 0,
    "spectral_norm_d": False,
    "r1": 0.0,
    "r2": 0.0,
    "penalty_every": 1,
    "decay_from": 1.0,
    "patience": 0.0,
}
"""Settings that version 1 did not have, at the values that it trained with."""
_SINCE_3 = {"threads": "auto"}
"""Those that version 2 did not have."""


class ConfigError(ValueError):
    """A setting that cannot be used. `field` names it; the message says what would be allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Between:
    """The closed interval that a number, or each number of a tuple, has to lie in."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"between {self.low:g} and {self.high:,.12g}"


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides how a run trains.

    Raises `ConfigError` (a `ValueError`) that names the field, the value and what is allowed.
    """

    preset: Literal["cgan", "quality", "vanilla", "dcgan"] = "cgan"
    """The preset that the other settings started from."""
    dataset: Literal["mnist"] = "mnist"
    """The real images."""
    architecture: Literal["mlp", "conv"] = "conv"
    """Fully connected layers (mlp), or strided and transposed convolutions (conv)."""
    architecture_d: Literal["same", "mlp", "conv"] = "mlp"
    """The discriminator's architecture, where it is to differ from the generator's."""
    conditional: bool = True
    """Both networks are told the digit, so that you can ask the generator for a 3 and get a 3."""
    loss: Literal["minimax", "non_saturating", "least_squares", "hinge", "relativistic"] = "non_saturating"
    """The game's loss. minimax is the paper's first one and saturates while the discriminator wins;
    non_saturating is its cure; least_squares replaces the logarithms by squares; hinge asks for a margin
    only; relativistic asks whether the real image looks more real than the forged one."""
    latent_dim: Annotated[int, Between(1, 512)] = 32
    """How many numbers the generator makes a picture from."""
    embedding_dim: Annotated[int, Between(1, 512)] = 32
    """How many numbers stand for the digit at the generator's input, when conditional."""
    widths_g: Annotated[tuple[int, ...], Between(1, 4096)] = (256, 16, 16)
    """Hidden layers of the generator, from the latent on: units (mlp), or units and then two numbers of
    channels, at 7×7 and 14×14 (conv)."""
    widths_d: Annotated[tuple[int, ...], Between(1, 4096)] = (384, 256)
    """Hidden layers of the discriminator, from the picture on: units (mlp), or two numbers of channels, at
    14×14 and 7×7, and then units (conv)."""
    batch_norm_g: bool = True
    """Batch normalisation in the generator's hidden layers."""
    batch_norm_d: bool = False
    """Batch normalisation in the discriminator's hidden layers, the first left out."""
    ink_scale_d: Annotated[float, Between(0, 100)] = 4.0
    """The discriminator sees black as 0 and white as twice this; 0 shows it pictures as they are, −1 to 1. It
    learns faster so: a background of −1 is a large input that says nothing."""
    shift_d: Annotated[int, Between(0, 8)] = 0
    """Real and forged pictures are shifted at random, by up to so many pixels, before the discriminator sees
    them, so that it cannot learn the real ones by heart (Zhao et al. 2020)."""
    spectral_norm_d: bool = False
    """Spectral normalisation: every layer of the discriminator divided by its largest singular value."""
    activation_g: Literal["relu", "leaky_relu"] = "leaky_relu"
    """Activation of the generator's hidden layers; leaky_relu has the slope 0.2 below zero."""
    activation_d: Literal["relu", "leaky_relu"] = "leaky_relu"
    """Activation of the discriminator's hidden layers."""
    output: Literal["tanh", "sigmoid"] = "tanh"
    """What ends the generator; a sigmoid s is mapped to 2s − 1, since pictures lie in [−1, 1]."""
    batch_size: Annotated[int, Between(2, 4096)] = 64
    """Real images in one step, and as many forgeries."""
    lr_g: Annotated[float, Between(1e-6, 0.1)] = 2e-3
    """Learning rate of the generator (Adam)."""
    lr_d: Annotated[float, Between(1e-6, 0.1)] = 5e-4
    """Learning rate of the discriminator (Adam)."""
    beta1: Annotated[float, Between(0, 0.999)] = 0.0
    """Adam's memory for the gradient, both networks."""
    beta2: Annotated[float, Between(0, 0.99999)] = 0.95
    """Adam's memory for the squared gradient, both networks."""
    d_steps: Annotated[int, Between(1, 20)] = 1
    """Discriminator updates in one step."""
    g_steps: Annotated[int, Between(1, 20)] = 1
    """Generator updates in one step."""
    label_smoothing: Annotated[float, Between(0, 0.5)] = 0.0
    """How far below 1 the discriminator's target for real images lies (one-sided)."""
    weight_l1: Annotated[float, Between(0, 0.1)] = 0.0
    """Penalty on the sum of the weights' absolute values, both networks; biases are left alone."""
    weight_l2: Annotated[float, Between(0, 0.1)] = 0.0
    """Penalty on the sum of the squared weights, both networks; biases are left alone."""
    r1: Annotated[float, Between(0, 1000)] = 0.0
    """Penalty γ/2 on the squared slope of the discriminator at real images."""
    r2: Annotated[float, Between(0, 1000)] = 0.0
    """The same at forged images."""
    penalty_every: Annotated[int, Between(1, 1000)] = 1
    """The slopes are penalised in every k-th step, k times as hard."""
    decay_from: Annotated[float, Between(0, 1)] = 1.0
    """The share of the budget after which both learning rates fall, evenly, to nothing at its end; 1 means
    that they never do."""
    ema_kimg: Annotated[float, Between(0, 10_000)] = 20.0
    """Half-life of the averaged generator, which the pictures come from, in thousands of images;
    0 means no averaging."""
    images: Annotated[int, Between(0, 1_000_000_000)] = 0
    """Train for so many real images; 0 means no limit."""
    seconds: Annotated[float, Between(0, 1_000_000)] = 60.0
    """Train for so many seconds; 0 means no limit."""
    patience: Annotated[float, Between(0, 1_000_000)] = 0.0
    """Stop when quality (FCD of 1,000 forgeries) has not improved for so many seconds; 0 means never."""
    seed: Annotated[int, Between(0, 2**31 - 1)] = 0
    """Everything random follows from it."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train; auto takes CUDA, then MPS, then the CPU."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the layers; auto is bfloat16 on a GPU or CPU that computes in it, else float32."""
    threads: Annotated[int | Literal["auto"], Between(1, 1024)] = "auto"
    """Threads that a CPU trains with; auto finds out, again and again, how many are fastest at the moment. With a
    number, two runs with the same seed end in the same weights bit for bit."""

    def __post_init__(self) -> None:
        # JSON knows only lists, and a whole number is a fine value for a field of floats.
        for name, hint in hints().items():
            if hint.is_tuple and isinstance(value := getattr(self, name), list):
                object.__setattr__(self, name, tuple(value))
        for field, message in problems(vars(self)).items():
            raise ConfigError(field, message)
        for name, hint in hints().items():
            if hint.kind is float:
                object.__setattr__(self, name, float(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON can hold them, with the version of their schema."""
        return {"schema_version": SCHEMA_VERSION, **vars(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainConfig":
        """The inverse of `to_dict`; a field that is not there takes its default.

        Raises `ConfigError` for another schema version and for fields that do not exist.
        """
        version = values.get("schema_version")
        if version == 1:
            return cls.from_dict({**_SINCE_2, **values, "schema_version": 2})
        if version == 2:
            return cls.from_dict({**_SINCE_3, **values, "schema_version": 3})
        if version != SCHEMA_VERSION:
            raise ConfigError(
                "schema_version",
                f"This has version {show(version)} of the settings; this program reads 1 to {SCHEMA_VERSION}.",
            )
        known = {name: value for name, value in values.items() if name != "schema_version"}
        for name in known:
            _hint(name)
        return cls(**known)

    @classmethod
    def from_json(cls, text: str) -> "TrainConfig":
        """Reads what `json.dumps(config.to_dict())` wrote; raises `ConfigError` for anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise ConfigError("config", "The settings are not a JSON object.")
        return cls.from_dict(values)

    def changed(self, **values: Any) -> "TrainConfig":
        """A copy with other values; raises `ConfigError` for a field that does not exist."""
        for name in values:
            _hint(name)
        return replace(self, **values)


@dataclass(frozen=True)
class Hint:
    """What the annotation of a field says: its element type, its choices or its bounds."""

    kind: type
    is_tuple: bool = False
    choices: tuple[str, ...] = ()
    bounds: Between | None = None
    word: str = ""
    """What it takes in place of a number, if anything."""


@cache
def hints() -> dict[str, Hint]:
    """For each field of `TrainConfig`, in order, what it takes: forms and flags are built from it."""
    result = {}
    for name, hint in get_type_hints(TrainConfig, include_extras=True).items():
        bounds = None
        if get_origin(hint) is Annotated:
            hint, bounds = get_args(hint)
        if get_origin(hint) is Literal:
            result[name] = Hint(str, choices=get_args(hint))
        elif get_origin(hint) is UnionType or get_origin(hint) is Union:
            kind, word = get_args(hint)
            result[name] = Hint(kind, bounds=bounds, word=get_args(word)[0])
        elif get_origin(hint) is tuple:
            result[name] = Hint(get_args(hint)[0], is_tuple=True, bounds=bounds)
        else:
            result[name] = Hint(hint, bounds=bounds)
    return result


def _hint(name: str) -> Hint:
    hint = hints().get(name)
    if hint is None:
        raise ConfigError(name, f"There is no setting {show(name)}; there are {', '.join(hints())}.")
    return hint


@cache
def help_texts() -> dict[str, str]:
    """For each field of `TrainConfig`, the text that stands under it in this file."""
    body = ast.parse(textwrap.dedent(inspect.getsource(TrainConfig))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            texts[statement.target.id] = " ".join(str(following.value.value).split())
    return texts


def problems(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with these settings: field -> one sentence. Empty if they make a `TrainConfig`."""
    found = {}
    for name, hint in hints().items():
        if name in values and (message := _problem(name, hint, values[name])):
            found[name] = message
    if not found:
        found |= _contradictions(values)
    return found


def _contradictions(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong between settings that are each fine."""
    found = {}
    architecture, architecture_d = values.get("architecture"), values.get("architecture_d")
    for name, is_conv in (
        ("widths_g", architecture == "conv"),
        ("widths_d", "conv" in (architecture_d, architecture if architecture_d == "same" else "")),
    ):
        if is_conv and name in values and len(values[name]) < 2:
            found[name] = f"{name} is {show(values[name])}; a conv network takes at least two numbers."
    if values.get("label_smoothing") and values.get("loss") in ("hinge", "relativistic"):
        found["label_smoothing"] = f"label_smoothing is for losses with a target; {values['loss']} has none."
    if values.get("batch_size") and values.get("images") and values["images"] < values["batch_size"]:
        found["images"] = f"images is {values['images']}; one step alone sees {values['batch_size']} (batch_size)."
    return found


def _problem(name: str, hint: Hint, value: Any) -> str | None:
    said = f"{name} is {show(value)}"
    if hint.word and value == hint.word:
        return None
    if hint.choices:
        return None if value in hint.choices else f"{said}; choose one of {', '.join(hint.choices)}."
    if hint.is_tuple:
        if not isinstance(value, tuple) or not 1 <= len(value) <= 8 or any(type(item) is not int for item in value):
            return f"{said}; it takes one to eight whole numbers, separated by commas."
        items: tuple[Any, ...] = value
    else:
        if type(value) is not hint.kind and not (hint.kind is float and type(value) is int):
            return f"{said}; it takes {_KINDS[hint.kind]}{f' or {hint.word}' if hint.word else ''}."
        items = (value,)
    bounds = hint.bounds
    if bounds and any(not bounds.low <= item <= bounds.high for item in items):  # NaN is in no interval
        return f"{said}; it has to be {bounds}."
    return None


_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def show(value: Any, most: int = 60) -> str:
    """A value as a message can show it, not too long."""
    try:
        said = ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value)
    except ValueError:  # a whole number of thousands of digits
        said = "a number too long to show"
    return said if len(said) <= most else f"{said[: most - 1]}…"


def is_plain(text: str) -> bool:
    """Whether a number is written as everybody writes one: Python also takes 1_000 and other scripts' digits."""
    return text.isascii() and "_" not in text


def parse(name: str, text: str) -> Any:
    """The value that `text` means for the field `name`; raises `ConfigError` where it means none."""
    hint = _hint(name)
    text = text.strip()
    value: Any = text
    try:
        if hint.kind in (int, float) and not is_plain(text):
            raise ValueError
        if hint.is_tuple:
            value = tuple(int(part) for part in text.split(","))
        elif hint.kind is bool:
            value = {"true": True, "false": False}.get(text.lower(), text)
        elif hint.kind is int and text != hint.word:
            value = int(text)
        elif hint.kind is float:
            value = float(text)
    except ValueError:
        value = text
    if message := _problem(name, hint, value):
        raise ConfigError(name, message)
    return value
