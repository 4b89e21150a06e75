"""Tensors out of safetensors files that were perhaps written by somebody else.

Names, shapes and types are compared with what is expected before anything is read, the numbers after that. Nothing
that a file announces is allocated, and only plain files are opened.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gan.models.files import ModelError, check, damaged
from gan.system.text import shown

FLOATS = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}
KINDS = {torch.int64: {"I64"}, torch.uint8: {"U8"}}
LARGEST_STATE = 100_000
"""Bytes of a random state; a CPU's takes 5,056."""
NEVER_NEGATIVE = ("running_var", "exp_avg_sq", "num_batches_tracked", "step")
"""How the names of tensors end whose numbers are squares or counts."""


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A safetensors file, its header read; raises `ModelError` with one sentence for anything else."""
    check(path)
    try:
        with _mapped(path) as file:
            yield file
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror or error}).") from error
    except SafetensorError as error:
        raise damaged(path) from error


def _mapped(path: Path) -> Any:
    try:
        return safe_open(path, framework="pt")
    except RuntimeError as error:  # torch's
        raise ModelError(f"{path} is larger than the memory that it would be read into.") from error


def read(file: Any, path: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of an open file: those whose names, shapes and types are `expected`, no others, all finite. A type
    of floating point may be any other one; a shape with a 0 stands for any length.

    Raises `ModelError` that names the first tensor that is wrong.
    """

    def refused(name: str, why: str) -> ModelError:
        return ModelError(f"{path} does not hold the networks that it describes: {shown(name)} {why}.")

    names = set(file.keys())
    for name in sorted(names ^ expected.keys()):
        raise refused(name, "is missing" if name in expected else "is not part of it")
    for name, like in expected.items():
        entry = file.get_slice(name)
        shape, wanted = tuple(entry.get_shape()), tuple(like.shape)
        if shape != wanted and not (wanted == (0,) and len(shape) == 1 and shape[0] <= LARGEST_STATE):
            raise refused(name, f"has the shape {list(shape)} where its settings ask for {list(wanted)}")
        if entry.get_dtype() not in (FLOATS if like.is_floating_point() else KINDS[like.dtype]):
            raise refused(name, f"is of type {entry.get_dtype()}")
    found = {name: file.get_tensor(name) for name in expected}
    for name, value in found.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise refused(name, "is not finite")
        if name.endswith(NEVER_NEGATIVE) and (value < 0).any():
            raise refused(name, "is negative")
    return found
