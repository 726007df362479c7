"""Objects of one stack: what is said about them on its frames, and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.frames.intensity import estimate_limits, given_limits
from napari_sam2.core.frames.source import as_frame_source, check_frame
from napari_sam2.core.prompt_checks import object_number
from napari_sam2.core.prompts import check_frame_prompts
from napari_sam2.engine.device import inference, pick_device
from napari_sam2.engine.network import given_network
from napari_sam2.engine.objects.conditioning import PromptAnswerer
from napari_sam2.engine.objects.tracks import ObjectTracks
from napari_sam2.engine.options import TrackerOptions, given_options
from napari_sam2.engine.parts import make_parts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import ArrayLike, FrameSource
    from napari_sam2.core.prompts import FramePrompts, Prompt
    from napari_sam2.core.quality import Precision, Quality
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.network import Network


class Prompter:
    """Takes prompts for any number of objects, and answers each on its own frame.

    What is answered, and remembered of it, is where
    :class:`~napari_sam2.engine.tracker.VideoTracker` begins, which has the same
    parameters.
    """

    def __init__(
        self,
        model: Network,
        frames: FrameSource | ArrayLike,
        *,
        limits: IntensityLimits | tuple[float, float] | None = None,
        channels: tuple[int, ...] | None = None,
        options: TrackerOptions | None = None,
    ) -> None:
        self.model = given_network(model)
        self.options = given_options(options)
        self.frames = as_frame_source(frames, channels)
        self.limits = given_limits(limits) or estimate_limits(self.frames)
        self.device = model.device
        self._parts = make_parts(model, self.frames, self.limits, self.options)
        self._answerer = PromptAnswerer(self._parts)
        self._tracks = ObjectTracks(len(self.frames))

    @property
    def quality(self) -> Quality:
        """How much of what the model could look at it does look at."""
        return self.options.quality

    @property
    def precision(self) -> Precision | None:
        """What the model multiplies in on this machine; None where it is not known."""
        return self.model.precision

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects that have prompts, in the order of their ids."""
        return self._tracks.ids

    def prompts(self, object_id: int) -> dict[int, FramePrompts]:
        """Return what was said about an object, by frame."""
        answers = self._tracks[object_id].answers
        return {frame: answer.prompts for frame, answer in answers.items()}

    def add(
        self, prompt: Prompt, *, previous: npt.NDArray[np.bool_] | None = None
    ) -> MaskResult:
        """Say one more thing about an object on a frame, and see what it gives.

        A point is added to what was said before, a box replaces the box, a mask
        replaces everything. Other objects and other frames are left alone until the
        next run.

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
        said = self._tracks.with_prompt(prompt)
        place = prompt.object_id, prompt.frame
        result = self.set_prompts(*place, said, previous=previous)
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
        object_id = object_number(object_id)
        frame = check_frame(frame, len(self.frames))
        check_frame_prompts(prompts)
        if not prompts:
            self._tracks.withdraw(object_id, frame)
            return None
        return self._tracks.say(self._answerer, object_id, frame, prompts, previous)

    def remove_object(self, object_id: int) -> None:
        """Forget an object; the others are not touched."""
        self._tracks.remove(object_id)

    def forget_features(self) -> None:
        """Give back the memory that makes it quick to come back to frames."""
        self._parts.forget_features()

    def put_by(self) -> ObjectTracks:
        """Return what is known of the objects, for another session of the same stack.

        It lies in the host's memory, and what was remembered of tracked frames is left
        out.

        Raises
        ------
        GpuMemoryError
            If the host has no room for them.
        """
        with inference(self.model):
            return self._tracks.prompted_only(pick_device("cpu"))

    def take_up(self, tracks: ObjectTracks) -> None:
        """Go on with the objects that another session of the same stack put by.

        Raises
        ------
        GpuMemoryError
            If the device has no room for them; nothing has changed then.
        """
        with inference(self.model):
            self._tracks.take_up(tracks.prompted_only(self.device))
