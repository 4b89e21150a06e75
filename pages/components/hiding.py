"""How the parts of pages are hidden that a lesson names (`gan.lessons.PARTS`), by style sheet: what is hidden keeps its
place, so that nothing moves when it is shown."""

from collections.abc import Iterable

SELECTORS: dict[tuple[str, str], str] = {
    ("train", "quality"): ".st-key-quality",
    ("train", "diagnosis"): ".st-key-diagnosis",
    ("train", "pictures"): ".st-key-forged",
    ("train", "settings"): ".st-key-about-run",
    ("failures", "watch"): ".failure-intro",
    ("failures", "settings"): ".failure-settings",
    ("failures", "diagnosis"): ".diagnosed",
    ("failures", "curves"): '[class*="st-key-failure-curves-"]',
    ("failures", "cured"): ".st-key-side-cured",
}
"""Where the part is an element of the page. A widget's own style sheet asks for `--see-PAGE-PART`; the charts of Train
leave out what is hidden."""
WITH_IT: dict[tuple[str, str], str] = {
    ("train", "diagnosis"): ":is(.chart-says, .all-says)",
    ("failures", "watch"): ".st-key-failure-title h1",
}
"""What says the same elsewhere on the page."""

_NOTE = (
    '{ content: "hidden in this lesson"; visibility: visible; position: absolute; inset: 0; display: grid;'
    " place-content: center; font-size: .8125rem; opacity: .6; border: 1px dashed; border-radius: .3rem; }"
)


def sheet(page: str, parts: Iterable[str]) -> str:
    """The rules that hide parts of a page."""
    rules = []
    for part in parts:
        rules.append(f":root {{ --see-{page}-{part}: hidden; }}")
        if selector := SELECTORS.get((page, part)):
            rules.append(f"{selector} {{ visibility: hidden; position: relative; }}")
            rules.append(f"{selector} * {{ visibility: hidden !important; }}")
            rules.append(f"{selector}::before {_NOTE}")
        if too := WITH_IT.get((page, part)):
            rules.append(f"{too} {{ visibility: hidden; }}")
    return "\n".join(rules)
