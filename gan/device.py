"""Where a run computes, and in which number format."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch


class DeviceError(RuntimeError):
    """A device was asked for by name that does not work here."""


class Place(NamedTuple):
    """A device that has been tried, and what a person should know about how it was chosen."""

    device: torch.device
    note: str = ""


def _fault(device: torch.device) -> str:
    """Empty if one small operation really runs on the device, else what went wrong, in one sentence."""
    try:
        ones = torch.ones(8, 8, device=device)
        if (ones @ ones).sum().item() != 512:
            return "it computed a wrong result"
    except Exception as error:  # drivers raise whatever they like, and none of it may end a run
        lines = str(error).splitlines()
        return lines[0].split(". ")[0] if lines else type(error).__name__
    return ""


def choose(wanted: str = "auto") -> Place:
    """The device for `TrainConfig.device`, after one operation on it has run.

    auto takes CUDA, then MPS, then the CPU. An accelerator that is there but fails is named in `note`
    and passed over. Raises `DeviceError` if the one that was asked for by name does not work.
    """
    if wanted != "auto":
        device = torch.device(wanted)
        if fault := _fault(device):
            raise DeviceError(f"The device {wanted!r} does not work here ({fault}). Choose auto or cpu.")
        return Place(device)
    failed = []
    for name, present in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if present:
            if not (fault := _fault(torch.device(name))):
                return Place(torch.device(name))
            failed.append(f"{name} is there but failed ({fault})")
    note = f"{' and '.join(failed)}, so the CPU is used." if failed else ""
    return Place(torch.device("cpu"), note)


def describe(device: torch.device) -> str:
    """A short name for people, such as "NVIDIA T4" or "CPU, 2 cores"."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "mps":
        return "Apple GPU"
    return f"CPU, {cores()} core{'s' if cores() > 1 else ''}"


def cores() -> int:
    """The cores that this process may use: those that the system gives it, or $OMP_NUM_THREADS if that is fewer."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(given, int(wanted)) if wanted.isdecimal() and int(wanted) else given


_counting = threading.Lock()
_inside = 0
_usual = 1
_here = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch works with one thread for a while, here and in threads that begin meanwhile. Beside a process that
    trains, threads that wait for each other wait long: small work is done sooner by one.

    Calls may overlap and nest. PyTorch keeps a number for each thread and one for threads to come, and sets both at
    once; each call leaves its thread with what there was before the first of those that overlap.
    """
    global _inside, _usual
    if getattr(_here, "is_one", False):
        yield
        return
    with _counting:
        if not _inside:
            _usual = _threads_of_a_new_thread()
        _inside += 1
        torch.get_num_threads()  # a thread that has not computed yet would take the common number at its first step
        torch.set_num_threads(1)
    _here.is_one = True
    try:
        yield
    finally:
        _here.is_one = False
        with _counting:
            _inside -= 1
            torch.set_num_threads(_usual)


def _threads_of_a_new_thread() -> int:
    """The number that PyTorch works with in threads that have not computed yet."""
    found: list[int] = []
    asking = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    asking.start()
    asking.join()
    return found[0]


def choose_precision(wanted: str, device: torch.device) -> torch.dtype:
    """The format of the layers for `TrainConfig.precision`.

    auto is bfloat16 where the processor computes in it: on CUDA devices of compute capability 8.0 and more, and
    on CPUs with AVX-512 bfloat16 or AMX. It is float32 elsewhere.
    """
    if wanted == "auto":
        return torch.bfloat16 if _computes_in_bfloat16(device) else torch.float32
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def _computes_in_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):  # older PyTorch cannot be asked
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return False
