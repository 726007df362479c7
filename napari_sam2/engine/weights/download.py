"""Fetching a checkpoint so that the cache only ever holds the right file.

The bytes gather in a partial file that the next run continues. Only when its size and
SHA-256 are right is it moved into place, in one step.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import DownloadError
from napari_sam2.core.flushing import flush_file
from napari_sam2.engine.weights import messages
from napari_sam2.engine.weights.cache import CACHE_VARIABLE, cache_folder
from napari_sam2.engine.weights.integrity import (
    Condition,
    Receipt,
    examine,
    expected_hash,
    hash_file,
    is_vouched_for,
    receipt_path,
    write_receipt,
)
from napari_sam2.engine.weights.lock import FileLock, LockState
from napari_sam2.engine.weights.retry import Patience, persist
from napari_sam2.engine.weights.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from napari_sam2.engine.weights.registry import Checkpoint

MIRROR_VARIABLE = "NAPARI_SAM2_MIRROR"

_T = TypeVar("_T")

_POLL_SECONDS = 0.1
_SPARE_BYTES = 16_000_000
_FULL_DOWNLOADS = 2


def source_url(checkpoint: Checkpoint) -> str:
    """Return the address that a checkpoint is downloaded from.

    It is Meta's, unless the environment variable ``NAPARI_SAM2_MIRROR`` is the address
    of a folder that holds the files under Meta's file names.

    Raises
    ------
    DownloadError
        If the mirror is no http or https address.
    """
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return checkpoint.url
    if not mirror.lower().startswith(("http://", "https://")):
        raise DownloadError(
            f"The mirror {mirror!r} is no http or https address. To use a folder "
            f"instead, set {CACHE_VARIABLE} to it."
        )
    return f"{mirror.rstrip('/')}/{checkpoint.file_name}"


def download(
    checkpoint: Checkpoint,
    *,
    folder: Path | None = None,
    token: CancelToken | None = None,
    patience: Patience | None = None,
) -> Generator[Progress, None, Path | None]:
    """Bring a checkpoint into the cache, unless it is there already.

    Several processes may do this at once: one downloads, the others wait for it.

    Parameters
    ----------
    checkpoint : Checkpoint
        What to download.
    folder : Path, optional
        Where to put it; the cache folder by default.
    token : CancelToken, optional
        Checked several times a second, also while the server is silent; what has come
        so far is kept for the next time.
    patience : Patience, optional
        How long to bear with a bad connection.

    Yields
    ------
    Progress
        In bytes.

    Returns
    -------
    Path or None
        The intact file; None when cancelled.

    Raises
    ------
    DownloadError
        If the file could not be fetched; nothing wrong is left in its place.
    """
    folder = cache_folder() if folder is None else folder
    run = _Download(
        checkpoint=checkpoint,
        url=source_url(checkpoint),
        folder=folder,
        token=token or CancelToken(),
        patience=patience or Patience(),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (yield from run.steps())
    except _Cancelled:
        return None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DownloadError(messages.disk_failed(run.target, reason)) from error


class _Cancelled(Exception):
    """The token was cancelled; caught in :func:`download`."""


@dataclass(frozen=True, slots=True)
class _Download:
    checkpoint: Checkpoint
    url: str
    folder: Path
    token: CancelToken
    patience: Patience

    @property
    def target(self) -> Path:
        return self.folder / self.checkpoint.file_name

    def _progress(self, done: int, label: str) -> Progress:
        if self.token.is_cancelled:
            raise _Cancelled
        return Progress(done, self.checkpoint.size, f"{label} {self.checkpoint.name}")

    def steps(self) -> Generator[Progress, None, Path]:
        """Wait for the turn, then fetch what is missing."""
        # Before the lock, because a shared cache may be one that only its owner writes.
        if (yield from self._is_ready()):
            return self.target
        shared = self.folder / f"{self.checkpoint.file_name}.part"
        with FileLock(self.folder / f".{self.checkpoint.file_name}.lock") as lock:
            while (state := lock.try_acquire()) is LockState.BUSY:
                done = min(_size(shared), self.checkpoint.size)
                yield self._progress(done, "another process is downloading")
                time.sleep(_POLL_SECONDS)
            if (yield from self._is_ready()):
                return self.target
            if state is LockState.HELD:
                yield from self._fetch(shared)
            else:
                yield from self._fetch_alone()
        return self.target

    def _is_ready(self) -> Generator[Progress, None, bool]:
        if is_vouched_for(self.checkpoint, self.target):
            return True
        examination = examine(self.checkpoint, self.target)
        found = yield from self._reported(examination, "checking")
        return found is Condition.INTACT

    def _fetch_alone(self) -> Iterator[Progress]:
        """Fetch into a file of our own where a shared one cannot be locked."""
        part = self.folder / f"{self.checkpoint.file_name}.{uuid.uuid4().hex}.part"
        try:
            yield from self._fetch(part)
        finally:
            part.unlink(missing_ok=True)

    def _fetch(self, part: Path) -> Iterator[Progress]:
        expected = expected_hash(self.checkpoint, self.target)
        self._check_space(part)
        for _ in range(_FULL_DOWNLOADS):
            transfer = self._transfer(part, has_hash=expected is not None)
            arriving = persist(transfer, self.target, self.patience)
            yield from self._reported(arriving, "downloading")
            found = yield from self._reported(hash_file(part), "checking")
            if expected in (None, found):
                self._move_into_place(part, found)
                return
            part.unlink()
            if not transfer.is_pieced:
                break
        raise DownloadError(self._wrong_content(expected, found))

    def _transfer(self, part: Path, *, has_hash: bool) -> Transfer:
        stall_seconds = self.patience.stall_seconds
        return Transfer(self.url, part, self.checkpoint.size, has_hash, stall_seconds)

    def _wrong_content(self, expected: str | None, found: str) -> str:
        sentence = messages.wrong_content(self.url, expected, found)
        if self.checkpoint.sha256 is None:
            sentence += messages.pinned_earlier(receipt_path(self.target))
        return sentence

    def _check_space(self, part: Path) -> None:
        needed = self.checkpoint.size - _size(part) + _SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise DownloadError(messages.too_little_space(self.folder, needed, free))

    def _reported(
        self, counting: Generator[int, None, _T], label: str
    ) -> Generator[Progress, None, _T]:
        """Report counts of bytes as progress; return what the counting returns."""
        with closing(counting):
            while True:
                try:
                    yield self._progress(next(counting), label)
                except StopIteration as end:
                    outcome: _T = end.value
                    return outcome

    def _move_into_place(self, part: Path, sha256: str) -> None:
        flush_file(part)
        part.replace(self.target)
        stat = self.target.stat()
        write_receipt(self.target, Receipt(sha256, stat.st_size, stat.st_mtime_ns))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
