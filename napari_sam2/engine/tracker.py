"""The video session: prompts for objects on frames, and their masks carried along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.errors import CheckpointError, NoPromptError
from napari_sam2.core.given import check_given
from napari_sam2.engine.kept_runs.packed_session import pack_session
from napari_sam2.engine.kept_runs.saved_run import load_run, save_run
from napari_sam2.engine.kept_runs.unpacked_session import unpack_session
from napari_sam2.engine.prompter import Prompter
from napari_sam2.engine.runs.frame_step import FrameStepper
from napari_sam2.engine.runs.plan import make_plan
from napari_sam2.engine.runs.runner import Paused, Runner

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import ArrayLike, FrameSource
    from napari_sam2.core.results import FrameResult
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.runs.plan import Direction, Plan


class VideoTracker(Prompter):
    """Tracks any number of objects through one stack.

    Frames are read when they are needed, and what is remembered is bounded, so a stack
    of any length starts at once and takes the same memory. A session is used by one
    thread at a time.

    Parameters
    ----------
    model : Network
        From :func:`napari_sam2.load_model`; several sessions may share it.
    frames : FrameSource or array-like
        The stack: (T, Y, X) or (T, Y, X, C), read one frame at a time.
    limits : IntensityLimits or (low, high), optional
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
    >>> for result in tracker.propagate():  # a frame may come twice
    ...     for one in result:
    ...         labels[result.frame][one.mask] = one.object_id
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
        super().__init__(
            model, frames, limits=limits, channels=channels, options=options
        )
        self._runner = Runner(self._tracks, FrameStepper(self._parts))

    @property
    def is_paused(self) -> bool:
        """Whether a run was stopped before its end, so that :meth:`resume` goes on."""
        return self._runner.paused is not None

    def alike(self, frames: FrameSource) -> VideoTracker:
        """Return a session of other frames, seen alike, that keeps probabilities."""
        options = replace(self.options, keeps_probabilities=True)
        return VideoTracker(self.model, frames, limits=self.limits, options=options)

    def plan(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
    ) -> Plan:
        """Return what :meth:`propagate` would do; its length is the number of steps."""
        tracks = self._tracks.chosen(objects)
        prompted = {track.object_id: track.prompted for track in tracks}
        return make_plan(prompted, frames, direction, len(self.frames))

    def propagate(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
        token: CancelToken | None = None,
    ) -> Generator[FrameResult]:
        """Carry the objects through the stack.

        Every object starts at its own prompts. Going both ways, frames come forward
        from the first prompt, then backward from it. So a frame may come twice, with
        other objects each time; each object comes once per frame.
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
            At once, if the run makes no sense. FrameError also at the end, if a frame
            could not be read: it ends the way in its direction, and the other one is
            gone nevertheless. Once it can be read, :meth:`resume` does the rest.
        """
        plan = self.plan(direction=direction, frames=frames, objects=objects)
        return self._runner.run(Paused(plan), token)

    def resume(self, *, token: CancelToken | None = None) -> Generator[FrameResult]:
        """Go on with a run that was stopped; the result is that of one run.

        Raises
        ------
        NoPromptError
            If no run was stopped.
        """
        return self._runner.run(self._paused(), token)

    def save_run(self, path: str | Path) -> None:
        """Write a stopped run to a file: how far it came, and what it looks back at.

        Also between two frames of one that goes on. Prompts, and what was found, are
        not in it.

        Parameters
        ----------
        path : str or Path
            A file that is there is replaced, whole or not at all.

        Raises
        ------
        NoPromptError
            If no run was stopped.
        OutputError
            If it cannot be written.
        """
        save_run(_as_path(path), self._paused(), self._tracks, self._parts)

    def pack_session(self, most_bytes: int) -> bytes | None:
        """Return a stopped run, and all that is known, for another session of the kind.

        Also between two frames of one that goes on.

        Parameters
        ----------
        most_bytes : int
            None is returned where these are not enough.

        Raises
        ------
        NoPromptError
            If no run was stopped.
        """
        self._paused()
        return self.pack_objects(most_bytes)

    def pack_objects(
        self,
        most_bytes: int,
        others: ObjectTracks | None = None,
        *,
        has_history: bool = True,
    ) -> bytes | None:
        """Return all that is known, and the run if one was stopped.

        Parameters
        ----------
        most_bytes : int
            None is returned where these are not enough.
        others : ObjectTracks, optional
            What a session of other frames put by, to be packed in place of this one.
        has_history : bool, optional
            Whether what only corrections look at may be among it.
        """
        paused, tracks, seen = None, others, None
        if tracks is None:
            paused, tracks = self._runner.paused, self._tracks
            seen = self._parts.encoder.reader.checksums
        return pack_session(
            paused, tracks, self._parts, most_bytes, seen=seen, has_history=has_history
        )

    def unpack_session(self, data: bytes) -> None:
        """Know what another session knew, and forget all else; then resume its run.

        Raises
        ------
        CheckpointError
            If these are not its bytes, or one that computed with something else, or
            frames are others; nothing has changed then.
        FrameError
            If a frame that is compared cannot be read.
        """
        paused, tracks = unpack_session(data, self._parts)
        if paused is None:
            raise CheckpointError("No run was stopped: begin anew.")
        self._know(paused, tracks)

    def unpack_objects(self, data: bytes) -> None:
        """Know what another session knew, as it was, whether it was stopped or not.

        Raises
        ------
        CheckpointError, FrameError
            As for :meth:`unpack_session`.
        """
        self._know(*unpack_session(data, self._parts))

    def _know(self, paused: Paused | None, tracks: ObjectTracks) -> None:
        self._tracks.take_up(tracks)
        self._runner.paused = paused

    def load_run(self, path: str | Path, *, compares_all: bool = False) -> None:
        """Take up a run from a file, once the same prompts are said; then resume it.

        Weights, image size, precision, limits, the options that masks hang on, and
        frames have to be the same, too.

        Parameters
        ----------
        path : str or Path
        compares_all : bool, optional
            Whether every frame that the run saw is read and compared, as for an image
            that may have been edited meanwhile. Otherwise those are that the rest looks
            back at: a few dozen.

        Raises
        ------
        PromptError
            If it was a run with other prompts.
        CheckpointError
            If the file cannot be read, or something else differs, which is said.
        FrameError
            If a frame that is compared cannot be read.
        """
        path, tracks = _as_path(path), self._tracks
        paused = load_run(path, tracks, self._parts, compares_all=compares_all)
        self._runner.paused = paused

    def _paused(self) -> Paused:
        if self._runner.paused is None:
            raise NoPromptError("No run was stopped: start one with propagate().")
        return self._runner.paused


def _as_path(path: str | Path) -> Path:
    check_given(path, str | Path, "file", 'give its path, such as "cells.run"')
    return Path(path)
