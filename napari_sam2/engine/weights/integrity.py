"""Whether a file on disk is the checkpoint it claims to be.

Hashing a gigabyte takes seconds, so a receipt beside each file remembers that it was
hashed, and when it was last changed; until it changes again the receipt is believed.
The receipt also pins the hash of the one checkpoint for which none is published.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from napari_sam2.core.json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_sam2.engine.weights.registry import Checkpoint

_BLOCK = 1 << 20

Outcome = TypeVar("Outcome")


class Condition(Enum):
    """What was found at the place of a checkpoint."""

    MISSING = "not downloaded"
    WRONG_SIZE = "has the wrong size"
    WRONG_HASH = "is damaged: its SHA-256 is wrong"
    INTACT = "intact"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of hashing a file.

    Attributes
    ----------
    sha256 : str
        The hash that the file must have.
    size : int
        Size in bytes when it was hashed.
    mtime_ns : int
        Time of its last change when it was found intact; 0 when it was found damaged.
    """

    sha256: str
    size: int
    mtime_ns: int


def receipt_path(path: Path) -> Path:
    """Return where the receipt of a file lies."""
    return path.with_name(path.name + ".sha256.json")


def read_receipt(path: Path) -> Receipt | None:
    """Return the receipt of a file, or None when there is none that can be read."""
    try:
        fields = parse_json(receipt_path(path).read_bytes())
        return Receipt(
            str(fields["sha256"]), int(fields["size"]), int(fields["mtime_ns"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Store the receipt of a file, whole or not at all."""
    home = receipt_path(path)
    draft = home.with_name(f"{home.name}.{uuid.uuid4().hex}")
    # A shared cache may be read-only; then the file is simply hashed again next time.
    with contextlib.suppress(OSError):
        try:
            draft.write_text(json.dumps(asdict(receipt)), "utf-8")
            draft.replace(home)
        finally:
            draft.unlink(missing_ok=True)


def hash_file(path: Path) -> Generator[int, None, str]:
    """Yield how many bytes are hashed so far; return the SHA-256 in hexadecimal."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            yield done
    return digest.hexdigest()


def expected_hash(checkpoint: Checkpoint, path: Path) -> str | None:
    """Return the published or else the pinned hash; None when neither exists yet."""
    if checkpoint.sha256 is not None:
        return checkpoint.sha256
    receipt = read_receipt(path)
    return receipt.sha256 if receipt else None


def glance(checkpoint: Checkpoint, path: Path) -> Condition:
    """Look at existence and size only."""
    try:
        size = path.stat().st_size
    except OSError:
        return Condition.MISSING
    return Condition.INTACT if size == checkpoint.size else Condition.WRONG_SIZE


def is_vouched_for(checkpoint: Checkpoint, path: Path) -> bool:
    """Whether a file was found intact before and has not been changed since."""
    receipt = read_receipt(path)
    if receipt is None or glance(checkpoint, path) is not Condition.INTACT:
        return False
    stat = path.stat()
    return receipt == Receipt(
        checkpoint.sha256 or receipt.sha256, stat.st_size, stat.st_mtime_ns
    )


def was_found_damaged(path: Path) -> bool:
    """Whether a file was damaged when it was hashed last."""
    receipt = read_receipt(path)
    return receipt is not None and receipt.mtime_ns == 0


def examine(checkpoint: Checkpoint, path: Path) -> Generator[int, None, Condition]:
    """Hash a file and write its receipt.

    Yields
    ------
    int
        Bytes hashed so far.

    Returns
    -------
    Condition
        A file whose hash nobody knows yet is intact, and its hash is pinned.
    """
    condition = glance(checkpoint, path)
    if condition is not Condition.INTACT:
        return condition
    before = path.stat()
    found = yield from hash_file(path)
    expected = expected_hash(checkpoint, path) or found
    is_intact = found == expected
    mtime_ns = before.st_mtime_ns if is_intact else 0
    write_receipt(path, Receipt(expected, before.st_size, mtime_ns))
    return Condition.INTACT if is_intact else Condition.WRONG_HASH


def condition_of(checkpoint: Checkpoint, path: Path) -> Condition:
    """Return a file's condition, hashing it only when no receipt vouches for it."""
    if is_vouched_for(checkpoint, path):
        return Condition.INTACT
    return outcome(examine(checkpoint, path))


def outcome(work: Generator[int, None, Outcome]) -> Outcome:
    """Do some work to its end, without looking at how far it is."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            made: Outcome = end.value
            return made
