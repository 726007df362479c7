"""Chunks of Zarr arrays, looked at before they are decoded.

A few kilobytes can be made to decode to gigabytes. How large a chunk becomes stands in
its first or last bytes, and is compared here with what the array says; of a chunk in a
shard, where that is read by itself.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import zarr
from zarr.storage import WrapperStore

from napari_sam2.core.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Callable

# For check sums and the like.
_SPARE_BYTES = 1 << 16
_HEAD, _TAIL = 18, 4
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def checked_array(array: Any) -> Any:
    """Return the same Zarr array, none of whose chunks decodes to more than it may.

    Arrays with a compression that does not tell its size beforehand come back as they
    are.
    """
    compressors = array.compressors
    if not compressors:
        return array
    name = type(compressors[-1]).__name__.lower()
    announced = next((read for key, read in _ANNOUNCED.items() if key in name), None)
    if announced is None:
        return array
    most = math.prod(array.chunks) * array.dtype.itemsize + _SPARE_BYTES
    place = array.store_path
    in_shards = getattr(array, "shards", None) is not None
    store = _CheckedStore(place.store, announced, most, in_shards=in_shards)
    return zarr.open_array(store, path=place.path, mode="r")


class _CheckedStore(WrapperStore[Any]):
    """Refuses chunks that announce more than a number of bytes."""

    def __init__(
        self,
        store: Any,
        announced: Callable[[bytes], int | None],
        most: int,
        *,
        in_shards: bool = False,
    ) -> None:
        super().__init__(store)
        self._announced, self._most = announced, most
        self._in_shards = in_shards

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        value = await super().get(key, prototype, byte_range)
        if value is not None and self._is_chunk(key, byte_range):
            size = self._announced(_ends(value))
            if size is not None and size > self._most:
                raise FrameError(
                    f"The chunk {key} would become {size} bytes, and must not be more "
                    f"than {self._most}: it is damaged."
                )
        return value

    def _is_chunk(self, key: str, byte_range: Any) -> bool:
        if key.endswith((".json", ".zarray", ".zattrs")):
            return False
        # A shard has an index at its end, or at its start, and is also read whole.
        return not self._in_shards or getattr(byte_range, "start", 0) > 0


def _ends(value: Any) -> bytes:
    """Return the beginning and the end of a chunk: sizes stand in one of them."""
    if len(value) <= _HEAD + _TAIL:
        whole: bytes = value.to_bytes()
        return whole
    ends: bytes = value[:_HEAD].to_bytes() + value[-_TAIL:].to_bytes()
    return ends


def _blosc_size(data: bytes) -> int | None:
    return int(struct.unpack_from("<I", data, 4)[0]) if len(data) >= 16 else None


def _gzip_size(data: bytes) -> int | None:
    return int(struct.unpack("<I", data[-_TAIL:])[0]) if len(data) >= _HEAD else None


def _zstd_size(data: bytes) -> int | None:
    """Read the content size of a frame (RFC 8878, 3.1.1.1); None if it is left out."""
    if len(data) < _HEAD or data[:4] != _ZSTD_MAGIC:
        return None
    flags = data[4]
    is_single, dictionary, width = flags >> 5 & 1, flags & 3, flags >> 6
    start = 5 + (not is_single) + (0, 1, 2, 4)[dictionary]
    if width == 0:
        return data[start] if is_single else None
    size = int.from_bytes(data[start : start + (1 << width)], "little")
    return size + 256 if width == 1 else size


_ANNOUNCED = {"blosc": _blosc_size, "gzip": _gzip_size, "zstd": _zstd_size}
