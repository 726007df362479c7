"""The tracking window: small objects in large frames, looked at closely.

SAM 2 sees a frame at 1024 pixels or fewer, so a nucleus of 20 pixels in a frame of
4,096 is a single cell of its mask grid, or nothing. With a window each object is looked
at in a view: a part of the frame around where it was last seen, at the model's full
resolution.

- A view follows from the object alone, never from other objects: its side is the
  object's extent times ``context``, on a scale of powers of √2, and its place is on a
  lattice. Going back, or running again, finds features in the cache, and computing
  objects together or apart, at once or in parts, is the same. Near neighbours of about
  the same size have the same view, and share one pass through the encoder. Others have
  each a view of their own, though one in common would save passes: to hold neighbours
  it must be larger than those that they were prompted in, and that change of scale
  costs overlap (J of bacteria and of nuclei, views 1.4 times larger from the next frame
  on: after a box .28 → .22 and .92 → .86, after a mask .27 → .20 and .92 → .87). Off
  the middle by an eighth of the view, or in larger views from the prompt on, nuclei
  lose nothing (.91 to .92), but bacteria something after a mask (.24 to .25); with
  both, which sharing at one scale would take, much (.16).
  Masks of different views compete for pixels in the frame, as those of one view do.
- A view is kept while the object stays clear of its border and about as large: the
  background then stands still, as in the videos that models learn from. (Centring the
  view on every frame cost half of the overlap on real stacks.) When the view changes,
  spatial memories are looked up at the places that they were made at, so that what
  stood still in the frame stands still for the model.
- The scale at which a prompt was answered is kept for its track: a memory made at one
  scale says little at another. An object that was answered in the whole frame is
  tracked in whole frames, and one that was answered in a window in windows: however it
  grows, and wherever it is looked for, a step in scale is a small one. (With whole
  frames in place of views above a third of their side, J of thirty bacteria followed
  together was .120 after a box and .113 after a mask, in place of .194 and .167; each
  followed alone, .225 and .237 against .221 and .235.)
- Views lie inside the frame, so that all that is seen is real. Where the frame is
  narrower than the view, the view is as narrow, and is squashed as whole frames are.
- A mask that touches its view's border, or is not there, is looked for once more on the
  same frame in a view of twice the side. Lost objects are looked for in views that grow
  with every frame, up to the whole frame.
- What is needed for the next frame (:class:`Sighting`) is kept with the memory of each
  frame, so stopping, going on, undoing and correcting need nothing more.
- A box or a mask says how large the object is. A click does not: it is answered at
  several scales, and a closer one than the whole frame is taken when the model is
  clearly surer of its answer.

Where views come from is decided here, in pure numbers; looking is done elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Real
from typing import get_args

from napari_sam2.core.errors import ModelError
from napari_sam2.core.given import check_given, shown
from napari_sam2.core.recipe import DEFAULT_WINDOW, WindowMode
from napari_sam2.engine.views.view import Box, View, whole_view

# From the least to the most of each number.
_RANGES: dict[str, tuple[float, float]] = {
    "context": (1, math.inf),  # a view that is smaller would cut the object off
    "auto_below": (0, 1),
    "clearance": (0, 0.49),  # from the border on both sides
    "lattice": (0, 1),
    "smallest": (0, 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """When and how closely objects are looked at.

    Parameters
    ----------
    mode : str
        ``"off"`` shows the model whole frames, ``"on"`` a window around every object,
        and ``"auto"`` a window around those objects that gain by it.
    context : float
        Side of a view, in extents of the object.
    auto_below : float
        With ``"auto"``, largest side of a view in which a prompt is answered, in sides
        of the frame; objects that need larger ones are looked at in whole frames,
        exactly as without windows.
        With a third, which magnifies at least three times, no stack that was measured
        lost more overlap than chance would take, whatever the prompt, and those of
        small objects gained much (bacteria: prompted frame .31 → .79 with a box, .67 →
        .99 with a mask). With a half, masks gained more (mean of twelve stacks
        .51 → .57), but what moves by its own length between frames was lost, for a
        closer look magnifies motion as well (the sample of bacteria: .43 → .31).
    clearance : float
        Least distance of the object from the border of its view, in sides of the view.
    lattice : float
        Step between places of views, in sides of the view.
    smallest : float
        Smallest side of a view, in sides of the model's image.
    """

    mode: WindowMode = DEFAULT_WINDOW
    context: float = 2.0
    auto_below: float = 1 / 3
    clearance: float = 0.12
    lattice: float = 0.125
    smallest: float = 0.5

    def __post_init__(self) -> None:
        """Reject a mode that is none, and numbers that no window can have."""
        if self.mode not in get_args(WindowMode):
            raise ModelError(
                f"There is no window {self.mode!r}: choose one of "
                f"{', '.join(get_args(WindowMode))}."
            )
        for name, (least, most) in _RANGES.items():
            span = f"from {least} to {most}" if most < math.inf else f"from {least} on"
            value, noun = getattr(self, name), f"number for {name} of a window"
            advice = f"give one {span}"
            check_given(value, Real, noun, advice, ModelError)
            if not (least <= value <= most and math.isfinite(value)):
                raise ModelError(f"{shown(value)} is no {noun}: {advice}.")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where an object was last seen.

    Attributes
    ----------
    view : View
        What was looked at.
    box_yxyx : tuple of float or None
        The object's box when it was last seen; None if it never was.
    context : float
        Side of the views that suit the object, in extents of it; infinite when it is
        looked at in whole frames.
    missed : int
        Frames since it was seen.
    """

    view: View
    box_yxyx: Box | None
    context: float = math.inf
    missed: int = 0

    def after(self, view: View, box_yxyx: Box | None) -> Sighting:
        """Return the next sighting, which may have been in vain."""
        if box_yxyx is None:
            return replace(self, view=view, missed=self.missed + 1)
        return replace(self, view=view, box_yxyx=box_yxyx, missed=0)


class Window:
    """Decides which part of a frame is looked at for an object.

    Parameters
    ----------
    options : WindowOptions
    shape_hw : tuple of int
        Height and width of every frame.
    image_size : int
        Side of the model's image.
    """

    def __init__(
        self, options: WindowOptions, shape_hw: tuple[int, int], image_size: int
    ) -> None:
        self._options = options
        self._shape_hw = shape_hw
        self._smallest = max(8.0, options.smallest * image_size)
        self.whole = whole_view(shape_hw)
        longest = max(shape_hw)
        self._largest = {
            "off": 0.0, "auto": options.auto_below * longest, "on": longest - 1.0
        }[options.mode]  # fmt: skip
        # A track that began in a window goes on so: a memory of one scale says little
        # about the whole frame, where small things are not to be seen.
        self._largest_later = longest - 1.0

    @property
    def is_off(self) -> bool:
        """Whether all that is ever looked at are whole frames."""
        return self._largest < self._smallest

    def around(self, box_yxyx: Box) -> View:
        """Return the view for an object of a certain box."""
        side = self._options.context * _extent(box_yxyx)
        return self._place(_centre(box_yxyx), side, self._largest)

    def first(self, view: View, box_yxyx: Box | None) -> Sighting:
        """Return the sighting of a prompted object; its scale is that of its track."""
        if view == self.whole or box_yxyx is None:
            return Sighting(view, box_yxyx)
        return Sighting(view, box_yxyx, view.side / _extent(box_yxyx))

    def after(self, sighting: Sighting, gap: int = 1) -> View:
        """Return where to look ``gap`` frames after a sighting."""
        box, missed = sighting.box_yxyx, sighting.missed + gap - 1
        if self.is_off or box is None or math.isinf(sighting.context):
            return self.whole
        side = max(sighting.context * _extent(box), self._smallest)
        suits = _TIGHT <= sighting.view.side / side <= _LOOSE
        if missed == 0 and suits and self._is_clear(sighting.view, box):
            return sighting.view
        side *= _STEP ** min(missed, _MOST_STEPS)
        return self._place(_centre(box), side, self._largest_later)

    def stays_whole(self, sighting: Sighting, gap: int = 1) -> bool:
        """Whether :meth:`after` is the whole frame, and so it goes on.

        What was looked for in a whole frame in vain is likely to be so again; but what
        is found in one after a gap is looked at in a window from then on.
        """
        is_lasting = math.isinf(sighting.context) or sighting.view == self.whole
        return is_lasting and self.after(sighting, gap) == self.whole

    def look_again(self, view: View, box_yxyx: Box | None) -> View | None:
        """Return a wider view for what is lost or cut off in one, or None."""
        if view == self.whole:
            return None
        if box_yxyx is not None and not self._is_cut(view, box_yxyx):
            return None
        middle = view.centre_yx if box_yxyx is None else _centre(box_yxyx)
        return self._place(middle, 2 * view.side, self._largest_later)

    def scales(self, box_yxyx: Box) -> list[View]:
        """Return views of all scales around a place, the closest first."""
        if self.is_off:
            return [self.whole]
        views, side, centre = [], 1.5 * _extent(box_yxyx), _centre(box_yxyx)
        while (view := self._place(centre, side, self._largest)) != self.whole:
            views.append(view)
            side = 2 * max(side, self._smallest)
        return [*views, self.whole]

    def _place(
        self, centre_yx: tuple[float, float], side: float, largest: float
    ) -> View:
        """Return the view of about this side whose middle is nearest to a point."""
        side = max(side, self._smallest)
        level = round(math.log(side / self._smallest, _STEP))
        even = 8 * round(self._smallest * _STEP**level / 8)
        if even > largest:
            return self.whole
        step = max(1, round(even * self._options.lattice))
        y, x = (
            _on_lattice(centre, min(even, length), length, step)
            for centre, length in zip(centre_yx, self._shape_hw, strict=True)
        )
        height, width = (min(even, length) for length in self._shape_hw)
        return View(y, x, height, width)

    def _is_clear(self, view: View, box_yxyx: Box) -> bool:
        return not self._is_beyond(view, box_yxyx, self._options.clearance)

    def _is_cut(self, view: View, box_yxyx: Box) -> bool:
        return self._is_beyond(view, box_yxyx, 1 / 64)

    def _is_beyond(self, view: View, box_yxyx: Box, margin: float) -> bool:
        """Whether a box comes near a border of the view that is none of the frame."""
        y0, x0, y1, x1 = box_yxyx
        bottom, right = view.y + view.height, view.x + view.width
        (height, width), rows, columns = (
            self._shape_hw, margin * view.height, margin * view.width
        )  # fmt: skip
        return (
            (view.y > 0 and y0 < view.y - 0.5 + rows)
            or (view.x > 0 and x0 < view.x - 0.5 + columns)
            or (bottom < height and y1 > bottom - 0.5 - rows)
            or (right < width and x1 > right - 0.5 - columns)
        )


_STEP = math.sqrt(2.0)
# In so many steps the smallest view outgrows every frame; more of them end in infinity.
_MOST_STEPS = 64
# Views are kept while they are this much too small or too large.
_TIGHT, _LOOSE = 0.67, 1.5


def _centre(box_yxyx: Box) -> tuple[float, float]:
    y0, x0, y1, x1 = box_yxyx
    return (y0 + y1) / 2, (x0 + x1) / 2


def _extent(box_yxyx: Box) -> float:
    y0, x0, y1, x1 = box_yxyx
    return max(y1 - y0, x1 - x0) + 1


def _on_lattice(centre: float, size: int, length: int, step: int) -> int:
    start = step * round((centre - (size - 1) / 2) / step)
    return max(0, min(start, length - size))
