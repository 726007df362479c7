"""Video files, frame by frame and exact, through the optional ``av`` (PyAV).

Frames are counted as they are shown. Where in the file each one lies is
:mod:`napari_sam2.io.reading.video_index`'s.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.extras import optional_package
from napari_sam2.io.reading.opened import Opened
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.video_index import (
    Spacing,
    VideoIndex,
    announced_seconds,
    count_from_header,
    scan,
    spacing,
)
from napari_sam2.io.reading.video_picture import display_matrix, turned
from napari_sam2.io.reading.video_times import VideoTimes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

# Frames decoded on the way to the one asked for are kept within this many bytes, so
# that reading backwards does not decode the same stretch again for every frame.
_KEPT_BYTES = 1 << 27
# A jump ahead of at most this many frames is decoded through rather than sought.
_SHORT_JUMP = 32


def open_video(path: Path) -> Opened:
    """Open the first video stream of an MP4, MOV, AVI, MKV or WebM file.

    Raises
    ------
    MissingExtraError
        If ``av`` is not installed.
    StackError
        If the file is no video, or is cut off before its first frame.
    """
    optional_package("av", "video", path)
    failed = (
        f"{path} cannot be read as a video: it may be another kind of file with this "
        "ending, or be cut off"
    )
    with decoding(StackError, failed), ExitStack() as until_opened:
        reader = VideoReader(path)
        until_opened.callback(reader.close)
        count, first = reader.count, reader.read(0)
        notices, times = tuple(reader.notices()), reader.times
        until_opened.pop_all()
    shape = (count, *first.shape)
    array = PagedArray(
        shape, first.dtype, first.ndim, reader.read, reader.close, frame_times=times
    )
    time = Axis("t", count, reader.seconds or 1.0, "second" if reader.seconds else "")
    plane = [Axis(n, s) for n, s in zip("yxs", first.shape, strict=False)]
    return Opened(array, (time, *plane), notices=notices)


class VideoReader:
    """Decodes one video stream; the next frame is the cheapest to ask for.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: OrderedDict[int, npt.NDArray[Any]] = OrderedDict()
        self._matrix: npt.NDArray[np.int32] | None = None
        self._start()
        codec_format = str(getattr(self._stream.codec_context.format, "name", ""))
        wide = any(digit in codec_format for digit in ("10", "12", "14", "16"))
        grey = "gray16le" if wide else "gray"
        self._format = grey if codec_format.startswith("gray") else "rgb24"

    def _start(self) -> None:
        """Open the file at its first frame."""
        import av

        self._container = av.open(self._path)
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._decoded = self._pictures()
        self._next = 0

    def _pictures(self) -> Generator[Any]:
        """Decode from where the file stands to its end."""
        for packet in self._container.demux(self._stream):
            # half a packet, where a file is cut off, would be made up into a picture
            if not packet.is_corrupt:
                yield from packet.decode()

    def close(self) -> None:
        """Release the file, and the threads of its decoder."""
        self._decoded.close()
        self._container.close()
        del self._stream, self._container
        self._kept.clear()

    @cached_property
    def count(self) -> int:
        """Number of frames: the header's when it is consistent, else counted."""
        return count_from_header(self._stream) or len(self._index)

    @cached_property
    def seconds(self) -> float:
        """Time from frame to frame: the mean, where it varies; 0 for unknown."""
        told = self._spacing
        if told is None or not told.varies:
            rate = self._stream.average_rate  # in which the last frame's length counts
            return float(1 / rate) if rate else 0.0
        return (told.last - told.first) / (self.count - 1) * self._tick

    @property
    def times(self) -> VideoTimes | None:
        """When each frame is shown; None where they follow each other evenly."""
        if self._spacing is None or not self._spacing.varies:
            return None
        return VideoTimes(self.count, lambda: self._index, self._tick, self.seconds)

    @property
    def _tick(self) -> float:
        """Seconds per unit of the file's times."""
        return float(self._stream.time_base or 0)

    def notices(self) -> Iterator[str]:
        """Say what is odd about the file: an end too early, or uneven times."""
        told = self._spacing
        if told is None:
            return
        announced = announced_seconds(self._container, self._stream)
        end = (told.last + told.usual) * self._tick
        if announced is not None and announced - end > 1.5 * told.longest * self._tick:
            yield (
                f"{self._path} is cut off or damaged: it should last {announced:.4g} "
                f"seconds, and ends after {end:.4g}. Its {self.count} frames can be "
                "used."
            )
        if told.is_uneven:
            yield (
                f"The frames of {self._path} are not evenly spaced in time. They are "
                f"counted one by one, {self.seconds:.4g} seconds apart in the mean: "
                "overlays are shown so. Tables have each frame's own time."
            )

    @cached_property
    def _spacing(self) -> Spacing | None:
        """How frames follow each other, as far as that is known without a scan."""
        if count_from_header(self._stream) is None or "_index" in self.__dict__:
            return spacing(self._index.shown)
        entries = getattr(self._stream, "index_entries", ())
        is_complete = len(entries) == self.count
        return spacing([entry.timestamp for entry in entries]) if is_complete else None

    @cached_property
    def _index(self) -> VideoIndex:
        return scan(self._path)

    def read(self, frame: int) -> npt.NDArray[Any]:
        """Decode one frame: (H, W, 3) uint8, or (H, W) for grey video.

        Raises
        ------
        FrameError
            If the file is cut off or damaged before or at this frame.
        """
        import av

        if frame in self._kept:
            return self._kept[frame]
        try:
            if not self._next <= frame <= self._next + _SHORT_JUMP:
                self._jump(frame)
            pixels = self._decode_up_to(frame)
            if pixels is None:  # landed behind it: count from the start, exact and slow
                self._restart()
                pixels = self._decode_up_to(frame)
        except av.error.FFmpegError as error:
            self._restart()
            raise FrameError(self._unreadable(frame, str(error))) from error
        if pixels is None:
            raise FrameError(self._unreadable(frame, "it is not in the file"))
        return pixels

    def _restart(self) -> None:
        self._container.close()
        self._start()

    def _jump(self, frame: int) -> None:
        key = self._index.key_before(frame)
        if key is None:
            if frame < self._next:
                self._restart()
        elif not key.position <= self._next <= frame:
            self._container.seek(key.timestamp, stream=self._stream)
            self._decoded = self._pictures()
            self._next = -1  # told by the timestamp of the first frame that comes

    def _decode_up_to(self, frame: int) -> npt.NDArray[Any] | None:
        for decoded in self._decoded:
            position = self._position(decoded)
            self._next = position + 1
            if position > frame:
                return None
            pixels = self._keep(decoded, position, frame)
            if position == frame:
                return pixels
        self._restart()  # the decoder has run dry
        raise FrameError(self._unreadable(frame, "the file ends before it"))

    def _position(self, decoded: Any) -> int:
        if self._next >= 0:
            return self._next
        position = self._index.position(decoded.pts)
        return position if position is not None else self.count

    def _keep(self, decoded: Any, position: int, frame: int) -> npt.NDArray[Any] | None:
        """Convert a frame if it is, or lies shortly before, the one asked for."""
        planes = 3 if self._format == "rgb24" else 2
        room = max(1, _KEPT_BYTES // max(1, decoded.width * decoded.height * planes))
        if frame - position >= room:
            return None
        if self._matrix is None:
            self._matrix = display_matrix(decoded)
        pixels = turned(decoded.to_ndarray(format=self._format), self._matrix)
        pixels.flags.writeable = False
        self._kept[position] = pixels
        while len(self._kept) > room:
            self._kept.popitem(last=False)
        return pixels

    def _unreadable(self, frame: int, reason: str) -> str:
        return (
            f"Frame {frame} (counted from 0) of the video {self._path.name} could not "
            f"be decoded: {reason}. The file may be damaged or cut off there."
        )
