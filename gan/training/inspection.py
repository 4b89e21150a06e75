"""What a move looks like from inside, for whoever steps by hand: what `gan.training.lens` saw, as a file. No torch."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SHOWN = 10
"""Images of a move's batch that are kept."""
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """How far a layer moved: Euclidean norms over one of a network's parameters."""

    name: str
    gradient: float
    update: float


@dataclass(frozen=True)
class Inspection:
    """One move, looked into; or with no player, how things stand while nobody moves: then there are no losses, layers
    and tensors of a move."""

    player: str
    step: int
    """Steps taken before the one that the move is part of."""
    loss_before: float
    """The loss on the move's own batch before the weights moved, and after."""
    loss_after: float
    layers: tuple[Layer, ...]
    """Of the player's network; the others' stood still."""
    seen: Mapping[str, Array] = field(default_factory=dict)
    """The first of the move's named tensors (`Move.seen`), and for images `…_gradients`: the loss's gradient with
    respect to each, (N, 1, 28, 28)."""
    probe: Mapping[str, Array] = field(default_factory=dict)
    """Pictures that stay the same from move to move, after it (`gan.training.lens.Probe`)."""
    images: int = 0
    """Real images shown to D so far, those of the move included."""
    number: int = 0
    """Which of the step's moves it is, from 0."""

    def to_bytes(self) -> bytes:
        """As an .npz file: the arrays, and `about`, the rest as JSON."""
        about = {
            "player": self.player,
            "step": self.step,
            "loss_before": self.loss_before,
            "loss_after": self.loss_after,
            "images": self.images,
            "number": self.number,
            "layers": [[layer.name, layer.gradient, layer.update] for layer in self.layers],
        }
        arrays = {f"seen.{name}": value for name, value in self.seen.items()}
        arrays |= {f"probe.{name}": value for name, value in self.probe.items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Inspection":
        """The inverse of `to_bytes`; raises `ValueError` for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = json.loads(str(arrays.pop("about")))
            if any(value.dtype != np.float32 for value in arrays.values()):
                raise TypeError
            layers = tuple(Layer(str(name), float(a), float(b)) for name, a, b in about["layers"])
            losses = float(about["loss_before"]), float(about["loss_after"])
            player, step = str(about["player"]), int(about["step"])
            images, number = int(about.get("images", 0)), int(about.get("number", 0))
        except Exception as error:  # numpy raises many kinds for a damaged file
            raise ValueError("This is no inspection of a move.") from error

        def under(prefix: str) -> dict[str, Array]:
            return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}

        return cls(player, step, *losses, layers, under("seen."), under("probe."), images, number)
