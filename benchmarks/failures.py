"""The recordings of failures that ship: `python -m benchmarks.failures FOLDER [MORE ...] [--seconds 30]`.

For each failure of `gan.failures` and for its cure a run is sought in the folders whose settings agree, and trained in
the first of them where there is none, in a process of its own on one thread. Of its first `--seconds` seconds curves of
at most 200 points and pictures are kept in gan/assets/failures. `python -m benchmarks.diagnosis FOLDER` records the
same runs for the diagnosis, by the clock of the processor; use its folder.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gan import render
from gan.config import TrainConfig
from gan.config.fields import flat
from gan.failures import FAILURES, Failure
from gan.runs import diagnosing, recordings, store
from gan.runs.recordings import COLUMNS, Recording

ASIDE = ("budget.images", "budget.seconds", "budget.patience", "device", "precision", "threads")
"""Settings that may differ."""


def wanted(only: Sequence[str]) -> Iterator[tuple[Failure, str, TrainConfig]]:
    """What is recorded: each failure, "broken" or "cured", and the settings."""
    for failure in FAILURES:
        if not only or failure.name in only:
            yield failure, "broken", failure.broken()
            yield failure, "cured", failure.cured()


def alike(left: TrainConfig, right: TrainConfig) -> bool:
    """Whether two runs differ in nothing but how long and where they train."""
    one, other = flat(left), flat(right)
    return all(one[path] == other.get(path) for path in one.keys() | other.keys() if path in one and path not in ASIDE)


def search(folders: Sequence[Path], config: TrainConfig, seconds: float) -> Path | None:
    """A run that has trained so long with such settings."""
    for folder in folders:
        for path in sorted(folder.glob(f"*/{store.CONFIG}")):
            status = store.read_status(path.parent)
            long_enough = status is not None and status.progress.seconds >= seconds - 1
            if long_enough and alike(config, TrainConfig.from_json(path.read_text())):
                return path.parent
    return None


def train(folder: Path, config: TrainConfig, seconds: float) -> None:
    """Trains a run in a process of its own, on one thread."""
    given = [
        f"{path}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for path, value in flat(config).items()
        if path not in ("preset", *ASIDE)
    ]
    command = [sys.executable, "-m", "gan", "train", "--preset", config.preset, "--run-dir", str(folder)]
    command += ["--seconds", f"{seconds:g}", "--set", *given, "threads=1", "device=cpu"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def recording(folder: Path, config: TrainConfig, seconds: float, failure: Failure) -> Recording:
    """A run in its folder as it is kept."""
    curves = store.Curves(folder)
    curves.update()
    samples = [sample for sample in store.read_samples(folder) if sample.seconds <= seconds + 1]
    chosen = [samples[at] for at in recordings.spread([sample.seconds for sample in samples])]
    rows = np.concatenate([recordings.row(sample.png, config, failure.name) for sample in chosen])
    status = store.read_status(folder)
    floor = status.quality.fcd_floor if status else None
    return Recording(
        config,
        min(seconds, samples[-1].seconds),
        floor if floor is not None else float("nan"),
        diagnosing.measured(curves, seconds + 1),
        tuple(sample.images for sample in chosen),
        render.png(render.grid(rows, COLUMNS)),
        samples[-1].png,
    )


def main() -> None:
    """Records, and prints what the diagnosis says of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", default="", help="names of failures, separated by commas")
    args = parser.parse_args()
    for failure, kind, config in wanted([name for name in args.only.split(",") if name]):
        folder = search(args.folders, config, args.seconds)
        if folder is None:
            folder = args.folders[0] / f"{kind}.{failure.name}"
            train(folder, config, args.seconds)
        made = recording(folder, config, args.seconds, failure)
        path = recordings.write(failure.name, kind, made)
        said = " + ".join(finding.kind for finding in made.findings)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {made.images:,} images, {said} ({folder.name})")


if __name__ == "__main__":
    main()
