"""What a project says about its image, its stack and the user's choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.offered import is_offered
from napari_sam2.project.checks import MOST_FRAMES, MOST_PIXELS, as_list, as_whole
from napari_sam2.project.typed_json import from_json, known_fields
from napari_sam2.project.values import (
    ImageReference,
    ModelReference,
    Placing,
    SavedWith,
    StackGeometry,
    View,
)
from napari_sam2.state.settings import Settings

if TYPE_CHECKING:
    from napari_sam2.project.values import Choices

_MOST_AXES = 32
_MOST_LEVELS = 64


def read_image(content: Any) -> ImageReference:
    """Check and return the reference to the image."""
    return from_json(ImageReference, content, "the image")


def read_beside(content: Any) -> tuple[ImageReference, ...]:
    """Check and return the references to further images."""
    return tuple(map(read_image, as_list(content, "the list of further images")))


def read_model(content: Any) -> ModelReference:
    """Check and return which weights were used."""
    return from_json(ModelReference, content, "the model")


def read_saved(content: Any) -> SavedWith:
    """Check and return versions of software, and when it was made and saved."""
    return from_json(SavedWith, content, "the versions and dates")


def read_view(content: Any) -> View:
    """Check and return where the user was."""
    return from_json(View, content, "the view")


def read_choices(content: Any) -> Choices:
    """Check and return what the user chose, as far as it can still be chosen."""
    known = known_fields(Settings, content, "the choices")
    return {name: value for name, value in known.items() if is_offered(name, value)}


def read_stack(content: Any) -> StackGeometry:
    """Check and return the axes, and how the stack is followed."""
    stack = from_json(StackGeometry, content, "the stack")
    height, width = stack.shape_hw
    as_whole(stack.frame_count, "the number of frames", 1, MOST_FRAMES)
    as_whole(min(height, width), "the size of the frames", 1)
    if height * width > MOST_PIXELS:
        raise ProjectError(f"the frames have {height} × {width} pixels: too many.")
    as_whole(stack.level, "the level of the pyramid", 0, _MOST_LEVELS)
    _check_layout(stack)
    if stack.placing is not None:
        _check_placing(stack.placing, len(stack.axes))
    return stack


def _check_placing(placing: Placing, count: int) -> None:
    """Check that napari can show an image of so many axes there."""
    sizes = (
        (placing.scale, (count,)),
        (placing.translate, (count,)),
        (placing.rotate, (count, count)),
        (placing.shear, (count * (count - 1) // 2,)),
        (placing.affine, (count + 1, count + 1)),
    )
    if any(_shape(numbers) != shape for numbers, shape in sizes):
        raise ProjectError("the image lies in a world of other axes than its own.")
    if not placing.is_sound:
        raise ProjectError("the image lies in the world as flat as a sheet.")


def _shape(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the shape of nested tuples; of ragged ones, something else."""
    if not numbers or not isinstance(numbers[0], tuple):
        return (len(numbers),)
    lengths = {len(row) for row in numbers}
    return len(numbers), lengths.pop() if len(lengths) == 1 else -1


def _check_layout(stack: StackGeometry) -> None:
    """Check that the frames are those of the axes."""
    axes, layout = stack.axes, stack.layout
    if not 2 <= len(axes) <= _MOST_AXES:
        raise ProjectError(f"the stack has {len(axes)} axes.")
    held = (i for i, _ in layout.fixed)
    given = [layout.frame, layout.channel, *layout.plane, *layout.positions, *held]
    used = [axis for axis in given if axis is not None]
    if not all(0 <= axis < len(axes) for axis in used) or len({*used}) < len(used):
        raise ProjectError("the layout of the frames is not one of its axes.")
    sizes = [axis.size for axis in axes]
    found = layout.numbers(sizes).count, tuple(sizes[axis] for axis in layout.plane)
    if found != (stack.frame_count, stack.shape_hw):
        raise ProjectError("the size of the frames is not that of the axes.")
    if not all(0 <= index < sizes[axis] for axis, index in layout.fixed):
        raise ProjectError("the frames lie outside the image.")
