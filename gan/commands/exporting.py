"""`export`: a generator as a page of its own, or as ONNX."""

import argparse

from gan.commands import arguments
from gan.commands.arguments import Commands
from gan.commands.terminal import UsageError, write
from gan.models import files
from gan.models.find import resolve
from gan.system import outputs


def add(commands: Commands) -> None:
    """Adds it."""
    export = commands.add_parser("export", help="take a generator home: a page of its own, or ONNX")
    export.add_argument("model", help=arguments.MODEL)
    export.add_argument("--out", type=arguments.path, required=True, help=".html (a page without a server) or .onnx")
    export.set_defaults(act=_export)


def _export(args: argparse.Namespace) -> int:
    outputs.check(args.out, ".html", ".onnx")
    files.check(file := resolve(args.model))
    from gan.export.content import ExportError
    from gan.export.onnx_file import onnx_content
    from gan.export.program import compile_model
    from gan.export.standalone import standalone_page
    from gan.models.model import load_model

    model = load_model(file)
    try:
        if args.out.suffix == ".html":
            content = standalone_page(model, args.model).encode()
        else:
            content = onnx_content(compile_model(model))
    except ExportError as error:
        raise UsageError(str(error)) from error
    return write(args.out, content)
