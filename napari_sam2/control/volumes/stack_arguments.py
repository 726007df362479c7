"""Whether what track_stack is given is what it takes, before anything is read."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_sam2.core.axes import find_axis
from napari_sam2.core.cancel import check_token
from napari_sam2.core.errors import ModelError, PromptError, Sam2Error, StackError
from napari_sam2.core.frames.layout import check_at
from napari_sam2.core.given import check_given, shown
from napari_sam2.io.reading.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_sam2.control.positions.ports import MakeTracker
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.positions import PlacedPrompt
    from napari_sam2.core.prompts import Prompt


def check_arguments(
    stack: Stack,
    prompts: Iterable[Prompt | PlacedPrompt],
    make_tracker: MakeTracker,
    axes: Sequence[str],
    every: Sequence[str],
    at: Mapping[str, int],
    token: CancelToken | None,
) -> None:
    """Check the kinds of the arguments, named as those of ``track_stack``.

    Raises
    ------
    StackError, PromptError, ModelError, Sam2Error
        If one of them is of another kind.
    """
    advice = 'give array_stack(array, "tzyx") or open_stack(path)'
    check_given(stack, Stack, "stack with named axes", advice, StackError)
    advice = "give several, such as [PointPrompt(1, 0, (120, 88))]"
    check_given(prompts, Iterable, "list of prompts", advice, PromptError)
    _check_maker(make_tracker)
    _check_axes(stack, axes)
    advice = 'give those of which all is worked through, such as every=["t"]'
    check_given(every, Sequence, "list of axes", advice, StackError)
    check_at(at)
    check_token(token)


@contextmanager
def naming_arguments() -> Iterator[None]:
    """Let errors say what to write in Python."""
    try:
        yield
    except Sam2Error as error:
        raise type(error)(error.with_words(error.words)) from error


def _check_axes(stack: Stack, axes: Sequence[str]) -> None:
    advice = 'give the axis to follow objects along, such as axes=["z"]'
    check_given(axes, Sequence, "list of axes", advice, StackError)
    found = {find_axis(stack.axes, axis) for axis in axes}
    if not found or len(found) < len(axes):
        raise StackError(f"{shown(axes)} names no axis, or one twice: {advice}.")


def _check_maker(make_tracker: MakeTracker) -> None:
    """Models can be called, too, and so can the class of trackers without one."""
    is_model = hasattr(make_tracker, "encode_image")
    if is_model or not callable(make_tracker) or not _takes_frames(make_tracker):
        raise ModelError(
            f"{shown(make_tracker)} makes no trackers of frames: give "
            "partial(VideoTracker, load_model('nano'))."
        )


def _takes_frames(make_tracker: MakeTracker) -> bool:
    try:
        inspect.signature(make_tracker).bind("frames", limits="limits")
    except TypeError:
        return False
    except ValueError:  # it does not say what it takes
        return True
    return True
