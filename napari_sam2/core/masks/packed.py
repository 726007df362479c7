"""Masks that are kept by the thousand: a bit per pixel of their bounding box.

Two packed masks are equal when they show the same pixels, so states that hold them can
be compared by value.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_OVERHEAD_BYTES = 200
_DIGEST_BYTES = 8
_PAIR, _AREA, _CENTROID = map(struct.Struct, ("<2i", "<q", "<2d"))
_CENTROID_AT = 2 * _PAIR.size + _AREA.size


class Elsewhere(Protocol):
    """Bytes that lie outside of memory, or may do so."""

    def read(self) -> bytes:
        """Return them; any thread may ask for them."""
        ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PackedMask:
    """One object's pixels on one frame; made by :mod:`napari_sam2.core.masks.packing`.

    A stack has millions of them, so numbers are kept as bytes.

    Attributes
    ----------
    shape_hw : tuple of int
        Height and width of the frame in pixels.
    numbers : bytes
        Those behind the properties; see :func:`pack_numbers`.
    held : bytes or Elsewhere
        The pixels; see :attr:`bits`. They may be moved while the mask is in use.
    is_deflated : bool
        Whether ``bits`` is compressed on top.
    """

    shape_hw: tuple[int, int]
    numbers: bytes
    held: bytes | Elsewhere
    is_deflated: bool

    def __eq__(self, other: object) -> bool:
        """Whether two masks show the same pixels of frames of the same size."""
        if not isinstance(other, PackedMask):
            return NotImplemented
        return self is other or (
            self._outline == other._outline
            and (self.held is other.held or self._raw == other._raw)
        )

    def __hash__(self) -> int:
        """Return the same number for equal masks."""
        return hash(self._outline)

    def __repr__(self) -> str:
        """Say where the mask is, not what it looks like."""
        return f"<PackedMask of {self.area} pixels in {self.box_yxyx}>"

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Let NumPy take it for what it shows, :attr:`mask`."""
        if copy is False:
            raise ValueError("A packed mask is unpacked into an array of its own.")
        return self.mask if dtype is None else self.mask.astype(dtype)

    @property
    def _outline(self) -> tuple[object, ...]:
        """What can be compared without looking at pixels."""
        return self.shape_hw, self.numbers[:_CENTROID_AT]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the frame, as an array of it has them."""
        return self.shape_hw

    @property
    def digest(self) -> bytes:
        """A few bytes that are the same for equal masks, and practically no others."""
        frame = _PAIR.pack(*self.shape_hw)
        shown = frame + self.numbers[:_CENTROID_AT] + self._raw
        return blake2b(shown, digest_size=_DIGEST_BYTES).digest()

    @property
    def origin_yx(self) -> tuple[int, int]:
        """Row and column of the bounding box's first pixel."""
        y, x = _PAIR.unpack_from(self.numbers)
        return y, x

    @property
    def crop_hw(self) -> tuple[int, int]:
        """Height and width of the bounding box; (0, 0) when the object is absent."""
        height, width = _PAIR.unpack_from(self.numbers, _PAIR.size)
        return height, width

    @property
    def area(self) -> int:
        """Number of pixels in the mask."""
        return int(_AREA.unpack_from(self.numbers, 2 * _PAIR.size)[0])

    @property
    def centroid_yx(self) -> tuple[float, float] | None:
        """Mean (y, x) in data pixels; None when absent."""
        if not self.area:
            return None
        y, x = _CENTROID.unpack_from(self.numbers, _CENTROID_AT)
        return y, x

    @property
    def bits(self) -> bytes:
        """The pixels of the bounding box row by row, eight to a byte."""
        held = self.held
        return held if isinstance(held, bytes) else held.read()

    def move(self, place: Elsewhere) -> None:
        """Have the pixels held elsewhere; to those who have the mask, it is the same.

        Parameters
        ----------
        place : Elsewhere
            Which has a copy of :attr:`bits`.
        """
        object.__setattr__(self, "held", place)

    @property
    def crop(self) -> npt.NDArray[np.bool_]:
        """The pixels of the bounding box, bool, shape (h, w)."""
        (height, width), raw = self.crop_hw, np.frombuffer(self._raw, np.uint8)
        pixels = np.unpackbits(raw, count=height * width)
        return pixels.reshape(height, width).view(bool)

    @property
    def _raw(self) -> bytes:
        """The bits as they are before they are compressed, in one of many ways."""
        return zlib.decompress(self.bits) if self.is_deflated else self.bits

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """The mask as a whole frame, bool, shape (H, W)."""
        mask = np.zeros(self.shape_hw, bool)
        mask[self.slices] = self.crop
        return mask

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the bounding box lies in the frame, as (rows, columns)."""
        (y, x), (h, w) = self.origin_yx, self.crop_hw
        return slice(y, y + h), slice(x, x + w)

    @property
    def box_yxyx(self) -> tuple[int, int, int, int] | None:
        """(y0, x0, y1, x1), the last row and column included; None when absent."""
        if not self.area:
            return None
        (y, x), (h, w) = self.origin_yx, self.crop_hw
        return y, x, y + h - 1, x + w - 1

    @property
    def is_absent(self) -> bool:
        """Whether the object is not in this frame."""
        return self.area == 0

    @property
    def nbytes(self) -> int:
        """About how much memory the mask takes, without pixels held elsewhere."""
        held = self.held
        return _OVERHEAD_BYTES + (len(held) if isinstance(held, bytes) else 0)

    def covers(self, yx: tuple[int, int]) -> bool:
        """Whether the pixel (y, x) belongs to the mask."""
        y, x = yx[0] - self.origin_yx[0], yx[1] - self.origin_yx[1]
        inside = 0 <= y < self.crop_hw[0] and 0 <= x < self.crop_hw[1]
        return inside and bool(self.crop[y, x])


@dataclass(frozen=True, slots=True)
class PackedResult:
    """One object on one frame as the engine found it, ready to be kept.

    Attributes are those of :class:`napari_sam2.core.results.MaskResult`, with the mask
    packed, and ``step``, the number of the :mod:`napari_sam2.core.recipe` step that
    gave it, where steps are taken down.
    """

    object_id: int
    frame: int
    mask: PackedMask
    predicted_iou: float
    object_logit: float
    is_prompted: bool
    step: int | None = field(default=None, compare=False)


def pack_numbers(
    origin_yx: tuple[int, int],
    crop_hw: tuple[int, int],
    area: int,
    centroid_yx: tuple[float, float],
) -> bytes:
    """Return the numbers of a mask as :class:`PackedMask` keeps them."""
    box = _PAIR.pack(*origin_yx) + _PAIR.pack(*crop_hw)
    return box + _AREA.pack(area) + _CENTROID.pack(*centroid_yx)


@lru_cache(maxsize=8)
def shared_shape(height: int, width: int) -> tuple[int, int]:
    """Return the size of a frame as one value for the masks of all frames."""
    return int(height), int(width)
