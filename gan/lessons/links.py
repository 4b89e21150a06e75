"""A lesson of one question in an address, beside the state of the page: what "Make a lesson of this" makes."""

import base64
import binascii
import json
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from gan.lessons.model import PAGES, LessonError, Part, Step, sentence
from gan.system.text import shown

VERSION = 1
LONGEST = 4000
"""Characters of one in an address."""


class Made(Part):
    """A question over a page, and what is hidden meanwhile."""

    v: Literal[1] = 1
    """The version of the format."""
    page: str
    ask: Annotated[str, Field(min_length=1, max_length=500)]
    hide: Annotated[tuple[str, ...], Field(strict=False)] = ()


def to_link(made: Made) -> str:
    """A made lesson as an address holds it: JSON in URL-safe base64 without padding (RFC 4648, section 5)."""
    text = json.dumps(made.model_dump(), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_link(text: str) -> Made:
    """The inverse. Raises `LessonError` with a sentence."""
    if len(text) > LONGEST:
        raise LessonError(f"The lesson in this link is too long: {len(text):,} characters.")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = json.loads(content.decode())
    except (binascii.Error, ValueError, RecursionError) as error:
        raise LessonError("What the link says of a lesson cannot be read: it was cut off or changed.") from error
    if not isinstance(found, dict):
        raise LessonError("What the link says of a lesson cannot be read: it is none.")
    if found.get("v") != VERSION:
        said = shown(json.dumps(found.get("v")), 20)
        raise LessonError(f"This lesson was made by another version (its format is {said}, here it is {VERSION}).")
    try:
        made = Made.model_validate(found)
        Step(page=made.page, hide=made.hide)
    except ValidationError as error:
        raise LessonError(f"The lesson in this link is none: {sentence(error)}.") from error
    return made


def to_toml(made: Made, query: str) -> str:
    """The same as a file for the folder of lessons; `query` is what the page's address says."""

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    return (
        f"title = {text(made.ask[:60])}\nminutes = 5\nabout = {text(f'A question about {PAGES[made.page]}.')}\n\n"
        f"[[steps]]\npage = {text(made.page)}\nquery = {text(query)}\ntext = {text(made.ask)}\n"
        f"hide = [{', '.join(map(text, made.hide))}]\n"
    )
