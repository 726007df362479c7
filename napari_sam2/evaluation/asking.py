"""What a simulated user says about an object whose mask is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_sam2.core.errors import PromptError
from napari_sam2.core.geometry import mask_box_yxyx
from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    import numpy.typing as npt

_KINDS = re.compile(r"(box|mask|click)|clicks([1-9]\d?)")


@dataclass(frozen=True, slots=True)
class Asking:
    """How an object is prompted.

    Attributes
    ----------
    kind : str
        ``"box"``, ``"mask"`` or ``"click"``.
    clicks : int
        Clicks on each prompted frame; every one after the first goes where the answer
        is most wrong.
    """

    kind: Literal["box", "mask", "click"]
    clicks: int = 1

    def __str__(self) -> str:
        """Write as it was read: ``box``, ``mask``, ``click`` or ``clicks3``."""
        return self.kind if self.clicks == 1 else f"clicks{self.clicks}"


def parse_asking(text: str) -> Asking:
    """Read ``box``, ``mask``, ``click``, or ``clicks3`` for three clicks.

    Raises
    ------
    PromptError
        If it is none of these.
    """
    match = _KINDS.fullmatch(text.strip())
    if match is None:
        raise PromptError(
            f"{text!r} is no way to prompt objects: write box, mask, click, or clicks3 "
            "for three clicks."
        )
    if match[1] in ("box", "mask"):
        return Asking("box" if match[1] == "box" else "mask")
    return Asking("click", int(match[2] or 1))


def first_prompts(kind: str, mask: npt.NDArray[np.bool_]) -> FramePrompts:
    """Return what is said first about an object.

    Parameters
    ----------
    kind : str
        As in :class:`Asking`.
    mask : ndarray of bool, shape (H, W)
        The true mask, not empty.
    """
    if kind == "mask":
        return FramePrompts(mask=mask)
    if kind == "click":
        return FramePrompts(points_yx=(innermost(mask),), positive=(True,))
    box = mask_box_yxyx(mask)
    assert box is not None
    y0, x0, y1, x1 = box
    half = 0.5  # the box goes around its pixels, whose centres are at integers
    return FramePrompts(box_yxyx=(y0 - half, x0 - half, y1 + half, x1 + half))


def with_correction(
    prompts: FramePrompts,
    answer: npt.NDArray[np.bool_],
    truth: npt.NDArray[np.bool_],
) -> FramePrompts | None:
    """Add a click where an answer is most wrong: the middle of its largest error.

    The click says "here" where the answer lacks a part of the object, and "not here"
    where it has too much.

    Parameters
    ----------
    prompts : FramePrompts
        What was said before.
    answer, truth : ndarray of bool, shape (H, W)

    Returns
    -------
    FramePrompts or None
        None when there is nothing to correct.
    """
    lacks, exceeds = _depth(truth & ~answer), _depth(answer & ~truth)
    is_positive = bool(lacks.max() > exceeds.max())
    depth = lacks if is_positive else exceeds
    if not depth.any():
        return None
    return FramePrompts(
        points_yx=(*prompts.points_yx, _deepest(depth)),
        positive=(*prompts.positive, is_positive),
        box_yxyx=prompts.box_yxyx,
    )


def innermost(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the (y, x) of a mask that lies farthest from its outline."""
    return _deepest(_depth(mask))


def _depth(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return how far every pixel is from what is not the mask, beyond the frame too."""
    from scipy import ndimage

    depth = np.zeros(mask.shape)
    box = mask_box_yxyx(mask)
    if box is not None:
        part = slice(box[0], box[2] + 1), slice(box[1], box[3] + 1)
        padded = np.pad(mask[part], 1)
        depth[part] = ndimage.distance_transform_edt(padded)[1:-1, 1:-1]
    return depth


def _deepest(depth: npt.NDArray[np.float64]) -> tuple[float, float]:
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(y), float(x)
