"""Large results a piece at a time, so that what lies between stays near the processor.

What is widened and narrowed again (a perceptron's hidden layer, queries, keys and
values of many windows) need never be there as a whole. In pieces it stays in the
processor's caches, and the C library hands out the same memory again. Larger arrays it
fetches from the system and gives back every time, page by page, which took up to a
third of the time of what was computed in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_BYTES_PER_THREAD = 4 << 20
_MOST_BYTES = 24 << 20  # below what glibc fetches from the system each time, 32 MiB


def gains_from_pieces(x: Tensor) -> bool:
    """Whether it is a processor that computes, and nobody records what it does."""
    return (
        x.device.type == "cpu"
        and not torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
    )


def exceeds_a_piece(x: Tensor, widest: int) -> bool:
    """Whether what is made of an image is too large.

    Parameters
    ----------
    x : Tensor, shape (B, N, ...)
        Of B images.
    widest : int
        Most numbers that are made at once of each of N rows.
    """
    if not gains_from_pieces(x):  # asked first: a graph would keep to the numbers
        return False
    return len(x) > 0 and x.shape[1] * widest * x.element_size() > _room()


def in_pieces(function: Callable[[Tensor], Tensor], x: Tensor, widest: int) -> Tensor:
    """Apply a function to the rows of every image, some at a time.

    An image's rows are parted in the same way whatever other images there are, so that
    they are rounded in the same way, too; with more threads, into fewer pieces.

    Parameters
    ----------
    function : callable
        Maps rows, (R, ...), to as many, each by itself.
    x : Tensor, shape (B, N, ...)
    widest : int
        As for :func:`exceeds_a_piece`.

    Returns
    -------
    Tensor, shape (B, N, ...)
    """
    nbytes = x.shape[1] * widest * x.element_size()
    pieces = 1 << (-(-nbytes // _room()) - 1).bit_length()  # a power of two
    found = [function(rows) for image in x for rows in image.chunk(pieces)]
    return torch.cat(found).unflatten(0, x.shape[:2])


def few_at_once(
    function: Callable[[slice], Tensor], x: Tensor, count: int, widest: int
) -> Tensor:
    """Compute something of objects, (B, ...), for all or for a few at a time.

    Parameters
    ----------
    function : callable
        Computes it for some of the objects, each by itself.
    x : Tensor
        What is known of them, or of one.
    count : int
        How many objects there are.
    widest : int
        Most numbers that ``function`` makes of one of them at once.
    """
    most = count
    if gains_from_pieces(x):
        most = max(1, _room() // (widest * x.element_size()))
    if most >= count:
        return function(slice(0, count))
    starts = range(0, count, most)
    return torch.cat([function(slice(start, start + most)) for start in starts])


def shared(x: Tensor, some: slice) -> Tensor:
    """Return what is known of some objects; a batch of one is everybody's."""
    return x if len(x) == 1 else x[some]


def _room() -> int:
    return min(_MOST_BYTES, _BYTES_PER_THREAD * torch.get_num_threads())
