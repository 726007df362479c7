"""Results of a run, packed away until all of them are needed: for pictures, say."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.masks.soft import SoftMask
from napari_sam2.core.results import FrameResult, MaskResult
from napari_sam2.io.files.output import naming_output
from napari_sam2.io.files.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Object, origin (y, x), size (h, w), predicted IoU, logit, prompted, packed bytes; then
# origin, size and packed bytes of its probabilities, of which there may be none.
_HEADER = struct.Struct("<q4q2d?q5q")


class FinishedFrames:
    """The objects of every frame that was computed, as compressed bits.

    Small runs stay in memory; long ones go to a nameless file in a folder.

    Parameters
    ----------
    folder : Path
        Where that file goes: the folder of the outputs has room for them anyway.
    shape_hw : tuple of int
        Height and width of every frame in pixels.
    """

    def __init__(self, folder: Path, shape_hw: tuple[int, int]) -> None:
        self._folder = folder
        self._shape_hw = shape_hw
        self._spool = Spool(folder)

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames on which anything was computed, in order."""
        return tuple(self._spool.keys())

    def add(self, result: FrameResult) -> FrameResult:
        """Keep the objects of a frame, together with those that came earlier.

        Going both ways, a frame may come twice, with other objects each time.

        Returns
        -------
        FrameResult
            All objects of the frame so far; no two of them overlap.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        if result.frame in self._spool:
            result = self[result.frame].joined(result)
        with naming_output(self._folder):
            self._spool.put(result.frame, pack_objects(result))
        return result

    def __getitem__(self, frame: int, /) -> FrameResult:
        """Return the objects of a frame, none where nothing was computed."""
        if frame not in self._spool:
            return FrameResult(frame, ())
        return unpack_objects(self._spool.get(frame), frame, self._shape_hw)

    def close(self) -> None:
        """Throw everything away."""
        self._spool.close()


def pack_objects(result: FrameResult) -> bytes:
    """Pack the objects of a frame, as compressed bits."""
    return b"".join(map(_packed, result))


def unpack_objects(data: bytes, frame: int, shape_hw: tuple[int, int]) -> FrameResult:
    """Return the objects that :func:`pack_objects` packed."""
    return FrameResult(frame, tuple(_unpacked(data, frame, shape_hw)))


def _packed(result: MaskResult) -> bytes:
    bits = zlib.compress(np.packbits(result.crop).tobytes(), 1)
    soft, place = b"", (0, 0, 0, 0)
    if result.soft is not None:
        soft = zlib.compress(result.soft.levels.tobytes(), 1)
        place = (*result.soft.origin_yx, *result.soft.levels.shape)
    header = _HEADER.pack(
        result.object_id, *result.origin_yx, *result.crop.shape,
        result.predicted_iou, result.object_logit, result.is_prompted, len(bits),
        *place, len(soft),
    )  # fmt: skip
    return header + bits + soft


def _unpacked(
    data: bytes, frame: int, shape_hw: tuple[int, int]
) -> Iterator[MaskResult]:
    start = 0
    while start < len(data):
        fields = _HEADER.unpack_from(data, start)
        object_id, y, x, height, width, iou, logit, is_prompted, count = fields[:9]
        start += _HEADER.size
        bits = np.frombuffer(zlib.decompress(data[start : start + count]), np.uint8)
        start += count
        soft = _soft(data[start : start + fields[-1]], fields[9:13])
        start += fields[-1]
        crop = np.unpackbits(bits, count=height * width).reshape(height, width)
        yield MaskResult(
            object_id=object_id,
            frame=frame,
            shape_hw=shape_hw,
            origin_yx=(y, x),
            crop=crop.astype(bool),
            predicted_iou=iou,
            object_logit=logit,
            is_prompted=is_prompted,
            soft=soft,
        )


def _soft(data: bytes, place: tuple[int, int, int, int]) -> SoftMask | None:
    if not data:
        return None
    y, x, height, width = place
    levels = np.frombuffer(zlib.decompress(data), np.uint8)
    return SoftMask((y, x), levels.reshape(height, width))
