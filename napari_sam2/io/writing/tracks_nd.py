"""Paths of objects in stacks with more axes than frames, rows and columns.

Where there is time, an object has one place at each time: the centre of all that is
seen of it then, in the volume. Elsewhere it has a path along the frames.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import distinct_names
from napari_sam2.io.files.output import naming_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import ResultHeader


@dataclass(slots=True)
class Centres:
    """Adds up where objects are, and writes their paths.

    Attributes
    ----------
    path : Path
        For messages.
    header : ResultHeader
    """

    path: Path
    header: ResultHeader
    _sums: dict[tuple[int, ...], npt.NDArray[np.float64]] = field(default_factory=dict)

    @property
    def _names(self) -> tuple[str, ...]:
        return distinct_names(self.header.axes[:-2])

    @property
    def _along(self) -> int:
        """The axis that paths run along: time, or the frames."""
        names = self._names
        return names.index("t") if "t" in names else len(names) - 1

    @property
    def _has_time(self) -> bool:
        return self._names[self._along] == "t"

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        """Add the objects of a plane."""
        shape = self.header.shape[:-2]
        place = [int(i) for i in np.unravel_index(result.frame, shape)]
        step = place[self._along]
        others = [i for axis, i in enumerate(place) if axis != self._along]
        for one in result:
            if one.is_absent or one.centroid_yx is None:
                continue
            key = (one.object_id, step) if self._has_time else (
                one.object_id, *others, step
            )  # fmt: skip
            centre = np.array([*others, *one.centroid_yx, 1.0]) * one.area
            self._sums[key] = self._sums.get(key, 0.0) + centre

    def save(self, path: Path) -> None:
        """Write all points by track and step."""
        others = [name for axis, name in enumerate(self._names) if axis != self._along]
        with naming_output(self.path), path.open("wb") as file:
            columns = ["track_id", self._names[self._along], *others, "y", "x"]
            file.write(f"{','.join(columns)},object,parent\n".encode())
            for track_id, object_id, step, place in self._points():
                numbers = ",".join(f"{one:.3f}" for one in place)
                family = f"{object_id},{self.header.parents.get(object_id, 0)}"
                file.write(f"{track_id},{step},{numbers},{family}\n".encode())

    def close(self) -> None:
        """Forget everything."""
        self._sums.clear()

    def _points(self) -> Iterator[tuple[int, int, int, npt.NDArray[np.float64]]]:
        """Yield track, object, step and place; an object's first track has its id."""
        used: set[int] = set()
        further = self.header.largest_id
        steps: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for *path, step in sorted(self._sums):
            steps[tuple(path)].append(step)
        for place, found in steps.items():
            object_id, track_id, last = place[0], 0, -2
            for step in found:
                if step > last + 1:
                    is_first = object_id not in used
                    further += not is_first
                    track_id = object_id if is_first else further
                    used.add(object_id)
                last = step
                *sums, area = self._sums[(*place, step)]
                yield track_id, object_id, step, np.array(sums) / area
