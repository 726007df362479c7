"""Points along one axis of an image as points along another: the same places in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import PointPrompt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.state.masks import Place


def turned_points(
    prompts: Mapping[Place, FramePrompts], before: FrameSpace, after: FrameSpace
) -> Iterator[PointPrompt]:
    """Yield the points that say where objects are, for frames along another axis.

    A point is a place in the image, whichever way the image is cut. A box is flat: cut
    the other way it is a line, so boxes are left out, and so are points that lie
    beside the plane that is followed. Points that say where an object is not mean
    something only beside those that say where it is, and these are on other frames
    now.
    """
    for (object_id, frame), said in prompts.items():
        for point_yx, is_positive in zip(said.points_yx, said.positive, strict=True):
            if not is_positive:
                continue
            try:
                place = after.to_frame(before.to_data(frame, point_yx))
            except PromptError:  # beside the plane
                continue
            yield PointPrompt(object_id, *place)
