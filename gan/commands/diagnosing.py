"""`diagnose`: what a run's curves and samples say."""

import argparse
import json

from gan import runs
from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.runs import diagnosing


def add(commands: Commands) -> None:
    """Adds it."""
    diagnose = commands.add_parser("diagnose", help="what a run's curves and samples say: one JSON object on stdout")
    diagnose.add_argument("run_dir", type=arguments.path)
    diagnose.set_defaults(act=_diagnose)


def _diagnose(args: argparse.Namespace) -> int:
    run = runs.read(args.run_dir)
    found = diagnosing.of_folder(run.folder, run.config, run.status)
    print(json.dumps({"findings": [finding.to_dict() for finding in found]}))
    return 0
