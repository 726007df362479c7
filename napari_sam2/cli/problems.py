"""Errors of the system as sentences; those of this package are sentences already."""

from __future__ import annotations

import errno

from napari_sam2.cli.wording import as_options
from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.memory import is_out_of_memory


def sentence_of(error: BaseException) -> str | None:
    """Return what to tell a user about an error; None when it is our bug."""
    if isinstance(error, Sam2Error):
        return error.with_words(as_options(error.example))
    if is_out_of_memory(error):
        return (
            "There is not enough memory for this: close other programs, or choose a "
            "smaller model."
        )
    if isinstance(error, OSError) and error.errno is not None:
        is_full = error.errno == errno.ENOSPC
        reason = "the disk is full" if is_full else error.strerror or str(error)
        return f"{error.filename}: {reason}." if error.filename else f"{reason}."
    return None
