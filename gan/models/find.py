"""Which model file is meant. No torch, so that a wrong name is refused at once."""

from pathlib import Path

from gan.models.files import ModelError
from gan.models.snapshots import newest_snapshot
from gan.paths import PRETRAINED
from gan.system.text import shown


def resolve(name: str) -> Path:
    """The model file that MODEL on the command line means: a run folder (its newest snapshot), a
    `.safetensors` file, or the word `pretrained`. Raises `ModelError`."""
    if name == "pretrained":
        return PRETRAINED
    path = Path(name)
    try:
        if not path.is_dir():
            return path
    except (OSError, ValueError) as error:  # a name that no file can have
        raise ModelError(f"There is no file {shown(name)}.") from error
    if (snapshot := newest_snapshot(path)) is None:
        raise ModelError(f"{path} is a folder without a snapshot: not a run, or one that has not trained yet.")
    return snapshot
