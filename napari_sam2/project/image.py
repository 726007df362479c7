"""From a project to its image, also when that was moved, changed or lost."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.core.errors import MissingExtraError, ProjectError, Sam2Error
from napari_sam2.core.frames.pixel_digest import pixel_digest
from napari_sam2.io.reading.stack import Stack, open_stack
from napari_sam2.io.reading.stack_frames import StackFrames, stack_frames
from napari_sam2.project.image_paths import exists, paths_of
from napari_sam2.project.values import Fingerprint, ImageReference
from napari_sam2.project.whole_image import all_frames

if TYPE_CHECKING:
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.project.values import Project, StackGeometry

Stamp: TypeAlias = tuple[int | None, int | None]


class Whereabouts(Enum):
    """What became of a project's image."""

    FOUND = "found"
    MOVED = "moved"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ImageState:
    """What became of a project's image.

    Attributes
    ----------
    whereabouts : Whereabouts
        ``MOVED``: as it was, but elsewhere. ``CHANGED``: a file is there, but it is
        not certain that it is the same image. ``MISSING``: there is none.
    path : Path or None
        Where it is; None when it is missing.
    sentence : str
        For the user.
    """

    whereabouts: Whereabouts
    path: Path | None
    sentence: str


def fingerprint(frames: FrameSource, path: Path | None = None) -> Fingerprint:
    """Describe an image, reading three of its frames.

    Parameters
    ----------
    frames : FrameSource
        As they are tracked.
    path : Path, optional
        The file, for its size and date; those of folders say nothing.

    Raises
    ------
    FrameError
        If a frame cannot be read.
    """
    pixels = pixel_digest(frames)
    size, mtime_ns = stamp_of(path)
    height, width = frames.shape_hw
    shape = len(frames), height, width
    return Fingerprint(shape, frames.dtype.name, pixels, size, mtime_ns)


def glance(frames: FrameSource, path: Path | None = None) -> Fingerprint:
    """Describe an image without its pixels: enough while its file stays as it is."""
    size, mtime_ns = stamp_of(path)
    shape = len(frames), *frames.shape_hw
    return Fingerprint(shape, frames.dtype.name, "", size, mtime_ns)


def refer_to_image(
    name: str,
    path: str | Path | None = None,
    *,
    frames: FrameSource | None = None,
    series: int | None = None,
    dataset: str | None = None,
) -> ImageReference:
    """Describe where an image is, and what it looks like where frames are given.

    Three frames are read for it; see :func:`glance` for a description without.
    """
    file = None if path is None else Path(path).absolute()
    return ImageReference(
        name=name.replace("\0", ""),  # a layer may have any
        path=None if file is None else str(file),
        series=series,
        dataset=dataset,
        fingerprint=None if frames is None else fingerprint(frames, file),
    )


def with_known_pixels(now: ImageReference, before: ImageReference) -> ImageReference:
    """Keep what is known of an image's pixels, of which it is certain that they stayed.

    Parameters
    ----------
    now : ImageReference
        With a :func:`glance`.
    before : ImageReference
        As a project describes the same image.
    """
    seen, known = now.fingerprint, before.fingerprint
    if seen is None or known is None:
        return now
    if (seen.shape, seen.dtype) != (known.shape, known.dtype):
        return now
    return replace(now, fingerprint=replace(seen, pixels=seen.pixels or known.pixels))


def locate_image(
    project: Project, project_path: str | Path, *, instead: str | Path | None = None
) -> ImageState:
    """Find a project's image and compare it with what the project knows of it.

    Pixels are looked at only where size or date of the file differ.

    Parameters
    ----------
    project : Project
    project_path : str or Path
    instead : str or Path, optional
        Where the user says that it is now.

    Raises
    ------
    MissingExtraError
        If an optional package is needed to look at it.
    """
    image = project.image
    if instead is not None:
        return _compare(project, Path(instead), is_moved=True)
    if image.path is None:
        return ImageState(
            Whereabouts.MISSING,
            None,
            f"The image {image.name} was never a file: open it, and choose it.",
        )
    stored = Path(image.path)
    changed = []
    # Beside a project that was copied may lie another image of the same name.
    for path in dict.fromkeys(paths_of(image, project_path)):
        state = _compare(project, path, is_moved=not _is_same(path, stored))
        if state.whereabouts is not Whereabouts.CHANGED:
            return state
        changed.append(state)
    if changed:
        return changed[0]
    return ImageState(
        Whereabouts.MISSING,
        None,
        f"The image {stored} is no longer there: say where it is now.",
    )


def open_image(project: Project, path: str | Path) -> StackFrames:
    """Open a project's image at a path, cut into the same frames.

    Of a stack with many positions, these are the frames of the first one;
    :func:`napari_sam2.project.whole_image.all_frames` are those of all.

    Raises
    ------
    StackError
        If it cannot be opened.
    ProjectError
        If it has other frames.
    """
    image, geometry = project.image, project.stack
    stack = open_stack(path, image.series, dataset=image.dataset, level=geometry.level)
    with ExitStack() as refused:
        refused.callback(stack.close)
        frames = _as_before(stack, geometry)
        count = len(all_frames(frames, geometry))
        if (count, frames.shape_hw) != (geometry.frame_count, geometry.shape_hw):
            raise ProjectError(
                f"{path} has {_size(count, frames.shape_hw)}, but the project's "
                f"image has {_size(geometry.frame_count, geometry.shape_hw)}: it is "
                "another image."
            )
        refused.pop_all()
    return frames


def _as_before(stack: Stack, geometry: StackGeometry) -> StackFrames:
    """Cut a stack as it was cut, or by the names of its axes if it has others."""
    sizes = [axis.size for axis in stack.axes]
    wanted = [axis.size for axis in geometry.axes]
    first = (0,) * len(geometry.layout.positions)
    layout, channels = geometry.layout.held_at(first), geometry.channels
    if geometry.is_colour and sizes[:-1] == wanted:
        return StackFrames(stack, replace(layout, channel=len(wanted)), channels)
    if sizes == wanted:
        if channels is None and layout.channel is not None:
            channels = tuple(range(min(3, sizes[layout.channel])))
        return StackFrames(stack, layout, channels)
    frame = None if layout.frame is None else geometry.axes[layout.frame].name
    at = {geometry.axes[axis].name: index for axis, index in layout.fixed}
    names = {axis.name for axis in stack.axes}
    return stack_frames(
        stack,
        frame if frame in names else None,
        channels,
        {name: index for name, index in at.items() if name in names},
    )


def _compare(project: Project, path: Path, *, is_moved: bool) -> ImageState:
    if not exists(path):
        sentence = f"There is no image {path}: check the name."
        return ImageState(Whereabouts.MISSING, None, sentence)
    before = project.image.fingerprint
    stamp = stamp_of(path)
    is_untouched = None not in stamp and before is not None
    if is_untouched and before is not None and stamp == (before.size, before.mtime_ns):
        return _unchanged(path, is_moved=is_moved)
    try:
        frames = open_image(project, path)
        with closing(frames.stack):
            with_pixels = fingerprint(all_frames(frames, project.stack), path)
    except MissingExtraError:  # which says nothing about the image
        raise
    except Sam2Error as error:
        return ImageState(Whereabouts.CHANGED, path, str(error))
    difference = _difference(before, with_pixels)
    if difference is None:
        return _unchanged(path, is_moved=is_moved)
    sentence = (
        f"The image {path} is not as it was when the project was saved: {difference}. "
        "Masks may no longer fit."
    )
    return ImageState(Whereabouts.CHANGED, path, sentence)


def _unchanged(path: Path, *, is_moved: bool) -> ImageState:
    if is_moved:
        sentence = f"The image was moved, and is {path} now."
        return ImageState(Whereabouts.MOVED, path, sentence)
    return ImageState(Whereabouts.FOUND, path, f"The image {path} is there.")


def _difference(before: Fingerprint | None, now: Fingerprint) -> str | None:
    """Say what differs; None for nothing that matters, such as a date."""
    if before is None or not before.pixels:
        return "the project does not say what it looked like"
    if before.shape != now.shape:
        was, is_now = (_size(s[0], s[1:]) for s in (before.shape, now.shape))
        return f"it has {is_now}, and had {was}"
    if before.dtype != now.dtype:
        return f"its pixels are {now.dtype}, and were {before.dtype}"
    return None if before.pixels == now.pixels else "its pixels are others"


def _size(count: int, shape_hw: tuple[int, ...]) -> str:
    return f"{count} frames of {shape_hw[0]} × {shape_hw[1]} pixels"


def stamp_of(path: Path | None) -> Stamp:
    """Return bytes and date (ns since 1970) of a file; None of folders and of none."""
    if path is None or not path.is_file():
        return None, None
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _is_same(one: Path, other: Path) -> bool:
    return os.path.normcase(one) == os.path.normcase(other)
