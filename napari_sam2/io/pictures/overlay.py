"""Results to look at: masks over frames, as a video, an animation or a sheet.

Drawing is :mod:`napari_sam2.io.pictures.drawing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.errors import FrameError, MissingExtraError, OutputError
from napari_sam2.core.results import MaskResult
from napari_sam2.io.files.output import atomic_output, check_output
from napari_sam2.io.pictures.drawing import (
    draw_overlay,
    shown_size,
    to_rgb,
    write_caption,
)
from napari_sam2.io.pictures.sheet import contact_sheet, spread

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource

ResultsOf: TypeAlias = Callable[[int], Iterable[MaskResult]]
Picture: TypeAlias = "npt.NDArray[np.uint8]"

_LARGEST_SIDE = {".mp4": 1920, ".gif": 512, ".png": 480}
_SHEET_TILES = 12
# Pillow holds a whole animation in memory.
_GIF_FRAMES = 150
_LONGEST_GIF_STEP = 65_535  # hundredths of a second


@dataclass(frozen=True, slots=True)
class _Film:
    """The pictures of an overlay, drawn one at a time."""

    frames: FrameSource
    results_of: ResultsOf
    limits: IntensityLimits
    shown: Sequence[int]
    largest_side: int
    token: CancelToken | None = None

    def __iter__(self) -> Iterator[Picture]:
        scale = shown_size(self.frames.shape_hw, self.largest_side)
        for frame in self.shown:
            if self.token is not None:
                self.token.check()
            try:
                rgb = to_rgb(self.frames[frame], self.limits)
            except FrameError:  # cut off: what was drawn so far is kept
                return
            drawn = draw_overlay(rgb, self.results_of(frame), scale)
            yield write_caption(drawn, f"frame {frame}")


def check_overlay(path: Path, *, overwrite: bool) -> None:
    """Check, before long work, that an overlay can be written.

    Raises
    ------
    OutputError
        If the ending is not .mp4, .gif or .png, or as ``check_output`` finds.
    MissingExtraError
        If a video is asked for and ``av`` is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in _LARGEST_SIDE:
        raise OutputError(
            f"An overlay is a video, an animation or a picture: {path} must end in "
            ".mp4, .gif or .png."
        )
    if suffix == ".mp4":
        _import_av(path)
    check_output(path, overwrite=overwrite)


def write_overlay(
    path: str | Path,
    frames: FrameSource,
    results_of: ResultsOf,
    limits: IntensityLimits,
    *,
    shown: Sequence[int] | None = None,
    fps: float = 10.0,
    note: str = "",
    overwrite: bool = False,
    token: CancelToken | None = None,
) -> None:
    """Draw results over their frames and write them to a file.

    Parameters
    ----------
    path : str or Path
        ``.mp4``: all frames. ``.gif``: up to 150, evenly spread, each shown for as long
        as those it stands for. ``.png``: a sheet of up to twelve, evenly spread.
    frames : FrameSource
        The stack; one frame is read at a time.
    results_of : callable
        Takes a frame and returns its ``MaskResult`` objects.
    limits : IntensityLimits
        Intensities shown as black and white.
    shown : sequence of int, optional
        The frames to show, by default all.
    fps : float, optional
        Frames per second of videos and animations.
    note : str, optional
        What made the masks, kept in the file: as its comment, of pictures as the text
        ``provenance``.
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    token : CancelToken, optional
        Looked at before every picture.

    Raises
    ------
    OutputError
        If the file exists or cannot be written; what was there is untouched.
    Stopped
        If the token is cancelled; what was there is untouched then, too.
    """
    path = Path(path)
    check_overlay(path, overwrite=overwrite)
    suffix = path.suffix.lower()
    picked = shown = range(len(frames)) if shown is None else shown
    if suffix != ".mp4":
        picked = spread(picked, _SHEET_TILES if suffix == ".png" else _GIF_FRAMES)
        fps *= len(picked) / max(1, len(shown))  # it takes as long as the film
    side = _LARGEST_SIDE[suffix]
    film = _Film(frames, results_of, limits, picked, side, token)
    with atomic_output(path, overwrite=overwrite, keeps=True) as temporary:
        _WRITERS[suffix](temporary, film, fps, note)


def _write_png(path: Path, film: Iterable[Picture], _fps: float, note: str) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    pictures = list(film)
    if not pictures:
        raise OutputError("There is no frame to draw: none of the stack can be read.")
    texts = PngInfo()
    texts.add_itxt("provenance", note)
    Image.fromarray(contact_sheet(pictures)).save(path, pnginfo=texts)


def _write_gif(path: Path, film: Iterable[Picture], fps: float, note: str) -> None:
    from PIL import Image

    fast = Image.Quantize.FASTOCTREE
    pictures = (Image.fromarray(p).quantize(256, fast) for p in film)
    first = next(pictures, None)
    if first is None:
        raise OutputError("There is no frame to draw: none of the stack can be read.")
    first.save(
        path,
        save_all=True,
        append_images=pictures,  # drawn while they are encoded: both can be stopped
        duration=_gif_durations(fps),
        loop=0,
        comment=note.encode(),
    )


def _gif_durations(fps: float) -> list[int]:
    """Return milliseconds of each picture: whole hundredths that add up.

    None is shorter than two, which viewers take for a mistake, and show for ten; none
    is longer than the format can say, eleven minutes.
    """
    step = min(max(2.0, 100 / fps), _LONGEST_GIF_STEP)
    ends = [round(step * number) for number in range(_GIF_FRAMES + 1)]
    return [10 * (end - start) for start, end in pairwise(ends)]


def _write_mp4(path: Path, film: Iterable[Picture], fps: float, note: str) -> None:
    av = _import_av(path)
    try:
        with av.open(str(path), "w") as container:
            container.metadata["comment"] = note
            _encode(av, container, film, fps)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):  # the disk is full, and the like
            raise
        raise OutputError(f"The video could not be encoded: {error}.") from error


def _encode(av: Any, container: Any, film: Iterable[Picture], fps: float) -> None:
    stream = None
    for picture in film:
        padded = _padded_to_even(picture)
        if stream is None:
            stream = _video_stream(av, container, padded.shape, fps)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(padded, "rgb24")))
    if stream is None:
        raise OutputError("There is no frame to draw: none of the stack can be read.")
    container.mux(stream.encode())


def _video_stream(av: Any, container: Any, shape: tuple[int, ...], fps: float) -> Any:
    """Prefer H.264, which every browser plays, where this build of FFmpeg has it."""
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1000))
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = "yuv420p"
    if codec == "libx264":
        stream.options = {"crf": "20"}
    else:
        stream.bit_rate = shape[0] * shape[1] * 12
    return stream


_WRITERS: dict[str, Callable[[Path, Iterable[Picture], float, str], None]] = {
    ".png": _write_png,
    ".gif": _write_gif,
    ".mp4": _write_mp4,
}


def _padded_to_even(picture: Picture) -> Picture:
    """Repeat the last row or column if odd: video colours come in 2 × 2 blocks."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _import_av(path: Path) -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            f"Writing {path} needs the package av: pip install 'napari-sam2[video]'. "
            "A .gif or .png works without it."
        ) from error
    return av
