"""One frame of a run: prompted objects answered, the others found from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.results import FrameResult
from napari_sam2.engine.device import inference, working_memory
from napari_sam2.engine.finding import ObjectFinder
from napari_sam2.engine.prompt_memory import remember_answers
from napari_sam2.engine.seen import Seen, results_of
from napari_sam2.engine.stepping import GroupRunner, bytes_per_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.engine.encoding import FrameEncoder
    from napari_sam2.engine.memory import MemoryRules
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.plan import Step
    from napari_sam2.engine.reading import ReadAhead
    from napari_sam2.engine.track import ObjectTrack
    from napari_sam2.engine.window import Window

_LARGEST_GROUP = 64


class FrameStepper:
    """Computes single frames of a session.

    Parameters
    ----------
    model : Network
    encoder : FrameEncoder
        Where features come from: its reader knows the stack, and its device is where
        everything is computed.
    rules : MemoryRules
    window : Window
        Decides where to look.
    options : TrackerOptions
    """

    def __init__(
        self,
        model: Network,
        encoder: FrameEncoder,
        rules: MemoryRules,
        window: Window,
        options: TrackerOptions,
    ) -> None:
        self._model = model
        self._encoder = encoder
        self._frames = encoder.reader.source
        self._window = window
        self._options = options
        self._finder = ObjectFinder(model, encoder, rules, window, options)

    def run(
        self,
        step: Step,
        tracks: Sequence[ObjectTrack],
        groups: GroupRunner,
        ahead: ReadAhead,
    ) -> FrameResult:
        """Compute all objects of one frame and remember them."""
        everything = [
            Seen(one.object_id, answer.state, answer.sighting.view, True)
            for one in tracks
            if (answer := one.answers.get(step.frame)) is not None
        ]
        lost = [one for one in tracks if step.frame not in one.answers]
        with inference(self._model):
            findings = self._finder.find(lost, step, groups, ahead)
            everything += [
                Seen(looking.object_id, found.state, looking.view, False)
                for looking, found in findings
            ]
            everything.sort(key=lambda one: one.object_id)
            shape_hw = self._frames.shape_hw
            results = results_of(everything, step.frame, shape_hw, self._options)
        by_id = {result.object_id: result for result in results}
        for one in findings:
            self._finder.remember(one, step, by_id[one.looking.object_id])
        for track in tracks:
            track.visit(step.frame, is_reverse=step.is_reverse)
        return FrameResult(step.frame, results)

    def remember_answers(
        self, tracks: Sequence[ObjectTrack], groups: GroupRunner
    ) -> None:
        """Make memories of all prompts that have none yet."""
        with inference(self._model):
            remember_answers(self._model, tracks, self._encoder, groups)

    def must_read(self, frame: int, tracks: Sequence[ObjectTrack]) -> bool:
        """Whether pixels are needed: not where all objects are prompted."""
        if self._window.is_off and (frame, self._window.whole) in self._encoder.cache:
            return False
        return any(frame not in one.answers for one in tracks)

    def groups(self) -> GroupRunner:
        """Return what computes as many objects at once as fit the device now."""
        if self._options.group_size is not None:
            return GroupRunner(self._options.group_size)
        room = working_memory(self._encoder.device)
        fits = room // bytes_per_object(self._model.config)
        return GroupRunner(min(fits, _LARGEST_GROUP))
