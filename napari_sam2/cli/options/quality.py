"""How exactly and how quickly masks are computed: ``--quality`` and ``--compile``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, get_args

from napari_sam2.core.quality import (
    EXACT,
    MEANINGS,
    QualityMode,
    describe,
    grade,
    of_graphs,
)
from napari_sam2.engine.weights import exported_folder

if TYPE_CHECKING:
    import argparse

    from napari_sam2.core.quality import Quality


_MEANINGS = " ".join(
    f"{name}: {words[0].lower()}{words[1:]}" for name, words in MEANINGS.items()
)


def add_quality_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--quality`` and ``--compile``."""
    group = parser.add_argument_group("quality and speed")
    group.add_argument(
        "--quality",
        choices=get_args(QualityMode),
        default=EXACT.name,
        help=f"{_MEANINGS} With --image-size, that is the size in each of them "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--compile",
        dest="is_compiled",
        action="store_true",
        help="let PyTorch compile what is done on every frame, which takes some "
        "minutes in the first long run of a model and is kept for later ones; what "
        "cannot be compiled, or is no quicker, stays as it is",
    )


def quality_of(args: argparse.Namespace) -> Quality:
    """Return the quality that the arguments ask for; print which one ``auto`` is.

    Raises
    ------
    ModelError
        With ``--quality auto``, if there is no such model.
    """
    if args.quality != "auto":
        quality = grade(args.quality)
        if quality == EXACT or exported_folder(args.model) is None:
            return quality
        return _of_graphs(quality)
    from napari_sam2.engine.grading import choose_quality  # torch takes seconds

    chosen = choose_quality(
        args.quality, args.model, device=args.device, backend=args.backend
    )
    words = chosen.name if args.image_size is not None else describe(chosen)
    print(f"napari-sam2: --quality auto is {words} here.", file=sys.stderr)
    return chosen


def _of_graphs(quality: Quality) -> Quality:
    """Return what graphs can do of a quality; print what that is."""
    count = quality.recent_frames
    looks_back = f", and the last {count} frames are looked back at" if count else ""
    print(
        f"napari-sam2: --quality {quality.name}: graphs keep the size and the "
        f"precision that they were exported with{looks_back}.",
        file=sys.stderr,
    )
    return of_graphs(quality)


def in_words(quality: Quality) -> str:
    """Name a quality that is not exact, to be put behind a speed."""
    return "" if quality == EXACT else f" ({quality.name})"
