"""Writing results to files, on the lane, in any format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from psygnal import Signal

from napari_sam2.control import Topic
from napari_sam2.core.axes import resized
from napari_sam2.core.cancel import Progress, Stopped
from napari_sam2.core.errors import OutputError
from napari_sam2.core.provenance import made_by
from napari_sam2.core.recipe import last_fused, last_used
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.writing.result_formats import (
    check_holds_positions,
    choose_result_format,
)
from napari_sam2.state.lineage import parents_of
from napari_sam2.state.masks import draw_labels, frame_result
from napari_sam2.state.said import everything_said

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.control import Controller
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.provenance import Provenance
    from napari_sam2.core.results import FrameResult
    from napari_sam2.core.said import Said
    from napari_sam2.io.writing.result_format import ResultFormat, ResultHeader
    from napari_sam2.state import Document, FrameMask

Steps: TypeAlias = "Generator[Progress, None, None]"


@dataclass(frozen=True, slots=True)
class Results:
    """A document's masks as a value that may cross to the lane.

    Attributes
    ----------
    masks : mapping of int to mapping of int to FrameMask
        By frame, in order, and object.
    names : mapping of int to str
        By object.
    parents : mapping of int to int
        Of those objects that came of one that divided.
    frames : range
        The frames that were asked for.
    shape_hw : tuple of int
    """

    masks: Mapping[int, Mapping[int, FrameMask]]
    names: Mapping[int, str]
    parents: Mapping[int, int]
    frames: range
    shape_hw: tuple[int, int]

    @property
    def count(self) -> int:
        """Number of masks."""
        return sum(map(len, self.masks.values()))

    @property
    def frames_seen(self) -> list[int]:
        """The frames with a mask of an object that is not absent."""
        return [
            frame
            for frame, masks in self.masks.items()
            if not all(one.mask.is_absent for one in masks.values())
        ]

    def frame(self, frame: int) -> FrameResult:
        """Return a frame's masks as the engine would."""
        return frame_result(frame, self.masks[frame])

    def labels(self, frame: int) -> npt.NDArray[np.uint32]:
        """Draw a frame's label image, (H, W), as it is seen."""
        return draw_labels(np.zeros(self.shape_hw, np.uint32), self.masks[frame])


def take_results(document: Document, frames: range | None = None) -> Results:
    """Take down the masks of a document, on all frames or some."""
    frames = range(document.frame_count) if frames is None else frames
    return Results(
        document.masks.on_frames(frames),
        {i: one.name for i, one in document.objects.items()},
        parents_of(document.objects),
        frames,
        document.shape_hw,
    )


def write_results(
    path: Path,
    chosen: ResultFormat,
    results: Results,
    header: ResultHeader,
    *,
    kept: tuple[Path, ...] = (),
) -> Steps:
    """Write the masks of the frames; values of labels are the ids of the objects.

    Where frames have no numbers of their own, those left out in front do not count.
    What is in ``kept`` is never replaced.
    """
    choose_result_format(path, chosen.name)
    check_apart(chosen.paths(path), kept)
    first = 0
    header = replace(header, shown=results.frames)
    if len(header.axes) > 3:
        check_holds_positions(chosen)
    elif chosen.has_every_frame:
        first = results.frames.start
        frames = resized(header.axes[0], len(results.frames))
        header = replace(header, axes=(frames, *header.axes[1:]))
    with chosen.open(path, header, overwrite=True) as writer:
        for done, frame in enumerate(results.masks):
            yield Progress(done, len(results.masks), f"Writing {path.name}")
            found = results.frame(frame)
            found = replace(found, frame=frame - first)
            writer.write(found, results.labels(frame))
        yield Progress(0, 0, f"Finishing {path.name}…")  # films are encoded here


def provenance_of(controller: Controller, name: str) -> Provenance:
    """Say what made the masks of a session: the tracker that was used last."""
    steps = controller.recorder.steps
    return made_by(last_used(steps), last_fused(steps), image={"name": name})


def said_in(document: Document) -> tuple[Said, ...]:
    """Take down all that was said; describing it may take a while."""
    return tuple(everything_said(document.objects, document.prompts, document.masks))


class Exporter:
    """Writes files in the background; what stops runs stops this as well.

    Parameters
    ----------
    controller : Controller
    """

    saved = Signal(object)
    """The path of the file that is complete now."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def write(
        self, path: Path, steps: Callable[[CancelToken], Steps], *, remark: str = ""
    ) -> None:
        """Take the steps on the lane; ``path`` appears at their end, or not at all."""
        finished: list[Path] = []

        def job(token: CancelToken) -> Generator[Progress | Path]:
            try:
                yield from steps(token)
            except Stopped:
                return
            except OSError as error:  # the image's folder was closed meanwhile, say
                why = error.strerror or error
                raise OutputError(f"{path} cannot be written: {why}.") from error
            yield path

        def take(path: Path) -> None:
            finished.append(path)
            self.saved.emit(path)

        def outcome() -> str:
            if finished:
                return f"Saved: {path}\n{remark}".strip()
            return f"Saving was stopped; {path.name} was not written."

        work = self._controller.other_work
        work.do(job, topic=Topic.EXPORT, on_item=take, outcome=outcome)
