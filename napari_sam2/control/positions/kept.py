"""What was found at positions, in memory: a :class:`PositionStore`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_sam2.core.masks.packing import pack_result
from napari_sam2.core.results import FrameResult, MaskResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.masks.packed import PackedResult

    Found = dict[int, dict[int, PackedResult]]


class KeptPositions:
    """Keeps the results of positions that are finished, packed."""

    def __init__(self) -> None:
        self._problems: dict[Position, str] = {}
        self._finished: dict[Position, frozenset[int]] = {}
        self._found: dict[Position, Found] = {}

    def finished(self, position: Position) -> frozenset[int]:
        """Return the objects that are finished at a position."""
        return self._finished.get(position, frozenset())

    def problem(self, position: Position) -> str:
        """Return why some frames of a position have no results; empty if all have."""
        return self._problems.get(position, "")

    def results(self, position: Position) -> Iterator[FrameResult]:
        """Yield what was found at a position, frame by frame, in order."""
        for frame, objects in sorted(self._found.get(position, {}).items()):
            yield FrameResult(frame, tuple(map(unpacked, objects.values())))

    def put(self, position: Position, found: Found) -> None:
        """Take all results of a position, found earlier, by frame and object."""
        self._found[position] = found
        ids = [frozenset(objects) for objects in found.values()]
        self._finished[position] = frozenset().union(*ids)

    @contextmanager
    def open(self, position: Position) -> Iterator[_Kept]:
        """Take more results of a position; they are lost unless they are finished."""
        kept = _Kept(
            {frame: dict(one) for frame, one in self._found.get(position, {}).items()}
        )
        yield kept
        if kept.finished:
            self._found[position] = kept.found
            self._finished[position] = self.finished(position) | kept.finished
            if kept.problem:
                self._problems[position] = kept.problem


class _Kept:
    """Takes the results of a position."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.finished: frozenset[int] = frozenset()
        self.problem = ""

    def add(self, result: FrameResult) -> FrameResult:
        """Keep the objects of a frame; return them with those that came earlier."""
        objects = self.found.setdefault(result.frame, {})
        objects |= {one.object_id: pack_result(one) for one in result}
        return FrameResult(result.frame, tuple(map(unpacked, objects.values())))

    def finish(self, object_ids: frozenset[int], problem: str = "") -> None:
        """Keep everything for good: these objects are finished here."""
        self.finished, self.problem = object_ids, problem


def unpacked(one: PackedResult) -> MaskResult:
    """Return a result as the engine gives it."""
    return MaskResult(
        one.object_id,
        one.frame,
        one.mask.shape_hw,
        one.mask.origin_yx,
        one.mask.crop,
        one.predicted_iou,
        one.object_logit,
        one.is_prompted,
    )
