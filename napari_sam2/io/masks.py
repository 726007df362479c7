"""Masks and label images read from files: prompts, or results to look at again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import FrameError, PromptError, StackError
from napari_sam2.core.masks.packing import pack_labels
from napari_sam2.core.positions import NOWHERE, PlacedPrompt
from napari_sam2.core.prompt_checks import object_number
from napari_sam2.core.prompts import MaskPrompt
from napari_sam2.io.doubtful_labels import LabelCheck
from napari_sam2.io.label_frames import labels_of, open_labels, read_labels
from napari_sam2.io.reading.stack_frames import frames_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.positions import Positions
    from napari_sam2.io.label_frames import ImageLabels
    from napari_sam2.io.reading.stack_frames import StackFrames


@dataclass(frozen=True, slots=True, eq=False)
class ShownObjects:
    """What a frame of a file of masks shows.

    Attributes
    ----------
    path : Path
    frame : int
    masks : mapping of int to PackedMask
        By value of the labels.
    white : int
        The value of the object in a black and white mask.
    """

    path: Path
    frame: int
    masks: Mapping[int, PackedMask]
    white: int

    def mask(self, object_id: int) -> PackedMask:
        """Return an object's pixels: of its value, or all that a mask shows.

        Raises
        ------
        PromptError
            If the object is not shown.
        """
        if object_id in self.masks:
            return self.masks[object_id]
        if self.masks.keys() in ({self.white}, {1}):
            return next(iter(self.masks.values()))
        found = ", ".join(map(str, self.masks)) or "none: it is empty"
        raise PromptError(
            f"The mask file {self.path} does not show object {object_id} on frame "
            f"{self.frame}. Objects in it: {found}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class MaskFolder:
    """The masks that a prompt file names.

    Attributes
    ----------
    folder : Path
        Where they are looked for.
    image : StackFrames or None
        The frames that they are for, at any position; see :func:`.read_labels`.
    positions : Positions
        All that there may be.
    """

    folder: Path
    image: StackFrames | None = None
    positions: Positions = NOWHERE
    _shown: dict[tuple[object, ...], ShownObjects] = field(
        init=False, default_factory=dict
    )

    def load(
        self, name: str, frame: int, object_id: int, at: Mapping[str, int]
    ) -> PackedMask:
        """Return the pixels of an object on a frame at a position.

        A picture of many objects is read once.
        """
        place = name, frame, *sorted(at.items())
        if place not in self._shown:
            path, image = self.folder / name, self._image(frame, object_id, at)
            self._shown[place] = objects_shown(path, frame, object_id, image)
        return self._shown[place].mask(object_id)

    def _image(
        self, frame: int, object_id: int, at: Mapping[str, int]
    ) -> StackFrames | None:
        image, positions = self.image, self.positions
        if image is not None and positions.axes:
            named = positions.named(at)
            here = {axis: i for axis, i in named.items() if axis in positions.names}
            what = f"Object {object_id} on frame {frame}"
            return frames_at(image, positions, positions.locate(here, what))
        return image


def load_mask(
    path: str | Path, frame: int, object_id: int, image: StackFrames | None = None
) -> PackedMask:
    """Return the pixels of one object, for a mask prompt.

    Parameters
    ----------
    path : str or Path
        A mask (0 and 1, or black and white), a label image, or a stack of either.
    frame : int
        Which frame of a stack; a single picture serves any frame.
    object_id : int
        The label value, where there are several.
    image : StackFrames, optional
        The frames that a mask is for; see :func:`.read_labels`.

    Raises
    ------
    PromptError
        If the file cannot be read or does not contain the object.
    """
    return objects_shown(path, frame, object_id, image).mask(object_id)


def objects_shown(
    path: str | Path, frame: int, object_id: int, image: StackFrames | None = None
) -> ShownObjects:
    """Return what a frame shows; see :func:`load_mask`.

    Raises
    ------
    PromptError
        If the file cannot be read.
    """
    try:
        frames = read_labels(path, image)
        labels = frames[frame if len(frames) > 1 else 0]
    except (StackError, FrameError) as error:
        raise PromptError(f"The mask of object {object_id}: {error}") from error
    return ShownObjects(
        Path(path), frame, pack_labels(labels), _full_scale(labels.dtype)
    )


def load_mask_prompts(
    path: str | Path, frame: int | None = None, image: StackFrames | None = None
) -> tuple[MaskPrompt, ...]:
    """Make a mask prompt of every object on every frame of a file.

    Parameters
    ----------
    path : str or Path
        A mask, a label image, or a stack of them. A mask of 0 and 255 is object 1.
    frame : int, optional
        The frame that a single picture belongs to, 0 by default; the only frame of a
        stack that counts.
    image : StackFrames, optional
        The frames that masks are for; see :func:`.read_labels`.

    Raises
    ------
    PromptError
        If the file cannot be read or shows no object.
    """
    try:
        frames = read_labels(path, image)
        prompts = list(_prompts_on(frames, frame, LabelCheck(path)))
    except (StackError, FrameError) as error:
        raise PromptError(f"The mask prompts: {error}") from error
    if not prompts:
        raise _no_object(path, frame)
    if {prompt.object_id for prompt in prompts} == {_full_scale(frames.dtype)}:
        prompts = [MaskPrompt(1, prompt.frame, prompt.mask) for prompt in prompts]
    return tuple(prompts)


def load_placed_mask_prompts(
    path: str | Path,
    image: StackFrames,
    positions: Positions,
    frame: int | None = None,
) -> tuple[PlacedPrompt, ...]:
    """Make mask prompts of a file that may have labels of several positions.

    Parameters
    ----------
    path : str or Path
        As for :func:`load_mask_prompts`, or a label stack with more axes.
    image : StackFrames
        The frames that masks are for, at any position.
    positions : Positions
        All that there may be.
    frame : int, optional
        The frame that a single picture belongs to, 0 by default; the only frame of a
        stack that counts.

    Raises
    ------
    PromptError
        If the file cannot be read, is of another size, or shows no object.
    """
    try:
        found = labels_of(image, open_labels(path))
        if found is None or not found.axes.keys() & {*positions.indices}:
            return tuple(map(PlacedPrompt, load_mask_prompts(path, frame, image)))
        placed = tuple(_placed_prompts(found, image, positions.whole, frame))
    except (StackError, FrameError) as error:
        raise PromptError(f"The mask prompts: {error}") from error
    if not placed:
        raise _no_object(path, frame)
    return placed


def _no_object(path: str | Path, frame: int | None) -> PromptError:
    where = "" if frame is None else f" on frame {frame}"
    return PromptError(f"The mask file {path} is empty{where}: it shows no object.")


def _placed_prompts(
    labels: ImageLabels, image: StackFrames, positions: Positions, wanted: int | None
) -> Iterator[PlacedPrompt]:
    """Yield the prompts of all positions; where labels lack an axis, at its first."""
    checked = LabelCheck(labels.stack.path)
    held = [axis in labels.axes for axis in positions.indices]
    for position in positions:
        if any(index and not own for index, own in zip(position, held, strict=True)):
            continue
        named = zip(positions.names, position, held, strict=True)
        at = {name: index for name, index, own in named if own}
        frames = labels.cut_as(frames_at(image, positions, position))
        for prompt in _prompts_on(frames, wanted, checked):
            yield PlacedPrompt(prompt, at)


def _prompts_on(
    frames: StackFrames, wanted: int | None, checked: LabelCheck
) -> Iterator[MaskPrompt]:
    """Yield the prompts of all frames that are read, in order."""
    alone = (wanted or 0) if len(frames) == 1 else None
    for frame in _shown(frames, wanted):
        number = frame if alone is None else alone
        yield from _prompts_of(checked(frames[frame]), number)


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
    for object_id, mask in pack_labels(labels).items():
        yield MaskPrompt(object_id, frame, mask)


def _full_scale(dtype: np.dtype[Any]) -> int:
    """Return the value of white in a black and white mask."""
    return int(np.iinfo(dtype).max) if dtype.kind in "ui" else 255
