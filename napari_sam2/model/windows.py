"""In which order the tokens of a grid lie, so that attention windows need no copies.

Nothing in the trunk but its windows depends on where a token is: its position code is
added once, at the start. So tokens are brought into the order of the windows where
these change, a few times in the whole trunk, and every window is a run of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.model.position import ShapeTables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_PADDING = -1
_tables = ShapeTables()


class Strip(NamedTuple):
    """A part of the grid that is covered by windows of one shape."""

    rows: slice
    columns: slice
    window_hw: tuple[int, int]
    missing: int  # tokens that lie beyond the grid, per window


@dataclass(frozen=True, slots=True)
class Layout:
    """An order of the tokens of a grid: window after window, each row by row.

    Attributes
    ----------
    height, width : int
        The grid, in tokens.
    window : int
        Side of the windows; 0 for one window that is the whole grid.
    is_padded : bool
        Whether windows that the grid's edge cuts are filled up with zeros to whole
        ones. That is more work in fewer steps. Otherwise windows of one shape follow
        those of another.
    """

    height: int
    width: int
    window: int = 0
    is_padded: bool = False

    @property
    def numbers(self) -> tuple[int, int, int, bool]:
        """All that it consists of."""
        return self.height, self.width, self.window, self.is_padded

    @property
    def has_padding(self) -> bool:
        """Whether some tokens lie beyond the grid."""
        return self.is_padded and bool(
            self.window and (self.height % self.window or self.width % self.window)
        )

    def with_window(self, window: int) -> Layout:
        """Return the same grid in the order of other windows."""
        return Layout(self.height, self.width, window, self.is_padded)

    def pooled(self) -> Layout:
        """Return the order of what is left when 2 × 2 tokens have become one."""
        height, width = self.height // 2, self.width // 2
        return Layout(height, width, self.window // 2, self.is_padded)

    def strips(self) -> tuple[Strip, ...]:
        """Return the parts that have windows of one shape, as tokens follow."""
        if not self.window:
            whole = slice(0, self.height), slice(0, self.width)
            return (Strip(*whole, (self.height, self.width), 0),)
        if not self.has_padding:
            return tuple(window_strips(self.height, self.width, self.window))
        height, width = (n + -n % self.window for n in (self.height, self.width))
        return tuple(window_strips(height, width, self.window))


def prefers_padding(x: Tensor) -> bool:
    """Whether filling up cut windows is quicker than a step for every shape of them.

    A GPU works through the few more tokens in less time than it takes to start the
    many small steps; a processor does not. On ``meta``, where work is only counted, it
    is the work that cannot be done without.
    """
    return x.device.type not in ("cpu", "meta")


def window_strips(height: int, width: int, window: int) -> Iterator[Strip]:
    """Cut a grid into at most four parts: whole windows, and those cut by an edge."""
    for rows, window_h in _runs(height, window):
        for columns, window_w in _runs(width, window):
            missing = window * window - window_h * window_w
            yield Strip(rows, columns, (window_h, window_w), missing)


def _runs(size: int, window: int) -> Iterator[tuple[slice, int]]:
    whole = size - size % window
    if whole:
        yield slice(0, whole), window
    if whole < size:
        yield slice(whole, size), size - whole


def cut(x: Tensor, layout: Layout) -> list[tuple[Tensor, Strip]]:
    """Cut tokens (B, N, C) into the windows of each strip, (B * windows, h, w, C)."""
    strips = layout.strips()
    counts = [_size(s.rows) * _size(s.columns) for s in strips]
    parts = x.split(counts, dim=1) if len(strips) > 1 else [x]
    return [
        (part.reshape(-1, *strip.window_hw, x.shape[-1]), strip)
        for part, strip in zip(parts, strips, strict=True)
    ]


def _size(part: slice) -> int:
    size: int = part.stop - part.start
    return size


def join(windows: list[Tensor], batch: int) -> Tensor:
    """Undo :func:`cut`."""
    parts = [part.reshape(batch, -1, part.shape[-1]) for part in windows]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def rearranged(x: Tensor, old: Layout, new: Layout) -> Tensor:
    """Bring tokens (B, N, C) of one grid from one order to another.

    What comes to lie beyond the grid is arbitrary.
    """
    if old.strips() == new.strips():
        return x
    return x.index_select(1, _moves(old, new, x.device))


def inside(layout: Layout, device: torch.device) -> Tensor:
    """Return which tokens lie on the grid, bool (N,)."""
    return _tables.get(
        ("inside", *layout.numbers, str(device)),
        lambda: (_order(layout) != _PADDING).to(device),
    )


def places_inside(layout: Layout, device: torch.device) -> Tensor:
    """Return the numbers of the tokens that lie on the grid."""
    return _tables.get(
        ("places", *layout.numbers, str(device)),
        lambda: (_order(layout) != _PADDING).nonzero()[:, 0].to(device),
    )


def _moves(old: Layout, new: Layout, device: torch.device) -> Tensor:
    """Return where each token of the new order lies in the old one."""

    def make() -> Tensor:
        before, after = _order(old), _order(new)
        places = torch.zeros(old.height * old.width, dtype=torch.long)
        on_grid = before != _PADDING
        places[before[on_grid]] = on_grid.nonzero()[:, 0]
        return places[after.clamp(min=0)].to(device)

    return _tables.get(("moves", *old.numbers, *new.numbers, str(device)), make)


def _order(layout: Layout) -> Tensor:
    """Return the place in the grid, row by row, of each token; -1 beyond it."""
    height, width, window = layout.height, layout.width, layout.window
    grid = torch.arange(height * width).view(height, width)
    if layout.has_padding:
        grid = F.pad(grid, (0, -width % window, 0, -height % window), value=_PADDING)
    return torch.cat([_by_window(grid, strip) for strip in layout.strips()])


def _by_window(grid: Tensor, strip: Strip) -> Tensor:
    h, w = strip.window_hw
    part = grid[strip.rows, strip.columns]
    windows = part.unflatten(1, (-1, w)).unflatten(0, (-1, h))
    return windows.transpose(1, 2).flatten()
