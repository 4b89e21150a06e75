"""Moves as a page shows them: pictures, scores, overlays and words, as one message. No torch.

A message is the length of a JSON object (4 bytes, little endian), the object, and the bytes of all arrays. In the
object an array is its place among these: `{"at": first byte, "shape": [...], "scale": …}`. With a scale it holds signed
bytes, 127 of which are the scale, else unsigned ones.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gan.config import TrainConfig
from gan.games import rules
from gan.games.game import Reading
from gan.system.framing import framed
from gan.training import narration
from gan.training.inspection import Array, Inspection

SHARPEST = 99.5
"""Per cent of an overlay's pixels that are not cut off at full colour."""


class _Arrays:
    """Bytes that a message ends with."""

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, values: Any, **about: Any) -> dict[str, Any]:
        """Takes an array of bytes; returns where it lies."""
        place = {"at": len(self.content), "shape": list(values.shape), **about}
        self.content += values.tobytes()
        return place

    def pictures(self, images: Array) -> dict[str, Any]:
        """Images in [-1, 1]."""
        return self.add(((images + 1) * 127.5).round().clip(0, 255).astype(np.uint8))

    def signed(self, values: Array, scale: float) -> dict[str, Any]:
        """Numbers up to `scale` on both sides."""
        return self.add((values / (scale or 1) * 127).round().clip(-127, 127).astype(np.int8), scale=scale)


def message(about: dict[str, Any], config: TrainConfig, scenes: Sequence[Inspection]) -> bytes:
    """What the page reads: `about` with the `scenes` in it."""
    arrays = _Arrays()
    made = [_scene(scene, config, arrays) for scene in scenes]
    return framed({**about, "scenes": made}, bytes(arrays.content))


def players(config: TrainConfig) -> dict[str, Any]:
    """What a page has to know of the game before any move."""
    game = rules(config)
    score = game.score
    return {
        "stages": list(narration.STAGES),
        "score": {
            "probability": score.probability,
            "energy": score.energy,
            "undecided": None if score.undecided is None else _believed(np.float32(score.undecided), config).item(),
            "meaning": score.meaning,
        },
        "readings": [reading.label for reading in game.readings_shown],
        "simultaneous": game.simultaneous,
        "order": "".join(narration.LETTERS[player] for player in game.order),
    }


def _believed(scores: Any, config: TrainConfig) -> Any:
    """Scores as they are read: chances where they are."""
    return (
        1 / (1 + np.exp(-scores.astype(np.float64))) if rules(config).score.probability else scores.astype(np.float64)
    )


def _scene(found: Inspection, config: TrainConfig, arrays: _Arrays) -> dict[str, Any]:
    game, probe = rules(config), found.probe
    # The page shows what would make D say "more real" whichever way its number points.
    sign = -1 if game.score.energy else 1
    toward = {row: sign * probe[f"{row}_gradients"] for row in ("real", "forged")}
    scale = float(np.percentile(np.abs(np.stack(list(toward.values()))), SHARPEST))
    rows = {}
    for row in ("real", "forged"):
        rows[row] = {
            "images": arrays.pictures(probe[row]),
            "toward": arrays.signed(toward[row], scale),
            "scores": [round(value, 6) for value in _believed(probe[f"{row}_scores"], config).tolist()],
            "readings": [
                _reading(reading, row, probe, arrays)
                for reading in game.readings_shown
                if row == "forged" or not reading.forged_only
            ],
        }
    scene: dict[str, Any] = {"player": found.player, "step": found.step, "images": found.images, "rows": rows}
    if not found.player:
        return scene
    return scene | {
        "number": found.number,
        "loss": [_finite(found.loss_before), _finite(found.loss_after)],
        "losses": [narration.number(found.loss_before), narration.number(found.loss_after)],
        "layers": [[layer.name, layer.gradient, layer.update] for layer in narration.grouped(found.layers)],
        "captions": narration.captions(found, config),
        "told": narration.told(found, config),
        "z": [[round(value, 2) for value in row] for row in probe["z"][:, :12].tolist()],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _reading(reading: Reading, row: str, probe: Any, arrays: _Arrays) -> dict[str, Any]:
    """One of the further things that D says of ten pictures: pictures, or texts, and whether each is right."""
    values = probe[f"{row}_{reading.name}"]
    if reading.kind == "picture":
        return {"label": reading.label, "pictures": arrays.pictures(values)}
    asked = probe["z"][:, reading.asked] if reading.asked else None
    if reading.kind == "class":
        wanted = probe["y"].astype(int) if asked is None else asked.argmax(1)
        read = values.argmax(1)
        return {
            "label": reading.label,
            "texts": [f"{one}" for one in read],
            "asked": [f"{one}" for one in wanted],
            "right": [bool(one) for one in read == wanted],
        }
    texts = [" ".join(f"{one:+.1f}".replace("-", "−") for one in numbers) for numbers in values]
    wanted = (
        [] if asked is None else [" ".join(f"{one:+.1f}".replace("-", "−") for one in numbers) for numbers in asked]
    )
    return {"label": reading.label, "texts": texts, "asked": wanted}
