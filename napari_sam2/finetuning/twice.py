"""One image that is given twice, with masks from two places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.pixel_digest import pixel_digest

if TYPE_CHECKING:
    from napari_sam2.core.frames.source import FrameSource


class SeenImages:
    """The images that were given, told by their pixels, whatever they are called."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, frames: FrameSource, name: str) -> None:
        """Take down one more image, called by a name.

        Raises
        ------
        StackError
            If it was given before.
        FrameError
            If a frame cannot be read.
        """
        digest = pixel_digest(frames)
        other = self._names.get(digest)
        if other is not None:
            both = f"{name} is" if name == other else f"{other} and {name} are"
            raise StackError(
                f"{both} the same image, given twice: frames that are held out of one "
                "would be learnt from in the other. Give one of them."
            )
        self._names[digest] = name
