"""From the words of ``track`` to a job, with everything opened that it is about."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_sam2.cli.jobs.job import Job, outputs_of
from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.options.prompting import gather_request
from napari_sam2.cli.options.quality import quality_of
from napari_sam2.core.axes import find_axis
from napari_sam2.core.frames.intensity import IntensityLimits
from napari_sam2.core.positions import NOWHERE, choose_positions
from napari_sam2.core.provenance import describe_settings, made_by
from napari_sam2.core.recipe import Made
from napari_sam2.core.said import Said, describe_said
from napari_sam2.engine.weights import base_of, exported_folder, weights_sha256
from napari_sam2.io.reading.joined import join_channels
from napari_sam2.io.reading.stack import Stack, open_stack, split_dataset
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from napari_sam2.cli.options.prompting import Request
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.provenance import Provenance
    from napari_sam2.io.reading.stack_frames import StackFrames

_MOST_CHANNELS = 3


def track_job(args: argparse.Namespace) -> Job:
    """Return the job that the arguments of ``track`` describe.

    Raises
    ------
    Sam2Error
        If a file cannot be opened, or words make no sense together.
    """
    stack = _open(args)
    positions, fixed = _positions(args, stack)
    frames, *others = _frames(args, stack, fixed | positions.at(positions.first))
    _check_followed(frames, positions)
    request = gather_request(
        [*args.point, *args.box], args.mask, args.prompts, frames, positions, fixed
    )
    return Job(
        frames=frames,
        request=request,
        outputs=outputs_of(args),
        direction=args.direction,
        span=args.frames.within(len(frames)),
        limits=_limits(args.limits),
        positions=positions,
        fused=(frames, *others) if args.fuse else (),
        seed=args.seed,
        is_resumed=args.resume,
        image_size=args.image_size,
        window=args.window,
        quality=quality_of(args),
        corrects_bleaching=args.correct_bleaching,
        inputs=(*_files(args), *request.files),
        provenance=_provenance(request, frames, positions, args),
    )


def _check_followed(frames: StackFrames, positions: Positions) -> None:
    """Refuse positions along the only axis that objects could be followed along."""
    if positions.names and frames.layout.frame is None:
        name = positions.names[-1]
        raise UsageError(
            f"--every {name} leaves no axis to follow objects along, as "
            f"{frames.stack.name} has no other one: leave it out, and they are "
            f"followed along {name}."
        )


def _provenance(
    request: Request,
    frames: StackFrames,
    positions: Positions,
    args: argparse.Namespace,
) -> Provenance:
    """Say what makes the masks, and what is not plain, whole frames to the model."""
    made = Made(
        args.model,
        image_size=args.image_size or 0,
        window=args.window,
        corrects_bleaching=args.correct_bleaching,
        level=args.level,
        quality=quality_of(args),
    )
    settings = run_settings(made, args)
    if args.axis is not None:
        settings["axis"] = args.axis
    if args.every:
        settings["positions"] = [f"every {name}" for name, _ in args.every]
        settings["seeds"] = args.seed
    if args.fuse:
        settings["fused_axes"] = list(args.axes)
    found = provenance(request, frames, args.model, positions)
    if not args.as_channels:
        return replace(found, settings=settings)
    files = [str(one.absolute()) for one in _files(args)]
    return replace(found, settings=settings, image={**found.image, "channels": files})


def run_settings(made: Made, args: argparse.Namespace) -> dict[str, Any]:
    """Return what a model was shown and how it was run, where that is no default.

    Parameters
    ----------
    made : Made
        Where masks come from.
    args : argparse.Namespace
        With the options of the model and of its quality.
    """
    settings = dict(describe_settings(made))
    if args.backend != "auto":
        settings["backend"] = args.backend
    settings |= _graphs(args.model)
    if args.is_compiled:
        settings["compiled"] = True
    return settings


def _graphs(model: str) -> dict[str, Any]:
    """Return what is known of the graphs in a folder, if the model is one."""
    folder = exported_folder(model)
    if folder is None:
        return {}
    from napari_sam2.engine.onnx.manifest import read_manifest

    manifest = read_manifest(folder, checks=False)
    made_of = {
        "weights_sha256": manifest.weights_sha256, "precision": manifest.precision
    }  # fmt: skip
    return {"backend": "onnx", "graphs": made_of}


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
    said = (
        Said(*place, told, _named_position(positions, position))
        for position, by_place in sorted(request.by_position.items())
        for place, told in sorted(by_place.items(), key=lambda one: one[0])
    )
    return made_by(
        Made(model, weights_sha256(model), base=base_of(model)),
        image={"name": frames.stack.name, "path": str(frames.stack.path.absolute())},
        prompts=describe_said(said),
    )


def _frames(
    args: argparse.Namespace, stack: Stack, at: dict[str, int]
) -> list[StackFrames]:
    """Return the frames along the axis that is followed, or along each of several."""
    channels, axes = _channels(args), args.axes or (args.axis,)
    return [stack_frames(stack, axis, channels, at) for axis in axes]


def _channels(args: argparse.Namespace) -> tuple[int, ...] | None:
    """Return the channels that are shown: of several files, all by default."""
    count = len(args.stack)
    if args.channels is not None or not args.as_channels:
        chosen: tuple[int, ...] | None = args.channels
        return chosen
    if count > _MOST_CHANNELS:
        raise UsageError(
            f"The model sees up to three channels, and there are {count}: choose some "
            "with --channels, such as --channels 0,1,2."
        )
    return tuple(range(count))


def _files(args: argparse.Namespace) -> list[Path]:
    return [split_dataset(one)[0] for one in args.stack]


def _named_position(positions: Positions, position: Position) -> dict[str, int]:
    return dict(zip(positions.names, position, strict=True)) if position else {}


def _open(args: argparse.Namespace) -> Stack:
    """Open the stack, or several as the channels of one."""
    if len(args.stack) > 1 and not args.as_channels:
        raise UsageError(
            f"{len(args.stack)} stacks are given: add --as-channels to look at them as "
            "the channels of one, or give one."
        )
    stacks = [open_stack(one, args.series, level=args.level) for one in args.stack]
    stack = join_channels(stacks) if args.as_channels else stacks[0]
    for notice in stack.notices:
        print(f"napari-sam2: {notice}", file=sys.stderr)
    return stack


def _positions(
    args: argparse.Namespace, stack: Stack
) -> tuple[Positions, dict[str, int]]:
    """Return the positions, and at which index frames stay along other axes."""
    _check_course(args)
    axes = stack.axes
    _check_places(args, axes)
    every = [(name, s.along(axes[find_axis(axes, name)])) for name, s in args.every]
    positions = choose_positions(stack.axes, every, dict(args.at))
    for axis in args.axes or (args.axis,):
        if axis is not None and find_axis(axes, axis) in positions.indices:
            raise UsageError(
                f"Positions cannot be along {axis}, which objects are followed along: "
                "give another axis to --every."
            )
    return positions, {
        name: index
        for name, index in args.at
        if find_axis(stack.axes, name) not in positions.indices
    }


def _check_places(args: argparse.Namespace, axes: Axes) -> None:
    """Refuse to stay at two places along an axis, or along one that is followed."""
    along = args.axes or ((args.axis,) if args.axis is not None else ())
    followed = {find_axis(axes, one) for one in along}
    seen: set[int] = set()
    for name, index in args.at:
        axis = find_axis(axes, name)
        if axis in followed:
            raise UsageError(
                f"--at {name}={index} makes no sense, as objects are followed along "
                f"{axes[axis]}: leave it out, or say which frames with --frames."
            )
        if axis in seen:
            raise UsageError(f"--at is given twice for {axes[axis]}: give it once.")
        seen.add(axis)


def _check_course(args: argparse.Namespace) -> None:
    """Refuse options that make no sense together."""
    if args.image is not None or args.changed_image:
        raise UsageError("--image and --changed-image are about a --project: give one.")
    if args.seed != "follow" and not args.every:
        raise UsageError(
            f"--seed {args.seed} says how objects come to other positions, and there "
            "is but one: add --every AXIS, or leave --seed out."
        )
    if args.fuse != bool(args.axes):
        raise UsageError(
            "--axes and --fuse go together, as in --axes z,y,x --fuse: objects are "
            "followed along each of the axes, and what is found is fused. To follow "
            "them along one, give --axis."
        )
    if args.axes and args.axis is not None:
        raise UsageError("Give either --axis or --axes, not both.")


def _limits(pairs: list[tuple[float, float]] | None) -> IntensityLimits | None:
    if pairs is None:
        return None
    low, high = zip(*pairs, strict=True)
    return IntensityLimits(low, high)
