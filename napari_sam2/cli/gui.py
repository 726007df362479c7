"""``napari-sam2 gui``: napari with the dock open."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_sam2.core.errors import MissingExtraError

if TYPE_CHECKING:
    import argparse

# The window stands above the command line in the order of imports, so it is named
# here and not imported, as it is in napari's manifest.
_WINDOW = "napari_sam2.widgets.window"
_ITS_LIBRARIES = {"napari", "qtpy", "superqt", "magicgui"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``gui`` to the command line."""
    parser = subparsers.add_parser(
        "gui",
        help="open stacks and projects in napari and click",
        description="Open napari with the SAM 2 dock: click objects, propagate, "
        "correct, and save. Needs the extra [all].",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="stacks and projects to open"
    )
    parser.set_defaults(handler=_gui)


def _gui(args: argparse.Namespace) -> int:
    try:
        window = import_module(_WINDOW)
    except ImportError as error:
        if not _is_missing_window(error):
            raise
        raise MissingExtraError(
            f"The window needs napari and a Qt binding, and {error.name or 'one'} is "
            'not installed: run pip install "napari-sam2[all]".'
        ) from error
    window.open_window(args.files)
    return 0


def _is_missing_window(error: ImportError) -> bool:
    """Whether napari or Qt is not there, rather than something of ours broken."""
    name = (error.name or "").partition(".")[0]
    return name in _ITS_LIBRARIES or "Qt" in type(error).__name__ + str(error)
