"""``napari-sam2 finetune``: adapt a model to masks that are right."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import INTERRUPTED, stop_on_interrupt
from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.options.model import add_model_options
from napari_sam2.cli.options.numbers import whole_number
from napari_sam2.cli.options.project import (
    add_image_options,
    finish,
    open_project_image,
)
from napari_sam2.cli.progress.passing_line import PassingLine
from napari_sam2.cli.wording import human_time
from napari_sam2.core.adapter_card import ADAPTER_SUFFIX
from napari_sam2.core.cancel import Stopped
from napari_sam2.engine.weights import resolve_weights
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.files.output import check_output

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.finetuning.adapting import Adapted
    from napari_sam2.finetuning.course import Report
    from napari_sam2.finetuning.truth import TruthStack
    from napari_sam2.finetuning.twice import SeenImages

_PARTLY = 1

_DESCRIPTION = """\
Adapt a model to your own images by teaching it your corrected masks. What it learnt is
saved as a small file, an adapter, that is used as any model is: --model
NAME.adapter.safetensors. Its base, the model that it changes, is needed as well.

DATA are one or more of these:

  WORK.sam2   a project: masks that you painted, corrected, accepted or locked
  cells.tif   an image with its labels beside it, cells_labels.tif; frames without any
              label are taken for not annotated
  a folder    of such images, or of stacks as napari-sam2 evaluate takes them, of
              which all labels are learnt from, whatever they are measured on

A fifth of the frames with masks is held out. The adapter that is best on them is saved,
if it is better there than the base; otherwise nothing is.
"""

_EPILOG = """\
examples:
  a project that was corrected in napari, ten minutes on a laptop
    napari-sam2 finetune cells.sam2 -o cells.adapter.safetensors
    napari-sam2 track other.tif -o labels.tif --point 1:0,120,88 \\
        --model cells.adapter.safetensors

  a larger model on a GPU, its image encoder too
    napari-sam2 finetune stacks --model sam2.1-large --encoder low-rank --minutes 60

The exit code is 0 when an adapter was saved, 1 when nothing was better than the base or
it broke off later, 2 when it failed, 130 after Ctrl-C. The best so far is always saved,
at once.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``finetune`` to the command line."""
    parser = subparsers.add_parser(
        "finetune",
        help="adapt a model to your own corrected masks",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "data", metavar="DATA", type=Path, nargs="+", help="masks to learn from"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar=f"NAME{ADAPTER_SUFFIX}",
        type=Path,
        help="the adapter (default: named after the first DATA, in this folder)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an adapter that exists"
    )
    _add_course_options(parser)
    add_image_options(parser.add_argument_group("projects"))
    add_model_options(parser, only_torch=True)
    parser.set_defaults(handler=_finetune)


def _add_course_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it learns")
    group.add_argument(
        "--minutes",
        type=_minutes,
        default=10.0,
        help="time at most; it ends earlier when it gets no better (default: 10)",
    )
    group.add_argument(
        "--encoder",
        choices=("frozen", "low-rank"),
        default="frozen",
        help="what becomes of the image encoder: frozen, it stays as it is, which is "
        "quick; low-rank, it learns as well, for images that are unlike photographs "
        "and a GPU (default: frozen)",
    )
    group.add_argument(
        "--seed",
        type=whole_number(),
        default=0,
        help="of what is drawn by chance (default: 0); the same seed gives the same "
        "adapter, if time does not run out",
    )


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes {text}: give a number above 0, such as 10.")
    return minutes


def _finetune(args: argparse.Namespace) -> int:
    output = _output(args)
    _check_projects(args)
    resolve_weights(args.model)  # an unknown name is told before anything is read
    with stop_on_interrupt() as token:
        try:
            stacks = list(_read_all(args, token))
        except Stopped:
            print("napari-sam2: Stopped before anything was learnt.", file=sys.stderr)
            return INTERRUPTED
        adapted = _learn(stacks, args, output, token)
    return _tell(adapted, output, token)


def _tell(adapted: Adapted, output: Path, token: CancelToken) -> int:
    """Say what came of it; return the exit code."""
    from napari_sam2.finetuning.wording import outcome_in_words

    print(outcome_in_words(adapted))
    if adapted.path != output:
        print(
            f"napari-sam2: {output} was made by another program meanwhile and is kept: "
            "the adapter lies beside it.",
            file=sys.stderr,
        )
    if token.is_cancelled:
        return INTERRUPTED
    is_whole = adapted.card is not None and not adapted.outcome.problem
    return 0 if is_whole else _PARTLY


def _output(args: argparse.Namespace) -> Path:
    """Return where the adapter goes, checked before long work."""
    first: Path = args.data[0]
    output: Path = args.output or Path(f"{first.resolve().stem}{ADAPTER_SUFFIX}")
    if output.suffix != ".safetensors":
        raise UsageError(
            f"An adapter's name ends in {ADAPTER_SUFFIX}, unlike {output}."
        )
    check_apart((output,), tuple(path for path in args.data if not path.is_dir()))
    check_output(output, overwrite=args.overwrite)
    return output


def _check_projects(args: argparse.Namespace) -> None:
    """Refuse one image for several projects: the masks of each lie on its own."""
    if args.image is not None and sum(map(_is_project, args.data)) > 1:
        raise UsageError(
            "--image says where the image of one project is, and several are given: "
            "give one, or save each of them anew beside its image."
        )


def _is_project(path: Path) -> bool:
    from napari_sam2.project.schema import SUFFIX

    return path.suffix.lower() == SUFFIX


def _read_all(args: argparse.Namespace, token: CancelToken) -> Iterator[TruthStack]:
    """Yield the stacks that all DATA mean, with their masks.

    Raises
    ------
    Stopped
        If ``token`` is cancelled before.
    """
    from napari_sam2.finetuning.twice import SeenImages

    seen = SeenImages()
    for path in args.data:
        token.check()
        if _is_project(path):
            yield from _read_project(path, args, seen)
        else:
            yield from _read(path, seen, token)


def _read_project(
    path: Path, args: argparse.Namespace, seen: SeenImages
) -> list[TruthStack]:
    """Return what a project vouches for, a stack for each position."""
    from napari_sam2.finetuning.work import truth_of_work, work_of_project
    from napari_sam2.project.reading import read_project

    project = read_project(path)
    where = argparse.Namespace(**{**vars(args), "project": path})
    frames = open_project_image(project, where)
    seen.add(frames, str(path))
    return truth_of_work(work_of_project(project, frames, path))


def _read(path: Path, seen: SeenImages, token: CancelToken) -> Iterator[TruthStack]:
    """Yield the stacks that an image with labels, or a folder, means."""
    from napari_sam2.finetuning.sources import find_masks, read_masks

    for source in find_masks(path):
        truth = source.open()
        seen.add(truth.frames, str(path / source.name if path.is_dir() else path))
        yield finish(read_masks(truth), "reading masks", token)


def _learn(
    stacks: list[TruthStack],
    args: argparse.Namespace,
    output: Path,
    token: CancelToken,
) -> Adapted:
    from napari_sam2.finetuning.adapting import TuningOrder, adapt
    from napari_sam2.finetuning.course import TuningOptions
    from napari_sam2.finetuning.parting import part
    from napari_sam2.finetuning.wording import lessons_in_words

    print(lessons_in_words(stacks, part(stacks)), flush=True)
    order = TuningOrder(
        stacks=stacks,
        output=output,
        model=args.model,
        device=args.device,
        image_size=args.image_size,
        options=TuningOptions(
            encoder=args.encoder, minutes=args.minutes, seed=args.seed
        ),
        overwrite=args.overwrite,
    )
    return _watch(adapt(order, token))


def _watch(steps: Generator[Report, None, Adapted]) -> Adapted:
    """Run to the end under a line that says how it goes; what is measured stays."""
    from napari_sam2.finetuning.wording import marks_in_words

    line, told = PassingLine(), ""
    try:
        while True:
            report = next(steps)
            words = f"{report.doing}, step {report.step}: {marks_in_words(report)}"
            line.show(partial(str, words))
            if report.is_measured:
                line.wipe()
                print(_row(report), flush=True)
            if report.notice not in ("", told):
                line.wipe()
                print(f"napari-sam2: {report.notice}", file=sys.stderr)
            told = report.notice
    except StopIteration as end:
        adapted: Adapted = end.value
        return adapted
    finally:
        line.wipe()


def _row(report: Report) -> str:
    spent = human_time(report.seconds)
    loss = "" if report.loss is None else f"   loss {report.loss:.2f}"
    return f"{spent:>8}   step {report.step:4}   held-out J {report.now:.3f}{loss}"
