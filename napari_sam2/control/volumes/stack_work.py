"""Work on a stack of any axes: at its positions, along one axis or several, fused."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from napari_sam2.control.positions.following import (
    AlongFrames,
    PositionWork,
    follow_everywhere,
)
from napari_sam2.control.volumes.fusing import AcrossAxes, Orientation
from napari_sam2.control.volumes.sight import Sight, dims_of, look
from napari_sam2.control.volumes.stack_arguments import (
    check_arguments,
    naming_arguments,
)
from napari_sam2.core.errors import NoPromptError
from napari_sam2.core.frames.intensity import given_limits
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.positions import PlacedPrompt, choose_positions
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.io.files.output import naming_output
from napari_sam2.io.files.position_files import PositionFiles
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from napari_sam2.control.positions.following import PositionStep
    from napari_sam2.control.positions.ports import FramePlace, MakeTracker
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.prompts import Prompt
    from napari_sam2.core.seed_mode import SeedMode
    from napari_sam2.io.reading.stack import Stack
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.state.settings import Direction


def stack_work(
    sight: Sight,
    prompts: Mapping[Position, Mapping[FramePlace, FramePrompts]],
    make_tracker: MakeTracker,
    folder: Path,
    *,
    fused: Sequence[StackFrames] = (),
    direction: Direction = "both",
    frames: range | None = None,
    seed: SeedMode = "follow",
) -> PositionWork:
    """Describe work on a stack, for :func:`follow_everywhere`.

    Parameters
    ----------
    sight : Sight
        What the model sees.
    prompts : mapping of (tuple of int) to mapping of (int, int) to FramePrompts
        By position, then by object and frame.
    make_tracker : callable
    folder : Path
        For what is finished along each axis, where several are fused.
    fused : sequence of StackFrames, optional
        One volume along each axis whose results are fused, that of ``sight`` first.
    direction, frames, seed : optional
        As for :class:`AlongFrames` and :class:`PositionWork`.
    """
    make = partial(make_tracker, limits=sight.limits)
    open_frames = sight.along(sight.frames)
    return PositionWork(
        positions=sight.positions,
        prompts=prompts,
        open_frames=open_frames,
        make_tracker=make,
        segment=AcrossAxes(_orientations(sight, fused, folder), make, direction, frames)
        if fused
        else AlongFrames(open_frames, make, direction, frames),
        seed=seed,
    )


def _orientations(
    sight: Sight, fused: Sequence[StackFrames], folder: Path
) -> tuple[Orientation, ...]:
    found = []
    for frames, dims in zip(fused, dims_of(fused), strict=True):
        name = frames.axes[0].name
        kept = folder / f"along-{name}"
        with naming_output(kept):
            kept.mkdir(exist_ok=True)
        store = PositionFiles(kept, sight.positions, frames.shape_hw)
        found.append(Orientation(name, dims, sight.along(frames), store))
    return tuple(found)


def track_stack(
    stack: Stack,
    prompts: Iterable[Prompt | PlacedPrompt],
    make_tracker: MakeTracker,
    *,
    axes: Sequence[str],
    every: Sequence[str] = (),
    at: Mapping[str, int] | None = None,
    channels: tuple[int, ...] | None = None,
    limits: IntensityLimits | tuple[float, float] | None = None,
    corrects_bleaching: bool = False,
    direction: Direction = "both",
    seed: SeedMode = "follow",
    token: CancelToken | None = None,
) -> Generator[PositionStep]:
    """Follow objects through a stack of any axes.

    Parameters
    ----------
    stack : Stack
        From :func:`napari_sam2.open_stack` or :func:`napari_sam2.array_stack`.
    prompts : iterable of prompts
        On frames of the first of ``axes``. Those that are no
        :class:`napari_sam2.PlacedPrompt` are at the first position.
    make_tracker : callable
        ``partial(VideoTracker, model)``. To fuse axes by the probability of each voxel,
        give it ``options=TrackerOptions(keeps_probabilities=True)``, too.
    axes : sequence of str
        The axis to follow objects along; or two or three, which are fused.
    every : sequence of str, optional
        Axes of which every position is worked through, one after the other.
    at : mapping of str to int, optional
        Where to stay along other axes; along those of ``every``, where prompts are.
    channels : tuple of int, optional
        One to three channels that the model sees.
    limits : IntensityLimits or (low, high), optional
        What is black and white; by default one estimate for the whole stack.
    corrects_bleaching : bool, optional
    direction : {"both", "forward", "backward"}, optional
    seed : {"follow", "masks", "boxes", "none"}, optional
        How objects come to positions where they are not prompted.
    token : CancelToken, optional
        Stops between two frames.

    Yields
    ------
    PositionStep
        With ``position``, an index along each of ``every`` in the order of the stack,
        and ``result``: all objects found on a frame so far. Frames are counted along
        the first of ``axes``, and have the two axes that are left, in the order z, y,
        x. What comes later for a frame replaces what came before.

    Raises
    ------
    Sam2Error
        At once, if an argument is of another kind.
    StackError, PromptError, FrameError
        At once, if axes or prompts make no sense together; when frames are asked for,
        if none can be read.
    """
    at, limits = {} if at is None else at, given_limits(limits)
    check_arguments(stack, prompts, make_tracker, axes, every, at, token)
    with naming_arguments():
        positions = choose_positions(stack.axes, [(name, None) for name in every], at)
        staying = {name: i for name, i in at.items() if name not in every}
        staying |= positions.at(positions.first)
        fused = [stack_frames(stack, axis, channels, staying) for axis in axes]
        told = _told(prompts, fused[0], positions)

    def start(folder: Path) -> PositionWork:
        sight = look(
            fused[0], positions, limits=limits, corrects_bleaching=corrects_bleaching
        )
        return stack_work(
            sight,
            told,
            make_tracker,
            folder,
            fused=fused if len(fused) > 1 else (),
            direction=direction,
            seed=seed,
        )

    return _steps(start, positions, fused[0].shape_hw, token)


def _steps(
    start: Callable[[Path], PositionWork],
    positions: Positions,
    shape_hw: tuple[int, int],
    token: CancelToken | None,
) -> Generator[PositionStep]:
    """Do work in a folder that is there as long as it goes on."""
    with TemporaryDirectory(prefix="napari-sam2-") as name:
        folder = Path(name)
        store = PositionFiles(folder, positions, shape_hw)
        with closing(follow_everywhere(start(folder), store, token)) as steps:
            yield from (step for step in steps if step.result is not None)


def _told(
    prompts: Iterable[Prompt | PlacedPrompt], frames: StackFrames, positions: Positions
) -> dict[Position, dict[FramePlace, FramePrompts]]:
    told: dict[Position, dict[FramePlace, FramePrompts]] = {}
    for one in prompts:
        placed = one if isinstance(one, PlacedPrompt) else PlacedPrompt(one)
        place = placed.prompt.object_id, placed.prompt.frame
        what = f"Object {place[0]} on frame {place[1]}"
        said = told.setdefault(positions.locate(placed.at, what), {})
        said[place] = said.get(place, FramePrompts()).with_prompt(placed.prompt)
    if not told:
        raise NoPromptError("There is nothing to follow: give at least one prompt.")
    for prompts_there in told.values():
        for (object_id, frame), said_there in prompts_there.items():
            check_frame(frame, len(frames))
            what = f"object {object_id} on frame {frame}"
            said_there.check(frames.shape_hw, what=what)
    return told
