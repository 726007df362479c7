"""The paths of objects as napari's tracks: a CSV of track, frame and position."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from napari_sam2.io.files.output import naming_output, saved_at_end
from napari_sam2.io.files.spool import Spool
from napari_sam2.io.writing.beside import provenance_beside
from napari_sam2.io.writing.tracks_nd import Centres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import ResultHeader

_COLUMNS = "track_id,frame,y,x,object,parent\n"


@dataclass(slots=True)
class _Path:
    """The path that an object is on: where it was last, and the number of the path."""

    track_id: int
    last: int


@dataclass(slots=True)
class _Points:
    """Keeps points by track, because tracks come one after the other in the file."""

    path: Path
    spool: Spool
    further: int
    frame_count: int
    parents: Mapping[int, int]
    _paths: dict[int, _Path] = field(default_factory=dict)

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        for one in result:
            if one.is_absent or one.centroid_yx is None:
                continue
            y, x = one.centroid_yx
            track = self._track(one.object_id, one.frame)
            family = f"{one.object_id},{self.parents.get(one.object_id, 0)}"
            row = f"{track},{one.frame},{y:.3f},{x:.3f},{family}\n"
            with naming_output(self.path):
                self.spool.put(track * self.frame_count + one.frame, row.encode())

    def save(self, path: Path) -> None:
        """Write all points by track and frame."""
        with path.open("wb") as file:
            file.write(_COLUMNS.encode())
            self._save_rows(file)

    def close(self) -> None:
        """Throw away what was kept."""
        self.spool.close()

    def _save_rows(self, file: IO[bytes]) -> None:
        for key in self.spool.keys():  # noqa: SIM118 (a Spool is no mapping)
            file.write(self.spool.get(key))

    def _track(self, object_id: int, frame: int) -> int:
        """Return the track: the object's id first, another one after each gap."""
        now = self._paths.get(object_id)
        if now is None:
            now = self._paths[object_id] = _Path(object_id, frame)
        elif frame > now.last + 1:
            self.further += 1
            now = self._paths[object_id] = _Path(self.further, frame)
        now.last = frame
        return now.track_id


@contextmanager
def open_tracks(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Points | Centres]:
    """Write ``track_id, frame, y, x``, in pixels, the object and its parent, as CSV.

    The first four columns are the data of a layer of tracks. Where an object is not
    seen its track ends, and what comes after is a track of its own. The
    parent is the object that divided into this one, 0 for none. Stacks with more
    axes have more columns: ``track_id, t, z, y, x``.
    """

    def make() -> _Points | Centres:
        if len(header.axes) > 3:
            return Centres(path, header)
        spool = Spool(path.parent)
        return _Points(
            path, spool, header.largest_id, header.frame_count, header.parents
        )

    with (
        provenance_beside(path, header.provenance, overwrite=overwrite),
        saved_at_end(path, make, overwrite=overwrite) as points,
    ):
        yield points
