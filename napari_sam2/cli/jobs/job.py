"""One piece of tracking, completely described, and checked before it costs anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from napari_sam2.cli.jobs.reach import Reach, reach_of
from napari_sam2.cli.options.prompting import check_request
from napari_sam2.control.volumes.sight import dims_of
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.positions import NOWHERE, Positions
from napari_sam2.core.quality import EXACT
from napari_sam2.core.recipe import DEFAULT_WINDOW
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.files.output import rehearsal
from napari_sam2.io.pictures.overlay import check_overlay
from napari_sam2.io.reading.stack_frames import frames_at
from napari_sam2.io.writing.placing import affine_of
from napari_sam2.io.writing.result_format import ResultHeader
from napari_sam2.io.writing.result_formats import (
    check_holds_positions,
    choose_result_format,
    find_result_format,
)

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from napari_sam2.cli.options.prompting import Request
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.provenance import Provenance
    from napari_sam2.core.quality import Precision, Quality
    from napari_sam2.core.recipe import WindowMode
    from napari_sam2.core.seed_mode import SeedMode
    from napari_sam2.engine.runs.plan import Direction
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.io.writing.result_format import ResultFormat

_TABLE = find_result_format("csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Files to write.

    Attributes
    ----------
    labels : Path
        The masks, in the format that the name ends like, or ``labels_format`` says.
    table : Path or None
        One row per object and frame, ``.csv``.
    overlays : tuple of Path
        Something to look at: ``.mp4``, ``.gif`` or ``.png``.
    overwrite : bool
        Whether files that are there may be replaced.
    labels_format : str or None
        Name of a format of results.
    """

    labels: Path
    table: Path | None = None
    overlays: tuple[Path, ...] = ()
    overwrite: bool = False
    labels_format: str | None = None

    @property
    def result_format(self) -> ResultFormat:
        """The format of the masks."""
        return choose_result_format(self.labels, self.labels_format)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are asked for."""
        table = () if self.table is None else (self.table,)
        return (self.labels, *table, *self.overlays)

    @property
    def written(self) -> tuple[Path, ...]:
        """All files that will be written, those that nobody names among them."""
        labels = self.result_format.paths(self.labels)
        table = () if self.table is None else _TABLE.paths(self.table)
        return (*labels, *table, *self.overlays)

    @property
    def with_formats(self) -> tuple[tuple[Path, ResultFormat], ...]:
        """All files that will be written, and their formats."""
        table = () if self.table is None else ((self.table, _TABLE.name),)
        overlays = ((path, None) for path in self.overlays)
        named = ((self.labels, self.labels_format), *table, *overlays)
        return tuple((path, choose_result_format(path, name)) for path, name in named)

    def check(self, header: ResultHeader) -> None:
        """Find what stands against results before any is made: open all, write none.

        Raises
        ------
        OutputError
            If one cannot be written, or cannot hold the results.
        """
        for path in self.overlays:  # first, as other endings are other formats
            check_overlay(path, overwrite=self.overwrite)
        with rehearsal() as opened:
            for path, one in self.with_formats:
                if len(header.axes) > 3:
                    check_holds_positions(one)
                opened.enter_context(one.open(path, header, overwrite=self.overwrite))


def outputs_of(args: argparse.Namespace) -> Outputs:
    """Return the files that the options of ``track`` name."""
    return Outputs(
        labels=args.output,
        table=args.table,
        overlays=tuple(args.overlay),
        overwrite=args.overwrite,
        labels_format=args.format,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Objects to be followed through a stack, and where the results go.

    Attributes
    ----------
    frames : StackFrames
        The stack.
    request : Request
        The prompts.
    outputs : Outputs
        The files to write.
    direction : str
        ``"both"``, ``"forward"`` or ``"backward"``, from the prompts.
    span : range
        The frames that may be computed; labels of the others stay empty.
    limits : IntensityLimits or None
        What is shown to the model as black and white; None to estimate it.
    positions : Positions
        Where along other axes objects are followed, one position after the other;
        ``frames`` are those at the first one.
    fused : tuple of StackFrames
        The frames along each axis of the volume whose results are fused, ``frames``
        first; none where objects are followed along one axis.
    seed : str
        How objects come to positions where they are not prompted.
    is_resumed : bool
        Whether a run that broke off is gone on with.
    image_size : int or None
        Side of the square that the model sees, in pixels; None for the model's own.
    window : str
        Whether small objects are looked at in a window: ``"off"``, ``"auto"`` or
        ``"on"``.
    quality : Quality
        How much of what the model could look at it does look at. It says the image
        size where that is None.
    corrects_bleaching : bool
        Whether frames that fade are shown to the model as bright as the first.
    inputs : tuple of Path
        Files that were read, and must never be replaced.
    provenance : Provenance or None
        Written into the outputs that can hold it.
    """

    frames: StackFrames
    request: Request
    outputs: Outputs
    direction: Direction = "both"
    span: range
    limits: IntensityLimits | None = None
    positions: Positions = NOWHERE
    fused: tuple[StackFrames, ...] = ()
    seed: SeedMode = "follow"
    is_resumed: bool = False
    image_size: int | None = None
    window: WindowMode = DEFAULT_WINDOW
    quality: Quality = EXACT
    corrects_bleaching: bool = False
    inputs: tuple[Path, ...] = ()
    provenance: Provenance | None = None

    def check(self) -> None:
        """Find everything that can be wrong before a model is loaded.

        Raises
        ------
        FrameError, PromptError
            If a prompt cannot be answered, or no object would be followed.
        OutputError
            If an output would replace an input, cannot be written, or cannot hold what
            would be in it.
        """
        check_request(self.request, self.frames, self.positions)
        self.reach.check()
        self._check_fused()
        check_apart(self.outputs.written, self.inputs)
        self.outputs.check(self.header)

    def settled(self, limits: IntensityLimits, precision: Precision | None) -> Job:
        """Return the job with all that is known only once a model is loaded.

        Parameters
        ----------
        limits : IntensityLimits
            What is shown to the model as black and white, estimated or not.
        precision : str or None
            What the machine multiplies in.
        """
        made = self.provenance
        if made is not None:
            settings = {**made.settings, "limits": asdict(limits)}
            made = replace(made, settings=settings, precision=precision)
        return replace(self, limits=limits, provenance=made)

    def _check_fused(self) -> None:
        """Check that all axes to be fused are those of one volume."""
        if self.fused:
            dims_of(self.fused)
        names = [axis.name for axis in self.positions.axes]
        if self.fused and self.corrects_bleaching and "t" not in names:
            raise StackError(
                "--correct-bleaching follows one decline over time, and cannot be "
                "joined with --fuse where there is no --every t: leave one out."
            )

    @property
    def reach(self) -> Reach:
        """Which of the objects are followed."""
        return reach_of(self.request, self.positions, self.direction, self.span)

    @property
    def has_parts(self) -> bool:
        """Whether objects are followed at several positions, or along several axes."""
        return bool(self.positions.axes or self.fused)

    @property
    def header(self) -> ResultHeader:
        """What is known of the results before the first frame."""
        names = self.request.names
        return ResultHeader(
            self.result_axes,
            names={i: names.get(i, "") for i in self.request.object_ids},
            provenance=self.provenance,
            frames=AllFrames(self.positions.whole, self.frames_at),
            limits=self.limits,
            affine=affine_of(self.frames, self.positions),
            space_codes=self.frames.stack.space_codes,
            image_axes=(*self.positions.indices, *self.frames.layout.result_axes),
        )

    @property
    def result_axes(self) -> Axes:
        """Positions, frames, rows and columns, with pixel sizes and units."""
        return (*self.positions.axes, *self.frames.axes)

    def frames_at(self, position: Position) -> StackFrames:
        """Return the frames at a position."""
        return frames_at(self.frames, self.positions, position)
