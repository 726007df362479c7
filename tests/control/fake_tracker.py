"""A tracker without a network: a disc at every positive click, carried unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from napari_sam2.control.ports import Tracker, TrackerRequest
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import CheckpointError, NoPromptError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import FrameSource
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.quality import grade
from napari_sam2.core.results import FrameResult, MaskResult, mask_result

RADIUS = 5


def disc(shape_hw: tuple[int, int], center_yx: tuple[float, float]) -> np.ndarray:
    y, x = np.mgrid[: shape_hw[0], : shape_hw[1]]
    return np.hypot(y - center_yx[0], x - center_yx[1]) <= RADIUS


def draw(prompts: FramePrompts, shape_hw: tuple[int, int]) -> np.ndarray:
    if prompts.packed is not None:
        return prompts.packed.mask
    mask = np.zeros(shape_hw, bool)
    if prompts.box_yxyx is not None:
        y0, x0, y1, x1 = (round(c) for c in prompts.box_yxyx)
        mask[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1] = True
    for center_yx, positive in zip(prompts.points_yx, prompts.positive, strict=True):
        mask[disc(shape_hw, center_yx)] = positive
    return mask


class FakeTracker:
    """Draws prompts, and repeats the nearest prompted frame's mask in a run.

    ``log`` holds what was asked, ``fail_at`` errors to raise when a frame is reached.
    """

    def __init__(self, request: TrackerRequest) -> None:
        self.request = request
        self.quality = grade(request.quality)
        self.precision = "float32"
        self.limits = request.limits or as_limits(0, 1)
        self.shape_hw = tuple(request.frames.shape_hw)
        self.said: dict[int, dict[int, FramePrompts]] = {}
        self.previous: dict[tuple[int, int], np.ndarray | None] = {}
        self.log: list[tuple] = []
        self.alikes: list[FakeTracker] = []
        self.fail_at: dict[int, BaseException] = {}
        self.rest: tuple[list[int], list[int]] | None = None

    @property
    def frames(self) -> FrameSource:
        return self.request.frames

    def alike(self, frames: FrameSource) -> FakeTracker:
        made = self.like_me(replace(self.request, frames=frames))
        self.alikes.append(made)
        return made

    def like_me(self, request: TrackerRequest) -> FakeTracker:
        return FakeTracker(request)

    def forget_features(self) -> None:
        """Nothing is kept here."""

    def put_by(self) -> dict[int, dict[int, FramePrompts]]:
        return {object_id: dict(said) for object_id, said in self.said.items()}

    def take_up(self, said: dict[int, dict[int, FramePrompts]]) -> None:
        self.said, self.rest = said, None

    def pack_objects(self, most_bytes: int, others=None, *, has_history=True) -> bytes:
        return b"drawn"

    def unpack_objects(self, data: bytes) -> None:
        raise CheckpointError("What was drawn is drawn again.")

    @property
    def is_paused(self) -> bool:
        return self.rest is not None

    def set_prompts(
        self,
        object_id: int,
        frame: int,
        prompts: FramePrompts,
        *,
        previous: np.ndarray | None = None,
    ) -> MaskResult | None:
        self.log.append(("set", object_id, frame, prompts))
        if not prompts:
            self.rest = None
            del self.said[object_id][frame]
            if not self.said[object_id]:
                del self.said[object_id]
            return None
        if prompts.mask is None and not (prompts.box_yxyx or any(prompts.positive)):
            raise NoPromptError(f"Only negative points for object {object_id}.")
        self.said.setdefault(object_id, {})[frame] = prompts
        self.previous[object_id, frame] = previous
        return self._result(object_id, frame, prompts, True)

    def remove_object(self, object_id: int) -> None:
        self.log.append(("remove", object_id))
        self.rest = None
        del self.said[object_id]

    def plan(self, *, direction="both", frames=None, objects=None) -> list[int]:
        frames = frames or range(len(self.request.frames))
        ids = list(self.said) if objects is None else objects
        first = min(min(self.said[i]) for i in ids)
        last = max(max(self.said[i]) for i in ids)
        forward = [f for f in frames if f >= first]
        end = first if direction == "both" else last + 1
        backward = [f for f in reversed(frames) if f < end]
        return {
            "forward": forward,
            "backward": backward,
            "both": forward + backward,
        }[direction]

    def propagate(
        self,
        *,
        direction="both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
        token: CancelToken | None = None,
    ) -> Iterator[FrameResult]:
        ids = sorted(self.said if objects is None else objects)
        self.log.append(("run", tuple(ids)))
        plan = self.plan(direction=direction, frames=frames, objects=objects)
        return self._run(ids, plan, token)

    def resume(self, *, token: CancelToken | None = None) -> Iterator[FrameResult]:
        assert self.rest is not None
        self.log.append(("resume", tuple(self.rest[0])))
        return self._run(*self.rest, token)

    def _run(
        self, ids: list[int], plan: list[int], token: CancelToken | None
    ) -> Iterator[FrameResult]:
        for done, frame in enumerate(plan):
            self.rest = ids, plan[done:]
            if token is not None and token.is_cancelled:
                return
            if frame in self.fail_at:
                raise self.fail_at[frame]
            yield FrameResult(frame, tuple(self._tracked(i, frame) for i in ids))
        self.rest = None

    def _tracked(self, object_id: int, frame: int) -> MaskResult:
        said = self.said[object_id]
        source = min(said, key=lambda f: (abs(f - frame), f))
        return self._result(object_id, frame, said[source], frame in said)

    def _result(
        self, object_id: int, frame: int, prompts: FramePrompts, is_prompted: bool
    ) -> MaskResult:
        return mask_result(
            draw(prompts, self.shape_hw),
            object_id=object_id,
            frame=frame,
            predicted_iou=0.9,
            object_logit=5.0,
            is_prompted=is_prompted,
        )


class FakeFactory:
    """Makes fake trackers and remembers them; ``error`` is raised instead, once."""

    def __init__(self) -> None:
        self.made: list[FakeTracker] = []
        self.error: BaseException | None = None

    @property
    def tracker(self) -> FakeTracker:
        return self.made[-1]

    def __call__(
        self, request: TrackerRequest, token: CancelToken
    ) -> Iterator[Progress | Tracker]:
        yield Progress(0, 2, f"Loading {request.model}")
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        yield Progress(1, 2, f"Loading {request.model}")
        tracker = FakeTracker(request)
        self.made.append(tracker)
        yield tracker
