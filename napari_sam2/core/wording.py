"""Numbers as people write them."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write how many there are: ``1 mask``, ``2 masks``, ``2 boxes``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
