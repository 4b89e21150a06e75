"""Looks into a move. Looking changes no weight, no buffer and no random number."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gan.games.game import DISCRIMINATOR, GENERATOR, Move
from gan.training.inspection import SHOWN, Array, Inspection, Layer


class Probe:
    """Ten latents and ten real images that stay the same for a whole run, forged and scored by copies of the networks
    that train."""

    def __init__(self, z: Tensor, y: Tensor, real: Tensor) -> None:
        """Latents (N, size), digits (N,) and real images (N, 1, 28, 28) in [-1, 1]."""
        self.z, self.y, self.real = z, y, real

    def look(self, players: Mapping[str, nn.Module]) -> dict[str, Array]:
        """`real` and `forged` images (N, 1, 28, 28), their `…_scores` (N,), `…_gradients`: what would raise each
        score, (N, 1, 28, 28), and by name what else D says of each. Also the latents `z` and digits `y`."""
        copies: dict[str, Any] = {name: copy.deepcopy(players[name]).eval() for name in (GENERATOR, DISCRIMINATOR)}
        generator, discriminator = copies[GENERATOR], copies[DISCRIMINATOR]
        found: dict[str, Array] = {"z": _array(self.z), "y": _array(self.y)}
        with torch.enable_grad():
            for name, images in (("real", self.real), ("forged", generator(self.z, self.y))):
                images = images.detach().requires_grad_()
                scores, others = discriminator.answers(images, self.y)
                (gradients,) = torch.autograd.grad(scores.sum(), images)
                found |= {name: _array(images), f"{name}_scores": _array(scores)}
                found[f"{name}_gradients"] = _array(gradients)
                found |= {f"{name}_{other}": _array(value) for other, value in others.items()}
        return found


class Lens:
    """Looks into the moves of one step: `before` the weights follow, and `after`."""

    def __init__(self, players: Mapping[str, nn.Module], probe: Probe, step: int, number: int) -> None:
        """`step`: steps taken before; `number`: moves of this one taken before."""
        self.players = players
        self.probe = probe
        self.step = step
        self.number = number
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
        return Inspection(move.player, self.step, float(move.loss.detach()), float("nan"), (), seen, number=self.number)

    def after(self, move: Move, found: Inspection, images: int) -> Inspection:
        """The same with what the update did, after so many images."""
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
        changed = {"loss_after": loss_after, "layers": layers, "probe": self.probe.look(self.players), "images": images}
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
