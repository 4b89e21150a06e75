"""One line on the machine that a figure was measured on."""

import os
import platform
from pathlib import Path

import torch

from gan.device import choose, choose_precision


def line() -> str:
    """Processor, cores, and the versions that matter."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [row.split(":", 1)[1].strip() for row in info.read_text().splitlines() if row.startswith("model name")]
        name = found[0] if found else name
    own = str(choose_precision("auto", choose().device)).removeprefix("torch.")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} cores of {name}"
    return f"{device}; Python {platform.python_version()}, PyTorch {torch.__version__}, {own} unless said otherwise"
