"""``napari-sam2 export``: the masks of a project in a format that others read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.options.project import (
    add_image_options,
    finish,
    open_project_image,
)
from napari_sam2.core.errors import ProjectError
from napari_sam2.core.wording import counted
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.writing.placing import affine_of
from napari_sam2.io.writing.result_format import ImageUse
from napari_sam2.io.writing.result_formats import RESULT_FORMATS, choose_result_format

if TYPE_CHECKING:
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.io.writing.result_format import ResultFormat, ResultHeader
    from napari_sam2.project.values import Project

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

    check_apart((args.output,), (args.project,))
    chosen = choose_result_format(args.output, args.format)
    project = read_project(args.project)
    _check_apart_from_images(project, chosen, args)
    header = _header(project, chosen.image, args)
    steps = export(
        project, args.output, chosen, header=header, overwrite=args.overwrite
    )
    finish(steps, "writing")
    count = len(project.contents.masks)
    objects = counted(len(project.contents.objects), "object")
    print(f"{counted(count, 'mask')} of {objects}: {args.output}")
    return 0


def _check_apart_from_images(
    project: Project, chosen: ResultFormat, args: argparse.Namespace
) -> None:
    from napari_sam2.project.image_paths import image_paths

    instead = () if args.image is None else (args.image,)
    images = (*instead, *image_paths(project, args.project))
    check_apart(chosen.paths(args.output), (args.project, *images))


def _header(project: Project, use: ImageUse, args: argparse.Namespace) -> ResultHeader:
    """Return what is known before the first mask, of the image what is needed."""
    from napari_sam2.project.results import result_header
    from napari_sam2.project.whole_image import all_frames, positions_in

    frames = _frames(project, use, args)
    if frames is None:
        return result_header(project)
    return result_header(
        project,
        all_frames(frames, project.stack),
        affine=affine_of(frames, positions_in(frames, project.stack)),
        space_codes=frames.stack.space_codes,
    )


def _frames(
    project: Project, use: ImageUse, args: argparse.Namespace
) -> StackFrames | None:
    """Open the project's image as far as the format needs it."""
    if use is ImageUse.UNUSED:
        if args.image is not None or args.changed_image:
            raise UsageError(
                "--image and --changed-image are not needed for this format, which "
                "holds nothing of the image: leave them out."
            )
        return None
    try:
        return open_project_image(project, args)
    except ProjectError as error:
        if use is ImageUse.NEEDED or args.image is not None:
            raise
        print(
            f"napari-sam2: {error} The masks are placed by their pixel sizes alone.",
            file=sys.stderr,
        )
        return None
