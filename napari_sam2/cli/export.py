"""``napari-sam2 export``: the masks of a project in a format that others read."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_sam2.cli.job import check_apart
from napari_sam2.cli.project_options import (
    add_image_options,
    finish,
    open_project_image,
)
from napari_sam2.io.result_format import ImageUse
from napari_sam2.io.result_formats import RESULT_FORMATS, choose_result_format

_EPILOG = "formats:\n" + "\n".join(
    f"  {one.name:<16} {one.description}" for one in RESULT_FORMATS
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export`` to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write the masks of a project in a format that other programs read",
        description="Write the masks of a project as they are, without a model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("project", metavar="WORK.sam2", type=Path)
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="what is written",
    )
    parser.add_argument(
        "--format", help="see below (default: what the ending of OUT says)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace outputs that exist"
    )
    add_image_options(parser.add_argument_group("formats that show or measure it"))
    parser.set_defaults(handler=_export)


def _export(args: argparse.Namespace) -> int:
    from napari_sam2.project.reading import read_project
    from napari_sam2.project.results import export

    chosen = choose_result_format(args.output, args.format)
    check_apart((args.output,), (args.project,))
    project = read_project(args.project)
    is_needed = chosen.image is ImageUse.NEEDED
    frames = open_project_image(project, args) if is_needed else None
    if frames is not None:
        check_apart((args.output,), (frames.stack.path,))
    steps = export(
        project, args.output, chosen, frames=frames, overwrite=args.overwrite
    )
    finish(steps, "writing")
    count = len(project.contents.masks)
    print(f"{count} masks of {len(project.contents.objects)} objects: {args.output}")
    return 0
