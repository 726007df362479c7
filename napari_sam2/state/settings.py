"""What the user chose, apart from objects and prompts; evented."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, Literal

from psygnal import SignalGroupDescriptor

from napari_sam2.core.frames.intensity import IntensityLimits  # noqa: TC001 (for hints)
from napari_sam2.core.quality import QualityMode  # noqa: TC001 (as above)
from napari_sam2.core.recipe import DEFAULT_WINDOW, WindowMode
from napari_sam2.core.seed_mode import SeedMode  # noqa: TC001 (as above)
from napari_sam2.state.thresholds import ReviewThresholds

if TYPE_CHECKING:
    from collections.abc import Callable

Direction = Literal["both", "forward", "backward"]

OF_THE_MODEL = ("model", "device", "image_size", "quality", "is_compiled")
"""The settings that decide what is loaded, and how."""

model_choice: Callable[[object], tuple[object, ...]] = attrgetter(*OF_THE_MODEL)
"""Returns these of :class:`Settings`, or of what is asked for by them."""


@dataclass
class Settings:
    """The choices of a session.

    ``settings.events.model`` and so on tell of single fields, and ``settings.events``
    of any.

    Attributes
    ----------
    model : str
        A name that ``napari-sam2 models list`` shows, or the path of a weights file.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``.
    image_size : int
        Side of the square that the model sees, in pixels; 0 for the model's own.
    live_answers : bool
        Whether every prompt is answered at once, rather than by the next run.
    cache_mib : int
        Memory for image features, in MiB.
    window : str
        Whether small objects are looked at in a window: ``"off"``, ``"auto"``,
        ``"on"``.
    corrects_bleaching : bool
        Whether frames that fade are shown to the model as bright as the first.
    quality : str
        ``"auto"`` or a name in :data:`~napari_sam2.core.quality.NAMED`; an image size
        that is not 0 holds in each of them.
    is_compiled : bool
        Whether PyTorch may compile what is done on every frame.
    axis : int
        The axis of the image that objects are followed along.
    channels : tuple of int or None
        One to three channels that the model sees; None for the first three.
    limits : IntensityLimits or None
        What is shown as black and white; None estimates it from the stack.
    level : int
        Which level of a pyramid the model sees; 0 is full resolution.
    direction : str
        Where a run goes: ``"both"``, ``"forward"``, ``"backward"``.
    frame_range : tuple of int or None
        First frame of a run and the one after its last; None for the whole stack.
    only_selected : bool
        Whether a run follows the selected object only.
    seed : str
        How a run through all positions brings objects to those where they are not
        prompted: ``"follow"``, ``"masks"``, ``"boxes"``, ``"none"``.
    across : tuple of int
        Other axes of a volume that a run follows objects along, to be fused: 1 for the
        rows of frames, 2 for their columns.
    thresholds : ReviewThresholds
        When a mask is doubtful.
    """

    model: str = "nano"
    device: str = "auto"
    image_size: int = 0
    live_answers: bool = True
    cache_mib: int = 512
    window: WindowMode = DEFAULT_WINDOW
    corrects_bleaching: bool = False
    quality: QualityMode = "auto"
    is_compiled: bool = False
    axis: int = 0
    channels: tuple[int, ...] | None = None
    limits: IntensityLimits | None = None
    level: int = 0
    direction: Direction = "both"
    frame_range: tuple[int, int] | None = None
    only_selected: bool = False
    seed: SeedMode = "follow"
    across: tuple[int, ...] = ()
    thresholds: ReviewThresholds = field(default_factory=ReviewThresholds)

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    @property
    def run_frames(self) -> range | None:
        """The frames of a run; None for the whole stack."""
        return None if self.frame_range is None else range(*self.frame_range)
