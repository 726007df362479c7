"""All prompts of a command, from its flags and its files, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.errors import NoPromptError, PromptError
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.positions import NOWHERE, PlacedPrompt
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt
from napari_sam2.io.masks import load_mask_prompts, load_placed_mask_prompts
from napari_sam2.io.prompt_file import read_prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_sam2.cli.options.arguments import MaskFile
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.prompts import Prompt
    from napari_sam2.io.reading.stack_frames import StackFrames


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be followed.

    Attributes
    ----------
    by_position : mapping of (tuple of int) to mapping of (int, int) to FramePrompts
        What is said, by position, then by object and frame. A stack that is followed at
        one place has the one position ``()``.
    names : mapping of int to str
        Names of the objects that have one.
    files : tuple of Path
        Everything that prompts were read from.
    """

    by_position: Mapping[Position, Mapping[tuple[int, int], FramePrompts]]
    names: Mapping[int, str]
    files: tuple[Path, ...] = ()

    @property
    def prompts(self) -> Mapping[tuple[int, int], FramePrompts]:
        """What is said where there is one position, by object and frame."""
        return self.by_position.get((), {})

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects, in order."""
        told = self.by_position.values()
        return tuple(sorted({object_id for said in told for object_id, _ in said}))


def gather_request(
    flags: Sequence[PlacedPrompt],
    masks: Sequence[MaskFile],
    files: Sequence[Path],
    image: StackFrames,
    positions: Positions = NOWHERE,
    fixed: Mapping[str, int] | None = None,
) -> Request:
    """Add up the prompts of flags, mask files and prompt files.

    Parameters
    ----------
    flags : sequence of PlacedPrompt
    masks : sequence of MaskFile
    files : sequence of Path
    image : StackFrames
        The frames that they are for, at the first position.
    positions : Positions, optional
        Where objects are followed.
    fixed : mapping of str to int, optional
        The index at which frames stay, by name of the axis; prompts may say it, too.

    Raises
    ------
    PromptError
        If a file cannot be read, there are no prompts at all, two of them contradict
        each other, or one is at a position that is not worked through.
    """
    placed = list(flags)
    names: dict[int, str] = {}
    read = [mask.path for mask in masks]
    for mask in masks:
        placed += _masks(mask, image, positions)
    for path in files:
        stored = read_prompts(path, image, positions)
        placed += stored.placed
        names |= dict(stored.names)
        read += [path, *stored.files]
    told = _by_position(placed, positions, fixed or {})
    return Request(told, names, tuple(read))


def _masks(
    mask: MaskFile, image: StackFrames, positions: Positions
) -> Iterator[PlacedPrompt]:
    """Yield the prompts of a mask file, of all its positions unless one is named."""
    if not positions.axes:
        for prompt in load_mask_prompts(mask.path, mask.frame, image):
            yield PlacedPrompt(prompt, mask.at)
        return
    at = positions.named(mask.at)
    found = load_placed_mask_prompts(mask.path, image, positions, mask.frame)
    for one in found:
        if all(one.at.get(axis, index) == index for axis, index in at.items()):
            yield PlacedPrompt(one.prompt, {**at, **one.at})


def check_request(request: Request, frames: FrameSource, positions: Positions) -> None:
    """Check that every prompt can be answered on a stack.

    Raises
    ------
    FrameError
        If a prompt is on a frame that does not exist.
    PromptError
        If a prompt is outside the image, or an object has only negative points.
    """
    for position, prompts in request.by_position.items():
        where = f" at {positions.describe(position)}" if position else ""
        for (object_id, frame), said in prompts.items():
            check_frame(frame, len(frames))
            said.check(
                frames.shape_hw, what=f"object {object_id} on frame {frame}{where}"
            )


def _by_position(
    placed: Iterable[PlacedPrompt], positions: Positions, fixed: Mapping[str, int]
) -> dict[Position, dict[tuple[int, int], FramePrompts]]:
    told: dict[Position, dict[tuple[int, int], FramePrompts]] = {}
    for one in placed:
        prompt = one.prompt
        what = f"Object {prompt.object_id} on frame {prompt.frame}"
        position = positions.locate(_not_fixed(one.at, fixed, what), what)
        said = told.setdefault(position, {})
        key = prompt.object_id, prompt.frame
        before = said.get(key, FramePrompts())
        _check_agreement(before, prompt)
        said[key] = before.with_prompt(prompt)
    if not told:
        raise NoPromptError(
            "There is no prompt: say where the objects are with --point, --box, --mask "
            "or --prompts, for example --point 1:0,120,88 for object 1 on frame 0 at "
            "row 120, column 88."
        )
    return told


def _not_fixed(
    at: Mapping[str, int], fixed: Mapping[str, int], what: str
) -> Mapping[str, int]:
    """Return where a prompt is, without what is the same for all frames."""
    for axis, index in at.items():
        if fixed.get(axis, index) != index:
            raise PromptError(
                f"{what} is prompted at {axis} = {index}, but --at stays at {axis} = "
                f"{fixed[axis]}."
            )
    return {axis: index for axis, index in at.items() if axis not in fixed}


def _check_agreement(before: FramePrompts, prompt: Prompt) -> None:
    """Refuse what would silently replace an earlier prompt."""
    where = f"Object {prompt.object_id} on frame {prompt.frame}"
    if isinstance(prompt, BoxPrompt) and before.box_yxyx is not None:
        raise PromptError(f"{where} has two boxes: give one.")
    if isinstance(prompt, MaskPrompt) and before.mask is not None:
        raise PromptError(f"{where} has two masks: give one.")
    if before and isinstance(prompt, MaskPrompt) != (before.mask is not None):
        raise PromptError(
            f"{where} has a mask besides points or a box: a mask stands alone on its "
            "frame. Remove one, or put it on another frame."
        )
