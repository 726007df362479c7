"""Masks as COCO JSON, frame by frame, with compressed run lengths of ``pycocotools``.

What COCO itself does not know stands beside what it does: ``track_id`` is the object's
number, ``score`` the model's own estimate of the overlap.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.provenance import NOTE
from napari_sam2.io.extras import optional_package
from napari_sam2.io.files.output import atomic_output, naming_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.io.writing.result_format import ResultHeader

CATEGORIES = ({"id": 1, "name": "object", "supercategory": ""},)


@contextmanager
def open_coco(path: Path, header: ResultHeader, *, overwrite: bool) -> Iterator[_Coco]:
    """Write every frame as an image, and every mask as an annotation of it.

    Raises
    ------
    MissingExtraError
        If ``pycocotools`` is not installed.
    """
    encoder = Encoder(path, header.shape_hw)
    with (
        atomic_output(path, overwrite=overwrite, keeps=True) as temporary,
        temporary.open("w", encoding="utf-8") as file,
    ):
        file.write(f'{{"info": {json.dumps(info(header))}, "licenses": [],\n')
        file.write(f'"categories": {json.dumps(CATEGORIES)},\n"images": [\n')
        for frame in range(header.frame_count):
            file.write(",\n" if frame else "")
            file.write(json.dumps(_image(header, frame)))
        file.write('\n],\n"annotations": [')
        yield _Coco(path, file, header, encoder)
        file.write("\n]}\n")


@dataclass(slots=True)
class _Coco:
    """Writes annotations. Made by :func:`open_coco`."""

    path: Path
    file: IO[str]
    header: ResultHeader
    encoder: Encoder
    count: int = 0

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        for one in result:
            if not one.is_absent:
                self.count += 1
                with naming_output(self.path):
                    self.file.write(",\n" if self.count > 1 else "\n")
                    self.file.write(json.dumps(self._annotation(one)))

    def _annotation(self, one: MaskResult) -> dict[str, Any]:
        return {
            "id": self.count,
            "image_id": one.frame + 1,
            "category_id": CATEGORIES[0]["id"],
            "iscrowd": 0,
            "segmentation": self.encoder.encode(one),
            "area": one.area,
            "bbox": box_xywh(one),
            "score": score(one),
            "track_id": one.object_id,
            "name": self.header.names.get(one.object_id, ""),
        }


class Encoder:
    """Writes masks as COCO's compressed run lengths.

    Parameters
    ----------
    path : Path
        The file that is written, for the message when ``pycocotools`` is missing.
    shape_hw : tuple of int
        Height and width of the frames in pixels.
    """

    def __init__(self, path: Path, shape_hw: tuple[int, int]) -> None:
        self._mask = optional_package("pycocotools.mask", "coco", path, "Writing")
        self._shape_hw = shape_hw

    def encode(self, one: MaskResult) -> dict[str, Any]:
        """Return ``{"size": [H, W], "counts": "…"}``."""
        height, width = self._shape_hw
        counts = {"size": [height, width], "counts": run_lengths(one).tolist()}
        packed = self._mask.frPyObjects(counts, height, width)
        return {"size": [height, width], "counts": packed["counts"].decode("ascii")}


def run_lengths(one: MaskResult) -> npt.NDArray[np.int64]:
    """Return lengths of runs of 0 and 1 in turn, column after column, 0 first.

    Only the crop is looked at: a small object in a large frame costs little.
    """
    height, width = one.shape_hw
    y, x = one.origin_yx
    framed = np.pad(one.crop.T, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(framed, axis=1)
    (columns, starts), (_, ends) = np.nonzero(steps == 1), np.nonzero(steps == -1)
    offsets = (columns + x) * height + y
    begins, stops = starts + offsets, ends + offsets
    # Runs that reach the lower edge may go on at the upper one of the next column.
    parted = stops[:-1] != begins[1:]
    begins = begins[np.concatenate([[True], parted])] if begins.size else begins
    stops = stops[np.concatenate([parted, [True]])] if stops.size else stops
    edges = np.stack([begins, stops], axis=1).ravel()
    lengths = np.diff(edges, prepend=0, append=height * width)
    return lengths if lengths[-1] else lengths[:-1]


def box_xywh(one: MaskResult) -> list[int]:
    """Return left, top, width and height of a mask."""
    y0, x0, y1, x1 = one.box_yxyx or (0, 0, -1, -1)
    return [x0, y0, x1 - x0 + 1, y1 - y0 + 1]


def score(one: MaskResult) -> float | None:
    """Return the model's own estimate, where there is one: JSON has no NaN."""
    return float(one.predicted_iou) if np.isfinite(one.predicted_iou) else None


def info(header: ResultHeader) -> dict[str, Any]:
    """Return what COCO says about a data set, and the provenance."""
    made = header.provenance
    if made is None:
        return {"description": NOTE}
    return {
        "description": NOTE,
        "date_created": made.created,
        "provenance": json.loads(made.as_json()),
    }


def file_name(header: ResultHeader, frame: int) -> str:
    """Name the picture of a frame, as if the stack were a folder of pictures."""
    return f"{header.image_name}/{frame:05d}.png"


def _image(header: ResultHeader, frame: int) -> dict[str, Any]:
    height, width = header.shape_hw
    return {
        "id": frame + 1,
        "file_name": file_name(header, frame),
        "width": width,
        "height": height,
        "frame": frame,
    }
