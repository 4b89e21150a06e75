"""What a move looks like from inside, for whoever steps by hand. Looking changes no weight, no buffer and no random
number."""

import copy
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan.games.game import DISCRIMINATOR, GENERATOR, Move

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
    """One move, looked into."""

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
    """Pictures that stay the same from move to move, after it (`Probe`)."""

    def to_bytes(self) -> bytes:
        """As an .npz file: the arrays, and `about`, the rest as JSON."""
        about = {
            "player": self.player,
            "step": self.step,
            "loss_before": self.loss_before,
            "loss_after": self.loss_after,
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
        except Exception as error:  # numpy raises many kinds for a damaged file
            raise ValueError("This is no inspection of a move.") from error

        def under(prefix: str) -> dict[str, Array]:
            return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}

        return cls(player, step, *losses, layers, under("seen."), under("probe."))


class Probe:
    """Ten latents and ten real images that stay the same for a whole run, forged and scored by copies of the networks
    that train."""

    def __init__(self, z: Tensor, y: Tensor, real: Tensor) -> None:
        """Latents (N, size), digits (N,) and real images (N, 1, 28, 28) in [-1, 1]."""
        self.z, self.y, self.real = z, y, real

    def look(self, players: Mapping[str, nn.Module]) -> dict[str, Array]:
        """`real` and `forged` images (N, 1, 28, 28), their `…_scores` (N,), and `…_gradients`: what would raise each
        score, (N, 1, 28, 28)."""
        generator, discriminator = (copy.deepcopy(players[name]).eval() for name in (GENERATOR, DISCRIMINATOR))
        found: dict[str, Array] = {}
        with torch.enable_grad():
            for name, images in (("real", self.real), ("forged", generator(self.z, self.y))):
                images = images.detach().requires_grad_()
                scores = discriminator(images, self.y)
                (gradients,) = torch.autograd.grad(scores.sum(), images)
                found |= {name: _array(images), f"{name}_scores": _array(scores)}
                found[f"{name}_gradients"] = _array(gradients)
        return found


class Lens:
    """Looks into the moves of one step: `before` the weights follow, and `after`."""

    def __init__(self, players: Mapping[str, nn.Module], probe: Probe, step: int) -> None:
        """`step`: steps taken before."""
        self.players = players
        self.probe = probe
        self.step = step
        self._weights: dict[str, list[Tensor]] = {}

    def before(self, move: Move) -> Inspection:
        """What can be seen while the graph of the move is there."""
        network = self.players[move.player]
        self._weights[move.player] = [p.detach().clone() for p in network.parameters()]
        seen = {name: _array(value[:SHOWN]) for name, value in move.seen.items()}
        pictures = {name: value for name, value in move.seen.items() if value.requires_grad and value.dim() == 4}
        if pictures:
            gradients = torch.autograd.grad(move.loss, [*pictures.values()], retain_graph=True, allow_unused=True)
            for (name, _), gradient in zip(pictures.items(), gradients, strict=True):
                if gradient is not None:
                    seen[f"{name}_gradients"] = _array(gradient[:SHOWN])
        return Inspection(move.player, self.step, float(move.loss.detach()), float("nan"), (), seen)

    def after(self, move: Move, found: Inspection) -> Inspection:
        """The same with what the update did."""
        network = self.players[move.player]
        layers = tuple(
            Layer(
                name,
                0.0 if parameter.grad is None else float(parameter.grad.norm()),
                float((parameter.detach() - before).norm()),
            )
            for (name, parameter), before in zip(
                network.named_parameters(), self._weights.pop(move.player), strict=True
            )
        )
        known: dict[str, Any] = vars(found)
        # Not before: the graph of the move needs the buffers as they were.
        with self._untouched(), torch.no_grad():
            loss_after = float(move.again())
        changed = {"loss_after": loss_after, "layers": layers, "probe": self.probe.look(self.players)}
        return Inspection(**(known | changed))

    @contextmanager
    def _untouched(self) -> Iterator[None]:
        """Buffers, those of batch norm and spectral norm, are afterwards what they were."""
        buffers = [buffer for network in self.players.values() for buffer in network.buffers()]
        before = [buffer.clone() for buffer in buffers]
        try:
            yield
        finally:
            for buffer, value in zip(buffers, before, strict=True):
                if not torch.equal(buffer, value):  # the graph of a move that is still to come takes no write at all
                    buffer.copy_(value)


def _array(values: Tensor) -> Array:
    found: Array = values.detach().float().cpu().numpy().copy()
    return found
