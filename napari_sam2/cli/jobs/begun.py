"""What a run was begun with that nobody said: estimates, precision, files as they were.

It turns out once, as the run begins, and whoever goes on with it keeps to it: another
estimate would show the rest of the frames brighter, or darker.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError, StackError
from napari_sam2.core.frames.bleaching import Fading
from napari_sam2.core.frames.intensity import IntensityLimits
from napari_sam2.io.files.stamp import stamps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.quality import Precision
    from napari_sam2.io.files.unfinished import RunFolder

_LIMITS, _FADING, _PRECISION, _FILES = "limits", "fading", "precision", "files"
# To ask for the dates of more takes longer than to look at pixels, on a network drive.
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Estimates:
    """What was estimated of a stack; None where nothing was yet.

    Attributes
    ----------
    limits : IntensityLimits or None
        What the model sees as black and white.
    fading : tuple of Fading or None
        Of each channel over time.
    """

    limits: IntensityLimits | None = None
    fading: tuple[Fading, ...] | None = None


def kept_estimates(run: RunFolder) -> Estimates:
    """Return what a run that is gone on with was begun with; nothing of another.

    Raises
    ------
    OutputError
        If what the folder says is damaged.
    """
    limits, fading = run.before.get(_LIMITS), run.before.get(_FADING)
    try:
        return Estimates(
            None if limits is None else _limits(limits),
            None if fading is None else tuple(Fading(**one) for one in fading),
        )
    except (TypeError, KeyError, StackError) as error:
        raise OutputError(
            f"What is kept of the run in {run.path} is damaged: remove that folder to "
            "begin anew."
        ) from error


def keep_estimates(
    run: RunFolder, limits: IntensityLimits, fading: Sequence[Fading] = ()
) -> None:
    """Keep what a run sees as black and white, and how it fades."""
    run.settle(**{_LIMITS: asdict(limits), _FADING: [asdict(one) for one in fading]})


def _limits(said: Mapping[str, Any]) -> IntensityLimits:
    return IntensityLimits(tuple(said["low"]), tuple(said["high"]))


def settle_precision(run: RunFolder, precision: Precision | None) -> Precision | None:
    """Keep to what a run multiplies in; return what all of its results are made in.

    That is known only once a model is loaded. It is None where it is not known of what
    was finished before, or of this machine.

    Parameters
    ----------
    run : RunFolder
    precision : str or None
        What this machine multiplies in.

    Raises
    ------
    OutputError
        If the run was begun in another one.
    """
    if not run.is_kept:
        run.settle(**{_PRECISION: precision})
        return precision
    before: Precision | None = run.before.get(_PRECISION)
    if None not in (before, precision) and before != precision:
        raise OutputError(
            f"The run in {run.path} was begun with products in another precision "
            f"({before}), and this machine multiplies in {precision}: go on where it "
            "was begun, or remove that folder to begin anew."
        )
    return None if precision is None else before


class SeenFiles:
    """The files that a run reads, as they are before it does.

    Where sizes and dates are those of before, pixels are, too. Where they are not, it
    may be a copy, and pixels have to tell.

    Parameters
    ----------
    run : RunFolder
    paths : sequence of Path
        Files, or folders of them.
    """

    def __init__(self, run: RunFolder, paths: Sequence[Path]) -> None:
        self._run = run
        self._stamps = stamps_of(paths, most_files=_MOST_FILES)
        if not run.is_kept:
            self.accept()

    @property
    def are_untouched(self) -> bool:
        """Whether they are certain to be as they were when the run was begun."""
        is_known = None not in self._stamps.values()
        return is_known and self._run.before.get(_FILES) == self._stamps

    def accept(self) -> None:
        """Take them as they are now for those of the run."""
        self._run.settle(**{_FILES: self._stamps})


def say_missed(job: Job) -> None:
    """Say which objects will not be followed, before hours go by."""
    for notice in job.reach.notices:
        print(f"napari-sam2: {notice}", file=sys.stderr)


def say_compared() -> None:
    """Say why a run does not go on at once."""
    print(
        "napari-sam2: The image was written again, or copied, since the run broke off: "
        "comparing the frames that it has seen.",
        file=sys.stderr,
    )
