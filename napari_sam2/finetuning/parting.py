"""Which frames of every stack are held out, or why none can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import StackError
from napari_sam2.core.wording import counted
from napari_sam2.finetuning.split import FEWEST_FRAMES, split_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack


_MOST_HELD_OUT = 64  # of all stacks, that show objects: each is tracked at every mark


def part(stacks: Sequence[TruthStack]) -> list[Split]:
    """Hold frames out of every stack, of many stacks fewer of each, or of some.

    Raises
    ------
    StackError
        If too few frames show objects to hold any out.
    """
    shown = [[f for f in stack.known if stack.large(f)] for stack in stacks]
    splits = [
        split_frames(stack.known, frames, most)
        for stack, frames, most in zip(stacks, shown, _shares(shown), strict=True)
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


def _shares(shown: Sequence[Sequence[int]]) -> list[int]:
    """Return how many frames each stack may hold out."""
    able = [k for k, frames in enumerate(shown) if len(frames) >= FEWEST_FRAMES]
    if not able:
        return [0] * len(shown)
    most = max(1, _MOST_HELD_OUT // len(able))
    count = min(len(able), _MOST_HELD_OUT)
    chosen = {able[(2 * k + 1) * len(able) // (2 * count)] for k in range(count)}
    return [most if k in chosen else 0 for k in range(len(shown))]


def _few(count: int) -> str:
    if count == 0:
        return "No frame has a mask to learn from yet"
    verb = "has" if count == 1 else "have"
    return f"Only {counted(count, 'frame')} {verb} masks to learn from"
