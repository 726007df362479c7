"""``napari-sam2 track``: follow objects through a stack, from prompts to labels."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import INTERRUPTED
from napari_sam2.cli.jobs.carry_out import Outcome, carry_out
from napari_sam2.cli.jobs.everywhere import carry_out_everywhere, report_everywhere
from napari_sam2.cli.jobs.track_job import track_job
from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.options.model import add_model_options
from napari_sam2.cli.options.pixels import add_pixel_options
from napari_sam2.cli.options.project import add_image_options
from napari_sam2.cli.options.quality import add_quality_option, in_words
from napari_sam2.cli.options.track import (
    add_course_options,
    add_output_options,
    add_position_options,
    add_prompt_options,
)
from napari_sam2.cli.replay import track_project
from napari_sam2.cli.wording import frame_ranges, human_rate
from napari_sam2.core.wording import counted
from napari_sam2.engine.weights import resolve_weights

if TYPE_CHECKING:
    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.quality import Quality
    from napari_sam2.engine.network import Network

_PARTLY = 1
_OPTIONS = (
    add_prompt_options,
    add_output_options,
    add_course_options,
    add_position_options,
    add_pixel_options,
    add_model_options,
    add_quality_option,
)

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

  a nucleus in a volume over time, boxed in slice 16 of the first time point
    napari-sam2 track embryo.tif -o labels.tif --axis z --every t \\
        --box 1:16,70,23,117,71

  three stains in files of their own
    napari-sam2 track red.tif green.tif blue.tif --as-channels -o labels.tif \\
        --point 1:0,120,88

  what was done in napari, once more, with every correction
    napari-sam2 track --project cells.sam2 -o labels.tif --table objects.csv

The labels have as many frames as the stack: 0 is background, other values are object
numbers. Frames that were not computed are empty. The exit code is 0 when all is done, 1
when a frame could not be read (the frames before it are written), 2 when it failed
(nothing is written, or the message names what is), 130 after Ctrl-C (finished frames
are written). Files that exist are kept unless --overwrite is given.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``track`` to the command line."""
    parser = subparsers.add_parser(
        "track",
        help="follow objects through a stack",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        usage="napari-sam2 track STACK -o LABELS.tif [--point ...] [options]\n"
        "       napari-sam2 track --project WORK.sam2 -o LABELS.tif [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_inputs(parser)
    for add in _OPTIONS:
        add(parser)
    parser.set_defaults(handler=_track)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stack",
        metavar="STACK",
        type=Path,
        nargs="*",
        help="TIFF, NIfTI, HDF5 (FILE.h5::/DATASET), Zarr, .npy, MP4/AVI/MOV/MKV, or a "
        "folder of pictures or DICOM slices; several with --as-channels",
    )
    project = parser.add_argument_group("a project instead")
    project.add_argument(
        "--project",
        metavar="WORK.sam2",
        type=Path,
        help="do again what was done in napari, with the same masks",
    )
    add_image_options(project)


def _track(args: argparse.Namespace) -> int:
    if args.project is not None:
        return track_project(args)
    if not args.stack:
        raise UsageError("Say which STACK, or give a --project. See track --help.")
    job = track_job(args)
    resolve_weights(args.model)  # an unknown name is told before torch is imported
    loading = partial(load, args, job.quality)
    if job.has_parts:
        return report_everywhere(job, carry_out_everywhere(job, loading))
    return report(job, carry_out(job, loading))


def load(args: argparse.Namespace, quality: Quality) -> Network:
    """Load the model that the arguments name, in the quality that they come to."""
    from napari_sam2.engine.loading import load_model  # torch takes seconds

    return load_model(
        args.model,
        device=args.device,
        image_size=args.image_size,
        backend=args.backend,
        quality=quality,
        is_compiled=args.is_compiled,
    )


def report(job: Job, outcome: Outcome) -> int:
    """Say what was written and, if so, why it is not everything.

    Returns
    -------
    int
        The exit code.
    """
    course, objects = outcome.course, counted(len(job.reach.followed), "object")
    frames = f"frame{'s' if len(outcome.frames) > 1 else ''}"
    said = [f"{objects} on {frames} {frame_ranges(outcome.frames)}"]
    if course.steps:
        said.append(f"{human_rate(course.rate)}{in_words(job.quality)}")
    print(f"{', '.join(said)}: {', '.join(map(str, job.outputs.paths))}")
    if course.is_complete:
        return 0
    reason = "Stopped." if course.was_stopped else str(course.problem)
    finished = f"{outcome.finished[:1].upper()}{outcome.finished[1:]}."
    told = " ".join(one for one in (reason, finished, outcome.kept) if one)
    print(f"napari-sam2: {told}", file=sys.stderr)
    return INTERRUPTED if course.was_stopped else _PARTLY
