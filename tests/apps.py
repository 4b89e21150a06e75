"""The app in this process, through Streamlit's AppTest: no browser, no server."""

from functools import cache
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

APP = Path(__file__).parents[1] / "app.py"

# What a server does once, AppTest does for every app and for every page that is drawn: it looks through all installed
# packages for components, which takes longer than most pages do, and compiles the pages' scripts. Neither changes while
# tests run.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
_scripts = ScriptCache()
for _module in (app_test, local_script_runner):
    _module.ScriptCache = lambda: _scripts  # type: ignore[attr-defined]


def open_app(timeout: float = 60) -> AppTest:
    """The app on its first page; `timeout` in seconds is how long a page may take."""
    return AppTest.from_file(str(APP), default_timeout=timeout).run()
