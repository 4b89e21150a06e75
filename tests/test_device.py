import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
import torch

from gan import device
from gan.device import DeviceError, choose, choose_precision, describe, one_thread

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def _accelerators(monkeypatch: pytest.MonkeyPatch, *present: str, broken: tuple[str, ...] = ()) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in present)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in present)
    monkeypatch.setattr(device, "_fault", lambda wanted: "no kernel image" if wanted.type in broken else "")


@pytest.mark.parametrize(
    ("present", "chosen"), [((), "cpu"), (("mps",), "mps"), (("cuda",), "cuda"), (("cuda", "mps"), "cuda")]
)
def test_auto_takes_cuda_then_mps_then_cpu(
    monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...], chosen: str
) -> None:
    _accelerators(monkeypatch, *present)
    assert choose() == (torch.device(chosen), "")


@pytest.mark.parametrize("present", [("cuda",), ("mps",), ("cuda", "mps")])
def test_auto_passes_over_what_fails_and_says_so(monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...]) -> None:
    _accelerators(monkeypatch, *present, broken=present)
    chosen, note = choose()
    assert chosen == CPU
    assert all(f"{name} is there but failed (no kernel image)" in note for name in present)
    assert note.endswith("so the CPU is used.")


def test_device_asked_for_by_name_has_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    _accelerators(monkeypatch, "cuda", broken=("cuda",))
    with pytest.raises(DeviceError, match=r"'cuda' does not work here \(no kernel image\). Choose auto or cpu"):
        choose("cuda")


def test_cpu_works() -> None:
    assert choose("cpu") == (CPU, "")


def test_device_that_cannot_compute_is_found_out() -> None:
    """The meta device makes tensors without numbers: nothing can be read from it."""
    assert device._fault(torch.device("meta"))


def test_device_that_computes_nonsense_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "ones", torch.zeros)
    assert device._fault(CPU) == "it computed a wrong result"


@pytest.mark.parametrize(
    ("given", "wanted", "name"),
    [(1, "", "CPU, 1 core"), (4, "", "CPU, 4 cores"), (4, "3", "CPU, 3 cores"), (2, "8", "CPU, 2 cores")],
)
def test_cpu_is_described_by_the_cores_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch, given: int, wanted: str, name: str
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(given)))
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert describe(CPU) == name


@pytest.mark.parametrize(
    ("wanted", "where", "capability", "chosen"),
    [
        ("auto", CUDA, (7, 5), torch.float32),
        ("auto", CUDA, (8, 0), torch.bfloat16),
        ("auto", CUDA, (9, 0), torch.bfloat16),
        ("auto", torch.device("mps"), (9, 0), torch.float32),
        ("float32", CUDA, (9, 0), torch.float32),
        ("bfloat16", CPU, (0, 0), torch.bfloat16),
    ],
)
def test_bfloat16_is_for_those_who_ask_and_for_gpus_that_have_it(
    monkeypatch: pytest.MonkeyPatch, wanted: str, where: torch.device, capability: tuple[int, int], chosen: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert choose_precision(wanted, where) == chosen


@pytest.mark.parametrize(
    ("capabilities", "chosen"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_auto_takes_bfloat16_on_a_cpu_that_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], chosen: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert choose_precision("auto", CPU) == chosen
    assert choose_precision("float32", CPU) == torch.float32


def test_auto_is_float32_on_a_cpu_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert choose_precision("auto", CPU) == torch.float32


@pytest.fixture
def two_threads() -> Iterator[None]:
    """PyTorch works with two threads, in this thread and in new ones."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _elsewhere(ask: Callable[[], int] = torch.get_num_threads) -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_one_thread_nests(two_threads: None) -> None:
    with one_thread():
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
        assert _elsewhere() == 1
    assert (torch.get_num_threads(), _elsewhere()) == (2, 2)


@pytest.mark.parametrize("first_to_end", [0, 1])
def test_two_that_overlap_leave_the_number_as_it_was(two_threads: None, first_to_end: int) -> None:
    """Both in threads of their own, as for two visitors; either may end first."""
    inside = Barrier(3)
    ends = [Event(), Event()]

    def work(mine: Event) -> list[int]:
        with one_thread():
            inside.wait(10)
            mine.wait(10)
            during = torch.get_num_threads()
        return [during, torch.get_num_threads()]

    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(work, end) for end in ends]
        inside.wait(10)
        for index in (first_to_end, 1 - first_to_end):
            ends[index].set()
            assert works[index].result(10) == [1, 2]
    assert (torch.get_num_threads(), _elsewhere()) == (2, 2)
