"""``napari-sam2 benchmark``: how fast a model is on this machine, and why."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import INTERRUPTED, stop_on_interrupt
from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.options.model import add_model_options
from napari_sam2.cli.options.numbers import whole_number
from napari_sam2.cli.options.quality import add_quality_option, quality_of
from napari_sam2.core.quality import EXACT
from napari_sam2.io.files.output import atomic_output, check_output

if TYPE_CHECKING:
    from napari_sam2.benchmarking.measure import Extent
    from napari_sam2.benchmarking.results import Findings
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.engine.network import Network
    from napari_sam2.model.sam2 import Sam2Model

_FEWEST_FRAMES = 4
_MOST = 1_000_000

_DESCRIPTION = """\
Measure how fast a model is on this machine: every part of it, clicks, and whole runs
with several numbers of objects; how much of what the device can do that is; and where
the time goes. Frames are generated, and models that are not downloaded get noise as
weights: neither changes how long it takes.
"""

_EPILOG = """\
examples:
  the bundled model
    napari-sam2 benchmark

  a released model for smaller frames, beside Meta's implementation
    napari-sam2 benchmark --model sam2.1-tiny --image-size 512 --objects 1,8 \\
        --against sam2

  numbers for a program
    napari-sam2 benchmark --objects 1,10 --json measured.json

Close other programs first. The exit code is 0 when all is done, 2 when it failed, 130
after Ctrl-C (what was measured is shown).
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``benchmark`` to the command line."""
    parser = subparsers.add_parser(
        "benchmark",
        help="measure how fast a model is on this machine",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_extent_options(parser)
    parser.add_argument(
        "--json",
        metavar="FILE.json",
        type=Path,
        help="write the numbers to a file, too",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a file that exists"
    )
    parser.add_argument(
        "--against",
        choices=("sam2",),
        help="run Meta's implementation beside it, in turns",
    )
    add_model_options(parser)
    add_quality_option(parser)
    parser.set_defaults(handler=_benchmark)


def _add_extent_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--objects",
        metavar="N[,N...]",
        type=_parse_objects,
        default=(1, 8, 32),
        help="numbers of objects to follow, each in a run of its own (default: 1,8,32)",
    )
    parser.add_argument(
        "--frames",
        metavar="N",
        type=whole_number(_FEWEST_FRAMES, _MOST),
        default=40,
        help="frames of a run, of which the first fill the memories (default: "
        "%(default)s)",
    )


def _parse_objects(text: str) -> tuple[int, ...]:
    """Read ``1,8,32``."""
    return tuple(sorted(set(map(whole_number(1, _MOST), text.split(",")))))


def _benchmark(args: argparse.Namespace) -> int:
    _check_file(args)
    from napari_sam2.benchmarking.measure import Extent, measure  # torch takes seconds
    from napari_sam2.benchmarking.models import open_model
    from napari_sam2.benchmarking.table import as_text

    quality = quality_of(args)
    model, is_seeded = open_model(
        args.model,
        device=args.device,
        image_size=args.image_size,
        backend=args.backend,
        quality=quality,
        is_compiled=args.is_compiled,
    )
    extent = Extent(args.objects, args.frames, quality)
    compared = _compared(args, model)
    with stop_on_interrupt() as token:
        found = measure(model, extent, is_seeded=is_seeded, token=token, say=_say)
        if compared is not None and found.is_complete:
            _compare(compared, extent, args.is_compiled, found, token)
    return _report(found, as_text(found), args)


def _report(found: Findings, text: str, args: argparse.Namespace) -> int:
    print(text)
    if args.json is not None:
        _write(args.json, found, overwrite=args.overwrite)
    if not found.is_complete:
        print("napari-sam2: Stopped: the rest was not measured.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _check_file(args: argparse.Namespace) -> None:
    """Tell at once, not after minutes, when the numbers could not be written."""
    if args.json is None:
        return
    if args.json.suffix.lower() != ".json":
        raise UsageError(f"--json {args.json}: the name of the file ends in .json.")
    check_output(args.json, overwrite=args.overwrite)


def _compared(args: argparse.Namespace, model: Network) -> Sam2Model | None:
    """Return the model if it is to be compared, after checking that it can be."""
    from napari_sam2.benchmarking import reference
    from napari_sam2.engine.compiled.network import CompiledNetwork

    if args.against is None:
        return None
    if args.is_compiled and model.device.type != "cuda":
        raise UsageError(
            f"--against {args.against} compares compiled models on a GPU only: leave "
            "out --compile, or choose --device cuda."
        )
    if args.quality != EXACT.name:
        raise UsageError(
            f"--against {args.against} compares two that compute the same: leave out "
            f"--quality {args.quality}, and choose an --image-size if need be."
        )
    if isinstance(model, CompiledNetwork):
        model = model.model
    return reference.comparable(model)


def _compare(
    model: Sam2Model,
    extent: Extent,
    is_compiled: bool,
    found: Findings,
    token: CancelToken,
) -> None:
    from napari_sam2.benchmarking.against import compare

    rows = compare(model, extent, is_compiled=is_compiled, token=token, say=_say)
    found.against.extend(rows)
    found.is_complete = not token.is_cancelled


def _say(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


def _write(path: Path, found: Findings, *, overwrite: bool) -> None:
    from napari_sam2.benchmarking.record import as_json

    with atomic_output(path, overwrite=overwrite, keeps=True) as unfinished:
        unfinished.write_text(as_json(found), "utf-8")
