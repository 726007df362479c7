"""One request after another, each continuing the partial file of the last one.

This module knows HTTP and the partial file, which only the caller's thread touches; the
network is waited for on another, so that its silence holds nobody up. How often to try,
and whether the outcome is the right file, is decided in
:mod:`napari_sam2.engine.weights.download`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from napari_sam2.engine.weights.waiting import SideThread

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_BLOCK = 1 << 18
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_WORTH_ANOTHER_TRY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class TransferError(Exception):
    """A request did not bring the whole file; the message says why."""


class Unreachable(TransferError):
    """There was no connection to the server."""


class Interrupted(TransferError):
    """The transfer broke off, and another try may go on."""


class Refused(TransferError):
    """The server's answer is final."""


@dataclass(slots=True)
class Transfer:
    """A file on its way.

    Attributes
    ----------
    url : str
        Address, http or https.
    part : Path
        Partial file; what it holds is continued.
    size : int
        Number of bytes that the whole file has.
    has_hash : bool
        Whether the outcome can be checked. If not, a partial file is continued only
        while the server vouches that the file is still the same.
    stall_seconds : float
        How long the server may be silent.
    validator : str or None
        What the server called this state of the file: its ETag or date.
    has_connected : bool
        Whether the server has answered at all.
    is_pieced : bool
        Whether the partial file stems from more than one answer.
    """

    url: str
    part: Path
    size: int
    has_hash: bool
    stall_seconds: float
    validator: str | None = None
    has_connected: bool = False
    is_pieced: bool = True

    @property
    def done(self) -> int:
        """Number of bytes in the partial file."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    def attempt(self) -> Iterator[int]:
        """Ask once, and append what comes.

        Yields
        ------
        int
            Bytes in the partial file so far, also while the server is silent; the
            attempt has succeeded when the iteration ends.

        Raises
        ------
        TransferError
            If the file did not become complete.
        OSError
            If the disk did not take it.
        """
        if self._must_restart():
            self.part.unlink(missing_ok=True)
        have = self.done
        if have == self.size:
            return
        with SideThread() as side:
            response = yield from self._ask(side, have)
            try:
                self.has_connected = True
                start = self._agree_on_start(response, have)
                self.validator = _validator(response)
                yield from self._append(side, response, start)
            finally:
                side.leave(response.close)

    def _must_restart(self) -> bool:
        # With neither a hash nor a validator, nothing could tell a patchwork of two
        # files from the right one.
        has_ground = self.has_hash or self.validator is not None
        return self.done > self.size or not has_ground

    def _ask(self, side: SideThread, have: int) -> Generator[int, None, HTTPResponse]:
        headers = {"User-Agent": "napari-sam2"}
        if have:
            headers["Range"] = f"bytes={have}-"
        if have and self.validator:
            headers["If-Range"] = self.validator
        request = Request(self.url, headers=headers)
        try:
            ask = partial(urlopen, request, timeout=self.stall_seconds)
            response = yield from side.call(ask, have)
        except HTTPError as error:
            error.close()
            raise self._explained(error.code, error.reason) from error
        except URLError as error:
            raise Unreachable(_reason(error.reason)) from error
        except TimeoutError as error:
            raise Interrupted("the server does not answer") from error
        except (OSError, HTTPException) as error:
            raise Interrupted(_reason(error)) from error
        if not isinstance(response, HTTPResponse):
            response.close()
            raise Refused("only http and https addresses are supported")
        return response

    def _explained(self, status: int, phrase: str) -> TransferError:
        self.has_connected = True
        # The phrase for redirects that go in circles has several lines.
        reason = " ".join(f"the server answered {status} {phrase}".split())
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.part.unlink(missing_ok=True)
            return Interrupted(reason)
        if status in _WORTH_ANOTHER_TRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Interrupted(reason)
        return Refused(reason)

    def _agree_on_start(self, response: HTTPResponse, have: int) -> int:
        """Return where in the file the body of a response begins."""
        if response.status == HTTPStatus.OK:
            self._check_total(response.headers["Content-Length"])
            return 0
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            raise Refused(f"the server answered {response.status} {response.reason}")
        given = _CONTENT_RANGE.fullmatch(response.headers["Content-Range"] or "")
        is_other_file = self.validator not in (None, _validator(response))
        if given is None or int(given[1]) != have or is_other_file:
            self.part.unlink(missing_ok=True)
            self.validator = None
            raise Interrupted("the server could not continue the partial file")
        self._check_total(given[2])
        return have

    def _check_total(self, declared: str | None) -> None:
        if declared and declared.isdecimal() and int(declared) != self.size:
            raise Refused(
                f"the server offers {int(declared):,} bytes instead of {self.size:,}, "
                "which is another file (perhaps a log-in page of the network)"
            )

    def _append(
        self, side: SideThread, response: HTTPResponse, start: int
    ) -> Iterator[int]:
        done, self.is_pieced = start, start > 0
        with self.part.open("r+b" if start else "wb") as file:
            file.seek(start)
            while done < self.size:
                most = min(_BLOCK, self.size - done)
                block = yield from _read(side, response, most, done)
                if not block:
                    raise Interrupted("the connection was closed early")
                done += file.write(block)
                yield done
        # Only an answer that did not declare its length can go on here.
        is_declared = response.headers["Content-Length"] is not None
        if not is_declared and (yield from _read(side, response, 1, done)):
            self.part.unlink()
            raise Refused(f"the server sends more than {self.size:,} bytes")


def _read(
    side: SideThread, response: HTTPResponse, most: int, done: int
) -> Generator[int, None, bytes]:
    """Return what has come, at most ``most`` bytes; empty at the end."""
    try:
        return (yield from side.call(partial(response.read1, most), done))
    except (OSError, HTTPException, ValueError) as error:
        raise Interrupted(_reason(error)) from error


def _validator(response: HTTPResponse) -> str | None:
    """Return what names this state of the file: a strong ETag, or else its date."""
    etag = response.headers["ETag"]
    if etag and not etag.startswith("W/"):
        return str(etag)
    date = response.headers["Last-Modified"]
    return str(date) if date else None


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "the server fell silent"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or "the connection broke"
