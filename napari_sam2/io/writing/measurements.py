"""What is measured of every object on every frame: the one definition of the columns.

The command line and the window both measure with a :class:`Measurer`; what they do with
the rows, a file or a table on the screen, is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import distinct_names
from napari_sam2.core.results import Verdict
from napari_sam2.core.units import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.results import FrameResult, MaskResult

NAME = "name"
"""The one column of words: it is looked up by object, and not among the rows."""

# Hours at hundreds of frames a second, and 32 bits; single precision has no more.
_TIME, _INTENSITY = ".12g", ".8g"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    name : str
        With the unit, where there is one: ``area_um2``.
    tip : str
        What it means.
    dtype : str
        Of its values. Floating point numbers that do not exist are NaN, such indices
        are negative.
    style : str
        How a number is written.
    """

    name: str
    tip: str
    dtype: str = "f8"
    style: str = ".6g"

    def write(self, value: Any) -> str:
        """Return a value as text; nothing where there is none."""
        if self.dtype == "f8":
            return f"{value:{self.style}}" if np.isfinite(value) else ""
        return str(int(value)) if value >= 0 else ""


_WHICH = (
    Column("frame", "Frame, from 0", "i8"),
    Column("object", "Number of the object: its value in the labels", "i8"),
)
_PARENT = Column(
    "parent", "Number of the object that divided into it; 0 for none", "i8"
)
_CONFIDENCE = (
    Column("predicted_iou", "The model's estimate of how well the mask fits, 0 to 1"),
    Column("object_logit", "Above 0 where the model sees the object at all"),
)
_FLAGS = (
    Column("prompted", "1 where you said where the object is", "i1"),
    Column("painted", "1 where the pixels are your own", "i1"),
    Column("accepted", "1 where you accepted the mask in review", "i1"),
    Column("locked", "1 where you locked the mask", "i1"),
    Column("absent", "1 where the object is not in the frame", "i1"),
)


@dataclass(frozen=True)
class Measurer:
    """Measures the objects of one stack.

    Attributes
    ----------
    axes : tuple of Axis or None
        Frames, rows and columns, with pixel sizes and units. Where these are known,
        there are calibrated columns besides those in pixels; a centre is then given
        from the centre of the first pixel. Columns are called after rows and columns:
        ``centroid_z`` and ``centroid_x`` where y is followed. Axes of positions may
        come first, and have a column each; frames of results are then planes of these
        and of the frames, counted with the last one fastest.
    channels : tuple of str
        Names of the channels of the image, none for grey ones; see
        :func:`napari_sam2.core.frames.source.channel_labels`.
    parents : mapping of int to int
        Of those objects that came of one that divided.
    times : sequence of float or None
        When each frame is shown, in the unit of the axis of frames, where they do not
        follow each other evenly; see :mod:`napari_sam2.core.frames.times`.
    """

    axes: Axes | None = None
    channels: tuple[str, ...] = ()
    times: Sequence[float] | None = None
    parents: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns, the name of the object among them."""
        which = (*self._where, *_WHICH, Column(NAME, "Name of the object", "O"))
        return (*which, *self._measured)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Of the rows: all columns but the name."""
        stored = (*self._where, *_WHICH, *self._measured)
        return np.dtype([(one.name, one.dtype) for one in stored])

    def measure(
        self, result: FrameResult, pixels: npt.NDArray[Any]
    ) -> npt.NDArray[np.void]:
        """Measure the objects of a frame.

        Parameters
        ----------
        result : FrameResult
        pixels : ndarray, shape (H, W) or (H, W, C)
            The frame as it was read; pixels that are not finite do not count.

        Returns
        -------
        ndarray of :attr:`dtype`, shape (objects,)
            In the order of ``result``; absent objects have an area of 0.
        """
        rows = [tuple(self._row(one, pixels)) for one in result]
        return np.array(rows, self.dtype)

    def as_text(self, row: np.void, names: Mapping[int, str]) -> list[str]:
        """Return one measured row as the cells of a file."""
        return [
            names.get(int(row["object"]), "")
            if one.name == NAME
            else one.write(row[one.name])
            for one in self.columns
        ]

    def frame_of(self, row: np.void) -> int:
        """Return the number of a measured row's frame, over all positions."""
        number = 0
        for axis, name in zip(self._positions, self._position_names, strict=True):
            number = number * axis.size + int(row[name])
        length = 1 if self.axes is None else self.axes[-3].size
        return (number * length if self._positions else 0) + int(row["frame"])

    @property
    def _positions(self) -> Axes:
        return () if self.axes is None else self.axes[:-3]

    @cached_property
    def _position_names(self) -> tuple[str, ...]:
        return distinct_names(self._positions)

    @cached_property
    def _where(self) -> tuple[Column, ...]:
        return tuple(
            Column(name, f"Position along {name}, from 0", "i8")
            for name in self._position_names
        )

    @cached_property
    def _measured(self) -> tuple[Column, ...]:
        intensities = (
            Column(
                f"{how}_intensity{name}",
                f"{how.title()} of the image in the mask",
                style=_INTENSITY,
            )
            for name in ([f"_{one}" for one in self.channels] or [""])
            for how in ("mean", "min", "max")
        )
        shape = _shape(*self._plane)
        return (_PARENT, *shape, *self._calibrated, *intensities, *_CONFIDENCE, *_FLAGS)

    @cached_property
    def _calibrated(self) -> tuple[Column, ...]:
        along, area = _ascii_unit(self.axes, -3), _ascii_unit(self.axes, -2)
        found = []
        for number, name in enumerate(self._position_names):
            if unit := _ascii_unit(self._positions, number):
                tip = f"Position along {name}, in its unit"
                found.append(Column(f"{name}_{unit}", tip, style=_TIME))
        if along:
            tip = "The frame's time or depth"
            found.append(Column(f"position_{along}", tip, style=_TIME))
        if self._has_area:
            rows, columns = self._plane
            found += [
                Column(f"area_{area}2", "Area in the units of the image"),
                Column(f"centroid_{rows}_{area}", "Centre, from the first row"),
                Column(f"centroid_{columns}_{area}", "Centre, from the first column"),
            ]
        return tuple(found)

    # All of it on the crop, in plain numpy: for cells of 15 to 200 pixels across this
    # takes 50 to 500 µs per object, and regionprops of scikit-image 6 to 8 times as
    # long, the same numbers coming out. A table has up to millions of rows.
    def _row(self, one: MaskResult, pixels: npt.NDArray[Any]) -> Iterator[Any]:
        nan = float("nan")
        area, (y, x) = one.area, one.centroid_yx or (nan, nan)
        yield from self._indices(one.frame)
        yield from (one.object_id, self.parents.get(one.object_id, 0), area, y, x)
        yield from one.box_yxyx or (-1,) * 4
        if self._calibrated and self.axes is not None:
            rows, columns = self.axes[-2:]
            yield from self._places(self._indices(one.frame), self.axes[:-2])
            if self._has_area:
                yield area * rows.scale * columns.scale
                yield from (y * rows.scale, x * columns.scale)
        values = pixels[one.slices][one.crop]
        for channel in range(max(1, len(self.channels))):
            yield from _intensities(values if values.ndim == 1 else values[:, channel])
        yield from (one.predicted_iou, one.object_logit, one.is_prompted)
        yield from (flag in one.verdict for flag in Verdict)
        yield one.is_absent

    def _places(self, indices: tuple[int, ...], axes: Axes) -> Iterator[float]:
        """Yield where a frame lies along the axes that have a unit."""
        places = [i * axis.scale for i, axis in zip(indices, axes, strict=True)]
        if self.times is not None:
            places[-1] = self.times[indices[-1]]
        yield from (one for one, axis in zip(places, axes, strict=True) if axis.unit)

    @property
    def _plane(self) -> tuple[str, str]:
        """What rows and columns lie along: along z and x, where y is followed."""
        names = () if self.axes is None else tuple(one.name for one in self.axes[-2:])
        rows, columns = names if len({*names} & set("zyx")) == 2 else "yx"
        return rows, columns

    @property
    def _has_area(self) -> bool:
        rows, columns = _ascii_unit(self.axes, -2), _ascii_unit(self.axes, -1)
        return bool(rows) and rows == columns

    def _indices(self, frame: int) -> tuple[int, ...]:
        """Return the position, and the frame in it."""
        if not self._positions or self.axes is None:
            return (frame,)
        shape = [axis.size for axis in self.axes[:-2]]
        return tuple(map(int, np.unravel_index(frame, shape)))


def _shape(rows: str, columns: str) -> Iterator[Column]:
    """Yield the columns of a mask's shape, by the names of its plane's axes."""
    yield Column("area", "Pixels in the mask; 0 where the object is absent", "i8")
    yield Column(f"centroid_{rows}", "Centre of the mask: row, from 0", style=".3f")
    tip = "Centre of the mask: column, from 0"
    yield Column(f"centroid_{columns}", tip, style=".3f")
    yield Column(f"{rows}0", "First row of the bounding box", "i8")
    yield Column(f"{columns}0", "First column of the bounding box", "i8")
    yield Column(f"{rows}1", "Last row of the bounding box, included", "i8")
    yield Column(f"{columns}1", "Last column of the bounding box, included", "i8")


def _intensities(values: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Return mean, minimum and maximum of what is finite."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return (float("nan"),) * 3
    mean = values.mean(dtype=np.float64)
    return float(mean), float(values.min()), float(values.max())


def _ascii_unit(axes: Axes | None, axis: int) -> str:
    """Return the unit of an axis as it can stand in the name of a column."""
    unit = "" if axes is None else unit_symbol(axes[axis].unit)
    return unit.replace("µ", "u").replace("Å", "angstrom")
