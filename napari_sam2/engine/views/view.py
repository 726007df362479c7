"""Rectangles of a frame that the model looks at, and what lies where in them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F

from napari_sam2.engine.device import upload

if TYPE_CHECKING:
    import numpy.typing as npt

Box: TypeAlias = tuple[float, float, float, float]

_SURE = 32.0


class View(NamedTuple):
    """A rectangle inside a frame, in data pixels.

    It is squashed into the model's square as whole frames are.

    Attributes
    ----------
    y, x : int
        First row and column.
    height, width : int
    """

    y: int
    x: int
    height: int
    width: int

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width in data pixels."""
        return self.height, self.width

    @property
    def side(self) -> int:
        """The longer side."""
        return max(self.height, self.width)

    @property
    def centre_yx(self) -> tuple[float, float]:
        """The middle, in data pixels with centres at integers."""
        return self.y + (self.height - 1) / 2, self.x + (self.width - 1) / 2

    def holds(self, point_yx: tuple[float, float]) -> bool:
        """Whether a point lies inside."""
        y, x = self.local(point_yx)
        return -0.5 <= y <= self.height - 0.5 and -0.5 <= x <= self.width - 0.5

    def local(self, point_yx: tuple[float, float]) -> tuple[float, float]:
        """Return a point of the frame in the view's own pixels."""
        return point_yx[0] - self.y, point_yx[1] - self.x

    def cut(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the part of a frame, (H, W, …), that is looked at."""
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]


def whole_view(shape_hw: tuple[int, int]) -> View:
    """Return the view of a whole frame."""
    return View(0, 0, *shape_hw)


def box_of(points_yx: list[tuple[float, float]]) -> Box:
    """Return the smallest box, (y0, x0, y1, x1), around points."""
    ys, xs = zip(*points_yx, strict=True)
    return min(ys), min(xs), max(ys), max(xs)


def boxes_of(logits: torch.Tensor, views: list[View]) -> list[Box | None]:
    """Return the boxes of masks in data pixels, as finely as the mask grid says.

    Parameters
    ----------
    logits : Tensor, shape (B, h, w)
    views : list of View
        What each of them looks at.
    """
    rows, columns = occupied(logits)
    boxes: list[Box | None] = []
    for row, column, view in zip(rows, columns, views, strict=True):
        if not row.any():
            boxes.append(None)
            continue
        y0, y1 = _span(row, view.y, view.height)
        x0, x1 = _span(column, view.x, view.width)
        boxes.append((y0, x0, y1, x1))
    return boxes


class Occupied(NamedTuple):
    """Which rows, (B, h), and columns, (B, w), of the mask grid masks reach."""

    rows: npt.NDArray[np.bool_]
    columns: npt.NDArray[np.bool_]


def occupied(logits: torch.Tensor) -> Occupied:
    """Return where masks, (B, h, w), have something, in one transfer."""
    return occupied_and(logits, logits.new_empty(len(logits), 0))[0]


def occupied_and(
    logits: torch.Tensor, numbers: torch.Tensor
) -> tuple[Occupied, npt.NDArray[np.float32]]:
    """Return where masks have something, and other numbers, in one transfer.

    Parameters
    ----------
    logits : Tensor, shape (B, h, w)
    numbers : Tensor of float32, shape (B, n)
        What else the host is waiting for.
    """
    if logits.device.type == "cpu":
        inside = logits.numpy() > 0  # far quicker than PyTorch
        taken = Occupied(np.any(inside, axis=2), np.any(inside, axis=1))
        return taken, numbers.numpy()
    positive = logits > 0
    reached = torch.cat([positive.any(dim=2), positive.any(dim=1)], dim=1)
    answers = torch.cat([reached.float(), numbers], dim=1)
    _, height, width = logits.shape
    parts = np.split(answers.cpu().numpy(), [height, height + width], axis=1)
    return Occupied(parts[0] > 0, parts[1] > 0), parts[2]


def _span(cells: npt.NDArray[Any], start: int, size: int) -> tuple[float, float]:
    taken = cells.nonzero()[0]
    scale = size / len(cells)
    return start + taken[0] * scale - 0.5, start + (taken[-1] + 1) * scale - 0.5


def move_logits(logits: torch.Tensor, origin: View, target: View) -> torch.Tensor:
    """Return mask logits of one view, (1, 1, h, w), as another view sees them.

    What the first did not see is no part of the object.
    """
    if origin == target:
        return logits
    scale = [target.width / origin.width, target.height / origin.height]
    shift = [
        (2 * (target.x - origin.x) + target.width) / origin.width - 1,
        (2 * (target.y - origin.y) + target.height) / origin.height - 1,
    ]
    matrix = logits.new_tensor([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
    grid = F.affine_grid(matrix[None], list(logits.shape), align_corners=False)
    above = logits.clamp(-_SURE, _SURE) + _SURE
    return F.grid_sample(above, grid, align_corners=False) - _SURE


def move_tokens(tokens: torch.Tensor, origin: View, target: View) -> torch.Tensor:
    """Return the tokens of one view's square grid, (n * n, c), for another view.

    Every place gets the token that was nearest to it.
    """
    if origin == target:
        return tokens
    side = math.isqrt(len(tokens))
    nearest = _nearest_cells(side, origin, target, str(tokens.device))
    return tokens.index_select(0, nearest)


@lru_cache(maxsize=64)
def _nearest_cells(side: int, origin: View, target: View, device: str) -> torch.Tensor:
    """Return which token of one view is nearest to each of another, (side * side,).

    It is the same for all memories that an object has of a view.
    """
    rows = _nearest(side, origin.y, origin.height, target.y, target.height)
    columns = _nearest(side, origin.x, origin.width, target.x, target.width)
    with torch.inference_mode(False):
        index = torch.from_numpy(rows[:, None] * side + columns).flatten()
        return upload(index, torch.device(device))


def _nearest(
    cells: int, start: int, size: int, new_start: int, new_size: int
) -> npt.NDArray[np.int64]:
    """Return which of the old cells along one axis is nearest to each of the new."""
    places = (np.arange(cells) + 0.5) * new_size / cells + new_start
    old = np.floor((places - start) * cells / size).astype(np.int64)
    return old.clip(0, cells - 1)
