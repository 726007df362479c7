"""Text from files and other programs, as every file can keep it."""

from __future__ import annotations


def plain_text(text: str) -> str:
    """Return a text without what files refuse.

    Null characters end a text in many of them, and halves of characters (lone
    surrogates, as names of files have that are not proper Unicode) cannot be written at
    all: these become question marks.
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
