"""``napari-sam2 evaluate``: how good a model is on stacks whose masks are known."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2 import __version__
from napari_sam2.cli.interrupt import INTERRUPTED, stop_on_interrupt
from napari_sam2.cli.options.evaluate import (
    add_extent_options,
    add_method_options,
    add_output_options,
    add_protocol_options,
    read_study,
)
from napari_sam2.cli.options.model import add_model_options
from napari_sam2.cli.options.quality import add_quality_option, quality_of
from napari_sam2.cli.problems import sentence_of
from napari_sam2.cli.progress.frame_bar import FrameBar
from napari_sam2.cli.track import load
from napari_sam2.core.errors import MissingExtraError, OutputError, Sam2Error
from napari_sam2.core.provenance import now_utc
from napari_sam2.core.writing_pace import rest_after
from napari_sam2.engine.weights import resolve_weights, weights_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.engine.network import Network
    from napari_sam2.evaluation.layouts.source import Source
    from napari_sam2.evaluation.report_stack import Section
    from napari_sam2.evaluation.study import StackOutcome, Study
    from napari_sam2.evaluation.truth import Truth

_PARTLY, _FAILED = 1, 2

_DESCRIPTION = """\
Prompt the objects of stacks whose masks are known as a user would, follow them forward,
and compare. DATA holds the stacks in one of these layouts:

  folders with image.tif, labels.tif and perhaps meta.json
  JPEGImages/480p and Annotations/480p, as DAVIS has them
  01, 01_GT and perhaps 01_ST, as the Cell Tracking Challenge has them, or folders of
  such data sets
"""

_EPILOG = """\
examples:
  how good is the bundled model with a box around each object?
    napari-sam2 evaluate stacks -o measured

  quickly, with a box and with a click, up to 6 objects on 24 frames of each stack
    napari-sam2 evaluate stacks --prompt box,click --max-objects 6 --max-frames 24

  the semi-supervised and the interactive protocols of the SAM 2 paper
    napari-sam2 evaluate DAVIS --model sam2.1-small --prompt mask
    napari-sam2 evaluate DAVIS --model sam2.1-small --prompt clicks3 --correct offline

The summary explains what it shows. The exit code is 0 when all is done, 1 when a stack
could not be measured, 2 when nothing was, 130 after Ctrl-C. Finished stacks are shown
and kept, whatever ends it.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate`` to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure how good a model is on stacks whose masks are known",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", metavar="DATA", type=Path, help="the stacks")
    add_protocol_options(parser)
    add_extent_options(parser)
    add_method_options(parser)
    add_output_options(parser)
    add_model_options(parser)
    add_quality_option(parser)
    parser.set_defaults(handler=_evaluate)


def _evaluate(args: argparse.Namespace) -> int:
    from napari_sam2.evaluation.layouts.find import find_stacks
    from napari_sam2.evaluation.output import check_evaluation

    study = replace(read_study(args), quality=quality_of(args))
    sources = find_stacks(args.data, args.stacks)
    if args.output is not None:
        check_evaluation(args.output, overwrite=args.overwrite)
    resolve_weights(args.model)  # an unknown name is told before the model is made
    session = _Session(load(args, study.quality), study, len(sources), _shown(args))
    folder = _Folder(args)
    try:
        _measure_all(session, sources, folder)
    finally:  # whatever ended it: hours of work may be done
        code = _conclude(session, folder)
    return code


def _measure_all(session: _Session, sources: Sequence[Source], folder: _Folder) -> None:
    with stop_on_interrupt() as token:
        for number, source in enumerate(sources, 1):
            if not token.is_cancelled:
                session.measure(source, f"{number} of {len(sources)}", token)
                folder.keep(session)


def _conclude(session: _Session, folder: _Folder) -> int:
    """Print and write what there is, and say what is missing; return the exit code."""
    left = session.left
    if left:
        session.notes.append(
            f"Stopped: {left} of {session.count} stacks were not measured."
        )
    try:
        return _report(session, was_stopped=left > 0)
    finally:  # last, for it may fail where the summary cannot; but without readers, too
        folder.write(session, session.notes)


def _shown(args: argparse.Namespace) -> int:
    """Return how many of the worst frames of a stack are drawn."""
    return 0 if args.output is None else max(0, args.worst)


@dataclass(slots=True)
class _Session:
    """A model that is measured, and what came of it so far."""

    model: Network
    study: Study
    count: int
    shown: int
    sections: list[Section] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Number of stacks that are still to be measured."""
        return self.count - len(self.sections) - len(self.problems)

    def measure(self, source: Source, place: str, token: CancelToken) -> None:
        """Measure one more stack; one that cannot be does not stop the others."""
        from napari_sam2.evaluation.evaluate import evaluate_stack

        with FrameBar(1, f"{source.name} ({place})") as bar:
            try:
                truth = source.open()
                self._check_package(truth)
                outcome = evaluate_stack(
                    self.model, truth, self.study, token=token, watch=bar.watch
                )
                if outcome is not None:
                    self.sections.append(self._section(outcome))
            except (Sam2Error, OSError, RuntimeError, MemoryError) as problem:
                sentence = sentence_of(problem)
                if sentence is None:
                    raise
                self.problems.append(f"{source.name} is left out: {sentence}")

    def _check_package(self, truth: Truth) -> None:
        """Do without SEG, DET and TRA, and say so, where they cannot be measured."""
        from napari_sam2.evaluation.cell_tracking import load_package

        if truth.kind != "time-lapse" or not self.study.cell_tracking:
            return
        try:
            load_package()
        except MissingExtraError as missing:
            self.study = replace(self.study, cell_tracking=False)
            self.notes.append(str(missing))

    def _section(self, outcome: StackOutcome) -> Section:
        """Keep scores and pictures of a stack, but none of its masks."""
        from napari_sam2.evaluation.gallery import exhibits
        from napari_sam2.evaluation.report_stack import Section

        names = [str(protocol) for protocol in self.study.protocols]
        worst = {name: exhibits(outcome, name, self.shown) for name in names}
        return Section(outcome.score, worst)


@dataclass(slots=True)
class _Folder:
    """The folder of results, if one is wanted; written while stacks are measured, too.

    Attributes
    ----------
    args : Namespace
    is_ours : bool
        Whether what is there was written now.
    rests_until : float
        When it may be written again without taking much of the time.
    """

    args: argparse.Namespace
    is_ours: bool = False
    rests_until: float = 0.0

    def keep(self, session: _Session) -> None:
        """Write what is measured so far, lest it is lost with the process."""
        started = time.monotonic()
        if session.left and started >= self.rests_until:
            with suppress(OutputError):  # the last writing will tell
                self.write(session, [*session.notes, _begun(session)])
            ended = time.monotonic()
            self.rests_until = ended + rest_after(ended - started)

    def write(self, session: _Session, notes: Sequence[str]) -> None:
        """Write the folder, if there are any results."""
        from napari_sam2.evaluation.output import write_evaluation

        if self.args.output is None or not session.sections:
            return
        write_evaluation(
            self.args.output,
            f"{self.args.model} on {self.args.data.resolve().name}",
            _about(self.args, session),
            session.sections,
            notes=[*session.problems, *notes],
            overwrite=self.args.overwrite or self.is_ours,
        )
        self.is_ours = True


def _begun(session: _Session) -> str:
    return f"Not finished: {session.left} of {session.count} stacks are left."


def _about(args: argparse.Namespace, session: _Session) -> str:
    """Say with what it was measured, and how much of the stacks."""
    checksum = (weights_sha256(args.model) or "unknown")[:12]
    parts = [
        f"Model {args.model} (SHA-256 {checksum})",
        f"image size {session.model.config.image_size}",
        f"window {args.window}",
        f"quality {session.study.quality.name}",
    ]
    if session.model.precision is not None:  # unknown of some providers of graphs
        parts.append(f"computed in {session.model.precision}")
    if args.max_objects is not None:
        parts.append(f"up to {args.max_objects} objects a stack")
    if args.max_frames is not None:
        parts.append(f"up to {args.max_frames} frames")
    if str(args.frames) != ":":
        parts.append(f"frames {args.frames}")
    return ", ".join([*parts, f"napari-sam2 {__version__}", now_utc()])


def _report(session: _Session, *, was_stopped: bool) -> int:
    """Print the summary and what is missing from it; return the exit code."""
    from napari_sam2.evaluation.table import summary

    stacks = [section.stack for section in session.sections]
    if stacks:
        print(summary(stacks))
    for line in (*session.problems, *session.notes):
        print(f"napari-sam2: {line}", file=sys.stderr)
    if was_stopped:
        return INTERRUPTED
    if not stacks:
        return _FAILED
    return _PARTLY if session.problems else 0
