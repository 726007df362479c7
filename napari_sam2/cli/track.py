"""``napari-sam2 track``: follow objects through a stack, from prompts to labels."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.arguments import (
    FrameSpan,
    parse_channels,
    parse_frames,
    parse_limits,
    parse_mask,
    parse_place,
)
from napari_sam2.cli.carry_out import Outcome, carry_out
from napari_sam2.cli.interrupt import INTERRUPTED
from napari_sam2.cli.job import Job, Outputs
from napari_sam2.cli.prompting import gather_request
from napari_sam2.cli.wording import frame_ranges, human_rate
from napari_sam2.core.intensity import IntensityLimits
from napari_sam2.core.prompt_text import parse_box, parse_point
from napari_sam2.engine.weights import BUNDLED_NAME, resolve_weights
from napari_sam2.io.stack import StackFrames, open_stack, stack_frames

if TYPE_CHECKING:
    from napari_sam2.model.sam2 import Sam2Model

_PARTLY = 1

_DESCRIPTION = """\
Follow objects through a time-lapse, a volume or a video. Say where each object is on
one frame or more, with points, a box or a mask; its mask is then carried to all other
frames. Positions are data pixels, row first (Y,X), counted from 0 as napari shows them;
frames are counted from 0, and object numbers from 1.
"""

_EPILOG = """\
examples:
  one cell, clicked on the first frame
    napari-sam2 track cells.tif -o cells_labels.tif --point 1:0,120,88

  two objects; the second in a box, and a point that is not part of the first
    napari-sam2 track movie.mp4 -o labels.tif --point 1:0,120,88 --point 1:0,40,40,- \\
        --box 2:0,10,20,60,90 --table objects.csv --overlay overlay.mp4

  a volume, followed along z from slice 30 both ways, starting from drawn masks
    napari-sam2 track brain.tif -o labels.tif --axis z --mask 30:drawn.tif

The labels have as many frames as the stack: 0 is background, other values are object
numbers. Frames that were not computed are empty. The exit code is 0 when all is done, 1
when a frame could not be read (the frames before it are written), 2 when nothing could
be done (nothing is written), 130 after Ctrl-C (finished frames are written).
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``track`` to the command line."""
    parser = subparsers.add_parser(
        "track",
        help="follow objects through a stack",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "stack",
        metavar="STACK",
        type=Path,
        help="TIFF, MP4/AVI/MOV, .npy, .zarr, or a folder of pictures",
    )
    _add_prompts(parser)
    _add_outputs(parser)
    _add_stack_options(parser)
    add_model_options(parser)
    parser.set_defaults(handler=_track)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the choice of model and device."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="NAME|FILE",
        default=BUNDLED_NAME,
        help="a name that napari-sam2 models list shows, or a file of weights "
        "(default: %(default)s, which comes with the package)",
    )
    group.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, cuda:1 or mps (default: the fastest there is)",
    )
    group.add_argument(
        "--image-size",
        metavar="PIXELS",
        type=int,
        help="side of the square that frames are squashed to, a multiple of 32; "
        "smaller is faster and coarser (default: what the model was made for)",
    )


def _add_prompts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "where the objects are", "All of these may be repeated, and add up."
    )
    group.add_argument(
        "--point",
        metavar="OBJECT:FRAME,Y,X[,-]",
        type=parse_point,
        action="append",
        default=[],
        help="a point on the object; with ,- at the end, one that is not on it",
    )
    group.add_argument(
        "--box",
        metavar="OBJECT:FRAME,Y0,X0,Y1,X1",
        type=parse_box,
        action="append",
        default=[],
        help="a box around the object",
    )
    group.add_argument(
        "--mask",
        metavar="[FRAME:]FILE",
        type=parse_mask,
        action="append",
        default=[],
        help="a label image: each value is an object, on frame 0 or on FRAME; of a "
        "label stack, every frame that is not empty counts",
    )
    group.add_argument(
        "--prompts",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="prompts in a JSON file",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "-o",
        "--output",
        metavar="LABELS.tif",
        type=Path,
        required=True,
        help="the masks, as a label stack",
    )
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
        help="masks drawn over the frames: .mp4, .gif (up to 150 frames) or .png (a "
        "sheet of up to 12)",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace outputs that exist"
    )


def _add_stack_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the stack is read and followed")
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
    group.add_argument(
        "--axis",
        metavar="N|NAME",
        help="the axis to follow objects along, such as t, z or 0 (default: the only "
        "one possible)",
    )
    group.add_argument(
        "--at",
        metavar="AXIS=INDEX",
        type=parse_place,
        action="append",
        default=[],
        help="where to stay along another axis, such as z=3; may be repeated",
    )
    group.add_argument(
        "--series",
        metavar="N",
        type=int,
        help="which image series of a TIFF file (default: the first, 0)",
    )
    group.add_argument(
        "--channels",
        metavar="N[,N[,N]]",
        type=parse_channels,
        help="one to three channels to look at (default: colours as they are, else "
        "the first)",
    )
    group.add_argument(
        "--limits",
        metavar="LOW,HIGH",
        type=parse_limits,
        action="append",
        help="intensities shown to the model as black and as white; once, or once for "
        "each of three channels (default: estimated from the whole stack)",
    )


def _track(args: argparse.Namespace) -> int:
    job = _job(args)
    resolve_weights(args.model)  # an unknown name is told before torch is imported
    outcome = carry_out(job, partial(load, args))
    return report(job, outcome)


def load(args: argparse.Namespace) -> Sam2Model:
    """Load the model that the arguments name."""
    from napari_sam2.engine.loading import load_model  # torch takes seconds

    return load_model(args.model, device=args.device, image_size=args.image_size)


def _job(args: argparse.Namespace) -> Job:
    frames = _frames(args)
    outputs = Outputs(
        labels=args.output,
        table=args.table,
        overlay=args.overlay,
        overwrite=args.overwrite,
    )
    return Job(
        frames=frames,
        request=gather_request([*args.point, *args.box], args.mask, args.prompts),
        outputs=outputs,
        direction=args.direction,
        span=args.frames.within(len(frames)),
        limits=_limits(args.limits),
        inputs=(args.stack, *args.prompts, *(mask.path for mask in args.mask)),
    )


def _frames(args: argparse.Namespace) -> StackFrames:
    stack = open_stack(args.stack, args.series)
    return stack_frames(stack, args.axis, args.channels, dict(args.at))


def _limits(pairs: list[tuple[float, float]] | None) -> IntensityLimits | None:
    if pairs is None:
        return None
    low, high = zip(*pairs, strict=True)
    return IntensityLimits(low, high)


def report(job: Job, outcome: Outcome) -> int:
    """Say what was written and, if so, why it is not everything.

    Returns
    -------
    int
        The exit code.
    """
    count, course = len(job.request.object_ids), outcome.course
    objects = f"{count} object{'s' if count > 1 else ''}"
    frames = f"frame{'s' if len(outcome.frames) > 1 else ''}"
    print(
        f"{objects} on {frames} {frame_ranges(outcome.frames)}, "
        f"{human_rate(course.rate)}: {', '.join(map(str, job.outputs.paths))}"
    )
    if course.is_complete:
        return 0
    reason = "Stopped." if course.was_stopped else str(course.problem)
    kept = f"{outcome.finished[:1].upper()}{outcome.finished[1:]}."
    print(f"napari-sam2: {reason} {kept}", file=sys.stderr)
    return INTERRUPTED if course.was_stopped else _PARTLY
