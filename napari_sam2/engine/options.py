"""Choices that a tracking session is made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING

from napari_sam2.core.errors import ModelError
from napari_sam2.core.given import check_given, shown
from napari_sam2.core.quality import Quality, given_quality
from napari_sam2.engine.views.window import WindowOptions

if TYPE_CHECKING:
    from napari_sam2.core.recipe import WindowMode

_MIB = 1 << 20
# What kind of number each is, and the least that it can be.
_NUMBERS = {
    "nearest_prompts": (Integral | None, 0),
    "history_frames": (Integral, 0),
    "feature_cache_bytes": (Integral, 0),
    "prefetch_frames": (Integral, 0),
    "hole_area": (Real, 0),
    "island_area": (Real, 0),
    "group_size": (Integral | None, 1),
}
_ANSWERS = "allow_overlaps", "keeps_probabilities"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerOptions:
    """How much is remembered, and how masks are cleaned up.

    Parameters
    ----------
    nearest_prompts : int or None
        Most prompted frames that a frame looks back at, the nearest ones; the object's
        first prompted frame always comes on top. None looks at all of them, as Meta's
        predictor does, at a cost that grows with every prompt.
    quality : Quality
        How many of the last frames a frame looks back at. The image size is that of
        the model, as it was loaded.
    history_frames : int
        The last tracked frames per object that are remembered whole: a prompt on one of
        them corrects it from its mask and from what was remembered before it. Of older
        ones only what a run looks at is kept, around prompted frames, and a prompt
        corrects them from there, and from the mask that is handed on as ``previous``.
    feature_cache_bytes : int
        Most bytes of image features kept, least recently used first out.
    prefetch_frames : int
        Most frames read ahead; fewer where they are large, and twice as many on NVIDIA
        GPUs. Of them whole frames are encoded several at once where that is faster.
    hole_area, island_area : float
        Holes that are filled and specks that are removed, in pixels of the model's mask
        grid (a quarter of its image, so 1 is 4 × 4 model pixels). 0 leaves masks as
        they are.
    allow_overlaps : bool
        Let masks of one frame overlap; otherwise each pixel goes to the object that is
        surest of it.
    keeps_probabilities : bool
        Let results say how probable the object is at each pixel: ``MaskResult.soft``.
    group_size : int or None
        Most objects computed at once; None fits the device's memory.
    window : WindowOptions
        Whether small objects are looked at in a window instead of the whole frame.
    """

    nearest_prompts: int | None = 4
    quality: Quality = field(default_factory=Quality)
    history_frames: int = 32
    feature_cache_bytes: int = 512 * _MIB
    prefetch_frames: int = 4
    hole_area: float = 8.0
    island_area: float = 8.0
    allow_overlaps: bool = False
    keeps_probabilities: bool = False
    group_size: int | None = None
    window: WindowOptions = field(default_factory=WindowOptions)

    def __post_init__(self) -> None:
        """Take a quality by its name, too; reject what no session can work with."""
        object.__setattr__(self, "quality", given_quality(self.quality))
        for name, (kind, least) in _NUMBERS.items():
            value = getattr(self, name)
            noun, advice = f"number for {name}", f"give one from {least} on"
            check_given(value, kind, noun, advice, ModelError)
            if value is not None and not value >= least:
                raise ModelError(f"{shown(value)} is no {noun}: {advice}.")
        for name in _ANSWERS:
            noun, advice = f"answer for {name}", "give True or False"
            check_given(getattr(self, name), bool, noun, advice, ModelError)
        if not isinstance(self.window, WindowOptions):
            raise ModelError(
                f"{self.window!r} are no options of a window: give "
                'WindowOptions(mode="off"), or another mode.'
            )

    @classmethod
    def chosen(cls, window: WindowMode, quality: Quality) -> TrackerOptions:
        """Return those of what users choose, a window and a quality by their names."""
        return cls(window=WindowOptions(mode=window), quality=quality)


def given_options(options: TrackerOptions | None) -> TrackerOptions:
    """Return options as they were given, or those of everyone.

    Raises
    ------
    ModelError
        If they are none.
    """
    if not isinstance(options, TrackerOptions | None):
        raise ModelError(f"{options!r} are no options: give TrackerOptions(...).")
    return options or TrackerOptions()


EXACT = TrackerOptions(
    nearest_prompts=None,
    hole_area=0.0,
    island_area=0.0,
    allow_overlaps=True,
    window=WindowOptions(mode="off"),
)
"""What Meta's predictor does: every prompt remembered, masks as they come, of whole
frames."""
