"""What control needs of the world: a lane for heavy work, and a tracker on it.

The engine's ``VideoTracker`` and the window's worker thread fit these without knowing
them; tests bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Protocol,
    TypeAlias,
    TypeVar,
    runtime_checkable,
)

from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.recipe import DEFAULT_WINDOW

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.numbers import FrameNumbers, Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.quality import Precision, Quality, QualityMode
    from napari_sam2.core.recipe import WindowMode
    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.state.settings import Direction

T = TypeVar("T")

Job: TypeAlias = Callable[[CancelToken], Generator[T]]
"""Heavy work in steps: a generator function that looks at its token between two."""


class Lane(Protocol):
    """Where heavy work is done: one job at a time, in the order of submission."""

    def submit(
        self,
        job: Job[T],
        *,
        key: Hashable | None = None,
        on_item: Callable[[T], None] | None = None,
        on_done: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> CancelToken:
        """Queue a job.

        The callbacks come on the thread that submits. Exactly one of ``on_done`` and
        ``on_error`` comes, once, as the last: ``on_done`` also for a job that was
        cancelled, or dropped before it began. After every item the lane looks at the
        token and closes the generator when it is cancelled, so jobs need to look at it
        only within long steps.

        Parameters
        ----------
        job : callable
            Called with its token on the lane; what it yields is delivered in order.
        key : hashable, optional
            A job of the same key that has not begun yet is dropped: the latest wins.
        on_item, on_done, on_error : callable, optional

        Returns
        -------
        CancelToken
            Cancels the job, queued or running.
        """
        ...

    def close(self) -> None:
        """Cancel everything, wait for the present step, deliver nothing more."""
        ...


class Tracker(Protocol):
    """What control needs of :class:`napari_sam2.engine.tracker.VideoTracker`."""

    @property
    def quality(self) -> Quality:
        """How much of what the model could look at it does look at."""
        ...

    @property
    def precision(self) -> Precision | None:
        """What the model multiplies in on this machine; None where it is not known."""
        ...

    @property
    def limits(self) -> IntensityLimits:
        """What it sees as black and white, estimated or not."""
        ...

    def set_prompts(
        self,
        object_id: int,
        frame: int,
        prompts: FramePrompts,
        *,
        previous: npt.NDArray[np.bool_] | None = None,
    ) -> MaskResult | None:
        """Replace everything said about an object on a frame."""
        ...

    def remove_object(self, object_id: int) -> None:
        """Forget an object."""
        ...

    def plan(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
    ) -> Sized:
        """Return what a run would do; its length is the number of steps."""
        ...

    def propagate(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
        token: CancelToken | None = None,
    ) -> Generator[FrameResult]:
        """Carry the objects through the stack."""
        ...

    @property
    def is_paused(self) -> bool:
        """Whether a run was stopped before its end."""
        ...

    def resume(self, *, token: CancelToken | None = None) -> Generator[FrameResult]:
        """Go on with the run that was stopped."""
        ...


class PositionedTracker(Tracker, Protocol):
    """What control needs of a tracker of a stack with many positions."""

    @property
    def positions(self) -> Positions:
        """All that the stack has."""
        ...

    @property
    def numbers(self) -> FrameNumbers:
        """How the frames of all positions are counted."""
        ...

    def seen_at(self, position: Position, /) -> FrameSource:
        """Return the frames at a position as the model sees them."""
        ...

    def make(self, frames: FrameSource, /) -> Tracker:
        """Return a tracker of other frames that are seen alike."""
        ...


@runtime_checkable
class PackedTracker(Protocol):
    """What control needs of a tracker whose runs go on in another session."""

    def pack_session(self, most_bytes: int, /) -> bytes | None:
        """Return a stopped run, and all that is known; None where it is too much."""
        ...

    def unpack_session(self, data: bytes, /) -> None:
        """Know what another tracker knew, and have its run to resume.

        Raises
        ------
        CheckpointError
            If that cannot be; nothing has changed then.
        """
        ...


class VolumeTracker(Tracker, Protocol):
    """What control needs of a tracker of a volume to follow its other axes."""

    @property
    def frames(self) -> FrameSource:
        """The stack as it sees it."""
        ...

    def alike(self, frames: FrameSource, /) -> VolumeTracker:
        """Return a tracker of other frames that are seen alike.

        Its results say how probable the object is at each pixel.
        """
        ...

    def put_by(self) -> Any:
        """Return what it was told, and answered, for a tracker of the same stack."""
        ...

    def take_up(self, tracks: Any, /) -> None:
        """Go on with what another tracker put by, and forget what was tracked."""
        ...

    def forget_features(self) -> None:
        """Give back the memory that makes it quick to come back to frames."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrackerRequest:
    """What a tracker is made from.

    Attributes
    ----------
    frames : FrameSource
    model : str
        A model's name, or the path of a weights file.
    device : str
    limits : IntensityLimits or None
        None estimates them from the stack.
    image_size : int
        Side of the square that the model sees, in pixels; 0 for the model's own.
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
    """

    frames: FrameSource
    model: str
    device: str
    limits: IntensityLimits | None
    image_size: int = 0
    cache_mib: int = 512
    window: WindowMode = DEFAULT_WINDOW
    corrects_bleaching: bool = False
    quality: QualityMode = "exact"
    is_compiled: bool = False


class TrackerFactory(Protocol):
    """Makes a tracker, on the lane. It should keep the model for the next time.

    Examples
    --------
    >>> def make_tracker(request, token):
    ...     yield Progress(0, 0, f"Loading {request.model}")
    ...     model = load_model(request.model, device=request.device)
    ...     yield VideoTracker(model, request.frames, limits=request.limits)
    """

    def __call__(
        self, request: TrackerRequest, token: CancelToken
    ) -> Iterator[Progress | Tracker]:
        """Yield how far loading has come, and the tracker as the last item."""
        ...
