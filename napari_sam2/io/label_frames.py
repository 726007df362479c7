"""Label images as frames; those of a whole image are cut as the image is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import axis_names, list_axes
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import StackFrames, stack_frames
from napari_sam2.io.reading.turned import turned_like

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.io.reading.stack import Stack

# Letters of axes that a file does not name.
_UNKNOWN = set("iq")
_MOST_AT_HAND = 2 << 30
_SLOWEST_FIRST = "tzyx"
# Kinds of types of pixels that hold whole numbers only.
_WHOLE = "bui"
_FEWEST_AXES_OF_A_VOLUME = 3


@dataclass(frozen=True, slots=True, eq=False)
class LabelFrames(StackFrames):
    """Frames of object numbers."""

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read the labels of one frame, (H, W).

        Raises
        ------
        FrameError
            If the frame does not exist, cannot be read, or holds other numbers.
        """
        labels = StackFrames.__getitem__(self, frame)  # super() is lost with slots
        wrong = _no_object_number(labels)
        if wrong is not None:
            raise FrameError(
                f"Frame {frame} of {self.stack.path} holds {labels.dtype} numbers such "
                f"as {wrong:.6g}, not object numbers."
            )
        return labels


@dataclass(frozen=True, slots=True, eq=False)
class ImageLabels:
    """Labels that have the axes of an image, or some of them.

    Attributes
    ----------
    stack : Stack
        The labels, opened; they lie as the image does.
    axes : mapping of int to int
        Where axes of the image are among those of the labels.
    """

    stack: Stack
    axes: Mapping[int, int]

    def cut_as(self, image: StackFrames) -> LabelFrames:
        """Return the labels of the frames of an image.

        Where labels have no axis to follow objects along, there is one frame, and where
        they have none along which frames stay at one place, they are the same at all.
        """
        layout, axes = image.layout, self.axes
        rows, columns = layout.plane
        fixed = dict.fromkeys(range(len(self.stack.axes)), 0)
        fixed |= {axes[axis]: index for axis, index in layout.fixed if axis in axes}
        frame = None if layout.frame is None else axes.get(layout.frame)
        for axis in (frame, axes[rows], axes[columns]):
            fixed.pop(-1 if axis is None else axis, None)
        cut = FrameLayout(
            frame, (axes[rows], axes[columns]), None, tuple(sorted(fixed.items()))
        )
        return LabelFrames(self.stack, cut)


def read_labels(path: str | Path, image: StackFrames | None = None) -> LabelFrames:
    """Open a label image or a stack of them, frames first.

    Parameters
    ----------
    path : str or Path
        Anything that :func:`napari_sam2.io.reading.stack.open_stack` opens. Of pictures
        with a palette, as DAVIS has them, the indices count; where it is of two greys,
        what is brighter is object 1.
    image : StackFrames, optional
        The frames that labels are of. Labels that have the size of the whole image, or
        of the volume that these frames are of, lie as it does, whichever axis is
        followed: they are cut as it is.

    Returns
    -------
    LabelFrames
        Frames of object ids, (H, W), read one at a time.

    Raises
    ------
    StackError
        If it is in colour, has more axes than frames, rows and columns and is not as
        large as the image, or lies elsewhere in the patient.
    """
    stack = open_labels(path)
    found = None if image is None else labels_of(image, stack)
    if image is None or found is None:
        layout = stack_frames(stack, _frame_axis(stack.axes)).layout
        return _checked(LabelFrames(stack, layout))
    return _checked(found.cut_as(image))


def open_labels(path: str | Path) -> Stack:
    """Open what should be labels.

    Raises
    ------
    StackError
        If it cannot be opened, or is in colour.
    """
    stack = open_stack(path, indices=True)
    if stack.is_rgb and stack.axes[-1].name == "s":  # else: three frames, misnamed
        raise StackError(
            f"{path} is a colour picture: masks are grey, with 0 for the background "
            "and the object's number, or 255, for the object, or have such numbers as "
            "indices of a palette, as DAVIS does."
        )
    return stack


def labels_of(image: StackFrames, labels: Stack) -> ImageLabels | None:
    """Find the axes of an image in labels that are as large as it, or as its volume.

    Parameters
    ----------
    image : StackFrames
        Any frames of the image.
    labels : Stack

    Returns
    -------
    ImageLabels or None
        None where labels are not of a volume: pictures, or stacks of other sizes, which
        are labels of frames.

    Raises
    ------
    StackError
        If labels have more axes than a stack of frames and are not as large as the
        image, or lie elsewhere in the patient.
    """
    long = [i for i, axis in enumerate(labels.axes) if axis.size > 1]
    stack, channel = image.stack, image.layout.channel
    if len(long) < _FEWEST_AXES_OF_A_VOLUME and not _is_slice_in_space(labels, stack):
        return None
    labels = turned_like(labels, stack)
    own = [i for i in range(len(stack.axes)) if i != channel]
    found = _alike(labels.axes, long, stack.axes, own)
    if found is not None and set(image.layout.plane) <= found.keys():
        frame = image.layout.frame
        along = None if frame is None else found.get(frame)
        return ImageLabels(_at_hand(labels, along), found)
    if len(long) <= _FEWEST_AXES_OF_A_VOLUME:
        return None
    raise StackError(
        f"The labels {labels.path} have {list_axes(labels.axes)}, and the image "
        f"{stack.name} has {list_axes(stack.axes)}: labels of a whole image must be as "
        "large as it is."
    )


def _is_slice_in_space(labels: Stack, image: Stack) -> bool:
    """Whether both are single slices of a scanner, which may be turned."""
    sizes = [
        sorted((axis.name, axis.size) for axis in one.axes if axis.name in "xyz")
        for one in (labels, image)
    ]
    return labels.affine is not None and len(sizes[0]) == 3 and sizes[0] == sizes[1]


def _at_hand(labels: Stack, frame_axis: int | None) -> Stack:
    """Read labels that are cut across their pages: each frame takes them all."""
    array = labels.array
    is_across = frame_axis is not None and frame_axis > 0
    if is_across and isinstance(array, PagedArray) and array.nbytes <= _MOST_AT_HAND:
        return replace(labels, array=np.asarray(array))
    return labels


def _alike(
    labels: Axes, long: Sequence[int], image: Axes, own: Sequence[int]
) -> dict[int, int] | None:
    """Find axes by name, and those without one in the order of volumes; or None."""
    places = {image[i].name: i for i in own}
    found = {places[labels[i].name]: i for i in long if labels[i].name in places}
    rest = [i for i in long if i not in found.values()]
    if rest:
        missed = [i for i in own if image[i].size > 1 and i not in found]
        missed.sort(key=lambda i: _SLOWEST_FIRST.find(image[i].name))
        if len(rest) != len(missed):
            return None
        names = {labels[i].name for i in rest} | {image[i].name for i in missed}
        if len(rest) > 1 and not names & _UNKNOWN:  # one is it, whatever it is called
            return None
        found |= zip(missed, rest, strict=True)
    if any(image[one].size != labels[other].size for one, other in found.items()):
        return None
    return found


def _frame_axis(axes: Axes) -> int | None:
    """Return the axis of frames: the first of label stacks, but the last of NIfTI."""
    if len(axes) != 3:
        return None
    return 2 if axis_names(axes) == "xyz" else 0


def _checked(frames: LabelFrames) -> LabelFrames:
    """Return frames of which the first one holds whole numbers, or raise an error."""
    if frames.dtype.kind not in _WHOLE:
        try:
            frames[0]
        except FrameError as error:
            raise StackError(str(error)) from error
    return frames


def _no_object_number(labels: npt.NDArray[Any]) -> float | None:
    """Return a number that is not whole, if there is one."""
    if labels.dtype.kind in _WHOLE:
        return None
    wrong = labels[~np.isfinite(labels) | (labels != np.round(labels))]
    return float(wrong[0]) if wrong.size else None
