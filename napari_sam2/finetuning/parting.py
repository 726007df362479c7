"""Which frames of every stack are held out, or why none can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import StackError
from napari_sam2.finetuning.split import split_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack


def part(stacks: Sequence[TruthStack]) -> list[Split]:
    """Hold frames out of every stack.

    Raises
    ------
    StackError
        If too few frames show objects to hold any out.
    """
    shown = [[f for f in stack.known if stack.large(f)] for stack in stacks]
    splits = [
        split_frames(stack.known, frames)
        for stack, frames in zip(stacks, shown, strict=True)
    ]
    if any(split.held_out for split in splits):
        return splits
    count = sum(map(len, shown))
    raise StackError(
        f"{_few(count)}: at least 3 of one stack are needed, some to learn from and "
        "some to measure on; 10 or more are better. Objects of fewer than 16 pixels do "
        "not count, and in a project only masks that you painted, corrected, accepted "
        "(K) or locked."
    )


def _few(count: int) -> str:
    if count == 0:
        return "No frame has a mask to learn from yet"
    verb = "has" if count == 1 else "have"
    return f"Only {count} frame{'' if count == 1 else 's'} {verb} masks to learn from"
