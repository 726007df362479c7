"""The documented JSON form of prompts, checked field by field.

The form itself is described in :mod:`napari_sam2.io.prompt_file`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import PromptError
from napari_sam2.core.positions import PlacedPrompt
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_sam2.io.masks import MaskFolder

VERSION = 1


@dataclass(frozen=True, slots=True)
class PromptSet:
    """The objects of one stack and what was said about them.

    Attributes
    ----------
    prompts : tuple of Prompt
        In the order of the file.
    names : mapping of int to str
        Names of the objects that have one, by id.
    places : tuple of mapping of str to int
        For each prompt, the position that it is at, by name of the axis; empty where
        none of them says so.
    files : tuple of Path
        Where masks were read from, which the prompts no longer say.
    """

    prompts: tuple[Prompt, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    places: tuple[Mapping[str, int], ...] = ()
    files: tuple[Path, ...] = field(default=(), compare=False)

    @property
    def placed(self) -> tuple[PlacedPrompt, ...]:
        """The prompts with their positions."""
        places = self.places or ({},) * len(self.prompts)
        return tuple(map(PlacedPrompt, self.prompts, places))

    @property
    def object_ids(self) -> tuple[int, ...]:
        """Ids of the objects, in order of first mention."""
        return tuple(dict.fromkeys(prompt.object_id for prompt in self.prompts))


def parse_prompts(content: Any, masks: MaskFolder) -> PromptSet:
    """Check the content of a prompt file and turn it into prompts.

    Parameters
    ----------
    content : object
        The parsed JSON.
    masks : MaskFolder
        Where mask files are looked for, and what they are of.

    Raises
    ------
    PromptError
        If anything is not as documented.
    """
    _check_keys(content, "the file", required={"version", "objects"})
    _check_version(content["version"])
    placed: list[PlacedPrompt] = []
    names: dict[int, str] = {}
    seen: set[int] = set()
    for number, described in enumerate(_list(content["objects"], "objects"), 1):
        object_id = _object_id(described, number)
        if object_id in seen:
            raise PromptError(f"There are two objects with the id {object_id}.")
        seen.add(object_id)
        if "name" in described:
            names[object_id] = _text(described["name"], f"object {object_id}: name")
        placed += _object_prompts(described, object_id, masks)
    found = placed_set(placed, names)
    return replace(found, files=tuple(_mask_files(content, masks.folder)))


def placed_set(
    placed: Sequence[PlacedPrompt], names: Mapping[int, str] | None = None
) -> PromptSet:
    """Return a set of prompts with their positions."""
    places = tuple(one.at for one in placed) if any(one.at for one in placed) else ()
    return PromptSet(tuple(one.prompt for one in placed), names or {}, places)


def _check_version(version: Any) -> None:
    if version == VERSION and not isinstance(version, bool):
        return
    if isinstance(version, int) and version > VERSION:
        raise PromptError(
            f"It is of version {version}, newer than this program knows ({VERSION}): "
            "update napari-sam2."
        )
    raise PromptError(f'"version" must be {VERSION}, but is {_show(version)}.')


def _object_id(described: Any, number: int) -> int:
    where = f"object number {number} of the list"
    _check_keys(described, where, required={"id", "prompts"}, optional={"name"})
    object_id = _whole(described["id"], f'{where}: "id"')
    if object_id < 1:
        raise PromptError(f'{where}: "id" must be 1 or more, but is {object_id}.')
    return object_id


def _object_prompts(
    described: Mapping[str, Any], object_id: int, masks: MaskFolder
) -> list[PlacedPrompt]:
    placed: list[PlacedPrompt] = []
    seen: set[tuple[int, frozenset[tuple[str, int]]]] = set()
    for entry in _list(described["prompts"], f"object {object_id}: prompts"):
        frame = _frame(entry, object_id)
        at = _at(entry, f"object {object_id}, frame {frame}")
        place = frame, frozenset(at.items())
        if place in seen:
            raise PromptError(
                f"Object {object_id} has two entries for frame {frame}: put its points "
                "and box into one."
            )
        seen.add(place)
        if "mask" in entry:
            prompts: list[Prompt] = [_mask(entry, object_id, frame, at, masks)]
        else:
            prompts = _frame_prompts(entry, object_id, frame)
        placed += (PlacedPrompt(prompt, at) for prompt in prompts)
    return placed


def _at(entry: Mapping[str, Any], where: str) -> Mapping[str, int]:
    content = entry.get("at", {})
    if not isinstance(content, dict):
        raise PromptError(
            f'{where}: "at" must be a position such as {{"t": 3}}, but is '
            f"{_show(content)}."
        )
    return {
        name.strip().lower(): _whole(index, f'{where}: "at", axis {name}')
        for name, index in content.items()
    }


def _frame(entry: Any, object_id: int) -> int:
    where = f"a prompt of object {object_id}"
    optional = {"at", "points", "labels", "box", "mask"}
    _check_keys(entry, where, required={"frame"}, optional=optional)
    return _whole(entry["frame"], f'{where}: "frame"')


def _frame_prompts(
    entry: Mapping[str, Any], object_id: int, frame: int
) -> list[Prompt]:
    where = f"object {object_id}, frame {frame}"
    prompts: list[Prompt] = []
    if "points" in entry or "labels" in entry:
        prompts += _points(entry, object_id, frame, where)
    if "box" in entry:
        y0, x0, y1, x1 = _numbers(entry["box"], 4, f'{where}: "box" [y0, x0, y1, x1]')
        prompts.append(BoxPrompt(object_id, frame, (y0, x0, y1, x1)))
    if not prompts:
        raise PromptError(f"{where}: there are no points, no box and no mask.")
    return prompts


def _points(
    entry: Mapping[str, Any], object_id: int, frame: int, where: str
) -> list[PointPrompt]:
    points = _list(entry.get("points", []), f"{where}: points")
    labels = _list(entry.get("labels", [1] * len(points)), f"{where}: labels")
    if len(points) != len(labels):
        raise PromptError(
            f"{where}: there are {len(points)} points but {len(labels)} labels; every "
            "point needs one label."
        )
    wrong = [label for label in labels if type(label) is not int or label not in (0, 1)]
    if wrong:
        raise PromptError(
            f"{where}: labels are 1 (on the object) or 0 (not on it), not "
            f"{_show(wrong[0])}."
        )
    pairs = [_numbers(point, 2, f"{where}: point [y, x]") for point in points]
    return [
        PointPrompt(object_id, frame, (y, x), label == 1)
        for (y, x), label in zip(pairs, labels, strict=True)
    ]


def _mask(
    entry: Mapping[str, Any],
    object_id: int,
    frame: int,
    at: Mapping[str, int],
    masks: MaskFolder,
) -> MaskPrompt:
    where = f"object {object_id}, frame {frame}"
    if entry.keys() & {"points", "labels", "box"}:
        raise PromptError(
            f"{where}: a mask stands alone on its frame; remove the points and box."
        )
    name = _text(entry["mask"], f'{where}: "mask"')
    return MaskPrompt(object_id, frame, masks.load(name, frame, object_id, at))


def _mask_files(content: Any, folder: Path) -> Iterator[Path]:
    """Yield the files that a content names, once it is known to be as documented."""
    for described in content["objects"]:
        for entry in described["prompts"]:
            if "mask" in entry:
                yield folder / entry["mask"]


def _check_keys(
    content: Any, where: str, *, required: set[str], optional: set[str] | None = None
) -> None:
    if not isinstance(content, dict):
        raise PromptError(
            f"{where}: an object in braces is needed, not {_show(content)}."
        )
    missing = sorted(required - content.keys())
    unknown = sorted(content.keys() - required - (optional or set()))
    if missing:
        raise PromptError(f'{where}: "{missing[0]}" is missing.')
    if unknown:
        known = ", ".join(sorted(required | (optional or set())))
        raise PromptError(f'{where}: "{unknown[0]}" is not known; use {known}.')


def _list(content: Any, where: str) -> list[Any]:
    if not isinstance(content, list):
        raise PromptError(f"{where}: a list is needed, not {_show(content)}.")
    return content


def _text(content: Any, where: str) -> str:
    if not isinstance(content, str) or not content:
        raise PromptError(f"{where} must be a text, but is {_show(content)}.")
    return content


def _whole(content: Any, where: str) -> int:
    if type(content) is not int:
        raise PromptError(f"{where} must be a whole number, but is {_show(content)}.")
    return content


def _numbers(content: Any, count: int, where: str) -> tuple[float, ...]:
    numbers = content if isinstance(content, list) else []
    if len(numbers) != count or not all(type(n) in (int, float) for n in numbers):
        raise PromptError(f"{where} must be {count} numbers, but is {_show(content)}.")
    return tuple(numbers)


def _show(content: Any) -> str:
    text = json.dumps(content)
    return text if len(text) <= 60 else text[:57] + "…"
