"""Single images: prompts in, one mask out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import PromptError, StackError
from napari_sam2.core.frames.source import MOST_CHANNELS
from napari_sam2.core.given import check_given
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, PointPrompt
from napari_sam2.engine.prompter import Prompter

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.options import TrackerOptions


class ImagePredictor:
    """Segments objects in one image.

    The image is encoded once, at the first prediction; every further one takes a
    fraction of that time.

    Parameters
    ----------
    model : Network
        From :func:`napari_sam2.load_model`.
    image : ndarray, shape (H, W) or (H, W, C)
        Any real dtype.
    limits : IntensityLimits or (low, high), optional
        Intensities shown as black and white; robust percentiles by default.
    options : TrackerOptions, optional
        How masks are cleaned up.

    Raises
    ------
    StackError
        If the array is not an image.
    """

    def __init__(
        self,
        model: Network,
        image: npt.ArrayLike,
        *,
        limits: IntensityLimits | tuple[float, float] | None = None,
        options: TrackerOptions | None = None,
    ) -> None:
        pixels = np.asarray(image)
        if pixels.ndim not in (2, 3):
            raise StackError(
                f"An array of shape {pixels.shape} is not an image: give (rows, "
                "columns) or (rows, columns, channels)."
            )
        if pixels.ndim == 3 and pixels.shape[2] > MOST_CHANNELS:
            raise StackError(
                f"An image of shape {pixels.shape} would have {pixels.shape[2]} "
                "channels: give (rows, columns) or up to three channels, such as "
                "image[..., :3], or a volume slice by slice, to VideoTracker."
            )
        self._session = Prompter(model, pixels[None], limits=limits, options=options)

    def predict(
        self,
        prompts: FramePrompts | None = None,
        *,
        point_yx: tuple[float, float] | None = None,
        box_yxyx: tuple[float, float, float, float] | None = None,
    ) -> MaskResult:
        """Segment one object.

        Parameters
        ----------
        prompts : FramePrompts, optional
            Any number of points, a box, or a mask.
        point_yx : tuple of float, optional
            Short for a single positive point, (y, x) in pixels.
        box_yxyx : tuple of float, optional
            Short for a box, (y0, x0, y1, x1) in pixels.

        Returns
        -------
        MaskResult
            ``mask`` is an (H, W) bool array at the image's own resolution.

        Raises
        ------
        NoPromptError
            If nothing says where the object is.
        PromptError
            If a prompt lies outside the image.
        """
        said = prompts or FramePrompts()
        advice = "give point_yx=(y, x), box_yxyx=(y0, x0, y1, x1) or FramePrompts"
        check_given(said, FramePrompts, "set of prompts", advice, PromptError)
        if point_yx is not None:
            said = said.with_prompt(PointPrompt(1, 0, point_yx))
        if box_yxyx is not None:
            said = said.with_prompt(BoxPrompt(1, 0, box_yxyx))
        said.check(self._session.frames.shape_hw, what="this image")
        if self._session.object_ids:
            self._session.remove_object(1)
        result = self._session.set_prompts(1, 0, said)
        assert result is not None
        return result
