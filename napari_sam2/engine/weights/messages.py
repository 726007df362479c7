"""Sentences about downloads, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from napari_sam2.engine.weights.cache import CACHE_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

_STEP = 1000


def human_size(count: int) -> str:
    """Write a number of bytes as ``156 MB``, in powers of 1000."""
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= _STEP - 0.5 and len(units) > 1:
        size, units = size / _STEP, units[1:]
    digits = 1 if size < 10 and units[0] != "bytes" else 0
    return f"{size:.{digits}f} {units[0]}"


def by_hand(url: str, target: Path) -> str:
    """Say how to get a file without this program."""
    return f"fetch {url} by hand, put it into {target.parent} as {target.name}"


def unreachable(url: str, target: Path, reason: str) -> str:
    """Say that there is no way to the server."""
    return (
        f"{urlsplit(url).netloc} cannot be reached ({reason}): check the connection "
        f"and the proxy settings, or {by_hand(url, target)}, and try again."
    )


def refused(url: str, target: Path, reason: str) -> str:
    """Say that the server does not give the file."""
    return f"{url} cannot be downloaded: {reason}. If it lasts, {by_hand(url, target)}."


def interrupted(url: str, target: Path, reason: str, *, kept: int, size: int) -> str:
    """Say that the connection broke too often."""
    return (
        f"{url} could not be downloaded completely: {reason}. {human_size(kept)} of "
        f"{human_size(size)} are kept: try again to go on, or "
        f"{by_hand(url, target)}."
    )


def wrong_content(url: str, expected: str | None, found: str) -> str:
    """Say that what came is not what was announced."""
    return (
        f"{url} gave another file than expected, so it was deleted (SHA-256 {found} "
        f"instead of {expected}). A proxy or mirror may have changed it: try another "
        "network."
    )


def pinned_earlier(receipt: Path) -> str:
    """Say where the expected hash comes from when nobody has published it."""
    return f" The hash was pinned by an earlier file; delete {receipt} to forget it."


def too_little_space(folder: Path, needed: int, free: int) -> str:
    """Say that the disk is too full to begin."""
    return (
        f"The download needs {human_size(needed)}, but only {human_size(free)} are "
        f"free in {folder}: make room, or choose another folder by the environment "
        f"variable {CACHE_VARIABLE}."
    )


def disk_failed(target: Path, reason: str) -> str:
    """Say that the disk did not take the file."""
    return (
        f"{target} could not be written ({reason}): make room or check the "
        "permissions, or choose another folder by the environment variable "
        f"{CACHE_VARIABLE}."
    )
