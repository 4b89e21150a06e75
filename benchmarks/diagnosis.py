"""Records runs."""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gan.config import TrainConfig
from gan.config.fields import flat
from gan.failures import FAILURES
from gan.presets import PRESETS
from gan.runs import store


def jobs(seeds: int, seconds: float) -> dict[str, TrainConfig]:
    """All runs by name."""
    found = {}
    for seed in range(seeds):
        for name, config in PRESETS.items():
            found[f"preset.{name}.{seed}"] = config.changed(
                {"seed": seed, "budget.seconds": seconds, "budget.images": 0}
            )
        for failure in FAILURES:
            found[f"broken.{failure.name}.{seed}"] = failure.broken(seed, seconds)
            found[f"cured.{failure.name}.{seed}"] = failure.cured(seed, seconds)
    return found


def train(folder: Path, config: TrainConfig) -> None:
    """Trains a run in a process of its own, on one thread."""
    if (folder / "done").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    given = [
        f"{name}={','.join(map(str, v)) if isinstance(v, tuple) else v}"
        for name, v in flat(config).items()
        if name not in ("preset", "threads")
    ]
    command = [
        sys.executable,
        "-m",
        "gan",
        "train",
        "--preset",
        config.preset,
        "--run-dir",
        str(folder),
        "--set",
        *given,
        "threads=1",
    ]
    subprocess.run(
        command,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"GAN_RUNS_DIR": str(folder.parent)},
    )
    shutil.rmtree(folder / store.SNAPSHOTS, ignore_errors=True)
    (folder / store.BEST).unlink(missing_ok=True)
    (folder / "done").touch()


def main() -> None:
    """Trains what is not recorded yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    wanted = {n: c for n, c in jobs(args.seeds, args.seconds).items() if any(o in n for o in args.only.split(","))}
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda item: train((args.folder / item[0]).absolute(), item[1]), wanted.items()))


if __name__ == "__main__":
    main()
