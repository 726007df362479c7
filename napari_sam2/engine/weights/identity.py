"""Which weights they are, whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.engine.weights.cache import resolve_weights
from napari_sam2.engine.weights.integrity import hash_file, outcome, read_receipt

if TYPE_CHECKING:
    from pathlib import Path


def weights_sha256(name_or_path: str | Path) -> str:
    """Return the SHA-256 of the file that a name or a path means, in hexadecimal.

    A downloaded file was hashed before and is not hashed again.

    Raises
    ------
    ModelError, CheckpointError
        As :func:`napari_sam2.engine.weights.resolve_weights`.
    OSError
        If the file cannot be read.
    """
    path = resolve_weights(name_or_path)
    receipt, stat = read_receipt(path), path.stat()
    if receipt and (receipt.size, receipt.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
        return receipt.sha256
    return outcome(hash_file(path))
