"""A folder with ``image.tif`` and ``labels.tif``, and perhaps ``meta.json``.

All fields of ``meta.json`` may be left out:

- ``kind``: ``"volume"``, ``"time-lapse"`` or ``"video"``
- ``eval_objects``: the labels to measure; all, when missing
- ``annotated_frames``: the frames whose labels are complete; all, when missing
- ``parents``: from a label to that of the cell that it came from
- ``spacing_zyx`` and ``unit``: distances between neighbours, where the TIFF files do
  not say them

Other fields are not looked at.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_sam2.core.errors import StackError
from napari_sam2.core.units import unit_name
from napari_sam2.evaluation.labels import StackLabels
from napari_sam2.evaluation.layouts.meta import Meta, read_meta
from napari_sam2.evaluation.layouts.source import Source
from napari_sam2.evaluation.truth import Spacing, Truth
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.core.axes import Axes
    from napari_sam2.evaluation.truth import Kind
    from napari_sam2.io.reading.stack_frames import StackFrames

_LABELS = "labels.tif"


def find_plain(folder: Path) -> list[Source]:
    """Return the stacks of a folder: itself, or the folders in it, by name."""
    if (folder / _LABELS).is_file():
        return [Source(folder.resolve().name, partial(open_plain, folder))]
    return [
        Source(path.parent.name, partial(open_plain, path.parent))
        for path in sorted(folder.glob(f"*/{_LABELS}"))
    ]


def open_plain(folder: Path) -> Truth:
    """Open a folder with an image, its labels and what is known about them.

    Raises
    ------
    StackError
        If a file is missing or damaged, or they do not agree.
    """
    frames = stack_frames(open_stack(folder / "image.tif"))
    labels = read_labels(folder / _LABELS, frames)
    check_alike(folder.name, frames, labels)
    meta = read_meta(folder / "meta.json", len(frames))
    known = range(len(frames)) if meta.known is None else meta.known
    return Truth(
        name=folder.resolve().name,
        kind=meta.kind or guess_kind(frames),
        frames=frames,
        labels=StackLabels(labels),
        known=frozenset(known),
        ids=meta.ids,
        parents=meta.parents,
        spacing=_spacing(meta, frames.axes, labels.axes),
    )


def check_alike(name: str, frames: StackFrames, labels: StackFrames) -> None:
    """Check that labels are as many and as large as the frames.

    Raises
    ------
    StackError
        If they are not.
    """
    image, masks = (len(frames), *frames.shape_hw), (len(labels), *labels.shape_hw)
    if image != masks:
        raise StackError(
            f"The labels of {name} are {_size(masks)}, but its image is "
            f"{_size(image)}: they must agree."
        )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} frames of {shape[1]} × {shape[2]} pixels"


def guess_kind(frames: StackFrames) -> Kind:
    """Guess what a stack is from its axes and colours."""
    if frames.axes[0].name == "z":
        return "volume"
    return "video" if frames.is_rgb else "time-lapse"


def _spacing(meta: Meta, image: Axes, labels: Axes) -> Spacing:
    """Return distances: what was written beside, else what one of the files says."""
    if meta.spacing is not None:
        return meta.spacing
    for axes in (image, labels):
        units = {axis.unit for axis in axes}
        if len(units) == 1 and units != {""}:
            z, y, x = (axis.scale for axis in axes)
            return Spacing((z, y, x), unit_name(units.pop()))
    return Spacing()
