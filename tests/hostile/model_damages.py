"""What can be wrong with a model file: each damage is a small function from the bytes of a good one to those of a bad
one, in the table `MODELS`. All of them have to be refused."""

import json
import random
import struct
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from tests.hostile.contents import VALUES, edited, nested

Damage = Callable[[bytes], bytes]
MODELS: dict[str, Damage] = {}
Tensors = dict[str, Tensor]


def header(content: bytes) -> dict[str, Any]:
    """What a safetensors file says of itself."""
    (length,) = struct.unpack("<Q", content[:8])
    found: dict[str, Any] = json.loads(content[8 : 8 + length])
    return found


def with_header(content: bytes, head: str | bytes) -> bytes:
    """The same numbers below another header."""
    (length,) = struct.unpack("<Q", content[:8])
    raw = head.encode() if isinstance(head, str) else head
    return struct.pack("<Q", len(raw)) + raw + content[8 + length :]


def with_tensors(content: bytes, change: Callable[[Tensors], Tensors]) -> bytes:
    """The same metadata with other tensors."""
    return save(change(load(content)), header(content)["__metadata__"])


def _weights(change: Callable[[Tensor], Tensor], network: str = "generator") -> Damage:
    """Changes one large tensor of a network."""

    def change_one(tensors: Tensors) -> Tensors:
        name = max((name for name in tensors if name.startswith(network)), key=lambda name: tensors[name].numel())
        return tensors | {name: change(tensors[name]).contiguous()}

    return lambda content: with_tensors(content, change_one)


def _filled(value: float) -> Callable[[Tensor], Tensor]:
    def change(tensor: Tensor) -> Tensor:
        changed = tensor.clone()
        changed.view(-1)[tensor.numel() // 2] = value
        return changed

    return change


for _network in ("generator", "discriminator"):
    for _name, _value in {"no number": float("nan"), "infinite": float("inf"), "below all": float("-inf")}.items():
        MODELS[f"a weight of the {_network} is {_name}"] = _weights(_filled(_value), _network)
    for _type in (torch.int64, torch.int32, torch.int8, torch.uint8, torch.bool, torch.complex64):
        MODELS[f"weights of the {_network} are {_type}"] = _weights(lambda t, kind=_type: t.to(kind), _network)

MODELS |= {
    "weights of another shape": _weights(lambda tensor: tensor[:-1]),
    "weights transposed": _weights(lambda tensor: tensor.transpose(0, 1) if tensor.dim() > 1 else tensor[:-1]),
    "weights in one row": _weights(lambda tensor: tensor.reshape(-1)),
    "weights without any": _weights(lambda tensor: tensor[:0]),
    "a single number for weights": _weights(lambda tensor: tensor.reshape(-1)[0]),
    "no tensors": lambda content: with_tensors(content, lambda tensors: {}),
    "half a discriminator": lambda content: with_tensors(
        content,
        lambda tensors: {
            name: value for name, value in tensors.items() if not name.endswith(("logit.weight", "projection.weight"))
        },
    ),
    "a tensor too few": lambda content: with_tensors(content, lambda tensors: dict(list(tensors.items())[1:])),
    "a tensor too many": lambda content: with_tensors(content, lambda tensors: tensors | {"extra": torch.zeros(3)}),
    "a layer too many": lambda content: with_tensors(
        content, lambda tensors: tensors | {"generator.layers.99.weight": torch.zeros(3)}
    ),
    "all names in capitals": lambda content: with_tensors(
        content, lambda tensors: {name.upper(): value for name, value in tensors.items()}
    ),
}


def _variance(value: float) -> Damage:
    def change(tensors: Tensors) -> Tensors:
        return {
            name: torch.full_like(tensor, value) if name.endswith("running_var") else tensor
            for name, tensor in tensors.items()
        }

    return lambda content: with_tensors(content, change)


MODELS["variances below zero"] = _variance(-1.0)
MODELS["variances without measure"] = _variance(float("nan"))


# Headers.


def _head(change: Callable[[dict[str, Any]], Any]) -> Damage:
    return lambda content: with_header(content, json.dumps(change(header(content))))


def _first(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Damage:
    def act(found: dict[str, Any]) -> dict[str, Any]:
        name = next(name for name in found if name != "__metadata__")
        return found | {name: found[name] | change(found[name])}

    return _head(act)


MODELS |= {
    "nothing at all": lambda content: b"",
    "seven bytes": lambda content: content[:7],
    "only a length": lambda content: content[:8],
    "a header of 2^63 bytes": lambda content: struct.pack("<Q", 2**63) + content[8:],
    "a header of 2^64 - 1 bytes": lambda content: struct.pack("<Q", 2**64 - 1) + content[8:],
    "a header of no bytes": lambda content: struct.pack("<Q", 0) + content[8:],
    "a header of 4 GB": lambda content: struct.pack("<Q", 2**32) + content[8:],
    "a header that is no JSON": lambda content: with_header(content, b"\x80\x04pickled"),
    "a header that is a list": lambda content: with_header(content, "[1, 2]"),
    "a header that is null": lambda content: with_header(content, "null"),
    "a header of 100,000 brackets": lambda content: with_header(content, nested(100_000)),
    "a header of 50 MB of spaces": lambda content: with_header(content, json.dumps(header(content)) + " " * 50_000_000),
    "a tensor of gigabytes": _first(lambda one: {"shape": [50_000, 50_000], "data_offsets": [0, 5_000_000_000]}),
    "a tensor of more than there is": _first(lambda one: {"shape": [2**62, 2**62]}),
    "a tensor of minus one": _first(lambda one: {"shape": [-1]}),
    "a tensor of an unknown type": _first(lambda one: {"dtype": "F3"}),
    "a tensor without a place": _first(lambda one: {"data_offsets": None}),
    "a tensor that ends before it begins": _first(lambda one: {"data_offsets": one["data_offsets"][::-1]}),
    "two tensors in one place": _head(
        lambda found: {
            name: {**one, "data_offsets": [0, 100]} if name != "__metadata__" else one for name, one in found.items()
        }
    ),
    "metadata of numbers": _head(lambda found: found | {"__metadata__": {"format": 7}}),
    "metadata null": _head(lambda found: found | {"__metadata__": None}),
    "no metadata": _head(lambda found: {name: one for name, one in found.items() if name != "__metadata__"}),
    "a pickle": lambda content: b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.",
    "a zip": lambda content: b"PK\x03\x04" + bytes(2000),
    "random bytes": lambda content: random.Random(3).randbytes(len(content)),
    "cut in half": lambda content: content[: len(content) // 2],
    "a byte short": lambda content: content[:-1],
    "a byte long": lambda content: content + b"\0",
}


# What the metadata says.


def _metadata(**entries: Any) -> Damage:
    def change(found: dict[str, Any]) -> dict[str, Any]:
        changed = found["__metadata__"] | entries
        return found | {"__metadata__": {name: value for name, value in changed.items() if value is not None}}

    return _head(change)


def _inner(entry: str, change: Callable[[dict[str, Any]], Any]) -> Damage:
    """Changes what stands in an entry of the metadata as JSON."""

    def act(content: bytes) -> bytes:
        found = header(content)["__metadata__"]
        return _metadata(**{entry: json.dumps(change(json.loads(found[entry])))})(content)

    return act


for _entry in ("format", "kind", "version", "config", "about"):
    MODELS[f"no {_entry}"] = _metadata(**{_entry: None})
    MODELS[f"{_entry} empty"] = _metadata(**{_entry: ""})
    MODELS[f"{_entry} rubbish"] = _metadata(**{_entry: "<img src=x onerror=alert(1)>\x1b[31m\n"})
for _entry in ("config", "about"):
    for _how in ("null", "a list", "no number", "text"):
        MODELS[f"{_entry} is {_how}"] = _metadata(**{_entry: json.dumps(VALUES[_how])})
    MODELS[f"{_entry} of 100,000 brackets"] = _metadata(**{_entry: nested(100_000)})
    MODELS[f"{_entry} of a million digits"] = _metadata(**{_entry: "9" * 1_000_000})
for _how in ("text", "null", "a list", "infinite", "no number", "a huge whole number", "minus a huge number"):
    for _name in ("images", "seconds"):
        MODELS[f"about: {_name} is {_how}"] = _inner("about", lambda a, n=_name, v=VALUES[_how]: a | {n: v})
for _how in ("text", "null", "a list", "infinite", "no number", "a huge whole number", "half a character"):
    for _name in ("generator.widths", "generator.latent_dim", "game.conditional", "game.kind"):
        MODELS[f"config: {_name} is {_how}"] = _inner(
            "config", lambda found, name=_name, value=VALUES[_how]: edited(found, name, value)
        )
for _name, _value in {
    "generator.widths": [4096] * 300,
    "discriminator.widths": [17, 16],
    "generator.latent_dim": 9,
    "game.conditional": False,
    "generator.architecture": "mlp",
    "generator.batch_norm": False,
}.items():
    MODELS[f"config: {_name} of another network"] = _inner(
        "config", lambda found, name=_name, value=_value: edited(found, name, value)
    )
