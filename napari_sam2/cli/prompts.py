"""``napari-sam2 prompts``: prompts made from masks that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.options.arguments import FrameSpan, UsageError, as_span
from napari_sam2.cli.options.numbers import as_whole
from napari_sam2.core.errors import FrameError, PromptError
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.masks.packing import pack_labels
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.core.wording import counted
from napari_sam2.io.doubtful_labels import LabelCheck
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.files.output import check_output
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.prompt_file import check_prompt_name, prompt_files, write_prompts
from napari_sam2.io.prompt_json import PromptSet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from napari_sam2.control.positions.outlining import Form
    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.prompts import Prompt
    from napari_sam2.io.reading.stack_frames import StackFrames

_FORMS = {"points": "point", "boxes": "box", "masks": "mask"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``prompts`` to the command line."""
    parser = subparsers.add_parser(
        "prompts",
        help="make prompts from masks that exist already",
        description="Make a prompt file from a label image or stack: by default, each "
        "object is prompted on the first frame that shows it.",
    )
    parser.add_argument("labels", metavar="LABELS.tif", type=Path)
    parser.add_argument(
        "-o",
        "--output",
        metavar="PROMPTS.json",
        type=Path,
        required=True,
        help="what is written; masks go to files beside it",
    )
    _add_choice(parser)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace outputs that exist"
    )
    parser.set_defaults(handler=_prompts)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="form",
        choices=tuple(_FORMS),
        default="points",
        help="one point deep inside each object, the box around it, or its pixels "
        "(default: points)",
    )
    parser.add_argument(
        "--frames",
        metavar="N[,N…]",
        type=parse_frame_list,
        help="prompt the objects on these frames, counted from 0; A:B stands for the "
        "frames from A up to, but without, B, and A: for the rest from A on",
    )


def parse_frame_list(text: str) -> tuple[FrameSpan | int, ...]:
    """Read ``0,5,10:20``; spans may be open."""
    parts = [part.strip() for part in text.split(",")]
    found = [as_span(part) if ":" in part else as_whole(part) for part in parts]
    frames = tuple(one for one in found if one is not None)
    if len(frames) < len(found):
        raise UsageError(
            f"--frames {text} cannot be read: write frames, counted from 0, such as 0 "
            "or 0,5,10:20."
        )
    return frames


def _chosen(chosen: tuple[FrameSpan | int, ...], count: int) -> list[int]:
    """Return the frames of a stack of so many that are asked for, in order."""
    found: set[int] = set()
    for one in chosen:
        try:
            if isinstance(one, int):
                check_frame(one, count)
        except FrameError as error:
            raise UsageError(f"--frames: {error}") from error
        found |= {one} if isinstance(one, int) else {*one.within(count)}
    return sorted(found)


def _prompts(args: argparse.Namespace) -> int:
    check_prompt_name(args.output)
    check_apart((args.output,), (args.labels,))
    check_output(args.output, overwrite=args.overwrite)
    frames = read_labels(args.labels)
    prompts = tuple(_made(frames, args.form, args.frames))
    if not prompts:
        where = "" if args.frames is None else " on these frames"
        raise PromptError(
            f"{args.labels} shows no object{where}: objects have numbers above 0."
        )
    found = PromptSet(prompts)
    check_apart(prompt_files(args.output, found), (args.labels,))
    write_prompts(args.output, found, overwrite=args.overwrite)
    objects = counted(len(found.object_ids), "object")
    said = counted(len(prompts), _FORMS[args.form], args.form)
    print(f"{objects}, {said}: {args.output}")
    return 0


def _made(
    frames: StackFrames, form: Form, chosen: tuple[FrameSpan | int, ...] | None
) -> Iterator[Prompt]:
    seen: set[int] = set()
    checked = LabelCheck(frames.stack.path)
    count = len(frames)
    for frame in range(count) if chosen is None else _chosen(chosen, count):
        for object_id, mask in pack_labels(checked(frames[frame])).items():
            if chosen is None and object_id in seen:
                continue
            seen.add(object_id)
            yield _prompt(mask, object_id, frame, form)


def _prompt(mask: PackedMask, object_id: int, frame: int, form: Form) -> Prompt:
    from napari_sam2.control.positions.outlining import (  # scipy
        box_around,
        point_within,
    )

    if form == "masks":
        return MaskPrompt(object_id, frame, mask)
    if form == "boxes":
        return BoxPrompt(object_id, frame, box_around(mask))
    return PointPrompt(object_id, frame, point_within(mask))
