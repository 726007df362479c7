"""The options of ``evaluate``, and what they ask for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.options.arguments import FrameSpan, UsageError, parse_frames
from napari_sam2.cli.options.numbers import whole_number
from napari_sam2.core.recipe import DEFAULT_WINDOW

if TYPE_CHECKING:
    from napari_sam2.evaluation.study import Study

_CORRECTIONS = ("never", "offline", "online")


def add_protocol_options(parser: argparse.ArgumentParser) -> None:
    """Add what is said about objects, and when."""
    group = parser.add_argument_group("what is said about each object")
    group.add_argument(
        "--prompt",
        metavar="KIND",
        action="append",
        help="on its first frame: box, click, mask, or clicks3 for three clicks, each "
        "where the answer is most wrong; box,click for both (default: box)",
    )
    group.add_argument(
        "--correct",
        metavar="WHEN",
        type=_corrections,
        action="extend",
        help="on later frames, as many clicks as --prompt says: offline, after each "
        "pass through the stack, on the frame with the worst mask; online, in a single "
        "pass, wherever J is below 0.75; offline,online for both (default: never)",
    )
    group.add_argument(
        "--max-prompted",
        metavar="N",
        type=whole_number(1),
        default=8,
        help="most prompted frames of an object, the first included (default: "
        "%(default)s)",
    )


def _corrections(text: str) -> list[str]:
    """Read when to correct, several ways apart by commas."""
    words = text.split(",")
    wrong = next((word for word in words if word not in _CORRECTIONS), None)
    if wrong is not None:
        raise argparse.ArgumentTypeError(
            f"{wrong!r} is no time to correct: choose among {', '.join(_CORRECTIONS)}"
        )
    return words


def add_extent_options(parser: argparse.ArgumentParser) -> None:
    """Add how much of the stacks is measured."""
    group = parser.add_argument_group("how much is measured")
    _add_stacks(group)
    _add_most(group)


def _add_stacks(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--stacks",
        metavar="NAME",
        action="append",
        default=[],
        help="only stacks of this name, in which * stands for anything; may be "
        "repeated",
    )
    group.add_argument(
        "--frames",
        metavar="A:B",
        type=parse_frames,
        default=FrameSpan(),
        help="only the frames from A up to, but without, B",
    )


def _add_most(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--max-frames",
        metavar="N",
        type=whole_number(1),
        help="of longer stacks, the N frames in a row on which most is to be seen",
    )
    group.add_argument(
        "--max-objects",
        metavar="N",
        type=whole_number(1),
        help="of more objects, N spread evenly over the range of sizes",
    )


def add_method_options(parser: argparse.ArgumentParser) -> None:
    """Add how objects are followed, and what that is compared with."""
    group = parser.add_argument_group("how they are followed")
    group.add_argument(
        "--window",
        choices=("off", "auto", "on"),
        default=DEFAULT_WINDOW,
        help="look at small objects in a window that follows them (default: "
        "%(default)s)",
    )
    group.add_argument(
        "--group",
        metavar="N",
        type=whole_number(1),
        default=128,
        help="most objects in one pass through a stack (default: %(default)s)",
    )
    group.add_argument(
        "--no-baselines",
        action="store_true",
        help="leave out the copied mask and the thresholds",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add what is written."""
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        help="a folder for report.html with the worst frames, summary.md, and tables "
        "of every stack, object and frame (default: only the summary is printed)",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace a folder that exists"
    )
    group.add_argument(
        "--worst",
        metavar="N",
        type=whole_number(),
        default=6,
        help="objects of each stack of which the worst frame is shown (default: "
        "%(default)s)",
    )


def read_study(args: argparse.Namespace) -> Study:
    """Return what is asked for.

    Raises
    ------
    PromptError, UsageError
        If a word makes no sense, or comes twice.
    """
    from napari_sam2.evaluation.asking import parse_asking
    from napari_sam2.evaluation.assignment import Limits
    from napari_sam2.evaluation.protocol import Protocol
    from napari_sam2.evaluation.study import Study

    words = [word for text in args.prompt or ["box"] for word in text.split(",")]
    protocols = [
        Protocol(parse_asking(word), correcting, args.max_prompted)
        for word in words
        for correcting in args.correct or ["never"]
    ]
    names = [str(protocol) for protocol in protocols]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice} is asked for twice: each prompt is measured once.")
    span: FrameSpan = args.frames
    return Study(
        protocols=tuple(protocols),
        limits=Limits(span.start, span.stop, args.max_frames, args.max_objects),
        window=args.window,
        group=args.group,
        baselines=not args.no_baselines,
        cell_tracking=True,
    )
