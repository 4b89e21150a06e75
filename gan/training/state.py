"""Networks and Adam's moments as named tensors, and back: what an exact resume needs of them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

MOMENTS = ("exp_avg", "exp_avg_sq")
Networks = Mapping[str, nn.Module]
Optimizers = Mapping[str, torch.optim.Adam]


def tensors(networks: Networks, optimizers: Optimizers) -> dict[str, Tensor]:
    """All of them, by name."""
    found = _of_networks(networks)
    for name, optimizer in optimizers.items():
        for number, state in optimizer.state_dict()["state"].items():
            found |= {f"{name}.{number}.{key}": value for key, value in state.items()}
    return found


def expected(networks: Networks, optimizers: Optimizers, stepped: bool) -> dict[str, Tensor]:
    """What `restore` takes, by name: tensors of the right shapes and types; Adam has moments once it has `stepped`."""
    found = _of_networks(networks)
    for name, optimizer in optimizers.items():
        for number, parameter in enumerate(optimizer.param_groups[0]["params"] if stepped else []):
            found[f"{name}.{number}.step"] = torch.empty(())
            found |= {f"{name}.{number}.{moment}": parameter for moment in MOMENTS}
    return found


def restore(networks: Networks, optimizers: Optimizers, found: Mapping[str, Tensor]) -> None:
    """Puts them where `tensors` was taken. Raises `LookupError` or `RuntimeError` for others' tensors."""
    for name, network in networks.items():
        network.load_state_dict(_under(found, name))
    for name, optimizer in optimizers.items():
        states = _moments(_under(found, name), optimizer.param_groups[0]["params"])
        optimizer.load_state_dict(optimizer.state_dict() | {"state": states})


def _of_networks(networks: Networks) -> dict[str, Tensor]:
    return {f"{name}.{key}": value for name, one in networks.items() for key, value in one.state_dict().items()}


def _under(found: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    prefix = f"{name}."
    return {key[len(prefix) :]: value for key, value in found.items() if key.startswith(prefix)}


def _moments(found: dict[str, Tensor], parameters: list[Tensor]) -> dict[int, dict[str, Tensor]]:
    """Adam's state for each parameter, by its number; none at all before the first step. Raises `LookupError` or
    `RuntimeError` if it is not the state of these parameters."""
    states: dict[int, dict[str, Tensor]] = {}
    for number, parameter in enumerate(parameters if found else []):
        states[number] = {"step": found.pop(f"{number}.step")}
        for field in MOMENTS:
            value = found.pop(f"{number}.{field}")
            if value.shape != parameter.shape:
                raise RuntimeError(f"{field} of parameter {number} has another shape than the parameter.")
            # A file has no memory format; Adam takes for granted that its moments have the parameter's.
            states[number][field] = torch.empty_like(parameter).copy_(value)
    if found:
        raise LookupError(f"There is no parameter for {', '.join(found)}.")
    return states
