"""The one place where the errors of decoders become sentences."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_sam2.core.errors import Sam2Error

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_REASON = 300


@contextmanager
def decoding(kind: type[Sam2Error], failed: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one kind of error.

    Wrap calls of libraries that read bytes of unknown origin, and nothing else. Errors
    of this package pass as they are.

    Parameters
    ----------
    kind : type of Sam2Error
        What is raised instead.
    failed : str
        What could not be done, to what: ``"movie.tif cannot be read as a TIFF file"``.

    Raises
    ------
    kind
        If the block raises anything; the message ends with the decoder's reason.
    """
    try:
        yield
    except Sam2Error:
        raise
    except MemoryError as error:
        raise kind(
            f"{failed}: it needs more memory than there is. The file may be damaged, "
            "or its frames be too large for this machine."
        ) from error
    # Decoders document what they return, not what they raise on bytes that are wrong:
    # struct.error, zlib.error, KeyError, AttributeError, ZeroDivisionError, classes of
    # their own. A narrower list would only be a list of what was met so far.
    except Exception as error:
        raise kind(f"{failed} ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    """Return the first line of a message, or the kind of error where there is none."""
    lines = str(error).strip().splitlines()
    text = lines[0].strip().rstrip(".") if lines else type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
