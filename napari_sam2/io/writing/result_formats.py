"""All formats of results, for the command line and the window alike."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.core.frames.source import channel_labels
from napari_sam2.core.frames.times import frame_times
from napari_sam2.io.files.folder_output import check_named
from napari_sam2.io.files.output import looking_for
from napari_sam2.io.writing.beside import provenance_beside
from napari_sam2.io.writing.coco import open_coco
from napari_sam2.io.writing.coco_video import open_coco_video
from napari_sam2.io.writing.ctc import open_ctc
from napari_sam2.io.writing.label_writer import LabelWriter, open_label_writer
from napari_sam2.io.writing.nifti_labels import open_nifti_labels
from napari_sam2.io.writing.overlay_result import open_overlay
from napari_sam2.io.writing.png_labels import open_png_labels
from napari_sam2.io.writing.result_format import ImageUse, ResultFormat, ResultHeader
from napari_sam2.io.writing.table import TableWriter, open_table_writer
from napari_sam2.io.writing.tracks_table import open_tracks
from napari_sam2.io.writing.turned import in_file_order
from napari_sam2.io.writing.zarr_labels import zarr_labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.results import FrameResult


@dataclass(frozen=True, slots=True)
class _Labels:
    writer: LabelWriter

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        self.writer.write(result.frame, labels)


@dataclass(frozen=True, slots=True)
class _Table:
    writer: TableWriter
    frames: FrameSource

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        self.writer.write(result, self.frames[result.frame])


@contextmanager
def _open_labels(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Labels]:
    with open_label_writer(
        path,
        header.shape_hw,
        header.frame_count,
        header.axes,
        largest_id=header.largest_id,
        overwrite=overwrite,
        provenance=header.provenance,
        times=frame_times(header.frames),
    ) as writer:
        yield _Labels(writer)


@contextmanager
def _open_table(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Table]:
    assert header.frames is not None, "a table measures the image"
    with ExitStack() as both:
        both.enter_context(
            provenance_beside(path, header.provenance, overwrite=overwrite)
        )
        table = open_table_writer(
            path,
            header.names,
            header.axes,
            channel_labels(header.frames),
            frame_times(header.frames),
            parents=header.parents,
            overwrite=overwrite,
        )
        yield _Table(both.enter_context(table), header.frames)


RESULT_FORMATS: tuple[ResultFormat, ...] = (
    ResultFormat(
        "labels-tiff",
        "OME-TIFF label stack: 0 is background, other values are objects",
        (".tif", ".tiff"),
        in_file_order(_open_labels),
        has_every_frame=True,
        holds_positions=True,
    ),
    ResultFormat(
        "labels-zarr",
        "OME-Zarr 0.5 pyramid of labels, with names and colours",
        (".ome.zarr", ".zarr"),
        in_file_order(zarr_labels("0.5"), time_first=True),  # as OME-Zarr wants
        is_folder=True,
        has_every_frame=True,
        holds_positions=True,
    ),
    ResultFormat(
        "labels-zarr-0.4",
        "OME-Zarr 0.4 likewise, for programs that do not read 0.5 yet",
        (".ome.zarr", ".zarr"),
        in_file_order(zarr_labels("0.4"), time_first=True),
        is_folder=True,
        has_every_frame=True,
        holds_positions=True,
    ),
    ResultFormat(
        "labels-nifti",
        "NIfTI labels, in the space of the scanner where the image tells it",
        (".nii.gz", ".nii"),
        in_file_order(open_nifti_labels),
        image=ImageUse.HELPFUL,
        has_every_frame=True,
        holds_positions=True,
    ),
    ResultFormat(
        "labels-png",
        "PNG folder of indexed pictures, as DAVIS has them: 00000.png, 00001.png, …",
        (),
        open_png_labels,
        is_folder=True,
        has_every_frame=True,
        has_file_beside=True,
    ),
    ResultFormat(
        "coco",
        "COCO JSON: frames as images, masks as run lengths",
        (".json",),
        open_coco,
    ),
    ResultFormat(
        "coco-video",
        "COCO JSON of videos, as YouTube-VIS has it: masks by object",
        (".json",),
        open_coco_video,
    ),
    ResultFormat(
        "ctc",
        "CTC folder, of the Cell Tracking Challenge: maskT.tif and res_track.txt",
        (),
        in_file_order(open_ctc),
        is_folder=True,
        has_every_frame=True,
        holds_positions=True,
        has_file_beside=True,
    ),
    ResultFormat(
        "csv",
        "CSV table of every object on every frame: area, position, intensity, …",
        (".csv",),
        _open_table,
        image=ImageUse.NEEDED,
        holds_positions=True,
        has_file_beside=True,
        noun="a table",
    ),
    ResultFormat(
        "tracks",
        "CSV of the objects' paths, as napari's tracks: track, frame, y, x",
        (".csv",),
        open_tracks,
        holds_positions=True,
        has_file_beside=True,
    ),
    ResultFormat(
        "overlay-mp4",
        "MP4 video of the masks over the image",
        (".mp4",),
        open_overlay,
        image=ImageUse.NEEDED,
    ),
    ResultFormat(
        "overlay-gif",
        "GIF animation of the masks over the image, of up to 150 frames",
        (".gif",),
        open_overlay,
        image=ImageUse.NEEDED,
    ),
    ResultFormat(
        "overlay-png",
        "PNG sheet of up to twelve pictures of the masks over the image",
        (".png",),
        open_overlay,
        image=ImageUse.NEEDED,
    ),
)


def check_holds_positions(chosen: ResultFormat) -> None:
    """Raise OutputError for a format that has no room for positions."""
    if not chosen.holds_positions:
        able = ", ".join(one.name for one in RESULT_FORMATS if one.holds_positions)
        raise OutputError(
            f"{chosen.name} holds one position of a stack only, and there are several: "
            f"choose one of {able}."
        )


def find_result_format(name: str) -> ResultFormat:
    """Return a format by its name.

    Raises
    ------
    OutputError
        If there is none; the message lists all.
    """
    for one in RESULT_FORMATS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in RESULT_FORMATS)
    raise OutputError(f"There is no format {name}: choose one of {known}.")


def guess_result_format(path: Path) -> ResultFormat:
    """Return the first format whose outputs end like ``path``.

    Raises
    ------
    OutputError
        If there is none.
    """
    for one in RESULT_FORMATS:
        if _ends_as(path, one):
            return one
    known = ", ".join(one.name for one in RESULT_FORMATS)
    raise OutputError(
        f"The ending of {path} is that of no format: say which with --format: {known}."
    )


def choose_result_format(path: Path, name: str | None = None) -> ResultFormat:
    """Return the format of a name or, without one, of the ending of ``path``.

    Raises
    ------
    OutputError
        If there is none, or ``path`` does not end as the format needs it, or is no name
        of a folder, or that of a file.
    """
    if name is None:
        return guess_result_format(path)
    chosen = find_result_format(name)
    if chosen.is_folder:
        check_named(path)
        _check_no_file(path, chosen)
    if chosen.suffixes and not _ends_as(path, chosen):
        endings = " or ".join(chosen.suffixes)
        raise OutputError(f"{path} must end in {endings} to hold {chosen.content}.")
    return chosen


def _check_no_file(path: Path, chosen: ResultFormat) -> None:
    """Check that a new folder of any name is not called as a file would be."""
    with looking_for(path):
        if chosen.suffixes or path.is_dir():
            return
    if any(_ends_as(path, one) for one in RESULT_FORMATS):
        raise OutputError(
            f"{chosen.name} is a folder, and {path.name} the name of a file: give "
            f"{path} without its ending, or choose another format."
        )


def _ends_as(path: Path, one: ResultFormat) -> bool:
    return bool(one.suffixes) and path.name.lower().endswith(one.suffixes)
