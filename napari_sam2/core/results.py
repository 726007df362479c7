"""What the engine answers: masks with their confidence, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import PromptError, Sam2Error
from napari_sam2.core.geometry import pairs_that_meet

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from napari_sam2.core.masks.soft import SoftMask


class Verdict(Flag):
    """What the user said about a mask; the engine says nothing of the kind."""

    NOTHING = 0
    PAINTED = auto()
    """The pixels are the user's own: painted, erased, imported, or marked absent."""
    ACCEPTED = auto()
    LOCKED = auto()


@dataclass(frozen=True, slots=True, eq=False)
class MaskResult:
    """One object on one frame.

    The mask is kept as a crop, so that hundreds of small objects in large frames cost
    what the objects cost.

    Attributes
    ----------
    object_id : int
        The user's number for the object.
    frame : int
        0-based frame index.
    shape_hw : tuple of int
        Height and width of the frame in pixels.
    origin_yx : tuple of int
        Row and column of the crop's first pixel in the frame.
    crop : ndarray of bool, shape (h, w)
        The mask inside its bounding box; (0, 0) when the object is absent.
    predicted_iou : float
        The model's own estimate of the mask's overlap with the truth, 0 to 1.
    object_logit : float
        Above 0 where the model sees the object in this frame at all.
    is_prompted : bool
        Whether the user prompted this object on this frame.
    verdict : Verdict
        What the user said about the mask.
    soft : SoftMask or None
        How probable the object is at each pixel, if that was asked for.
    """

    object_id: int
    frame: int
    shape_hw: tuple[int, int]
    origin_yx: tuple[int, int]
    crop: npt.NDArray[np.bool_]
    predicted_iou: float
    object_logit: float
    is_prompted: bool = False
    verdict: Verdict = Verdict.NOTHING
    soft: SoftMask | None = None

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """The mask as a whole frame, bool, shape (H, W)."""
        mask = np.zeros(self.shape_hw, bool)
        mask[self.slices] = self.crop
        return mask

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the crop lies in the frame, as (rows, columns)."""
        (y, x), (h, w) = self.origin_yx, self.crop.shape
        return slice(y, y + h), slice(x, x + w)

    @property
    def area(self) -> int:
        """Number of pixels in the mask."""
        return int(np.count_nonzero(self.crop))

    @property
    def is_absent(self) -> bool:
        """Whether the object is not in this frame."""
        return self.area == 0

    @property
    def box_yxyx(self) -> tuple[int, int, int, int] | None:
        """(y0, x0, y1, x1), the last row and column included; None when absent."""
        if self.crop.size == 0:
            return None
        (y, x), (h, w) = self.origin_yx, self.crop.shape
        return y, x, y + h - 1, x + w - 1

    @property
    def centroid_yx(self) -> tuple[float, float] | None:
        """Mean (y, x) of the mask in data pixels; None when absent."""
        if self.crop.size == 0:
            return None
        y, x = self.origin_yx
        return _centre(self.crop.sum(axis=1)) + y, _centre(self.crop.sum(axis=0)) + x

    def within(
        self, shape_hw: tuple[int, int], offset_yx: tuple[int, int]
    ) -> MaskResult:
        """Return this result of a part of a frame as one of the whole frame.

        Parameters
        ----------
        shape_hw : tuple of int
            Height and width of the whole frame.
        offset_yx : tuple of int
            Row and column at which the part begins.
        """
        y, x = self.origin_yx
        origin = (y + offset_yx[0], x + offset_yx[1])
        soft = self.soft and self.soft.moved(offset_yx)
        return replace(self, shape_hw=shape_hw, origin_yx=origin, soft=soft)

    def without(self, other: MaskResult) -> MaskResult:
        """Return this result less the pixels of another on the same frame."""
        mine, others = self.slices, other.slices
        rows, columns = (_overlap(a, b) for a, b in zip(mine, others, strict=True))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return self
        taken = np.zeros_like(self.crop)
        theirs = other.crop[_shift(rows, others[0]), _shift(columns, others[1])]
        taken[_shift(rows, mine[0]), _shift(columns, mine[1])] = theirs
        (down, right), crop = _trimmed(self.crop & ~taken)
        (y, x), soft = self.origin_yx, self.soft
        if soft is not None:
            soft = soft.without(self.crop & taken, (y, x))
        return replace(self, origin_yx=(y + down, x + right), crop=crop, soft=soft)


def _centre(counts: npt.NDArray[np.int_]) -> float:
    """Return the mean index, each counted so many times."""
    return float(counts @ np.arange(len(counts)) / counts.sum())


def _overlap(a: slice, b: slice) -> slice:
    return slice(max(a.start, b.start), min(a.stop, b.stop))


def _shift(part: slice, whole: slice) -> slice:
    return slice(part.start - whole.start, part.stop - whole.start)


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """All objects that were computed on one frame.

    Attributes
    ----------
    frame : int
        0-based frame index.
    objects : tuple of MaskResult
        One result per object, in the order of their ids. Masks of one frame do not
        overlap unless the tracker was told to allow it.
    """

    frame: int
    objects: tuple[MaskResult, ...]

    def __iter__(self) -> Iterator[MaskResult]:
        """Iterate over the objects."""
        return iter(self.objects)

    def __len__(self) -> int:
        """Count the objects."""
        return len(self.objects)

    def __getitem__(self, object_id: int) -> MaskResult:
        """Return the result of one object by its id.

        Raises
        ------
        KeyError
            If the object was not computed on this frame.
        """
        for result in self.objects:
            if result.object_id == object_id:
                return result
        raise KeyError(object_id)

    def joined(self, other: FrameResult) -> FrameResult:
        """Return the objects of two results of one frame.

        Objects of ``other`` replace those of the same id. Where masks of the two
        overlap, the one with the higher predicted IoU keeps the pixels.
        """
        newer = {result.object_id for result in other}
        older = [result for result in self if result.object_id not in newer]
        objects, count = [*older, *other], len(older)
        for i, j in pairs_that_meet(one.box_yxyx for one in objects):
            if i < count <= j:
                old, new = objects[i], objects[j]
                if new.predicted_iou >= old.predicted_iou:
                    objects[i] = old.without(new)
                else:
                    objects[j] = new.without(old)
        objects.sort(key=lambda result: result.object_id)
        return FrameResult(self.frame, tuple(objects))

    def labels(
        self, shape_hw: tuple[int, int] | None = None, dtype: npt.DTypeLike = np.uint16
    ) -> npt.NDArray[Any]:
        """Return a label image, (H, W), 0 where there is no object.

        Where masks overlap, the one with the higher predicted IoU wins.

        Parameters
        ----------
        shape_hw : tuple of int, optional
            Size of the image; needed only when there are no objects.
        dtype : dtype, optional
            Integer type of the image.

        Raises
        ------
        PromptError
            If the number of an object does not fit into the type.
        Sam2Error
            If no size is given where there are no objects, or another than theirs.
        """
        shape_hw = self._shape_hw(shape_hw)
        labels = np.zeros(shape_hw, dtype)
        largest = max((one.object_id for one in self.objects), default=0)
        if largest > np.iinfo(labels.dtype).max:
            raise PromptError(
                f"Object {largest} does not fit into labels of type {labels.dtype}: "
                "ask for a wider type, such as uint32."
            )
        for result in sorted(self.objects, key=lambda r: r.predicted_iou):
            labels[result.slices][result.crop] = result.object_id
        return labels

    def _shape_hw(self, given: tuple[int, int] | None) -> tuple[int, int]:
        """Return the size of the frame, which objects know."""
        own = self.objects[0].shape_hw if self.objects else given
        if own is None:
            raise Sam2Error(
                "A frame without objects does not know its size: give it, such as "
                "labels(shape_hw=stack.shape[-2:])."
            )
        if given is not None and not np.array_equal(given, own):
            raise Sam2Error(
                f"Labels of frames of {own[0]} × {own[1]} pixels cannot have the shape "
                f"{given}: leave shape_hw out."
            )
        return own


def mask_result(
    mask: npt.NDArray[np.bool_],
    *,
    object_id: int,
    frame: int,
    predicted_iou: float,
    object_logit: float,
    is_prompted: bool = False,
) -> MaskResult:
    """Make a :class:`MaskResult` from a mask, bool, shape (H, W).

    It is of a whole frame, or of a part that :meth:`MaskResult.within` puts in place.
    """
    origin, crop = _trimmed(mask)
    height, width = mask.shape
    return MaskResult(
        object_id=object_id,
        frame=frame,
        shape_hw=(height, width),
        origin_yx=origin,
        crop=crop,
        predicted_iou=predicted_iou,
        object_logit=object_logit,
        is_prompted=is_prompted,
    )


def _trimmed(
    mask: npt.NDArray[np.bool_],
) -> tuple[tuple[int, int], npt.NDArray[np.bool_]]:
    """Return the first row and column of a mask, and a copy less its empty margins."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return (0, 0), np.zeros((0, 0), bool)
    crop = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    return (int(rows[0]), int(columns[0])), crop
