"""Lessons: a few steps over pages of the app, each with a text, and a task or a question that the app checks.

`model` says what a lesson is, `files` reads those of the folder, `links` puts a small one into an address.
"""

from gan.lessons.files import Listing, find, listing
from gan.lessons.links import LONGEST, Made, from_link, to_link, to_toml
from gan.lessons.model import PAGES, PARTS, Lesson, LessonError, Question, Step, sentence

__all__ = [
    "LONGEST",
    "PAGES",
    "PARTS",
    "Lesson",
    "LessonError",
    "Listing",
    "Made",
    "Question",
    "Step",
    "find",
    "from_link",
    "listing",
    "sentence",
    "to_link",
    "to_toml",
]
