"""What every format of results has in common: frame after frame into a file.

A format is a :class:`ResultFormat`: a name, words for people, and a function that opens
a :class:`ResultWriter`. :mod:`napari_sam2.io.writing.result_formats` lists all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from napari_sam2.io.reading.opened import SCANNER
from napari_sam2.io.writing.beside import beside_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.provenance import Provenance
    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.reading.opened import Affine, SpaceCodes


@dataclass(frozen=True, slots=True, eq=False)
class ResultHeader:
    """What is known before the first frame is written.

    Attributes
    ----------
    axes : tuple of Axis
        Frames, rows and columns, with pixel sizes and units. Formats that hold
        positions also take several axes before rows and columns: then a frame is one
        plane of these, counted with the last of them fastest.
    names : mapping of int to str
        Of the objects, by id; every object that may occur has one.
    parents : mapping of int to int
        Of those objects that came of one that divided.
    provenance : Provenance or None
        Written into every file that can hold it, and beside those that cannot.
    frames : FrameSource or None
        The image, for formats that measure it or show it.
    limits : IntensityLimits or None
        Intensities shown as black and white; None to estimate them.
    affine : tuple of 3 rows of 4 float, or None
        Where a scanner's volume lies in the patient, as ``Stack.affine``.
    space_codes : tuple of int
        NIfTI's codes of the space that the affine leads to, as ``Stack.space_codes``.
    image_axes : tuple of int
        Where each of ``axes`` is among those of the image, which orders axes whose
        names do not; none where they come in that order.
    shown : range or None
        The frames that were asked for, where a film is to show them all; None for all
        of the image.
    token : CancelToken or None
        Looked at in what takes long once all frames are there, such as a film: when it
        is cancelled, writing ends with ``Stopped``, and nothing is left.
    """

    axes: Axes
    names: Mapping[int, str] = field(default_factory=dict)
    provenance: Provenance | None = None
    frames: FrameSource | None = None
    limits: IntensityLimits | None = None
    affine: Affine | None = None
    space_codes: SpaceCodes = SCANNER
    image_axes: tuple[int, ...] = ()
    shown: range | None = None
    token: CancelToken | None = None
    parents: Mapping[int, int] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return math.prod(self.shape[:-2])

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of the frames in pixels."""
        return self.axes[-2].size, self.axes[-1].size

    @property
    def image_name(self) -> str:
        """Name of the image, where it is known."""
        image = {} if self.provenance is None else self.provenance.image
        return str(image.get("name") or "image")

    @property
    def largest_id(self) -> int:
        """The largest object id."""
        return max(self.names, default=1)


class ResultWriter(Protocol):
    """Takes the results of one frame after the other."""

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        """Write a frame.

        Frames come in order, each at most once; those that never come have no masks.

        Parameters
        ----------
        result : FrameResult
            The objects, absent ones included; masks may overlap.
        labels : ndarray of uint32, shape (H, W)
            What is seen where they do; 0 where there is no object. Written over when
            the next frame comes.
        """
        ...


class OpenWriter(Protocol):
    """Opens a file, or folder, for results."""

    def __call__(
        self, path: Path, header: ResultHeader, *, overwrite: bool
    ) -> AbstractContextManager[ResultWriter]:
        """Return a writer; all is in place, or nothing is, when its block ends.

        Raises
        ------
        OutputError
            Before the block runs, if nothing can be written there.
        """
        ...


class ImageUse(Enum):
    """What a format does with the image that masks are of."""

    UNUSED = auto()
    HELPFUL = auto()
    """It says where the image lies in space, if it can be found."""
    NEEDED = auto()
    """It measures or shows the pixels."""


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """One way to write results.

    Attributes
    ----------
    name : str
        What users type.
    description : str
        One phrase that helps to choose.
    suffixes : tuple of str
        Endings of names, the usual one first; none where a folder may have any name.
    open : callable
    image : ImageUse
        Whether ``header.frames`` must be there.
    is_folder : bool
        Whether a folder is written.
    has_every_frame : bool
        Whether frames without masks are in it, empty; without a number of their own.
    holds_positions : bool
        Whether it takes results of a stack with more axes than frames, rows and
        columns.
    has_file_beside : bool
        Whether its provenance is in a file of its own, beside it.
    noun : str
        What it holds, where its name does not say that: "a table".
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    open: OpenWriter
    image: ImageUse = ImageUse.UNUSED
    is_folder: bool = False
    has_every_frame: bool = False
    holds_positions: bool = False
    has_file_beside: bool = False
    noun: str = ""

    @property
    def content(self) -> str:
        """What a file of this format holds, in sentences."""
        return self.noun or self.name

    def paths(self, path: Path) -> tuple[Path, ...]:
        """Return everything that is written, and may be replaced, with ``path``."""
        return (path, beside_of(path)) if self.has_file_beside else (path,)
