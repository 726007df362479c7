"""What a tracker found on its runs, compared with what the user sees now."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.state.mask_row import MaskRow
    from napari_sam2.state.masks import FrameMask


class Remembered:
    """The masks that runs of a tracker found, known by their digests.

    Masks themselves would be kept in memory for good, and those that a document has
    moved elsewhere would have to be read whenever a prompt is answered. So rows of a
    document that agreed are not looked at again as long as they are there; once they
    are not, nothing here keeps them.
    """

    def __init__(self) -> None:
        self._found: dict[int, dict[int, tuple[bytes, ref[MaskRow] | None]]] = {}

    def note(self, one: PackedResult) -> None:
        """Take down what a run found."""
        row = self._found.setdefault(one.object_id, {})
        row[one.frame] = one.mask.digest, None

    def forget(self, object_id: int) -> None:
        """Forget all of an object."""
        self._found.pop(object_id, None)

    def strays(self, object_id: int, snapshot: Snapshot) -> bool:
        """Whether the tracker remembers tracking what the user does not see.

        So it is after a run was undone: a click must not be taken for a correction of
        masks that are gone.
        """
        found = self._found.get(object_id, {})
        for frame, (digest, agreed) in found.items():
            row = snapshot.masks.row(frame)
            is_same = agreed is not None and agreed() is row
            if is_same or (object_id, frame) in snapshot.said:
                continue
            if not _agrees(row.known.get(object_id), digest):
                return True
            found[frame] = digest, ref(row)
        return False


def _agrees(seen: FrameMask | None, digest: bytes) -> bool:
    """Whether a mask is what was found, or is the user's own."""
    if seen is None or seen.is_protected:
        return seen is not None
    return seen.origin is Origin.TRACKED and seen.mask.digest == digest
