"""Which frames objects are prompted on, known without a look at all prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from napari_sam2.state.masks import Place


class PromptedFrames:
    """The frames on which each object has points or a box."""

    def __init__(self) -> None:
        self._frames: dict[int, set[int]] = {}

    def of_object(self, object_id: int) -> frozenset[int]:
        """Return the frames on which something is said about an object."""
        return frozenset(self._frames.get(object_id, ()))

    def note(self, places: Iterable[Place], prompted: Container[Place]) -> None:
        """Look again at places whose prompts differ now.

        Parameters
        ----------
        places : iterable of (object_id, frame)
        prompted : container of (object_id, frame)
            All that are prompted.
        """
        for object_id, frame in places:
            frames = self._frames.setdefault(object_id, set())
            if (object_id, frame) in prompted:
                frames.add(frame)
            else:
                frames.discard(frame)
            if not frames:
                del self._frames[object_id]
