"""``napari-sam2 demo``: the bundled samples, tracked, measured and drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.jobs.carry_out import Outcome, carry_out
from napari_sam2.cli.jobs.job import Job, Outputs
from napari_sam2.cli.jobs.track_job import provenance, run_settings
from napari_sam2.cli.options.model import add_model_options
from napari_sam2.cli.options.prompting import Request, gather_request
from napari_sam2.cli.options.quality import add_quality_option, quality_of
from napari_sam2.cli.scoring import mean_iou
from napari_sam2.cli.track import load, report
from napari_sam2.core.errors import MissingExtraError, OutputError
from napari_sam2.core.recipe import DEFAULT_WINDOW, Made
from napari_sam2.engine.weights import resolve_weights
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.samples import Sample, load_sample, sample_names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from napari_sam2.core.quality import Quality

_FOLDER = "napari-sam2-demo"
_HEADER = ("sample", "objects", "frames", "mean IoU", "frames/s")
# These cells are there from one division to the next; then they are others.
_SPANS = {"bacteria_phase": range(3, 7)}
_EXPLANATION = """\
Mean IoU: the overlap with the sample's own masks, averaged over objects and frames: all
frames that were computed, except the prompted ones, on which the object or its mask
exists. The clip has no masks."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo`` to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="try it on the samples that come with it",
        description="Follow objects through the bundled samples, from stored prompts. "
        "Labels, a table and a picture to look at are written for each sample.",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        default=Path(_FOLDER),
        help="folder for the results (default: %(default)s)",
    )
    parser.add_argument(
        "--sample",
        metavar="NAME",
        help=f"only this sample: {', '.join(sample_names())}",
    )
    add_model_options(parser)
    add_quality_option(parser)
    parser.set_defaults(handler=_demo)


def _demo(args: argparse.Namespace) -> int:
    resolve_weights(args.model)
    names = (args.sample,) if args.sample else sample_names()
    samples = [load_sample(name) for name in names]
    _make_folder(args.output)
    quality = quality_of(args)
    loaded = cache(partial(load, args, quality))
    rows: list[tuple[str, ...]] = [_HEADER]
    for sample in samples:
        print(f"{sample.name}: {sample.description}", flush=True)
        try:
            job = _job(sample, args, quality)
        except MissingExtraError as error:
            if args.sample:
                raise
            print(f"  left out: {error}")
            continue
        outcome = carry_out(job, loaded)
        if code := report(job, outcome):
            return code
        rows.append(_row(sample, job, outcome))
    print(f"\n{as_table(rows)}\n\n{_EXPLANATION}\nResults to look at: {args.output}")
    return 0


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {path} cannot be made: {error.strerror}."
        ) from error


def _job(sample: Sample, args: argparse.Namespace, quality: Quality) -> Job:
    frames = stack_frames(open_stack(sample.stack))
    request = gather_request((), (), (sample.prompts,), frames)
    made = Made(
        args.model,
        image_size=args.image_size or 0,
        window=DEFAULT_WINDOW,
        quality=quality,
    )
    return Job(
        frames=frames,
        request=request,
        outputs=_outputs(sample, args.output),
        span=_SPANS.get(sample.name, range(len(frames))),
        inputs=(sample.stack, sample.prompts),
        window=made.window,
        quality=quality,
        provenance=replace(
            provenance(request, frames, args.model), settings=run_settings(made, args)
        ),
    )


def _outputs(sample: Sample, folder: Path) -> Outputs:
    stem = str(folder / sample.name)
    overlays = [Path(f"{stem}_overlay.png")]
    if sample.stack.suffix == ".mp4":
        overlays.append(Path(f"{stem}_overlay.mp4"))
    return Outputs(
        labels=Path(f"{stem}_tracked.tif"),
        table=Path(f"{stem}_objects.csv"),
        overlays=tuple(overlays),
        overwrite=True,
    )


def _row(sample: Sample, job: Job, outcome: Outcome) -> tuple[str, ...]:
    return (
        sample.name,
        str(len(job.request.object_ids)),
        str(len(outcome.frames)),
        _score(sample, job, outcome),
        f"{outcome.course.rate:.1f}",
    )


def _score(sample: Sample, job: Job, outcome: Outcome) -> str:
    """Compare what was written with the sample's masks, if it has any."""
    if sample.labels is None:
        return "-"
    found, true = read_labels(job.outputs.labels), read_labels(sample.labels)
    return f"{mean_iou(found, true, unprompted(job.request, outcome.frames)):.3f}"


def unprompted(
    request: Request, frames: Iterable[int]
) -> Iterator[tuple[int, list[int]]]:
    """Yield frames, and on each the objects that have no prompt there."""
    for frame in frames:
        yield (
            frame,
            [i for i in request.object_ids if (i, frame) not in request.prompts],
        )


def as_table(rows: list[tuple[str, ...]]) -> str:
    """Lay rows out in columns, names to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *numbers in rows:
        cells = [f"{name:<{widths[0]}}"]
        cells += [f"{n:>{w}}" for n, w in zip(numbers, widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return "\n".join(lines)
