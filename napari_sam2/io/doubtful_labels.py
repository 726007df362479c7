"""Pictures that are given for labels, told from them by how their pixels lie."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_LOG = logging.getLogger(__name__)

# Of neighbouring pixels that show objects, this share shows two different ones at least
# in a picture. On twelve stacks it was .45 to 1.0 of images, in 8 bits, too, and of
# their labels .04 at most, with cells that touch each other everywhere.
_LEAST_DIFFERENT = 0.25
# Fewer are a map of classes, which may be as ragged as it likes.
_FEWEST_VALUES = 16


def is_picture(labels: npt.NDArray[Any]) -> bool:
    """Whether numbers are intensities: hardly any pixel is as its neighbours are.

    Parameters
    ----------
    labels : ndarray, shape (H, W)
        What should be object numbers, 0 for the background.
    """
    pairs = (labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])
    both = [(one != 0) & (other != 0) for one, other in pairs]
    unlike = [
        there & (one != other) for there, (one, other) in zip(both, pairs, strict=True)
    ]
    touching, different = (sum(map(np.count_nonzero, one)) for one in (both, unlike))
    if different <= _LEAST_DIFFERENT * touching:
        return False
    return len(np.unique(labels[labels != 0])) >= _FEWEST_VALUES


class LabelCheck:
    """Passes the label images of a file on, and says so if they are a picture.

    The first one that shows anything is looked at.

    Parameters
    ----------
    path : str or Path
        The file, for the sentence.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._is_done = False

    def __call__(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the labels of a frame, (H, W), as they are."""
        if not self._is_done and labels.any():
            self._is_done = True
            if is_picture(labels):
                _LOG.warning(
                    "%s looks like a picture and not like labels: neighbouring pixels "
                    "belong to different objects nearly everywhere. Was another file "
                    "meant?",
                    self._path,
                )
        return labels
