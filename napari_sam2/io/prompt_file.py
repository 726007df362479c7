"""Prompts in a JSON file, version 1.

::

    {"version": 1,
     "objects": [
       {"id": 1, "name": "cell", "prompts": [
         {"frame": 0, "points": [[y, x], …], "labels": [1, 0],
          "box": [y0, x0, y1, x1]},
         {"frame": 9, "mask": "cell_frame9.tif"},
         {"at": {"t": 3}, "frame": 5, "points": [[y, x]]}]}]}

Coordinates are data pixels, row first. ``labels`` says for each point whether it is on
the object (1, the default for all) or not (0). A mask is the path of a picture or label
stack, in which the object has its number or is alone, relative to the JSON file; labels
as large as the whole image are cut as it is.
``at`` is a position in a stack that has more axes than frames, rows and columns.
``name``, ``at``, ``points``, ``labels``, ``box`` and ``mask`` may be left out.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError, PromptError
from napari_sam2.core.json_text import parse_json
from napari_sam2.core.positions import NOWHERE
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt
from napari_sam2.io.files.output import atomic_output, naming_output
from napari_sam2.io.masks import MaskFolder
from napari_sam2.io.prompt_json import VERSION, PromptSet, parse_prompts
from napari_sam2.io.prompt_pictures import pictures_beside, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.core.positions import PlacedPrompt, Positions
    from napari_sam2.core.prompts import Prompt
    from napari_sam2.io.prompt_pictures import Picture, Place
    from napari_sam2.io.reading.stack_frames import StackFrames


def read_prompts(
    path: str | Path,
    image: StackFrames | None = None,
    positions: Positions = NOWHERE,
) -> PromptSet:
    """Read a prompt file.

    Parameters
    ----------
    path : str or Path
        A JSON file as described in the documentation of this module, or a pipe.
    image : StackFrames, optional
        The frames that masks are for, at any position; see
        :func:`napari_sam2.io.label_frames.read_labels`.
    positions : Positions, optional
        All that there may be.

    Raises
    ------
    PromptError
        If the file cannot be read or says something impossible; the message names the
        object, the frame and the field.
    """
    path = Path(path)
    try:
        content = parse_json(path.read_bytes())
    except OSError as error:
        raise PromptError(
            f"The prompt file {path} cannot be read: {error.strerror}."
        ) from error
    except ValueError as error:
        raise PromptError(
            f"The prompt file {path} is no JSON file: {error}. For a pattern, have "
            "napari-sam2 prompts write one from labels."
        ) from error
    try:
        return parse_prompts(content, MaskFolder(path.parent, image, positions))
    except PromptError as error:
        raise PromptError(f"In the prompt file {path}: {error}") from error


def write_prompts(
    path: str | Path, prompt_set: PromptSet, *, overwrite: bool = False
) -> None:
    """Write a prompt file; masks go to label pictures beside it, one per frame.

    Parameters
    ----------
    path : str or Path
        The ``.json`` file.
    prompt_set : PromptSet
        The prompts and names.
    overwrite : bool, optional
        Whether files that are there may be replaced.

    Raises
    ------
    OutputError
        If its name does not end in ``.json``, or a file exists or cannot be written;
        then none is, and all stay as they were. They are written whole before the first
        is put in place, but where that fails midway, for example because a file is
        open elsewhere, those before it are replaced already; the prompt file is last.
    """
    path = Path(path)
    check_prompt_name(path)
    masks: dict[tuple[int, Place], str] = {}
    # All are in place at the end: the masks first, and then what names them.
    with ExitStack() as at_end:
        temporary = at_end.enter_context(atomic_output(path, overwrite=overwrite))
        for picture in pictures_beside(path, prompt_set.placed):
            labels = atomic_output(picture.path, overwrite=overwrite)
            _write_picture(at_end.enter_context(labels), picture)
            place, name = picture.place, picture.path.name
            masks |= {(object_id, place): name for object_id in picture.masks}
        content = {"version": VERSION, "objects": _objects(prompt_set, masks)}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        with naming_output(path):
            # Bytes of names that are no UTF-8 are written as escapes of JSON.
            temporary.write_text(text + "\n", "utf-8", errors="backslashreplace")


def check_prompt_name(path: Path) -> None:
    """Check that a prompt file would be called as one.

    Raises
    ------
    OutputError
        If the name does not end in ``.json``.
    """
    if path.suffix.lower() != ".json":
        raise OutputError(f"Prompt files are JSON: {path} must end in .json.")


def prompt_files(path: Path, prompt_set: PromptSet) -> tuple[Path, ...]:
    """Return all files that :func:`write_prompts` writes, the prompt file first."""
    pictures = pictures_beside(path, prompt_set.placed)
    return (path, *(picture.path for picture in pictures))


def _objects(
    prompt_set: PromptSet, masks: Mapping[tuple[int, Place], str]
) -> list[dict[str, Any]]:
    """Return what is said about each object, and the names of the masks' files."""
    by_object: dict[int, list[PlacedPrompt]] = {}
    for one in prompt_set.placed:
        by_object.setdefault(one.prompt.object_id, []).append(one)
    return [
        _object_entry(object_id, prompt_set.names.get(object_id), placed, masks)
        for object_id, placed in by_object.items()
    ]


def _object_entry(
    object_id: int,
    name: str | None,
    placed: list[PlacedPrompt],
    masks: Mapping[tuple[int, Place], str],
) -> dict[str, Any]:
    frames: dict[Place, dict[str, Any]] = {}
    for one in placed:
        at = {"at": dict(one.at)} if one.at else {}
        place = place_of(one)
        entry = frames.setdefault(place, {**at, "frame": one.prompt.frame})
        _add_prompt(entry, one.prompt, masks.get((object_id, place)))
    named = {"id": object_id, "name": name} if name else {"id": object_id}
    return {**named, "prompts": list(frames.values())}


def _add_prompt(entry: dict[str, Any], prompt: Prompt, mask: str | None) -> None:
    if isinstance(prompt, MaskPrompt):
        entry["mask"] = mask
    elif isinstance(prompt, BoxPrompt):
        entry["box"] = list(prompt.box_yxyx)
    else:
        entry.setdefault("points", []).append(list(prompt.point_yx))
        entry.setdefault("labels", []).append(int(prompt.positive))


def _write_picture(temporary: Path, picture: Picture) -> None:
    import tifffile

    with naming_output(picture.path):
        tifffile.imwrite(temporary, picture.draw(), compression="zlib")
