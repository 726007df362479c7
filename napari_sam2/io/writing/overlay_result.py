"""Overlays as a format of results: frames are kept until all can be drawn."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.io.files.finished import FinishedFrames
from napari_sam2.io.pictures.overlay import check_overlay, write_overlay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import ResultHeader

_USUAL_RATE = 10.0
_WATCHABLE = (4.0, 60.0)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Keeps the results of frames. Made by :func:`open_overlay`."""

    finished: FinishedFrames

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        self.finished.add(result)


@contextmanager
def open_overlay(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Keeper]:
    """Draw masks over the frames of the image, when all masks are there.

    A film, or animation, keeps in step with the image: it shows all frames that were
    asked for. A sheet has room for a few, and shows those that have masks.

    Raises
    ------
    OutputError
        If the ending is not .mp4, .gif or .png.
    MissingExtraError
        If a video is asked for and ``av`` is not installed.
    Stopped
        If the header's token is cancelled before all is drawn.
    """
    frames = header.frames
    assert frames is not None, "an overlay shows the image"
    check_overlay(path, overwrite=overwrite)
    with closing(FinishedFrames(path.parent, header.shape_hw)) as finished:
        yield _Keeper(finished)
        write_overlay(
            path,
            frames,
            finished.__getitem__,
            header.limits or estimate_limits(frames),
            shown=_shown(path, header, finished.frames),
            fps=shown_rate(header.axes),
            note=header.provenance.as_json() if header.provenance else "",
            overwrite=overwrite,
            token=header.token,
        )


def _shown(
    path: Path, header: ResultHeader, with_masks: Sequence[int]
) -> Sequence[int]:
    assert header.frames is not None, "an overlay shows the image"
    if path.suffix.lower() == ".png":
        return with_masks
    return range(len(header.frames)) if header.shown is None else header.shown


def shown_rate(axes: Axes) -> float:
    """Return a clip's own frames per second; anything else is shown at a usual pace."""
    axis = axes[0]
    if axis.unit == "second" and axis.scale > 0:
        slowest, fastest = _WATCHABLE
        if slowest <= 1 / axis.scale <= fastest:
            return 1 / axis.scale
    return _USUAL_RATE
