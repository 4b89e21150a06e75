"""Which tests run in one process."""

from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    "tests/browser/test_app.py": "a browser, and runs that train",
    "tests/browser/test_evaluate.py": "a browser, and runs that train",
    "tests/browser/test_explore.py": "a browser, and runs that train",
    "tests/browser/test_failures.py": "a browser, and runs that train",
    "tests/browser/test_fashion.py": "a browser, and runs that train",
    "tests/browser/test_runs.py": "a browser, and runs that train",
    "tests/browser/test_steps.py": "a browser, and runs that train",
    "tests/browser/test_train.py": "a browser, and runs that train",
    "tests/browser/": "a browser",
    "tests/hostile/test_browser.py": "a browser",
    "tests/hostile/": "hostile",
}
"""Beginnings of tests' names, and what those are that begin so; the first that fits counts."""


class Distribution(LoadFileScheduling):
    """A file stays in one process, so that its module sets things up once. Tests that drive a browser are in two
    processes, each with a browser and a server that they share: those where a worker trains beside the page, and the
    others, since two workers that train, each with its page, are more than two cores can do. With a third process
    beside them pages came so late that waits ran out."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((what for beginning, what in TOGETHER.items() if file.startswith(beginning)), file)
