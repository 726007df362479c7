"""Masks and label images read from files: prompts, or results to look at again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import axis_names
from napari_sam2.core.errors import FrameError, PromptError, StackError
from napari_sam2.core.frozen_masks import freeze
from napari_sam2.core.packing import pack_labels
from napari_sam2.core.positions import PlacedPrompt, choose_positions
from napari_sam2.core.prompt_checks import object_number
from napari_sam2.core.prompts import MaskPrompt
from napari_sam2.io.doubtful_labels import LabelCheck
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import StackFrames, stack_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.io.reading.stack import Stack


def read_labels(path: str | Path) -> StackFrames:
    """Open a label image or a stack of them, frames first.

    Parameters
    ----------
    path : str or Path
        Anything that :func:`napari_sam2.io.reading.stack.open_stack` opens. Of pictures
        with a palette, as DAVIS has them, the indices count; where it is of two greys,
        what is brighter is object 1.

    Returns
    -------
    StackFrames
        Frames of object ids, (H, W), read one at a time.

    Raises
    ------
    StackError
        If it is in colour, or has more axes than frames, rows and columns.
    """
    stack = open_stack(path, indices=True)
    if stack.is_rgb and stack.axes[-1].name == "s":  # else: three frames, misnamed
        raise StackError(
            f"{path} is a colour picture: masks are grey, with 0 for the background "
            "and the object's number, or 255, for the object, or have such numbers as "
            "indices of a palette, as DAVIS does."
        )
    frames = stack_frames(stack, _frame_axis(stack.axes))
    if frames.dtype.kind not in "bui" and not _is_whole(frames[0]):
        raise StackError(f"{path} holds {frames.dtype} numbers, not object numbers.")
    return frames


def load_mask(path: str | Path, frame: int, object_id: int) -> npt.NDArray[np.bool_]:
    """Return the pixels of one object, for a mask prompt.

    Parameters
    ----------
    path : str or Path
        A mask (0 and 1, or black and white), a label image, or a stack of either.
    frame : int
        Which frame of a stack; a single picture serves any frame.
    object_id : int
        The label value, where there are several.

    Returns
    -------
    ndarray of bool, shape (H, W)

    Raises
    ------
    PromptError
        If the file cannot be read or does not contain the object.
    """
    try:
        frames = read_labels(path)
        labels = frames[frame if len(frames) > 1 else 0]
    except (StackError, FrameError) as error:
        raise PromptError(f"The mask of object {object_id}: {error}") from error
    ids = _ids(labels)
    if object_id in ids:
        return np.asarray(labels == object_id)
    if ids == {_full_scale(labels.dtype)} or ids == {1}:
        return np.asarray(labels != 0)
    found = ", ".join(str(i) for i in sorted(ids)) or "none: it is empty"
    raise PromptError(
        f"The mask file {path} does not show object {object_id} on frame {frame}. "
        f"Objects in it: {found}."
    )


def load_mask_prompts(
    path: str | Path, frame: int | None = None
) -> tuple[MaskPrompt, ...]:
    """Make a mask prompt of every object on every frame of a file.

    Parameters
    ----------
    path : str or Path
        A mask, a label image, or a stack of them. A mask of 0 and 255 is object 1.
    frame : int, optional
        The frame that a single picture belongs to, 0 by default; the only frame of a
        stack that counts.

    Raises
    ------
    PromptError
        If the file cannot be read or shows no object.
    """
    try:
        frames = read_labels(path)
        alone = (frame or 0) if len(frames) == 1 else None
        checked = LabelCheck(path)
        prompts = [
            prompt
            for t in _shown(frames, frame)
            for prompt in _prompts_of(checked(frames[t]), t if alone is None else alone)
        ]
    except (StackError, FrameError) as error:
        raise PromptError(f"The mask prompts: {error}") from error
    if not prompts:
        raise _no_object(path, frame)
    if {prompt.object_id for prompt in prompts} == {_full_scale(frames.dtype)}:
        prompts = [MaskPrompt(1, prompt.frame, prompt.mask) for prompt in prompts]
    return tuple(prompts)


def load_placed_mask_prompts(
    path: str | Path, axis: str, every: Sequence[str], frame: int | None = None
) -> tuple[PlacedPrompt, ...]:
    """Make mask prompts of a file that may have labels of several positions.

    Parameters
    ----------
    path : str or Path
        As for :func:`load_mask_prompts`, or a label stack with more axes.
    axis : str
        Name of the axis that objects are followed along.
    every : sequence of str
        Names of the axes of positions.
    frame : int, optional
        The frame that a single picture belongs to, 0 by default; the only frame of a
        stack that counts.

    Raises
    ------
    PromptError
        If the file cannot be read, lacks one of the axes, or shows no object.
    """
    try:
        stack = open_stack(path, indices=True)
        if sum(one.size > 1 for one in stack.axes) <= 3:
            return tuple(map(PlacedPrompt, load_mask_prompts(path, frame)))
        placed = tuple(_placed_prompts(stack, axis, every, frame))
    except (StackError, FrameError) as error:
        raise PromptError(f"The mask prompts: {error}") from error
    if not placed:
        raise _no_object(path, frame)
    return placed


def _no_object(path: str | Path, frame: int | None) -> PromptError:
    where = "" if frame is None else f" on frame {frame}"
    return PromptError(f"The mask file {path} is empty{where}: it shows no object.")


def _placed_prompts(
    stack: Stack, axis: str, every: Sequence[str], wanted: int | None
) -> Iterator[PlacedPrompt]:
    positions = choose_positions(stack.axes, [(name, None) for name in every])
    names, checked = [one.name for one in positions.axes], LabelCheck(stack.path)
    for position in positions:
        at = dict(zip(names, position, strict=True))
        frames = stack_frames(stack, axis, at=positions.at(position))
        for frame in _shown(frames, wanted):
            for prompt in _prompts_of(checked(frames[frame]), frame):
                yield PlacedPrompt(prompt, at)


def _shown(frames: StackFrames, wanted: int | None) -> Iterable[int]:
    """Return which frames of a file are read: of a stack, all or the one wanted."""
    if wanted is None or len(frames) == 1:
        return range(len(frames))
    return (wanted,)


def _prompts_of(labels: npt.NDArray[Any], frame: int) -> Iterator[MaskPrompt]:
    """Yield a mask prompt of every object on a frame, by ascending number."""
    lowest = int(labels.min())
    if lowest < 0:
        object_number(lowest)
    for object_id, packed in pack_labels(labels).items():
        mask = packed.mask  # of which no more is in memory than the object
        yield MaskPrompt(object_id, frame, freeze(mask))


def _frame_axis(axes: Axes) -> int | None:
    """Return the axis of frames: the first of label stacks, but the last of NIfTI."""
    if len(axes) != 3:
        return None
    return 2 if axis_names(axes) == "xyz" else 0


def _ids(labels: npt.NDArray[Any]) -> set[int]:
    return {int(value) for value in np.unique(labels)} - {0}


def _full_scale(dtype: np.dtype[Any]) -> int:
    """Return the value of white in a black and white mask."""
    return int(np.iinfo(dtype).max) if dtype.kind in "ui" else 255


def _is_whole(labels: npt.NDArray[Any]) -> bool:
    return bool(np.isfinite(labels).all() and (labels == np.round(labels)).all())
