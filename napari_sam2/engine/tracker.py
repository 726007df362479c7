"""The video session: prompts for objects on frames, and their masks carried along."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from napari_sam2.core.errors import FrameError, NoPromptError, PromptError
from napari_sam2.core.frames import as_frame_source, check_frame
from napari_sam2.core.intensity import estimate_limits
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.conditioning import (
    answer_prompts,
    logits_from_mask,
    remember_answers,
)
from napari_sam2.engine.device import inference
from napari_sam2.engine.encoding import FrameEncoder
from napari_sam2.engine.features import FeatureCache
from napari_sam2.engine.frame_step import FrameStepper
from napari_sam2.engine.memory import MemoryRules
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.plan import Plan
from napari_sam2.engine.reading import FrameReader, ReadAhead
from napari_sam2.engine.stepping import (
    GroupRunner,
)
from napari_sam2.engine.track import ObjectTrack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames import ArrayLike, FrameSource
    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.core.prompts import Prompt
    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.engine.plan import Direction
    from napari_sam2.engine.track import Answer
    from napari_sam2.model.sam2 import Sam2Model


class VideoTracker:
    """Tracks any number of objects through one stack.

    Frames are read when they are needed, and what is remembered is bounded, so a stack
    of any length starts at once and takes the same memory. A session is used by one
    thread at a time.

    Parameters
    ----------
    model : Sam2Model
        From :func:`napari_sam2.load_model`; several sessions may share it.
    frames : FrameSource or array-like
        The stack: (T, Y, X) or (T, Y, X, C), read one frame at a time.
    limits : IntensityLimits, optional
        Intensities shown as black and white. By default robust percentiles of the
        whole stack; 8-bit colour is shown as it is.
    channels : tuple of int, optional
        One to three channels of an array with channels; by default the first three.
    options : TrackerOptions, optional
        What is remembered and how masks are cleaned up.

    Examples
    --------
    >>> tracker = VideoTracker(load_model("nano"), stack)
    >>> tracker.add(PointPrompt(object_id=1, frame=0, point_yx=(120, 88)))
    >>> for result in tracker.propagate():
    ...     labels[result.frame] = result.labels()
    """

    def __init__(
        self,
        model: Sam2Model,
        frames: FrameSource | ArrayLike,
        *,
        limits: IntensityLimits | None = None,
        channels: tuple[int, ...] | None = None,
        options: TrackerOptions | None = None,
    ) -> None:
        self.model = model
        self.options = options or TrackerOptions()
        self.frames = as_frame_source(frames, channels)
        self.limits = limits or estimate_limits(self.frames)
        self.device = next(model.parameters()).device
        self._encoder = FrameEncoder(
            model,
            FrameReader(self.frames, self.limits),
            FeatureCache(self.options.feature_cache_bytes),
            self.device,
        )
        config = model.config
        self._rules = MemoryRules(
            config.memory_count, config.pointer_count, self.options.nearest_prompts
        )
        self._stepper = FrameStepper(
            model, self._encoder, self.frames, self._rules, self.options
        )
        self._tracks: dict[int, ObjectTrack] = {}
        self._paused: tuple[Plan, int] | None = None

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects that have prompts, in the order of their ids."""
        return tuple(sorted(self._tracks))

    @property
    def is_paused(self) -> bool:
        """Whether a run was stopped before its end, so that :meth:`resume` goes on."""
        return self._paused is not None

    def prompts(self, object_id: int) -> dict[int, FramePrompts]:
        """Return what was said about an object, by frame."""
        answers = self._track(object_id).answers
        return {frame: answer.prompts for frame, answer in answers.items()}

    def add(
        self, prompt: Prompt, *, previous: npt.NDArray[np.bool_] | None = None
    ) -> MaskResult:
        """Say one more thing about an object on a frame, and see what it gives.

        A point is added to what was said before, a box replaces the box, a mask
        replaces everything. Other objects and other frames are left alone until the
        next :meth:`propagate`.

        Parameters
        ----------
        prompt : PointPrompt, BoxPrompt or MaskPrompt
        previous : ndarray of bool, shape (H, W), optional
            As for :meth:`set_prompts`.

        Returns
        -------
        MaskResult
            The object's mask on that frame.

        Raises
        ------
        FrameError
            If there is no such frame, or it cannot be read.
        PromptError
            If the prompt cannot be answered: outside the image, only negative points.
        """
        said = FramePrompts()
        if prompt.object_id in self._tracks:
            said = self.prompts(prompt.object_id).get(prompt.frame, said)
        result = self.set_prompts(
            prompt.object_id, prompt.frame, said.with_prompt(prompt), previous=previous
        )
        assert result is not None
        return result

    def set_prompts(
        self,
        object_id: int,
        frame: int,
        prompts: FramePrompts,
        *,
        previous: npt.NDArray[np.bool_] | None = None,
    ) -> MaskResult | None:
        """Replace everything said about an object on a frame; nothing withdraws it.

        A frame that was tracked becomes a prompted one: the object's memory and its
        tracked mask go into the answer, and later runs look back at it.

        Parameters
        ----------
        object_id : int
        frame : int
        prompts : FramePrompts
            Empty to withdraw what was said.
        previous : ndarray of bool, shape (H, W), optional
            The object's present mask on a tracked frame, from which a correction
            starts when the session no longer remembers it.

        Returns
        -------
        MaskResult or None
            The object's mask on that frame; None when nothing is said any more.

        Raises
        ------
        FrameError, PromptError
            As for :meth:`add`; what was said before still holds then.
        """
        check_frame(frame, len(self.frames))
        if not prompts:
            self._withdraw(object_id, frame)
            return None
        track = self._tracks.get(object_id) or ObjectTrack(
            object_id, bytearray(len(self.frames))
        )
        answer = track.answers.get(frame)
        if answer is None or answer.prompts != prompts:
            answer = self._answer(track, frame, prompts, previous)
            track.set_answer(frame, answer)
            self._tracks[object_id] = track
        with inference(self.device):
            return self._stepper.results(frame, [(object_id, answer.state, True)])[0]

    def remove_object(self, object_id: int) -> None:
        """Forget an object; the others are not touched."""
        self._track(object_id)
        del self._tracks[object_id]
        self._paused = None

    def plan(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
    ) -> Plan:
        """Return what :meth:`propagate` would do; its length is the number of steps."""
        ids = self.object_ids if objects is None else tuple(sorted(set(objects)))
        prompted = {i: self._track(i).prompted for i in ids}
        if not prompted:
            raise NoPromptError(
                "There is nothing to track yet: give at least one object a point, a "
                "box or a mask."
            )
        whole = range(len(self.frames))
        frames = whole if frames is None else frames
        if not frames or frames.step != 1:
            raise FrameError(
                f"{frames} holds no neighbouring frames: give a range that counts up "
                "by one, such as range(0, 10)."
            )
        if frames[0] not in whole or frames[-1] not in whole:
            raise FrameError(
                f"Frames {frames[0]} to {frames[-1]} are not all in the stack, "
                f"which has {len(whole)} frames, 0 to {len(whole) - 1}."
            )
        return Plan(prompted, frames, direction)

    def propagate(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
        token: CancelToken | None = None,
    ) -> Iterator[FrameResult]:
        """Carry the objects through the stack.

        Every object starts at its own prompts. Going both ways, frames come forward
        from the first prompt, then backward from it; each object comes once per frame.
        Objects that are left out, and frames outside the range, keep what they have.

        Parameters
        ----------
        direction : {"both", "forward", "backward"}, optional
        frames : range, optional
            The frames to visit; the whole stack by default.
        objects : sequence of int, optional
            The objects to compute; all by default.
        token : CancelToken, optional
            Stops the run before the next frame; :meth:`resume` goes on from there.

        Yields
        ------
        FrameResult
            The objects computed on one frame.

        Raises
        ------
        NoPromptError, PromptError, FrameError
            At once, if the run makes no sense; FrameError also when a frame that is
            reached cannot be read, with all frames before it yielded.
        """
        plan = self.plan(direction=direction, frames=frames, objects=objects)
        return self._run(plan, 0, token)

    def resume(self, *, token: CancelToken | None = None) -> Iterator[FrameResult]:
        """Go on with a run that was stopped; the result is that of one run.

        Raises
        ------
        NoPromptError
            If no run was stopped.
        """
        if self._paused is None:
            raise NoPromptError("No run was stopped: start one with propagate().")
        return self._run(*self._paused, token)

    def _run(
        self, plan: Plan, done: int, token: CancelToken | None
    ) -> Iterator[FrameResult]:
        self._paused = (plan, done)
        if not done:
            for one in self._tracks_of(plan.prompted):
                one.bank.forget(plan.frames_of(one.object_id))
        ahead = ReadAhead(
            self._encoder.reader,
            (
                step.frame
                for step in islice(plan.steps(), done, None)
                if self._stepper.must_read(step.frame, self._tracks_of(step.object_ids))
            ),
            self.options.prefetch_frames,
        )
        try:
            groups = self._stepper.groups()
            steps = islice(plan.steps(), done, None)
            for count, step in enumerate(steps, done + 1):
                if token is not None and token.is_cancelled:
                    return
                tracks = self._tracks_of(step.object_ids)
                if not tracks:
                    continue
                self._remember_answers(plan, groups)
                result = self._stepper.run(step, tracks, groups, ahead)
                self._paused = (plan, count)
                yield result
            self._paused = None
        finally:
            ahead.close()

    def _answer(
        self,
        track: ObjectTrack,
        frame: int,
        prompts: FramePrompts,
        previous: npt.NDArray[np.bool_] | None,
    ) -> Answer:
        """Answer prompts that are new, or say why they cannot be answered."""
        what = f"object {track.object_id} on frame {frame}"
        shape_hw = self.frames.shape_hw
        with inference(self.device):
            prior = None
            if previous is not None:
                FramePrompts(mask=previous).check(shape_hw, what=what)
                prior = logits_from_mask(previous, self.model, self.device)
            correction = track.correction_on(frame, prior)
            prompts.check(shape_hw, what=what, refines=correction is not None)
            features = self._encoder.features(frame)
            if correction is not None:
                remember_answers(
                    self.model, [track], self._encoder.features, GroupRunner(1)
                )
            return answer_prompts(
                self.model, features, track, frame, prompts, shape_hw, correction,
                self._rules,
            )  # fmt: skip

    def _remember_answers(self, plan: Plan, groups: GroupRunner) -> None:
        """Make memories of all prompts, also of those that came during the run."""
        with inference(self.device):
            tracks = self._tracks_of(plan.prompted)
            remember_answers(self.model, tracks, self._encoder.features, groups)

    def _tracks_of(self, object_ids: Iterable[int]) -> list[ObjectTrack]:
        """Return the tracks of objects, less those removed during the run."""
        return [self._tracks[i] for i in object_ids if i in self._tracks]

    def _track(self, object_id: int) -> ObjectTrack:
        if object_id not in self._tracks:
            known = ", ".join(map(str, self.object_ids)) or "none"
            raise PromptError(
                f"There is no object {object_id}: the objects with prompts are {known}."
            )
        return self._tracks[object_id]

    def _withdraw(self, object_id: int, frame: int) -> None:
        track = self._track(object_id)
        track.withdraw(frame)
        self._paused = None
        if not track.answers:
            del self._tracks[object_id]
