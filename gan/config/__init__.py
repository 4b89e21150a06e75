"""What a run is: frozen settings in parts. The presets, instances of them, stand in `gan.presets`.

Every default of the project stands here; those of a game stand with the game (`gan.games`). The form on the Train
page, `--set` on the command line and a run's `config.json` are made from `TrainConfig`: its annotations say what is
allowed, the text under each field says what it means.

A field has a path, such as `generator.widths`. Where only one part has a field of that name, the last word does as well
(`lr_g`), and so do the names that fields had before there were parts (`widths_g`). `gan.config.fields` knows them.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, ValidationError
from pydantic_core import PydanticCustomError

from gan.data.spec import DEFAULT, SPECS, DataSpec

SCHEMA_VERSION = 5
"""`gan.config.lifting` reads all earlier ones."""


class ConfigError(ValueError):
    """A setting that cannot be used. `field` is its path; the message says what would be allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value  # JSON knows only lists


Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1, max_length=8), BeforeValidator(_as_tuple)
]
MOST_CLASSES = max(len(one.classes) for one in SPECS.values())
Classes = Annotated[
    tuple[Annotated[int, Field(ge=0, le=MOST_CLASSES - 1)], ...],
    Field(max_length=MOST_CLASSES),
    BeforeValidator(_as_tuple),
]


def _known(name: str) -> str:
    if name not in SPECS:
        raise PydanticCustomError("literal_error", "no such data set")
    return name


Rate = Annotated[float, Field(ge=1e-6, le=0.1)]
Activation = Literal["relu", "leaky_relu"]


class Part(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class DataConfig(Part):
    """What the real images are, and how many a step sees."""

    dataset: Annotated[str, AfterValidator(_known), Field(title="Data set")] = DEFAULT
    """The real images. Those that do not come with the project are fetched when something is first trained on them."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    """Real images in one batch, and as many forgeries; each move of the discriminator has a batch of its own. A
    schedule may change it."""
    classes: Annotated[Classes, Field(title="Classes to learn from")] = ()
    """Only real images of these classes are shown, by name or by number, such as 0,3,8; empty means all. What is never
    shown is never learned: from the digits 0 to 8 no forger learns to make a 9."""
    train_images: Annotated[int, Field(ge=0, le=1_000_000, title="Size of the training set")] = 0
    """How many real images there are to learn from, as many of each class as of any other; 0 means all. A few hundred a
    discriminator soon knows by heart."""

    @property
    def spec(self) -> DataSpec:
        """What is known of the data set."""
        return SPECS[self.dataset]


class GeneratorConfig(Part):
    """The network that forges."""

    architecture: Literal["mlp", "conv"] = "conv"
    """Fully connected layers (mlp), or transposed convolutions (conv)."""
    latent_dim: Annotated[int, Field(ge=1, le=512, title="Latent numbers")] = 32
    """How many numbers from the normal distribution the generator makes a picture from. Codes come on top."""
    latent_scale: Annotated[float, Field(ge=0, le=10, title="Scale of the latent")] = 1.0
    """The generator multiplies those numbers by this before it uses them; 0 means no noise, so that all pictures that
    are asked for in the same way are the same."""
    embedding_dim: Annotated[int, Field(ge=1, le=512, title="Numbers for the class")] = 32
    """How many numbers stand for the class, the digit say, at the generator's input, when conditional."""
    widths: Annotated[Widths, Field(title="Hidden layers")] = (256, 16, 16)
    """Hidden layers of the generator, from the latent on: units (mlp), or units and then two numbers of
    channels, at 7×7 and 14×14 (conv)."""
    batch_norm: Annotated[bool, Field(title="Batch normalisation")] = True
    """Batch normalisation in the generator's hidden layers."""
    activation: Activation = "leaky_relu"
    """Activation of the generator's hidden layers; leaky_relu has the slope 0.2 below zero."""
    output: Literal["tanh", "sigmoid"] = "tanh"
    """What ends the generator; a sigmoid s is mapped to 2s − 1, since pictures lie in [−1, 1]."""


class DiscriminatorConfig(Part):
    """The network that tells real from forged."""

    architecture: Literal["same", "mlp", "conv"] = "mlp"
    """The discriminator's layers, strided convolutions (conv) among them; same takes the generator's kind."""
    widths: Annotated[Widths, Field(title="Hidden layers")] = (384, 256)
    """Hidden layers of the discriminator, from the picture on: units (mlp), or two numbers of channels, at
    14×14 and 7×7, and then units (conv)."""
    batch_norm: Annotated[bool, Field(title="Batch normalisation")] = False
    """Batch normalisation in the discriminator's hidden layers, the first left out."""
    activation: Activation = "leaky_relu"
    """Activation of the discriminator's hidden layers."""
    ink_scale: Annotated[float, Field(ge=0, le=100, title="Scale of the ink")] = 4.0
    """The discriminator sees black as 0 and white as twice this; 0 shows it pictures as they are, −1 to 1. It
    learns faster so: a background of −1 is a large input that says nothing."""
    shift: Annotated[int, Field(ge=0, le=8, title="Shifts, in pixels")] = 0
    """Real and forged pictures are shifted at random, by up to so many pixels, before the discriminator sees
    them, so that it cannot learn the real ones by heart (Zhao et al. 2020)."""
    spectral_norm: Annotated[bool, Field(title="Spectral normalisation")] = False
    """Spectral normalisation: every layer of the discriminator divided by its largest singular value."""


class GameConfig(Part):
    """Who plays what. Each kind of game is a class of its own in `gan.games`, with fields of its own."""

    kind: str = ""
    """The game that the two networks play."""
    d_steps: Annotated[int, Field(ge=1, le=20, title="Moves of the discriminator")] = 1
    """Discriminator updates in one step, each with a batch of its own."""
    g_steps: Annotated[int, Field(ge=1, le=20, title="Moves of the generator")] = 1
    """Generator updates in one step."""
    simultaneous: Annotated[bool, Field(title="Both at once")] = False
    """Both gradients are taken before any weight moves, in place of one player after the other. It takes one move a
    player."""

    note: ClassVar[str] = ""
    """One line on the game, for forms."""

    @property
    def told(self) -> tuple[str, ...]:
        """The players that are told the class."""
        return ()

    def problems(self, config: "TrainConfig") -> dict[str, str]:
        """What is wrong between this game's fields and other settings: path -> one sentence."""
        if self.simultaneous and (self.d_steps, self.g_steps) != (1, 1):
            return {"game.simultaneous": "simultaneous takes one move a player; set d_steps and g_steps to 1."}
        return {}


class OptimizerConfig(Part):
    """How weights follow gradients (Adam), and the average that the pictures come from."""

    lr_g: Annotated[Rate, Field(title="Learning rate of the generator")] = 2e-3
    """Learning rate of the generator (Adam)."""
    lr_d: Annotated[Rate, Field(title="Learning rate of the discriminator")] = 5e-4
    """Learning rate of the discriminator (Adam)."""
    beta1: Annotated[float, Field(ge=0, le=0.999, title="Memory for the gradient, β₁")] = 0.0
    """Adam's memory for the gradient, both networks."""
    beta2: Annotated[float, Field(ge=0, le=0.99999, title="Memory for its square, β₂")] = 0.95
    """Adam's memory for the squared gradient, both networks."""
    weight_l1: Annotated[float, Field(ge=0, le=0.1, title="L1 penalty on weights")] = 0.0
    """Penalty on the sum of the weights' absolute values, both networks; biases are left alone."""
    weight_l2: Annotated[float, Field(ge=0, le=0.1, title="L2 penalty on weights")] = 0.0
    """Penalty on the sum of the squared weights, both networks; biases are left alone."""
    decay_from: Annotated[float, Field(ge=0, le=1, title="Rates fall from")] = 1.0
    """The share of the budget after which both learning rates fall, evenly, to nothing at its end; 1 means
    that they never do."""
    ema_kimg: Annotated[float, Field(ge=0, le=10_000, title="Half-life of the average")] = 20.0
    """Half-life of the averaged generator, which the pictures come from, in thousands of images;
    0 means no averaging."""
    schedule: Annotated[str, Field(max_length=2000)] = (
        "120000: batch_size=128, ema_kimg=40, shift=1; 240000: batch_size=256"
    )
    """From so many images on, other values of batch_size, lr_g, lr_d, ema_kimg or shift, such as
    60000: batch_size=128, lr_g=0.0028; 200000: batch_size=256. Nothing here means that all stay as they are."""


class BudgetConfig(Part):
    """How long a run trains."""

    images: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """Train for so many real images; 0 means no limit."""
    seconds: Annotated[float, Field(ge=0, le=1_000_000)] = 60.0
    """Train for so many seconds; 0 means no limit."""
    patience: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    """Stop when quality (FCD of 1,000 forgeries) has not improved for so many seconds; 0 means never."""


def kinds() -> Mapping[str, type[GameConfig]]:
    """The games that there are, by `game.kind`; the first is the default."""
    found: Mapping[str, type[GameConfig]] = import_module("gan.games").KINDS
    return found


def _of_its_kind(values: Any) -> Any:
    """The game's own class checks its fields."""
    if not isinstance(values, dict):
        return values
    kind = values.get("kind", next(iter(kinds())))
    return kinds()[kind].model_validate(values) if isinstance(kind, str) and kind in kinds() else values


def _default_game() -> GameConfig:
    return next(iter(kinds().values()))()


class TrainConfig(Part):
    """Everything that decides how a run trains.

    `from_dict` and `changed` raise `ConfigError` (a `ValueError`) that names the field, the value and what is allowed.
    """

    preset: str = "cgan"
    """The preset that the other settings started from."""
    data: DataConfig = DataConfig()
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    game: Annotated[SerializeAsAny[GameConfig], BeforeValidator(_of_its_kind)] = Field(default_factory=_default_game)
    optimizer: OptimizerConfig = OptimizerConfig()
    budget: BudgetConfig = BudgetConfig()
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Everything random follows from it."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train; auto takes CUDA, then MPS, then the CPU."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the layers; auto is bfloat16 on a GPU or CPU that computes in it, else float32."""
    threads: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """Threads that a CPU trains with; auto finds out, again and again, how many are fastest at the moment. With a
    number, two runs with the same seed end in the same weights bit for bit."""

    @property
    def conditional(self) -> bool:
        """Whether the generator is told the class, so that one can ask for it."""
        return "generator" in self.game.told

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON can hold them, with the version of their schema."""
        return {"schema_version": SCHEMA_VERSION, **self.model_dump(mode="json")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`, for every version of the schema; a field that is not there takes its default.

        Raises `ConfigError` for an unknown version and for fields that do not exist.
        """
        from gan.config.lifting import lifted

        return cls.of(lifted(values))

    @classmethod
    def of(cls, parts: Mapping[str, Any]) -> Self:
        """The settings of nested dictionaries; raises `ConfigError` for the first that is wrong."""
        from gan.config.fields import contradictions, sentences

        try:
            config = cls.model_validate(dict(parts))
        except ValidationError as error:
            found = sentences(error, parts)
        else:
            found = contradictions(config)
            if not found:
                return config
        path, sentence = next(iter(found.items()))
        raise ConfigError(path, sentence)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads what `json.dumps(config.to_dict())` wrote; raises `ConfigError` for anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise ConfigError("config", "The settings are not a JSON object.")
        return cls.from_dict(values)

    def changed(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> Self:
        """A copy with other values, by path or by any other name of a field; raises `ConfigError` for a field that does
        not exist. Another kind of game begins with that game's own defaults."""
        from gan.config.fields import merged

        return self.of(merged(self, {**(values or {}), **named}))
