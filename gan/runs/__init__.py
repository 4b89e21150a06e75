"""Run folders: create, list, read, launch, command.

A run that lives holds a lock in its folder, so whether it lives is asked of the operating system (`gan.system.locks`).
"""

from gan.models.snapshots import newest_snapshot as newest_snapshot
from gan.runs.folders import RunError as RunError
from gan.runs.folders import names as names
from gan.runs.folders import root as root
from gan.runs.launching import BusyError as BusyError
from gan.runs.launching import busy_sentence as busy_sentence
from gan.runs.launching import check_resumable as check_resumable
from gan.runs.launching import create as create
from gan.runs.launching import fork as fork
from gan.runs.launching import launch as launch
from gan.runs.launching import parallel as parallel
from gan.runs.launching import send as send
from gan.runs.launching import settle as settle
from gan.runs.launching import start as start
from gan.runs.launching import wait as wait
from gan.runs.reading import BrokenRun as BrokenRun
from gan.runs.reading import Run as Run
from gan.runs.reading import begun as begun
from gan.runs.reading import entries as entries
from gan.runs.reading import find as find
from gan.runs.reading import is_locked as is_locked
from gan.runs.reading import listing as listing
from gan.runs.reading import lock as lock
from gan.runs.reading import look as look
from gan.runs.reading import read as read
from gan.runs.reading import training as training
from gan.runs.reading import why_silent as why_silent
