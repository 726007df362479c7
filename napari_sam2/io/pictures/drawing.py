"""Masks drawn over pictures. Pure functions on arrays; files are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.io.pictures.palette import object_colour

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.results import MaskResult

_FILL_OPACITY = 0.35
# Small pictures are enlarged until their shorter side has about this many pixels.
_COMFORTABLE_SIDE = 360
_CAPTION_SIZE = 13  # at least, in pixels
_LINES = 27  # of captions that a large picture would have room for


def to_rgb(pixels: npt.NDArray[Any], limits: IntensityLimits) -> npt.NDArray[np.uint8]:
    """Show a frame as (H, W, 3) uint8, grey or in colour, within intensity limits."""
    shown = np.rint(limits.to_unit(pixels) * 255).astype(np.uint8)
    return np.repeat(shown[..., None], 3, axis=2) if shown.ndim == 2 else shown


def shown_size(shape_hw: tuple[int, int], largest_side: int) -> tuple[int, int]:
    """Return the (height, width) at which a picture is pleasant to look at.

    Small pictures are enlarged a whole number of times; those with a side above
    ``largest_side`` are reduced to it.
    """
    height, width = shape_hw
    if max(shape_hw) > largest_side:
        factor = largest_side / max(shape_hw)
        return max(1, round(height * factor)), max(1, round(width * factor))
    times = round(_COMFORTABLE_SIDE / min(shape_hw))
    times = max(1, min(times, largest_side // max(shape_hw)))
    return height * times, width * times


def draw_overlay(
    rgb: npt.NDArray[np.uint8],
    results: Iterable[MaskResult],
    size_hw: tuple[int, int] | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw masks over a picture: a translucent fill and a crisp outline.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
        The picture.
    results : iterable of MaskResult
        Objects of the frame; absent ones are not drawn.
    size_hw : tuple of int, optional
        Height and width of the drawing, when it should be larger or smaller than the
        picture; outlines stay as thin.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        A new picture.
    """
    drawn = _resized(rgb, size_hw or (rgb.shape[0], rgb.shape[1]))
    width = 1 if min(drawn.shape[:2]) < 250 else 2
    for result in results:
        if not result.is_absent:
            _draw_mask(drawn, result, width)
    return drawn


def outline(mask: npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.bool_]:
    """Return the pixels of a mask within ``width`` of its edge, (h, w) bool.

    Pixels at the border of the array count as edge.
    """
    inside = np.pad(mask, width)
    for _ in range(width):
        inside[1:-1, 1:-1] &= (
            inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
        )
    return mask & ~inside[width:-width, width:-width]


def write_caption(picture: npt.NDArray[np.uint8], text: str) -> npt.NDArray[np.uint8]:
    """Return the picture with a line of text in its upper left corner."""
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.fromarray(picture)
    size = max(_CAPTION_SIZE, len(picture) // _LINES)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(canvas).text(
        (6, 4), text, (255, 255, 255), font, stroke_width=2, stroke_fill=(0, 0, 0)
    )
    return np.array(canvas)


def _resized(
    rgb: npt.NDArray[np.uint8], size_hw: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    if rgb.shape[:2] == size_hw:
        return rgb.copy()
    from PIL import Image

    smooth = Image.Resampling.BICUBIC
    return np.array(Image.fromarray(rgb).resize(size_hw[::-1], smooth))


def _draw_mask(drawn: npt.NDArray[np.uint8], result: MaskResult, width: int) -> None:
    """Draw into the part of the picture that the object's crop covers."""
    rows = _source_pixels(drawn.shape[0], result.shape_hw[0], result.slices[0])
    columns = _source_pixels(drawn.shape[1], result.shape_hw[1], result.slices[1])
    part = drawn[rows[0], columns[0]]
    mask = result.crop[np.ix_(rows[1], columns[1])]
    colour = np.array(object_colour(result.object_id), np.float32)
    filled = part[mask] * (1 - _FILL_OPACITY) + colour * _FILL_OPACITY
    part[mask] = np.rint(filled).astype(np.uint8)
    part[outline(mask, width)] = colour.astype(np.uint8)


def _source_pixels(
    drawn: int, stored: int, crop: slice
) -> tuple[slice, npt.NDArray[np.intp]]:
    """Return the drawn pixels whose centres lie in a crop, and their pixels in it."""
    nearest = ((np.arange(drawn) + 0.5) * stored / drawn).astype(np.intp)
    start, stop = np.searchsorted(nearest, [crop.start, crop.stop])
    return slice(int(start), int(stop)), nearest[start:stop] - crop.start
