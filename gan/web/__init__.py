"""The JavaScript that pages run, as bundles: `README.md` says how they are made."""

from pathlib import Path

BUNDLES = Path(__file__).parent / "bundles"


def script(entry: str) -> str:
    """The JavaScript of an entry, a file of `src/entries` by its name: one text that imports nothing."""
    return (BUNDLES / f"{entry}.js").read_text()


def style(entry: str) -> str:
    """The style sheet of an entry."""
    return (BUNDLES / f"{entry}.css").read_text()
