"""A project on the command line: read, and its image found."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.progress.frame_bar import FrameBar
from napari_sam2.core.errors import ProjectError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from napari_sam2.core.cancel import CancelToken, Progress
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.project.values import Project

T = TypeVar("T")

_POSITIONAL = {"stack"}


def add_image_options(parser: argparse._ArgumentGroup) -> None:
    """Add what is said about a project's image."""
    parser.add_argument(
        "--image",
        metavar="PATH",
        type=Path,
        help="where the project's image is now, if it is no longer where it was",
    )
    parser.add_argument(
        "--changed-image",
        action="store_true",
        help="go on although the image is not as it was when the project was saved",
    )


def open_project_image(project: Project, args: argparse.Namespace) -> StackFrames:
    """Open the image of a project, if it is there and as it was.

    Raises
    ------
    ProjectError
        If it is missing, or changed and ``--changed-image`` is not given.
    """
    from napari_sam2.project.image import Whereabouts, locate_image, open_image

    state = locate_image(project, args.project, instead=args.image)
    if state.path is None:
        raise ProjectError(f"{state.sentence} Add --image PATH.")
    if state.whereabouts is Whereabouts.CHANGED and not args.changed_image:
        raise ProjectError(f"{state.sentence} Add --changed-image to go on.")
    return open_image(project, state.path)


def finish(
    steps: Generator[Progress, None, T], label: str, token: CancelToken | None = None
) -> T:
    """Run steps to their end under a bar; return what they return.

    Raises
    ------
    Stopped
        If ``token`` is cancelled before.
    """
    with ExitStack() as ended:
        ended.enter_context(closing(steps))
        bar: FrameBar | None = None
        while True:
            try:
                progress = next(steps)
            except StopIteration as end:
                outcome: T = end.value
                return outcome
            if token is not None:
                token.check()
            bar = bar or ended.enter_context(FrameBar(progress.total, label))
            bar.show(progress.done)


def refuse_options(args: argparse.Namespace, names: dict[str, object]) -> None:
    """Refuse options that mean nothing beside ``--project``.

    Parameters
    ----------
    args : Namespace
    names : dict of str to value
        The options and what they are when they are not given.

    Raises
    ------
    UsageError
        If one is given.
    """
    given = getattr(args, "given", ())
    for name, default in names.items():
        if name in given or getattr(args, name) != default:
            option = name.upper() if name in _POSITIONAL else f"--{_dashed(name)}"
            raise UsageError(
                f"{option} cannot be given with --project, which says it itself."
            )


def _dashed(name: str) -> str:
    return name.replace("_", "-")
