"""``napari-sam2 evaluate``: how good a model is on stacks whose masks are known."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.arguments import FrameSpan, UsageError, parse_frames
from napari_sam2.cli.frame_bar import FrameBar
from napari_sam2.cli.interrupt import INTERRUPTED, stop_on_interrupt
from napari_sam2.cli.track import load
from napari_sam2.cli.track_options import add_model_options
from napari_sam2.core.errors import Sam2Error
from napari_sam2.engine.weights import resolve_weights

if TYPE_CHECKING:
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.evaluation.evaluate import StackOutcome, Study
    from napari_sam2.evaluation.layouts.source import Source
    from napari_sam2.model.sam2 import Sam2Model

_PARTLY, _FAILED = 1, 2

_DESCRIPTION = """\
Prompt the objects of stacks whose masks are known, follow them forward, and compare.
DATA is a folder of stacks: folders with image.tif, labels.tif and perhaps meta.json.
"""

_EXPLANATION = """\
J: overlap with the true mask, F: agreement of outlines, as the DAVIS benchmark has
them; both 1 where an object is neither there nor found. Means over the frames after the
prompted one (start J is of that one), then over objects, then over stacks. J present:
only frames on which the object is. presence: share of frames on which it is right
whether it is there. copy: the first true mask, copied. threshold: bright or dark parts,
linked by overlap from the first true mask on."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate`` to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure how good a model is on stacks whose masks are known",
        description=_DESCRIPTION,
        epilog=_EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", metavar="DATA", type=Path, help="a folder of stacks")
    parser.add_argument(
        "--prompt",
        metavar="KIND",
        action="append",
        help="what is said about each object on its first frame: box, click, mask, or "
        "clicks3 for three clicks, each where the answer is most wrong; may be "
        "repeated (default: box)",
    )
    _add_choices(parser)
    add_model_options(parser)
    parser.set_defaults(handler=_evaluate)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how much is measured")
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
    group.add_argument(
        "--max-frames",
        metavar="N",
        type=_count,
        help="of longer stacks, the N frames in a row on which most is to be seen",
    )
    group.add_argument(
        "--max-objects",
        metavar="N",
        type=_count,
        help="of more objects, N spread evenly over the range of sizes",
    )
    group.add_argument(
        "--window",
        choices=("off", "auto", "on"),
        default="off",
        help="look at small objects in a window that follows them (default: off)",
    )
    group.add_argument(
        "--group",
        metavar="N",
        type=_count,
        default=128,
        help="most objects in one pass through a stack (default: %(default)s)",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of 1 or more")
    return int(text)


def _evaluate(args: argparse.Namespace) -> int:
    from napari_sam2.evaluation.layouts.find import find_stacks

    sources = find_stacks(args.data, args.stacks)
    study = _study(args)
    resolve_weights(args.model)  # an unknown name is told before the model is made
    done = _Done(len(sources))
    model = load(args)
    with stop_on_interrupt() as token:
        for source in sources:
            if not token.is_cancelled:
                done.add(source, model, study, token)
    return _report(done, was_stopped=token.is_cancelled)


def _study(args: argparse.Namespace) -> Study:
    from napari_sam2.evaluation.asking import parse_asking
    from napari_sam2.evaluation.assignment import Limits
    from napari_sam2.evaluation.evaluate import Study
    from napari_sam2.evaluation.protocols import Protocol

    words = [word for text in args.prompt or ["box"] for word in text.split(",")]
    if len(set(words)) < len(words):
        raise UsageError("--prompt says the same twice: each kind is measured once.")
    return Study(
        protocols=tuple(Protocol(parse_asking(word)) for word in words),
        limits=Limits(
            args.frames.start, args.frames.stop, args.max_frames, args.max_objects
        ),
        window=args.window,
        group=args.group,
    )


@dataclass(slots=True)
class _Done:
    """What came of the stacks so far."""

    total: int
    outcomes: list[StackOutcome] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(
        self, source: Source, model: Sam2Model, study: Study, token: CancelToken
    ) -> None:
        """Measure one more stack; a stack that cannot be does not stop the others."""
        from napari_sam2.evaluation.evaluate import evaluate_stack

        number = len(self.outcomes) + len(self.problems) + 1
        bar = FrameBar(1, f"{source.name} ({number} of {self.total})")
        with bar:
            try:
                outcome = evaluate_stack(
                    model, source.open(), study, token=token, watch=bar.watch
                )
            except Sam2Error as problem:
                self.problems.append(f"{source.name} is left out: {problem}")
                return
        if outcome is not None:
            self.outcomes.append(outcome)


def _report(done: _Done, *, was_stopped: bool) -> int:
    """Print the table and what is missing from it; return the exit code."""
    from napari_sam2.evaluation.table import summary_table

    if done.outcomes:
        print(f"{summary_table(done.outcomes)}\n\n{_EXPLANATION}")
    for problem in done.problems:
        print(f"napari-sam2: {problem}", file=sys.stderr)
    if was_stopped:
        left = done.total - len(done.outcomes) - len(done.problems)
        print(
            f"napari-sam2: Stopped: {left} stacks were not measured.", file=sys.stderr
        )
        return INTERRUPTED
    if not done.outcomes:
        return _FAILED
    return _PARTLY if done.problems else 0
