"""Text from elsewhere, as a message can show it."""


def shown(text: object, most: int = 60) -> str:
    """A name or path as a message can show it: one line, not too long."""
    printable = repr(str(text))[1:-1]
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"
