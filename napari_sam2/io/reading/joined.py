"""Several files as the channels of one stack: one file per colour or stain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.axes import Axis, axis_names, list_axes
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.channels import JoinedChannels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.io.reading.stack import Stack

# Letters of axes that a file does not name.
_UNKNOWN = set("iq")


def join_channels(stacks: Sequence[Stack]) -> Stack:
    """Put opened files side by side as the channels of one stack; nothing is read.

    Parameters
    ----------
    stacks : sequence of Stack
        Of one size, without channels or colours of their own.

    Returns
    -------
    Stack
        With the axes, pixel sizes and place in space of the first one, and a last axis
        ``c`` of as many channels as there are files.

    Raises
    ------
    StackError
        If their sizes or axes differ, or one has channels.
    """
    first = stacks[0]
    for stack in stacks:
        _check_alike(stack, first)
    array = JoinedChannels(
        [stack.array for stack in stacks], [str(stack.path) for stack in stacks]
    )
    notices = dict.fromkeys(one for stack in stacks for one in stack.notices)
    return replace(
        first,
        array=array,
        axes=(*first.axes, Axis("c", len(stacks))),
        notices=tuple(notices),
    )


def _check_alike(stack: Stack, first: Stack) -> None:
    channels = [a for a in stack.axes if a.name in "cs" and a.size > 1]
    if channels:
        raise StackError(
            f"{stack.path} has channels of its own ({list_axes(stack.axes)}): files "
            "that are put together as channels must have one each."
        )
    names, others = axis_names(stack.axes), axis_names(first.axes)
    known = not _UNKNOWN & {*names, *others}
    if stack.shape != first.shape or (known and names != others):
        raise StackError(
            f"Files that are put together as channels must be of one size: "
            f"{stack.path} has {list_axes(stack.axes)}, and {first.path} has "
            f"{list_axes(first.axes)}."
        )
