"""Which tests run in one process."""

from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    "tests/browser/": "browser",
    "tests/hostile/test_browser.py": "browser",
    "tests/hostile/": "hostile",
}
"""Beginnings of tests' names, and what those are that begin so; the first that fits counts."""


class Distribution(LoadFileScheduling):
    """A file stays in one process, so that its module sets things up once. So do all tests that drive a browser:
    they share a server, and two of these, each with its browser and a run that trains, are more than two cores can do.
    One waits often enough for the hostile tests beside it."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((what for beginning, what in TOGETHER.items() if file.startswith(beginning)), file)
