"""What steps measure between two records. It stays on the device until somebody takes it."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gan.training.messages import Summary


class Measurements:
    """Mean and extremes of quantities over the steps since the last record."""

    def __init__(self, quantities: Sequence[str], device: torch.device) -> None:
        self.quantities = tuple(quantities)
        self.device = device
        self.norms: dict[str, Tensor] = {}
        """Those of the last step that measured them (`norms`); they stay until others come."""
        self._start()

    def _start(self) -> None:
        self.steps = 0
        self._sum = torch.zeros(len(self.quantities), device=self.device)
        self._min = torch.full_like(self._sum, math.inf)
        self._max = torch.full_like(self._sum, -math.inf)

    def add(self, measured: Mapping[str, Tensor]) -> None:
        """Counts a step: a scalar for each quantity."""
        values = torch.stack([measured[name] for name in self.quantities])
        self.steps += 1
        self._sum += values
        # torch.minimum passes NaN on: a diverged step shows in the extremes as well as in the mean.
        self._min = torch.minimum(self._min, values)
        self._max = torch.maximum(self._max, values)

    def take(self) -> dict[str, Summary]:
        """What was measured since the last call; waits for the device. Empty if no step was."""
        if not self.steps:
            return {}
        rows = torch.stack((self._sum / self.steps, self._min, self._max)).T.tolist()
        record = {name: Summary(*row) for name, row in zip(self.quantities, rows, strict=True)}
        if self.norms:
            norms = torch.stack(list(self.norms.values())).tolist()
            record |= {name: Summary(value, value, value) for name, value in zip(self.norms, norms, strict=True)}
        self._start()
        return record


def copies(network: nn.Module) -> list[Tensor]:
    """The weights as they are, to be compared with later."""
    return [parameter.detach().clone() for parameter in network.parameters()]


def norms(network: nn.Module, before: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Euclidean norms over all parameters of a network: of its last gradient, and of the way from `before`."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    updates = [p.detach() - then for p, then in zip(network.parameters(), before, strict=True)]
    return norm(gradients), norm(updates)


def norm(tensors: Sequence[Tensor]) -> Tensor:
    """Euclidean norm over all elements, a scalar on their device."""
    found: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(tensors))))
    return found


def floats(network: nn.Module) -> list[Tensor]:
    """Parameters and floating-point buffers, in order; the counters of batch norm are left out."""
    tensors = [parameter.detach() for parameter in network.parameters()]
    return tensors + [buffer for buffer in network.buffers() if buffer.is_floating_point()]
