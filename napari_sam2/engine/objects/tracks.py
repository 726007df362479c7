"""The objects of a session: what is said about each, answered and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.given import check_given
from napari_sam2.core.prompt_checks import object_number
from napari_sam2.core.prompts import FramePrompts, check_prompt
from napari_sam2.engine.objects.track import ObjectTrack

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from napari_sam2.core.prompts import Prompt
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.objects.conditioning import PromptAnswerer


class ObjectTracks:
    """The objects that have prompts, by the user's ids.

    Parameters
    ----------
    frame_count : int
        Frames in the stack.

    """

    def __init__(self, frame_count: int) -> None:
        self._frame_count = frame_count
        self._tracks: dict[int, ObjectTrack] = {}
        self._withdrawals: Counter[int] = Counter()
        self._takeovers = 0

    @classmethod
    def made_of(cls, frame_count: int, tracks: Iterable[ObjectTrack]) -> ObjectTracks:
        """Return the objects with these tracks."""
        made = cls(frame_count)
        made._tracks = {track.object_id: track for track in tracks}
        return made

    @property
    def ids(self) -> tuple[int, ...]:
        """The objects, in the order of their ids."""
        return tuple(sorted(self._tracks))

    def __contains__(self, object_id: int) -> bool:
        """Whether an object has prompts."""
        return object_id in self._tracks

    def __getitem__(self, object_id: int) -> ObjectTrack:
        """Return the track of an object.

        Raises
        ------
        PromptError
            If it has no prompts.
        """
        object_id = object_number(object_id)
        if object_id not in self._tracks:
            known = ", ".join(map(str, self.ids))
            has = (
                f"the objects with prompts are {known}" if known else "none has prompts"
            )
            raise PromptError(f"There is no object {object_id}: {has}.")
        return self._tracks[object_id]

    def of(self, object_ids: Iterable[int]) -> list[ObjectTrack]:
        """Return the tracks of some objects, less those removed meanwhile."""
        return [self._tracks[i] for i in object_ids if i in self._tracks]

    def chosen(self, object_ids: Iterable[int] | None) -> list[ObjectTrack]:
        """Return the tracks of some objects in the order of their ids, or of all.

        Raises
        ------
        PromptError
            If these are no ids, or none at all, or one of them has no prompts.
        """
        if object_ids is None:
            object_ids = self._tracks
        advice = "give their numbers, such as objects=[1]"
        check_given(object_ids, Iterable, "list of objects", advice, PromptError)
        object_ids = list(object_ids)
        if self._tracks and not object_ids:
            raise PromptError(f"No object is chosen: {advice}, or leave objects out.")
        return [self[i] for i in sorted(set(map(object_number, object_ids)))]

    def with_prompt(self, prompt: Prompt) -> FramePrompts:
        """Return what was said about a prompt's object on its frame, and the prompt.

        Raises
        ------
        PromptError
            If it is none.
        """
        check_prompt(prompt)
        track = self._tracks.get(prompt.object_id)
        answer = track.answers.get(prompt.frame) if track is not None else None
        said = FramePrompts() if answer is None else answer.prompts
        return said.with_prompt(prompt)

    def say(
        self,
        answerer: PromptAnswerer,
        object_id: int,
        frame: int,
        prompts: FramePrompts,
        previous: npt.NDArray[np.bool_] | None = None,
    ) -> MaskResult:
        """Have everything that is said about an object on a frame answered.

        Nothing changes when it cannot be; the same said again keeps its answer, and
        ``answerer`` is not asked.
        """
        track = self._tracks.get(object_id) or ObjectTrack(
            object_id, bytearray(self._frame_count)
        )
        before = track.answers.get(frame)
        if before is not None and before.answers(prompts):
            return answerer.result(object_id, frame, before)
        answer, result = answerer.answer(track, frame, prompts, previous)
        track.set_answer(frame, answer)
        self._tracks[object_id] = track
        return result

    def withdraw(self, object_id: int, frame: int) -> None:
        """Take back what was said on a frame; an object without prompts goes."""
        track = self[object_id]
        if frame not in track.answers:
            return
        track.withdraw(frame)
        self._withdrawals[track.object_id] += 1
        if not track.answers:
            del self._tracks[object_id]

    def remove(self, object_id: int) -> None:
        """Forget an object."""
        track = self._tracks.pop(self[object_id].object_id)
        self._withdrawals[track.object_id] += 1

    def withdrawals_of(self, object_ids: Iterable[int]) -> int:
        """Count how often something was taken back that was said about some objects.

        What was planned for them before then no longer fits.
        """
        return self._takeovers + sum(self._withdrawals[i] for i in object_ids)

    def take_up(self, others: ObjectTracks) -> None:
        """Go on with other objects of the same stack, and forget these."""
        self._tracks = others._tracks
        self._takeovers += 1

    def prompted_only(self, where: torch.device) -> ObjectTracks:
        """Return the objects on a device, less the memories of tracked frames."""
        kept = (one.prompted_only(where) for one in self._tracks.values())
        return ObjectTracks.made_of(self._frame_count, kept)
