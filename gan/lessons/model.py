"""What a lesson is, which parts of pages it can hide, and what is wrong with one that is none, in one sentence."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from gan import deeds
from gan.system.text import shown

PAGES: Mapping[str, str] = {
    "home": "Home",
    "train": "Train",
    "steps": "Step by step",
    "failures": "Failures",
    "runs": "Runs",
    "explore": "Explore",
    "interpolate": "Interpolate",
    "draw": "Draw",
    "learn": "How it works",
    "flatland": "Flatland",
    "quiz": "Quiz",
    "evaluate": "Evaluate",
}
"""The pages that a step can be on, by what they are called in an address."""

PARTS: Mapping[str, Mapping[str, str]] = {
    "train": {
        "losses": "the losses",
        "beliefs": "what D believes",
        "distance": "the distance from real digits",
        "quality": "which digits it forges",
        "diagnosis": "what the curves say in words",
        "pictures": "the forged pictures",
        "settings": "what this run is",
    },
    "steps": {
        "gradient": "what would make D say “more real”",
        "scores": "what D says of each picture",
        "losses": "the loss before and after",
        "layers": "how far each layer moved",
        "told": "the step in words",
    },
    "failures": {
        "watch": "its name, and what to watch for",
        "settings": "the settings that make it",
        "diagnosis": "what the curves say in words",
        "curves": "the curves",
        "cured": "the cured side",
    },
    "explore": {
        "opinion": "D’s opinion",
        "names": "the names of the directions",
        "digits": "the row of all digits",
    },
    "flatland": {
        "losses": "the losses",
        "distance": "the distance of the clouds",
        "caption": "the sentence about what happens",
        "settings": "the settings",
    },
}
"""What can be hidden on a page, by name, and how it is called in a sentence."""


class LessonError(ValueError):
    """One sentence about what is wrong with a lesson."""


class Part(BaseModel):
    """What lessons are made of: nothing else is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Words = Annotated[str, Field(min_length=1, max_length=300)]


class Question(Part):
    """A question with choices, one of which is right."""

    ask: Words
    choices: Annotated[tuple[Words, ...], Field(min_length=2, max_length=5, strict=False)]
    right: Annotated[int, Field(ge=1)]
    """The number of the right one, counted from 1."""
    why: Annotated[str, Field(min_length=1, max_length=600)]

    @model_validator(mode="after")
    def _is_among_them(self) -> "Question":
        if self.right > len(self.choices):
            raise PydanticCustomError("right", f"right is {self.right}, but there are {len(self.choices)} choices")
        return self


class Step(Part):
    """One step: a page in a state, what to read there, and what to do or to answer."""

    page: str
    query: Annotated[str, Field(max_length=3000)] = ""
    """What stands in the page's address, as `run=new`. Empty leaves the page as it is where one is on it already.
    `@run` stands for the run that one has looked at last."""
    text: Annotated[str, Field(max_length=1500)] = ""
    """In Markdown."""
    hide: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Parts of the page, by the names in `PARTS`."""
    task: Annotated[tuple[str, ...], Field(max_length=5, strict=False)] = ()
    """Deeds (`gan.deeds`) to be done."""
    question: Question | None = None

    @field_validator("page")
    @classmethod
    def _is_a_page(cls, page: str) -> str:
        if page not in PAGES:
            raise PydanticCustomError("page", f"there is no page '{shown(page, 30)}'; pages are {', '.join(PAGES)}")
        return page

    @field_validator("task")
    @classmethod
    def _are_deeds(cls, task: tuple[str, ...]) -> tuple[str, ...]:
        for name in task:
            if name not in deeds.DEEDS:
                raise PydanticCustomError("deed", f"there is no deed '{shown(name, 30)}' that the app could tick")
        return task

    @model_validator(mode="after")
    def _are_parts(self) -> "Step":
        there = PARTS.get(self.page, {})
        for name in self.hide:
            if name not in there:
                can = f"it can hide {', '.join(there)}" if there else "it can hide nothing"
                raise PydanticCustomError("part", f"'{shown(name, 30)}' is no part of {PAGES[self.page]}; {can}")
        return self

    @property
    def parameters(self) -> dict[str, str]:
        """The query, read."""
        return dict(parse_qsl(self.query.removeprefix("?"), keep_blank_values=True))


class Lesson(Part):
    """A lesson; its name is that of its file."""

    name: str
    title: Annotated[str, Field(min_length=1, max_length=80)]
    minutes: Annotated[int, Field(ge=1, le=240)]
    about: Annotated[str, Field(min_length=1, max_length=400)]
    order: int = 100
    """Where it stands in the list: lower ones come first."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=40, strict=False)]

    def deed(self, number: int) -> str:
        """What a right answer to the question of a step is called in the journal."""
        return f"lesson-{self.name}-{number}"

    def asks(self, number: int) -> frozenset[str]:
        """All that is to be done at a step, counted from 1: its task, and its question."""
        step = self.steps[number - 1]
        return frozenset(step.task) | ({self.deed(number)} if step.question else frozenset())

    def ticked(self, done: frozenset[str]) -> tuple[int, int]:
        """How many of the steps that ask for something are done, and how many there are."""
        asked = [self.asks(number) for number in range(1, len(self.steps) + 1) if self.asks(number)]
        return sum(all_of_it <= done for all_of_it in asked), len(asked)


def sentence(error: ValidationError) -> str:
    """What pydantic found first, in our words: where, and what."""
    first = error.errors(include_url=False, include_context=True)[0]
    where, steps = [], list(first["loc"])
    while steps:
        at = steps.pop(0)
        if at == "steps" and steps and isinstance(steps[0], int):
            where.append(f"step {int(steps.pop(0)) + 1}")
        else:
            where.append(f"number {at + 1}" if isinstance(at, int) else shown(at, 30))
    place = f"{', '.join(where)}: " if where else ""
    kind, context = first["type"], first.get("ctx", {})
    sentences = {
        "missing": "it is missing",
        "extra_forbidden": "there is no such field",
        "string_type": "it takes text",
        "int_type": "it takes a whole number",
        "tuple_type": "it takes a list",
        "string_too_short": "it is empty",
        "string_too_long": f"it is longer than {context.get('max_length')} characters",
        "too_short": f"it takes at least {context.get('min_length')}",
        "too_long": f"it takes at most {context.get('max_length')}",
        "greater_than_equal": f"it has to be {context.get('ge')} or more",
        "less_than_equal": f"it has to be {context.get('le')} or less",
        "model_type": "it takes a group of fields",
        "literal_error": f"it has to be {context.get('expected')}",
    }
    return place + sentences.get(kind, first["msg"])
