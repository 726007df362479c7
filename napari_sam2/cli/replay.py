"""``napari-sam2 track --project``: a project's masks, made again without a window."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import INTERRUPTED, stop_on_interrupt
from napari_sam2.cli.jobs.job import outputs_of
from napari_sam2.cli.options.arguments import FrameSpan, UsageError
from napari_sam2.cli.options.project import finish, open_project_image, refuse_options
from napari_sam2.core.recipe import DEFAULT_WINDOW, Made
from napari_sam2.engine.weights import BUNDLED_NAME, weights_sha256
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.writing.placing import affine_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from napari_sam2.cli.jobs.job import Outputs
    from napari_sam2.control.ports import Tracker
    from napari_sam2.control.telling.replaying import Replayed
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.quality import Quality
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.said import Described
    from napari_sam2.engine.network import Network
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.io.writing.result_format import ResultHeader
    from napari_sam2.project.values import Project

_SAID_BY_PROJECT: dict[str, object] = {
    "stack": [], "as_channels": False,
    "point": [], "box": [], "mask": [], "prompts": [], "axis": None,
    "at": [], "series": None, "level": 0, "channels": None, "limits": None,
    "direction": "both",
    "frames": FrameSpan(), "model": BUNDLED_NAME, "image_size": None,
    "quality": "exact",
    "window": DEFAULT_WINDOW, "correct_bleaching": False, "every": [], "seed": "follow",
    "axes": (), "fuse": False,
}  # fmt: skip


def track_project(args: argparse.Namespace) -> int:
    """Make the masks of a project again, and write them."""
    from napari_sam2.project.image_paths import image_paths
    from napari_sam2.project.reading import read_project
    from napari_sam2.project.results import said_in

    refuse_options(args, _SAID_BY_PROJECT)
    if args.resume:
        raise UsageError(
            "A project is always done again from its beginning: leave --resume out."
        )
    project = read_project(args.project)
    frames = open_project_image(project, args)
    with closing(frames.stack):
        outputs = outputs_of(args)
        check_apart(
            outputs.written,
            (frames.stack.path, args.project, *image_paths(project, args.project)),
        )
        said = said_in(project)
        outputs.check(_header(project, frames, said))
        replayed = _replay(project, frames, args)
        if replayed.is_stopped and not replayed.contents.masks:
            raise KeyboardInterrupt(
                "Stopped before the first mask: nothing was written."
            )
        redone = replace(project, contents=replayed.contents)
        _write(redone, _header(redone, frames, said), outputs)
    words = _wording(replayed, project.contents.steps)
    print(f"{words}: {', '.join(map(str, outputs.paths))}")
    return INTERRUPTED if replayed.is_stopped else 0


def _replay(
    project: Project, frames: StackFrames, args: argparse.Namespace
) -> Replayed:
    """Do the project's steps again, until Ctrl-C stops it between two frames."""
    from napari_sam2.control.telling.replaying import replay
    from napari_sam2.project.seen import frames_at_step

    models = _Models(args)

    def make(made: Made) -> Tracker:
        seen = frames_at_step(made, frames, project, args.project)
        return _make_tracker(made, models.of(made), seen)

    with stop_on_interrupt() as token:
        return finish(replay(project.contents, make, token), "replaying")


def _make_tracker(made: Made, model: Network, frames: FrameSource) -> Tracker:
    from napari_sam2.engine.options import TrackerOptions  # torch takes seconds
    from napari_sam2.engine.setting_up import set_up_tracker

    tracker = set_up_tracker(
        model,
        frames,
        limits=made.limits,
        corrects_bleaching=made.corrects_bleaching,
        options=TrackerOptions.chosen(made.window, made.quality),
    )
    return tracker


class _Models:
    """Loads the models of steps, and says what differs from when they were made.

    The last one is kept, as most steps are of the same.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._told: set[str] = set()
        self._key: tuple[str, int, Quality] | None = None
        self._model: Network | None = None

    def of(self, made: Made) -> Network:
        """Return a step's model."""
        key = made.model, made.image_size, made.quality
        if self._model is None or key != self._key:
            self._model = None  # first, so that two are never in memory at once
            self._model, self._key = self._load(made), key
        if made.sha256 not in (None, weights_sha256(made.model)):
            words = "are other weights than when the project was made: masks will"
            self._tell(f"{made.model} {words} differ.")
        before, now = made.precision, self._model.precision
        if None not in (before, now) and before != now:
            self._tell(
                f"The project's masks were computed in {before}, and this machine "
                f"computes them in {now}: some will differ a little."
            )
        return self._model

    def _load(self, made: Made) -> Network:
        from napari_sam2.engine.loading import load_model  # torch takes seconds

        return load_model(
            made.model,
            device=self._args.device,
            image_size=made.image_size or None,
            backend=self._args.backend,
            quality=made.quality,
            is_compiled=self._args.is_compiled,
        )

    def _tell(self, sentence: str) -> None:
        """Say once what may hold of several steps."""
        if sentence not in self._told:
            print(f"napari-sam2: {sentence}", file=sys.stderr)
        self._told.add(sentence)


def _header(project: Project, frames: StackFrames, said: Described) -> ResultHeader:
    from napari_sam2.project.results import result_header
    from napari_sam2.project.whole_image import all_frames, positions_in

    return result_header(
        project,
        all_frames(frames, project.stack),
        affine=affine_of(frames, positions_in(frames, project.stack)),
        space_codes=frames.stack.space_codes,
        said=said,
    )


def _write(project: Project, header: ResultHeader, outputs: Outputs) -> None:
    from napari_sam2.project.results import export

    for path, chosen in outputs.with_formats:
        written = export(
            project, path, chosen, header=header, overwrite=outputs.overwrite
        )
        finish(written, "writing")


def _wording(replayed: Replayed, steps: Iterable[RecipeStep]) -> str:
    """Say how the masks compare with those in the project."""
    total = replayed.same + replayed.changed
    if replayed.changed:
        found = (
            f"{replayed.changed} of {total} masks of the model differ from the "
            f"project's, by up to {replayed.changed_pixels} pixels"
        )
        if any(isinstance(one, Made) and one.limits is None for one in steps):
            found += (
                " (the intensities that the model saw as black and white are estimated "
                "again, because the project does not say them)"
            )
    elif total:
        found = f"All {total} masks of the model are as in the project, to the pixel"
    else:
        found = "There was nothing to do again"
    if replayed.is_stopped:
        found = (
            f"Stopped: {replayed.left_out} masks were not made again, and are left "
            f"out. {found}"
        )
    if replayed.unknown:
        found += (
            f"; {replayed.unknown} are written as they are, because the project does "
            "not say how they were made"
        )
    return found
