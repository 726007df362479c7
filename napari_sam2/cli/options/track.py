"""The options of ``track``: what is prompted, followed and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.options.arguments import (
    FrameSpan,
    parse_axes,
    parse_every,
    parse_frames,
    parse_mask,
    parse_place,
)
from napari_sam2.core.prompt_text import parse_box, parse_point

if TYPE_CHECKING:
    import argparse


def add_prompt_options(parser: argparse.ArgumentParser) -> None:
    """Add points, boxes, masks and prompt files."""
    group = parser.add_argument_group(
        "where the objects are", "All of these may be repeated, and add up."
    )
    _add_clicks(group)
    _add_prompt_files(group)


def _add_clicks(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--point",
        metavar="OBJECT:[AXIS=INDEX,]FRAME,Y,X[,-]",
        type=parse_point,
        action="append",
        default=[],
        help="a point on the object; with ,- at the end, one that is not on it",
    )
    group.add_argument(
        "--box",
        metavar="OBJECT:[AXIS=INDEX,]FRAME,Y0,X0,Y1,X1",
        type=parse_box,
        action="append",
        default=[],
        help="a box around the object",
    )


def _add_prompt_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--mask",
        metavar="[AXIS=INDEX,][FRAME:]FILE",
        type=parse_mask,
        action="append",
        default=[],
        help="a label image: each value is an object, on frame 0 or on FRAME; of a "
        "label stack, every frame that is not empty counts, or FRAME alone",
    )
    group.add_argument(
        "--prompts",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="prompts in a JSON file",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the files that are written."""
    group = parser.add_argument_group("what is written")
    _add_labels(group)
    _add_views(group)
    group.add_argument(
        "--overwrite", action="store_true", help="replace outputs that exist"
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="go on with the same command's run that broke off, by Ctrl-C or a crash, "
        "if there is one: what was found is kept beside LABELS.tif, of one stack every "
        "minute or so, of positions when one is finished",
    )


def _add_labels(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-o",
        "--output",
        metavar="LABELS.tif",
        type=Path,
        required=True,
        help="the masks, as a label stack; or in the format that the name ends like: "
        ".ome.zarr, .nii.gz, .json (COCO), …",
    )
    group.add_argument(
        "--format",
        metavar="NAME",
        help="another format of the masks, such as ctc or labels-png, which are "
        "folders; napari-sam2 export --help lists all",
    )


def _add_views(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--table",
        metavar="OBJECTS.csv",
        type=Path,
        help="area, position, confidence and intensity of every object on every frame",
    )
    group.add_argument(
        "--overlay",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="masks drawn over the frames: .mp4, .gif (up to 150 frames) or .png (a "
        "sheet of up to 12); may be repeated",
    )


def add_course_options(parser: argparse.ArgumentParser) -> None:
    """Add where and which way objects are followed."""
    group = parser.add_argument_group("where they are followed")
    _add_frames(group)
    group.add_argument(
        "--axis",
        metavar="N|NAME",
        help="the axis to follow objects along, such as t, z or 0 (default: the only "
        "one possible); along y, rows are along z and columns along x, along x z and y",
    )
    _add_fusing(group)
    group.add_argument(
        "--at",
        metavar="AXIS=INDEX",
        type=parse_place,
        action="append",
        default=[],
        help="where to stay along another axis, such as z=3; may be repeated",
    )


def _add_frames(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--direction",
        choices=("both", "forward", "backward"),
        default="both",
        help="which way to go from the prompts (default: both)",
    )
    group.add_argument(
        "--frames",
        metavar="A:B",
        type=parse_frames,
        default=FrameSpan(),
        help="only the frames from A up to, but without, B (default: all)",
    )


def _add_fusing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--axes",
        metavar="A,B[,C]",
        type=parse_axes,
        default=(),
        help="with --fuse: two or three axes of a volume to follow objects along, such "
        "as z,y,x; prompts lie on frames of the first",
    )
    group.add_argument(
        "--fuse",
        action="store_true",
        help="follow objects along each of --axes, and let the masks vote on every "
        "voxel by their confidence",
    )


def add_position_options(parser: argparse.ArgumentParser) -> None:
    """Add at which positions of a stack with more axes objects are followed."""
    group = parser.add_argument_group(
        "stacks with more axes",
        "Position after position.",
    )
    _add_visits(group)


def _add_visits(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--every",
        metavar="AXIS[=A:B]",
        type=parse_every,
        action="append",
        default=[],
        help="follow objects at every position along another axis, such as t, or from "
        "A up to, but without, B; may be repeated. Prompts name theirs, as in --point "
        "1:t=3,0,120,88, or are at the first one, or at that of --at t=3",
    )
    group.add_argument(
        "--seed",
        choices=("follow", "masks", "boxes", "none"),
        default="follow",
        help="how objects come to positions where they are not prompted: followed from "
        "the neighbour as if through time, until they are gone; or with its masks, or "
        "boxes around them, as they are; or not at all (default: follow)",
    )
