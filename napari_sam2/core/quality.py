"""Named ways to get masks sooner that are not exactly those of the model.

What each of them loses and gains is measured, and said in the README.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from numbers import Integral, Real
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_sam2.core.errors import ModelError
from napari_sam2.core.given import check_given
from napari_sam2.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QualityMode: TypeAlias = Literal["auto", "exact", "rounded", "balanced", "fast"]
"""What a user chooses; ``"auto"`` is one of the others, see :func:`grade`."""

Precision: TypeAlias = Literal["float32", "bfloat16", "float16", "int8"]
"""What a machine multiplies in; the last two in exported graphs only.

With ``"int8"``, that is the image encoder, and all else multiplies in float32.
"""

_SIDE = 32  # the network's images are multiples of this
# What is encoded within a second or less by two cores: of a laptop, and of a processor
# with units for bfloat16, where products are rounded (4.9e11 were measured).
_CLICK_FLOPS, _ROUNDED_CLICK_FLOPS = 8e10, 4.8e11


@dataclass(frozen=True, slots=True)
class Quality:
    """How much of what a model could look at it does look at.

    Attributes
    ----------
    name : str
        What people call it.
    size_share : float
        Side of the square that frames are squashed to, as a share of the model's own.
    recent_frames : int or None
        Most frames just before it that a frame looks back at, each as old as it is;
        None for as many as the model was made for. Prompted frames do not count.
    rounds : bool
        Whether a processor that has units for it rounds to bfloat16 what it multiplies,
        as GPUs by NVIDIA do in any case.

    Raises
    ------
    ModelError
        If there can be no such quality.
    """

    name: str = "custom"
    size_share: float = 1.0
    recent_frames: int | None = None
    rounds: bool = False

    def __post_init__(self) -> None:
        """Check that it can be computed."""
        advice = "give one, such as Quality(size_share=0.5, recent_frames=2)"
        check_given(self.size_share, Real, "share", advice, ModelError)
        check_given(self.recent_frames, Integral | None, "number", advice, ModelError)
        is_recent = self.recent_frames is None or self.recent_frames >= 1
        if not (0 < self.size_share <= 1 and is_recent):
            raise ModelError(
                f"There is no quality {self.name!r} with {self.size_share} of the "
                f"model's image size and {self.recent_frames} recent frames."
            )

    def image_size(self, own: int) -> int:
        """Return the side of the square, in pixels, for a model's own one.

        It is rounded up to a multiple of 32, and so never 0.
        """
        return min(own, math.ceil(own * self.size_share / _SIDE) * _SIDE)


EXACT = Quality("exact")
"""What the model was made for."""

ROUNDED = Quality("rounded", rounds=True)
BALANCED = Quality("balanced", size_share=21 / 32, recent_frames=3, rounds=True)
FAST = Quality("fast", size_share=1 / 2, recent_frames=2, rounds=True)

NAMED = {one.name: one for one in (EXACT, ROUNDED, BALANCED, FAST)}
MEANINGS: Mapping[QualityMode, str] = {
    "auto": "Exact on a GPU. On a processor, what answers a click on a new frame "
    "within a second or two: exact for small models, else rounded where the processor "
    "has units for it, or fast.",
    "exact": "As the model was made.",
    "rounded": "As exact, but a processor that has units for bfloat16 (AMX: Intel Xeon "
    "since 2023) rounds to it what it multiplies, as NVIDIA GPUs always do: released "
    "models are 2 to 3 times as fast. Other processors compute exactly.",
    "balanced": "Frames at 2/3 of the model's image size, of which the last 3 are "
    "looked back at; rounded where rounded is. 1.4 to 4 times as fast by the size "
    "alone. Masks of the bundled model overlap a little less with true ones: J, which "
    "is 1 where they are the same, falls from 0.47 to 0.45 (the mean by a box, a click "
    "and a mask), of cells in time-lapses from 0.34 to 0.28.",
    "fast": "Frames at half of the model's image size, of which the last 2 are looked "
    "back at; rounded where rounded is. 2 to 9 times as fast by the size alone. Masks "
    "of the bundled model overlap less with true ones: J falls from 0.47 to 0.42.",
}
"""What each choice does, loses and gains, in words; measured as the README says."""


def given_quality(quality: Quality | str) -> Quality:
    """Return a quality as it was given, or by its name.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if isinstance(quality, Quality):
        return quality
    if not (isinstance(quality, str) and quality in NAMED):
        raise ModelError(
            f"There is no quality {quality!r}: choose one of {', '.join(NAMED)}."
        )
    return NAMED[quality]


def of_graphs(quality: Quality) -> Quality:
    """Return what is left of a quality where size and precision were settled before."""
    if quality.recent_frames is None:
        return EXACT
    return replace(quality, size_share=1.0, rounds=False)


def describe(quality: Quality) -> str:
    """Name a quality, and say what of it is not what the name stands for.

    What has a name of its own is compared with the exact one.

    Examples
    --------
    >>> describe(replace(FAST, size_share=3 / 8))
    "fast, with frames at 3/8 of the model's image size"
    """
    usual, words = NAMED.get(quality.name, EXACT), [quality.name]
    if quality.size_share != usual.size_share:
        words.append(f"with frames {_size_in_words(quality.size_share)}")
    if quality.recent_frames != usual.recent_frames:
        words.append(f"looking back at {_count_in_words(quality.recent_frames)}")
    if quality.rounds != usual.rounds:
        words.append("rounded" if quality.rounds else "not rounded")
    return ", ".join(words)


def _size_in_words(share: float) -> str:
    if share == 1:
        return "of the model's own image size"
    return f"at {Fraction(share).limit_denominator(_SIDE)} of the model's image size"


def _count_in_words(recent_frames: int | None) -> str:
    if recent_frames is None:
        return "as many frames as the model was made for"
    return counted(recent_frames, "frame")


_LADDER = (EXACT, ROUNDED, BALANCED, FAST, replace(FAST, size_share=3 / 8))


def grade(
    mode: QualityMode,
    *,
    is_processor: bool = False,
    own_size: int = 0,
    encoder_flops: Callable[[int], float] = float,
    has_units: bool = False,
) -> Quality:
    """Return what a user's choice means for a model on a device.

    Automatically, a GPU computes exactly, and a processor as exactly as lets a click on
    a new frame be answered within about a second: encoding the frame may cost 8·10¹⁰
    floating-point operations, or 4.8·10¹¹ where they are rounded in units for that.
    Without, the largest model costs more even in a picture of 3/8 of its size: it takes
    two or three seconds.

    Parameters
    ----------
    mode : {"auto", "exact", "rounded", "balanced", "fast"}
    is_processor : bool, optional
        Whether there is no GPU. This, and what follows, is for ``"auto"`` only.
    own_size : int, optional
        The model's image size, in pixels.
    encoder_flops : callable, optional
        Returns what it takes to encode an image of a size.
    has_units : bool, optional
        Whether the processor has units for bfloat16 that the model gains from.
    """
    if mode != "auto":
        return NAMED[mode]
    if not is_processor:
        return EXACT
    for one in _LADDER:
        is_rounded = one.rounds and has_units
        budget = _ROUNDED_CLICK_FLOPS if is_rounded else _CLICK_FLOPS
        if encoder_flops(one.image_size(own_size)) <= budget:
            return one
    return _LADDER[-1]
