"""The options of what the model sees: parts of files, channels, brightness, windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.cli.options.arguments import parse_channels, parse_limits
from napari_sam2.core.recipe import DEFAULT_WINDOW

if TYPE_CHECKING:
    import argparse


def add_pixel_options(parser: argparse.ArgumentParser) -> None:
    """Add which pixels the model sees, and how bright."""
    group = parser.add_argument_group("what the model sees")
    _add_parts_of_files(group)
    _add_channels(group)
    _add_brightness(group)
    group.add_argument(
        "--window",
        choices=("off", "auto", "on"),
        default=DEFAULT_WINDOW,
        help="look at small objects in a window that follows them, instead of at whole "
        "frames: auto does so where it magnifies an object three times or more; "
        "off is quicker, above all where there are many (default: %(default)s)",
    )


def _add_parts_of_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--series",
        metavar="N",
        type=int,
        help="which image of a TIFF file (default: the first, 0), or which series of a "
        "DICOM folder",
    )
    group.add_argument(
        "--level",
        metavar="N",
        type=int,
        default=0,
        help="which level of a pyramid is read, where full resolution (0) is slow; "
        "coordinates and results are those of level 0 all the same",
    )


def _add_channels(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--as-channels",
        action="store_true",
        help="take several STACKs of one size as the channels of one, in that order",
    )
    group.add_argument(
        "--channels",
        metavar="N[,N[,N]]",
        type=parse_channels,
        help="one to three channels to look at (default: colours as they are, of "
        "--as-channels all, else the first)",
    )


def _add_brightness(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--limits",
        metavar="LOW,HIGH",
        type=parse_limits,
        action="append",
        help="intensities shown to the model as black and as white; once, or once for "
        "each of three channels (default: estimated from the whole stack; -160,240, as "
        "soft tissue is looked at, where it is CT in Hounsfield units)",
    )
    group.add_argument(
        "--correct-bleaching",
        action="store_true",
        help="show frames that fade to the model as bright as the first; tables hold "
        "the intensities of the file all the same",
    )
