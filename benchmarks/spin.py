"""What a short spin is worth: `python -m benchmarks.spin [--seconds 6] [--rounds 3]`.

PyTorch's threads wait for each other by spinning. `gan` shortens that wait (GOMP_SPINCOUNT, see
`gan/__init__.py`); here the default preset trains with that, with a shorter one and with OpenMP's default, alone
and beside a process that keeps one core busy, in rounds. Prints images per second, median and range.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections import defaultdict

from benchmarks import machine

SPINS = {"a short spin (1,000)": "1000", "as `gan` sets it (20,000)": "20000", "OpenMP's default (300,000)": "300000"}
TRAIN = """
import sys, time
from gan import config, data
from gan.trainer import Trainer
trainer = Trainer(config.preset("cgan"), data.load())
for _ in range(50):
    trainer.step()
images, start = trainer.images, time.perf_counter()
while (now := time.perf_counter()) - start < float(sys.argv[1]):
    trainer.step()
print((trainer.images - images) / (now - start))
"""


def speed(spin: str, seconds: float) -> float:
    """Images per second in a process of its own."""
    environment = {**os.environ, "GOMP_SPINCOUNT": spin}
    command = [sys.executable, "-c", TRAIN, str(seconds)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(result.stdout)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    speeds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(args.rounds):
        for name, spin in SPINS.items():
            speeds[name, "alone"].append(speed(spin, args.seconds))
            with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
                speeds[name, "beside a busy process"].append(speed(spin, args.seconds))
                busy.kill()
    print(f"{machine.line()}\n\n| | alone | beside a busy process |\n|---|---|---|")
    for name in SPINS:
        cells = []
        for where in ("alone", "beside a busy process"):
            found = speeds[name, where]
            cells.append(f"{statistics.median(found):,.0f} ({min(found):,.0f} to {max(found):,.0f})")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
