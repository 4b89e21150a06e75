"""`runs`: list, show, remove or bring back runs."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

from gan import runs
from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.config import fields
from gan.runs import Run, folders, space, trash
from gan.system.text import shown


def add(commands: Commands) -> None:
    """Adds it, with a command for each action."""
    command = commands.add_parser("runs", help="list, show, remove or bring back runs")
    actions = command.add_subparsers(dest="action", required=True, parser_class=arguments.Parser)
    actions.add_parser("list", help="all runs, and what is in the trash").set_defaults(act=_list)
    show = actions.add_parser("show", help="where a run stands, and its settings")
    show.add_argument("--json", action="store_true", help="as one JSON object")
    show.set_defaults(act=_show)
    remove = actions.add_parser("rm", help="move a run into the trash, where it is kept for a day")
    remove.set_defaults(act=_remove)
    for action in (show, remove):
        action.add_argument("run", help="a run's id, or its folder")
    restore = actions.add_parser("restore", help="bring a run back from the trash")
    restore.add_argument("run", help="its id, or its name in the trash")
    restore.set_defaults(act=_restore)
    actions.add_parser("empty-trash", help="remove for good what is in the trash").set_defaults(act=_empty_trash)


def _list(_: argparse.Namespace) -> int:
    trash.empty(older_than=trash.KEPT)
    for entry in runs.entries():
        if isinstance(entry, Run):
            state, progress = entry.status.state, entry.status.progress
            trained = f"{progress.images:>12,} images  {progress.seconds:>8.1f} s"
            print(f"{shown(entry.id, 255)}  {entry.config.preset:8}  {state:11}  {trained}")
        else:
            print(f"{shown(entry.id, 255)}  damaged: {entry.problem}")
    for item in trash.listing():
        print(f"{shown(item.run, 255)}  in the trash as {item.name} until {item.until.astimezone():%Y-%m-%d %H:%M}")
    return 0


def _by_path(one: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass, those of its parts as PART.FIELD."""
    for name, value in vars(one).items():
        if is_dataclass(value):
            yield from _by_path(value, f"{before}{name}.")
        else:
            yield before + name, value


def _show(args: argparse.Namespace) -> int:
    run = runs.read(folders.locate(args.run))
    if args.json:
        about = {"id": run.id, "folder": str(run.folder), "created": run.created.astimezone().isoformat()}
        print(json.dumps(about | {"status": asdict(run.status), "config": run.config.to_dict()}))
        return 0
    print(f"{shown(run.id, 255)}, created {run.created:%Y-%m-%d %H:%M:%S}, in {shown(run.folder, 1000)}")
    for name, value in (*_by_path(run.status), *fields.flat(run.config).items()):
        print(f"  {name:26} {', '.join(map(str, value)) if isinstance(value, tuple) else value}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    folder = folders.locate(args.run)
    name = trash.discard(folder)
    print(f"{shown(folder.name)} is in the trash for a day; python -m gan runs restore {name} brings it back.")
    return 0


def _restore(args: argparse.Namespace) -> int:
    print(trash.restore(args.run))
    return 0


def _empty_trash(_: argparse.Namespace) -> int:
    freed = folders.size(trash.place())
    print(f"{trash.empty()} removed for good, {freed / space.MB:.1f} MB.")
    return 0
