"""The command ``napari-sam2``: finds the handler of a verb, turns errors to sentences.

Nothing heavy is imported here: the help must come at once, and Ctrl-C be heard.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from napari_sam2 import __version__
from napari_sam2.cli.interrupt import INTERRUPTED
from napari_sam2.cli.options.arguments import Parser, with_negative_values
from napari_sam2.cli.problems import sentence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERBS = (
    "gui", "track", "export", "export_onnx", "prompts", "demo", "evaluate",
    "benchmark", "finetune", "models", "doctor",
)  # fmt: skip
"""The modules of this package that each add a verb, in the order of the help."""
_FAILED = 2
_OUR_BUG = (
    "This is a bug in napari-sam2, not your fault. Please report it, with all lines "
    "above and what napari-sam2 doctor prints."
)
_EPILOG = """\
examples:
  napari-sam2 demo
      follow cells, nuclei, a brain and a rabbit, and look at the pictures
  napari-sam2 track cells.tif -o labels.tif --point 1:0,120,88
      follow the cell at row 120, column 88 of frame 0 through cells.tif
  napari-sam2 track --help
      everything else that can be said about objects, stacks and outputs
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``napari-sam2``; those of the process by default.

    Returns
    -------
    int
        The exit code: 0 done, 1 done in part, 2 failed, 130 stopped by the user.
    """
    # Readers log what they meet in broken files; one sentence of ours says it all.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    words = sys.argv[1:] if argv is None else argv
    try:
        args = build_parser().parse_args(with_negative_values(words))
        code: int = args.handler(args)
        if sys.stdout is not None:  # as it is where it was closed from the start
            sys.stdout.flush()  # here, where a closed pipe is still answered
    except KeyboardInterrupt as stop:
        return _say(str(stop) or "Stopped.", INTERRUPTED)
    except BrokenPipeError:
        return _without_reader()
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            error.add_note(_OUR_BUG)
            raise
        return _say(sentence, _FAILED)
    return code


def run() -> NoReturn:
    """Run the command of this process and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # some consoles know few characters
            stream.reconfigure(errors="replace")
    # Idle threads of torch spin by default, and where another program is busy that
    # makes frames many times slower. Read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(main())


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all verbs."""
    parser = Parser(
        prog="napari-sam2",
        description="Click an object, and SAM 2 carries its mask through your "
        "time-lapse, volume or video.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"napari-sam2 {__version__}"
    )
    verbs = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for verb in _VERBS:  # their modules take long enough to import to be interrupted
        import_module(f"napari_sam2.cli.{verb}").add_parser(verbs)
    return parser


def _say(message: str, code: int) -> int:
    print(f"napari-sam2: {message}", file=sys.stderr)
    return code


def _without_reader() -> int:
    """Leave quietly when the program that reads the output has gone."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return _FAILED
