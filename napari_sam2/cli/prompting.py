"""All prompts of a command, from its flags and its files, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.errors import NoPromptError, PromptError
from napari_sam2.core.frames import check_frame
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, Prompt
from napari_sam2.io.masks import load_mask_prompts
from napari_sam2.io.prompt_file import read_prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_sam2.cli.arguments import MaskFile
    from napari_sam2.core.frames import FrameSource


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be followed.

    Attributes
    ----------
    prompts : mapping of (int, int) to FramePrompts
        What is said, by object and frame.
    names : mapping of int to str
        Names of the objects that have one.
    """

    prompts: Mapping[tuple[int, int], FramePrompts]
    names: Mapping[int, str]

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects, in order."""
        return tuple(sorted({object_id for object_id, _ in self.prompts}))


def gather_request(
    flags: Sequence[Prompt], masks: Sequence[MaskFile], files: Sequence[Path]
) -> Request:
    """Add up the prompts of flags, mask files and prompt files.

    Raises
    ------
    PromptError
        If a file cannot be read, there are no prompts at all, or two of them
        contradict each other.
    """
    prompts = list(flags)
    names: dict[int, str] = {}
    for mask in masks:
        prompts += load_mask_prompts(mask.path, mask.frame)
    for path in files:
        stored = read_prompts(path)
        prompts += stored.prompts
        names |= dict(stored.names)
    return Request(_by_object_and_frame(prompts), names)


def check_request(request: Request, frames: FrameSource) -> None:
    """Check that every prompt can be answered on a stack.

    Raises
    ------
    FrameError
        If a prompt is on a frame that does not exist.
    PromptError
        If a prompt is outside the image, or an object has only negative points.
    """
    for (object_id, frame), said in request.prompts.items():
        check_frame(frame, len(frames))
        said.check(frames.shape_hw, what=f"object {object_id} on frame {frame}")


def _by_object_and_frame(
    prompts: Iterable[Prompt],
) -> dict[tuple[int, int], FramePrompts]:
    said: dict[tuple[int, int], FramePrompts] = {}
    for prompt in prompts:
        key = prompt.object_id, prompt.frame
        before = said.get(key, FramePrompts())
        _check_agreement(before, prompt)
        said[key] = before.with_prompt(prompt)
    if not said:
        raise NoPromptError(
            "There is no prompt: say where the objects are with --point, --box, --mask "
            "or --prompts, for example --point 1:0,120,88 for object 1 on frame 0 at "
            "row 120, column 88."
        )
    return said


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
