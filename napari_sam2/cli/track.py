"""``napari-sam2 track``: follow objects through a stack, from prompts to labels."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.cli.arguments import UsageError
from napari_sam2.cli.carry_out import Outcome, carry_out
from napari_sam2.cli.everywhere import carry_out_everywhere, report_everywhere
from napari_sam2.cli.interrupt import INTERRUPTED
from napari_sam2.cli.job import Job, Outputs
from napari_sam2.cli.project_options import add_image_options
from napari_sam2.cli.prompting import gather_request
from napari_sam2.cli.replay import track_project
from napari_sam2.cli.track_options import (
    add_course_options,
    add_model_options,
    add_output_options,
    add_pixel_options,
    add_position_options,
    add_prompt_options,
)
from napari_sam2.cli.wording import frame_ranges, human_rate
from napari_sam2.core.axes import find_axis
from napari_sam2.core.intensity import IntensityLimits
from napari_sam2.core.positions import NOWHERE, choose_positions
from napari_sam2.core.provenance import (
    Provenance,
    describe_prompts,
    describe_settings,
    now_utc,
    software_versions,
)
from napari_sam2.core.recipe import Made
from napari_sam2.engine.weights import resolve_weights, weights_sha256
from napari_sam2.io.stack import Stack, open_stack, stack_frames

if TYPE_CHECKING:
    from napari_sam2.cli.prompting import Request
    from napari_sam2.core.positions import Position, Positions
    from napari_sam2.io.stack import StackFrames
    from napari_sam2.model.sam2 import Sam2Model

_PARTLY = 1
_OPTIONS = (
    add_prompt_options,
    add_output_options,
    add_course_options,
    add_position_options,
    add_pixel_options,
    add_model_options,
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
    parser.add_argument(
        "stack",
        metavar="STACK",
        type=Path,
        nargs="?",
        help="TIFF, NIfTI, HDF5 (FILE.h5::/DATASET), Zarr, .npy, MP4/AVI/MOV/MKV, or a "
        "folder of pictures or DICOM slices",
    )
    project = parser.add_argument_group("a project instead")
    project.add_argument(
        "--project",
        metavar="WORK.sam2",
        type=Path,
        help="do again what was done in napari, with the same masks",
    )
    add_image_options(project)
    for add in _OPTIONS:
        add(parser)
    parser.set_defaults(handler=_track)


def _track(args: argparse.Namespace) -> int:
    if args.project is not None:
        return track_project(args)
    if args.stack is None:
        raise UsageError("Say which STACK, or give a --project. See track --help.")
    job = _job(args)
    resolve_weights(args.model)  # an unknown name is told before torch is imported
    if job.is_everywhere:
        return report_everywhere(job, carry_out_everywhere(job, partial(load, args)))
    outcome = carry_out(job, partial(load, args))
    return report(job, outcome)


def load(args: argparse.Namespace) -> Sam2Model:
    """Load the model that the arguments name."""
    from napari_sam2.engine.loading import load_model  # torch takes seconds

    return load_model(args.model, device=args.device, image_size=args.image_size)


def _job(args: argparse.Namespace) -> Job:
    stack = _open(args)
    positions, fixed = _positions(args, stack)
    first = fixed | positions.at(positions.first)
    frames = stack_frames(stack, args.axis, args.channels, first)
    outputs = Outputs(
        labels=args.output,
        table=args.table,
        overlays=tuple(args.overlay),
        overwrite=args.overwrite,
        labels_format=args.format,
    )
    request = gather_request(
        [*args.point, *args.box], args.mask, args.prompts, positions, fixed
    )
    return Job(
        frames=frames,
        request=request,
        outputs=outputs,
        direction=args.direction,
        span=args.frames.within(len(frames)),
        limits=_limits(args.limits),
        positions=positions,
        seed=args.seed,
        is_resumed=args.resume,
        image_size=args.image_size,
        window=args.window,
        corrects_bleaching=args.correct_bleaching,
        inputs=(frames.stack.path, *args.prompts, *(mask.path for mask in args.mask)),
        provenance=_with_settings(
            provenance(request, frames, args.model, positions), args
        ),
    )


def _with_settings(found: Provenance, args: argparse.Namespace) -> Provenance:
    """Say what the model was shown otherwise than as plain, whole frames."""
    made = Made(
        args.model,
        image_size=args.image_size or 0,
        window=args.window,
        corrects_bleaching=args.correct_bleaching,
        level=args.level,
    )
    settings = dict(describe_settings(made))
    if args.every:
        settings["positions"] = [f"every {name}" for name, _ in args.every]
        settings["seeds"] = args.seed
    return replace(found, settings=settings)


def provenance(
    request: Request,
    frames: StackFrames,
    model: str,
    positions: Positions = NOWHERE,
) -> Provenance:
    """Say what makes the masks of a run.

    Raises
    ------
    ModelError, CheckpointError
        If there are no such weights.
    """
    prompts = tuple(
        {**describe_prompts(place, said), **_named_position(positions, position)}
        for position, told in sorted(request.by_position.items())
        for place, said in sorted(told.items(), key=lambda one: one[0])
    )
    return Provenance(
        created=now_utc(),
        software=software_versions(),
        model=model,
        model_sha256=weights_sha256(model),
        image={"name": frames.stack.name, "path": str(frames.stack.path.absolute())},
        prompts=prompts,
    )


def _named_position(positions: Positions, position: Position) -> dict[str, Any]:
    if not position:
        return {}
    names = (axis.name for axis in positions.axes)
    return {"at": dict(zip(names, position, strict=True))}


def _open(args: argparse.Namespace) -> Stack:
    stack = open_stack(args.stack, args.series, level=args.level)
    for notice in stack.notices:
        print(f"napari-sam2: {notice}", file=sys.stderr)
    return stack


def _positions(
    args: argparse.Namespace, stack: Stack
) -> tuple[Positions, dict[str, int]]:
    """Return the positions, and at which index frames stay along other axes."""
    axes = stack.axes
    every = [(name, s.along(axes[find_axis(axes, name)])) for name, s in args.every]
    positions = choose_positions(stack.axes, every, dict(args.at))
    if args.axis is not None and find_axis(axes, args.axis) in positions.indices:
        raise UsageError(
            f"Positions cannot be along {args.axis}, which objects are followed along: "
            "give another axis to --every."
        )
    if not every and args.resume:
        raise UsageError(
            "--resume goes on with a run over positions, and there is but one: add "
            "--every AXIS, or leave --resume out."
        )
    return positions, {
        name: index
        for name, index in args.at
        if find_axis(stack.axes, name) not in positions.indices
    }


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
