"""What happened in a move, in words for people who see a GAN for the first time. No torch."""

from gan.config import TrainConfig
from gan.config.schedule import Schedule
from gan.games import rules, spec_of
from gan.games.game import DISCRIMINATOR, GENERATOR
from gan.training.inspection import Inspection, Layer

STAGES = ("draw z", "forge G(z)", "show both", "D scores", "loss", "gradient", "update")
"""Of every move, in order."""
LETTERS = {GENERATOR: "G", DISCRIMINATOR: "D"}


def _other(player: str) -> str:
    return GENERATOR if player == DISCRIMINATOR else DISCRIMINATOR


def _batch(found: Inspection, config: TrainConfig) -> int:
    """Images in the batch of a move."""
    return Schedule(config).batch_of(found.images, config.game.d_steps)


def captions(found: Inspection, config: TrainConfig) -> list[str]:
    """A sentence or two on each of the `STAGES` of a move."""
    game = rules(config)
    mover, other = LETTERS[found.player], LETTERS[_other(found.player)]
    is_d = found.player == DISCRIMINATOR
    count = _batch(found, config)
    size = spec_of(config).size
    frozen = f"{other} is frozen" if not game.simultaneous else "Each follows its own loss alone"
    reused = not is_d and _reuses(found, config)
    drawn = (
        f"Random numbers: {count} latents z, each a list of {size} numbers. A latent is all that a forgery comes from."
    )
    if reused:
        drawn = f"Nothing new: the {count} latents z of D's last move, lists of {size} random numbers, serve once more."
    shown = f"D is shown {count} real pictures x and the {count} forgeries."
    if not is_d and "real" not in found.seen:
        shown = (
            f"Only the {count} forgeries go to D now: G learns from what D says of them, and never sees a real picture."
        )
    asks = game.aims[0 if is_d else 1]
    way = "through D and on into G" if not is_d else "through D"
    return [
        drawn + _codes(config),
        "The forger G, the generator, turns each latent into a picture, G(z)."
        + (" It is frozen: in this move it only works, it does not learn." if is_d and not game.simultaneous else ""),
        shown,
        f"The detective D, the discriminator, gives each picture a number: {game.score.meaning}."
        if not game.score.probability
        else "The detective D, the discriminator, says of each picture how likely it is real: 1 surely real, 0 surely "
        "forged.",
        f"How badly {mover} does on this batch, as one number: the loss, {number(found.loss_before)}. It asks {asks}.",
        f"The loss is followed back {way}: for each weight of {mover}, which way makes the loss smaller? {frozen}"
        + (
            ", so its weights get no gradient."
            if not game.simultaneous
            else ": both gradients are taken before anyone moves."
        ),
        f"Each weight of {mover} takes a small step that way. The loss on this batch is now {number(found.loss_after)}"
        + (f"; {other} is as it was." if not game.simultaneous else "; the other one moves in the same instant."),
    ]


def told(found: Inspection, config: TrainConfig) -> list[tuple[str, str]]:
    """What was drawn, who was frozen and why, what the loss asked for, what moved: headings, each with its words."""
    game = rules(config)
    is_d = found.player == DISCRIMINATOR
    letter = LETTERS[found.player]
    count = _batch(found, config)
    order = game.order
    if is_d:
        drawn = f"{count} real pictures, and {count} latents from which G forged {count} pictures."
    elif _reuses(found, config):
        drawn = (
            f"nothing new: the {count} forgeries of D's last move served once more, with D as it is after that move."
        )
    else:
        drawn = f"{count} new latents, from which G forged {count} pictures."
    if game.simultaneous:
        frozen = (
            "nobody waits: both gradients were taken first, each for its own player alone, then both moved. Each "
            "answers an opponent that has just changed."
        )
    elif is_d:
        frozen = (
            "G. D is to learn what is wrong with these forgeries; if G moved too, it would no longer be the G that "
            "made them."
        )
    else:
        frozen = "D. G learns by looking through D's eyes; were D to move as well, it would learn to be fooled."
    if (turns := order.count(found.player)) > 1:
        frozen += f" By the rules of this game {letter} moves {turns} times in a row."
    change = found.loss_after - found.loss_before
    trend = "lower" if change < 0 else "higher"
    asked = f"{game.aims[0 if is_d else 1]}."
    most = max(grouped(found.layers), key=lambda layer: layer.update, default=None)
    moved = (
        f"{letter}'s weights, and only those."
        if not game.simultaneous
        else f"{letter}'s weights, and the other's with them."
    )
    if most is not None and most.update > 0:
        moved += f" Farthest went its layer “{most.name}”."
    moved += f" On the very same batch the loss is {number(abs(change))} {trend} than before."
    if change > 0:
        moved += " A step can overshoot: the gradient knows the way only from where it stands."
    return [("Drawn", drawn), ("Frozen", frozen), ("Asked", asked), ("Moved", moved)]


def _reuses(found: Inspection, config: TrainConfig) -> bool:
    """Whether a move of G looks at the forgeries of D's last move: the first one after D does."""
    order = rules(config).order
    return GENERATOR in order and (found.number == order.index(GENERATOR) or rules(config).simultaneous)


def _codes(config: TrainConfig) -> str:
    """What else is drawn."""
    told = rules(config).told
    codes = sum(
        part.size if part.kind == "uniform" else 1 for part, _ in spec_of(config).places() if part.kind != "normal"
    )
    if codes:
        return f" {codes} of its parts are codes, which D will have to read off the picture."
    if GENERATOR in told:
        return " With each goes a digit to forge" + ("." if DISCRIMINATOR not in told else ", which D is told as well.")
    return ""


def number(value: float) -> str:
    """A loss or a score for people: three digits that count."""
    if value != value:
        return "–"
    size = abs(value)
    text = (
        f"{value:.0f}"
        if size >= 1000
        else f"{value:.3g}"
        if size >= 100
        else f"{value:.2f}"
        if size >= 10
        else f"{value:.3f}"
    )
    if 0 < size < 0.001:
        text = f"{value:.1e}"
    return text.replace("-", "−")


_WORDS = {"logit": "score", "projection": "digit", "embedding": "digit"}


def grouped(layers: "tuple[Layer, ...]") -> list[Layer]:
    """A network's layers, each with all of its parameters, named for people, by number if need be."""
    found: dict[str, list[Layer]] = {}
    for layer in layers:
        found.setdefault(_module(layer.name), []).append(layer)
    named, count = [], 0
    for module, parts in found.items():
        last = module.rsplit(".", 1)[-1]
        if last.isdecimal() or not last:
            count += 1
        label = f"layer {count}" if last.isdecimal() or not last else _WORDS.get(last, last)
        gradient, update = (sum(getattr(part, name) ** 2 for part in parts) ** 0.5 for name in ("gradient", "update"))
        named.append(Layer(label, gradient, update))
    return named


def _module(parameter: str) -> str:
    """The layer that a parameter is of."""
    return (
        parameter.split(".parametrizations.")[0] if ".parametrizations." in parameter else parameter.rpartition(".")[0]
    )
