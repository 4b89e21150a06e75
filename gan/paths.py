"""Where the files are that ship with the project."""

from pathlib import Path

PROJECT = Path(__file__).parent.parent

ASSETS = Path(__file__).parent / "assets"


PRETRAINED = ASSETS / "pretrained.safetensors"
"""The model that ships."""
SHIPPED_PROGRAM = ASSETS / "pretrained.program"
"""The same as the page runs it, with its directions (`gan.export.content`)."""
WALK = ASSETS / "walk.npz"
"""A walk through its latent space, as pictures (`benchmarks/ship.py`)."""
