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
stack, relative to the JSON file. ``at`` is a position in a stack that has more axes
than frames, rows and columns. ``name``, ``at``, ``points``, ``labels``, ``box`` and
``mask`` may be left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, Prompt
from napari_sam2.io.files.output import atomic_output
from napari_sam2.io.prompt_json import VERSION, PromptSet, parse_prompts

if TYPE_CHECKING:
    import numpy.typing as npt


def read_prompts(path: str | Path) -> PromptSet:
    """Read a prompt file.

    Parameters
    ----------
    path : str or Path
        A JSON file as described in the documentation of this module.

    Raises
    ------
    PromptError
        If the file cannot be read or says something impossible; the message names the
        object, the frame and the field.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PromptError(
            f"The prompt file {path} cannot be read: {error.strerror}."
        ) from error
    except ValueError as error:
        raise PromptError(
            f"The prompt file {path} is no JSON file: {error}."
        ) from error
    try:
        return parse_prompts(content, path.parent)
    except PromptError as error:
        raise PromptError(f"In the prompt file {path}: {error}") from error


def write_prompts(
    path: str | Path, prompt_set: PromptSet, *, overwrite: bool = False
) -> None:
    """Write a prompt file; masks go to TIFF files beside it.

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
        If a file exists or cannot be written.
    """
    path = Path(path)
    objects = [
        _object_entry(prompt_set, object_id, path, overwrite=overwrite)
        for object_id in prompt_set.object_ids
    ]
    content = {"version": VERSION, "objects": objects}
    with atomic_output(path, overwrite=overwrite) as temporary:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _object_entry(
    prompt_set: PromptSet, object_id: int, path: Path, *, overwrite: bool
) -> dict[str, Any]:
    frames: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in prompt_set.placed:
        if one.prompt.object_id == object_id:
            at = {"at": dict(one.at)} if one.at else {}
            key = (*sorted(one.at.items()), one.prompt.frame)
            entry = frames.setdefault(key, {**at, "frame": one.prompt.frame})
            _add_prompt(entry, one.prompt, path, overwrite=overwrite)
    name = prompt_set.names.get(object_id)
    named = {"id": object_id, "name": name} if name else {"id": object_id}
    return {**named, "prompts": list(frames.values())}


def _add_prompt(
    entry: dict[str, Any], prompt: Prompt, path: Path, *, overwrite: bool
) -> None:
    if isinstance(prompt, MaskPrompt):
        at = "".join(f"_{axis}{index}" for axis, index in entry.get("at", {}).items())
        name = f"{path.stem}_object{prompt.object_id}{at}_frame{prompt.frame}.tif"
        _write_mask(path.with_name(name), prompt.mask, overwrite=overwrite)
        entry["mask"] = name
    elif isinstance(prompt, BoxPrompt):
        entry["box"] = list(prompt.box_yxyx)
    else:
        entry.setdefault("points", []).append(list(prompt.point_yx))
        entry.setdefault("labels", []).append(int(prompt.positive))


def _write_mask(path: Path, mask: npt.NDArray[np.bool_], *, overwrite: bool) -> None:
    import tifffile

    with atomic_output(path, overwrite=overwrite) as temporary:
        tifffile.imwrite(temporary, mask.astype(np.uint8), compression="zlib")
