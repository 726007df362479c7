"""Masks as the video form of COCO JSON, as YouTube-VIS has it: object by object."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from napari_sam2.io.files.output import naming_output, saved_at_end
from napari_sam2.io.files.spool import Spool
from napari_sam2.io.writing.coco import (
    CATEGORIES,
    Encoder,
    box_xywh,
    file_name,
    info,
    score,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import ResultHeader

# The first is the large one: it is written as it is read, and the others are kept.
_LISTS = "segmentations", "areas", "bboxes", "scores"


class _Videos:
    """Keeps masks until they can be put in the order of their objects."""

    def __init__(self, path: Path, header: ResultHeader) -> None:
        self._path, self._header = path, header
        self._encoder = Encoder(path, header.shape_hw)
        self._numbers: dict[int, int] = {}
        self._spool = Spool(path.parent)

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        for one in result:
            if one.is_absent:
                continue
            number = self._numbers.setdefault(one.object_id, len(self._numbers))
            values = self._encoder.encode(one), one.area, box_xywh(one), score(one)
            data = json.dumps(values).encode()
            with naming_output(self._path):
                self._spool.put(number * self._header.frame_count + one.frame, data)

    def save(self, path: Path) -> None:
        """Write everything to a file."""
        header = self._header
        height, width = header.shape_hw
        size = {"width": width, "height": height, "length": header.frame_count}
        names = [file_name(header, frame) for frame in range(header.frame_count)]
        video = {"id": 1, "name": header.image_name, **size, "file_names": names}
        with path.open("w", encoding="utf-8") as file:
            file.write(f'{{"info": {json.dumps(info(header))}, "licenses": [],\n')
            file.write(f'"categories": {json.dumps(CATEGORIES)},\n')
            file.write(f'"videos": {json.dumps([video])},\n"annotations": [')
            for index, object_id in enumerate(sorted(self._numbers)):
                about = {
                    "id": index + 1,
                    "video_id": 1,
                    "category_id": CATEGORIES[0]["id"],
                    "iscrowd": 0,
                    "track_id": object_id,
                    "name": header.names.get(object_id, ""),
                    **size,
                }
                file.write(",\n" if index else "\n")
                self._save_object(file, self._numbers[object_id], about)
            file.write("\n]}\n")

    def close(self) -> None:
        """Throw away what was kept."""
        self._spool.close()

    def _save_object(self, file: IO[str], number: int, about: dict[str, Any]) -> None:
        """Write an object's lists, with null on frames where it is not."""
        first = number * self._header.frame_count
        large, *small = _LISTS
        lists: tuple[list[str], ...] = tuple([] for _ in small)
        file.write(f'{json.dumps(about)[:-1]}, "{large}": [')
        for frame in range(self._header.frame_count):
            values: list[Any] = [None] * len(_LISTS)
            if first + frame in self._spool:
                values = json.loads(self._spool.get(first + frame))
            outline, *rest = map(json.dumps, values)
            file.write(("," if frame else "") + outline)
            for kept, value in zip(lists, rest, strict=True):
                kept.append(value)
        for name, kept in zip(small, lists, strict=True):
            file.write(f'], "{name}": [{",".join(kept)}')
        file.write("]}")


@contextmanager
def open_coco_video(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Videos]:
    """Write the stack as one video, and every object as an annotation of it.

    Raises
    ------
    MissingExtraError
        If ``pycocotools`` is not installed.
    """
    with saved_at_end(
        path, lambda: _Videos(path, header), overwrite=overwrite
    ) as videos:
        yield videos
