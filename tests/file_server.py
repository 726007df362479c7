"""A web server that misbehaves on request."""

from __future__ import annotations

import random
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = random.Random(0).randbytes(600_000)


@dataclass
class Answer:
    """How the server answers one request; the default is to behave."""

    status: int = 200
    body: bytes = CONTENT
    etag: str | None = '"one"'
    honours_ranges: bool = True
    heeds_if_range: bool = True
    declares_length: bool = True
    stops_after: int | None = None
    stalls: bool = False
    is_silent: bool = False
    shifts_range_by: int = 0


@dataclass
class FileServer:
    """Serves the answers in turn; the last one for ever."""

    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    ranges: list[str | None] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    has_given_up: bool = False
    """Whether the server was silent until it, not the client, had enough of it."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/toy.pt"

    @property
    def request_count(self) -> int:
        return len(self.ranges)

    def be_silent(self) -> None:
        if not self.release.wait(20):
            self.has_given_up = True

    def next_answer(self, asked_range: str | None) -> Answer:
        self.ranges.append(asked_range)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    files: FileServer

    def do_GET(self) -> None:
        answer = self.files.next_answer(self.headers["Range"])
        if answer.is_silent:
            self.files.be_silent()
        if answer.status != 200:
            self.send_error(answer.status)
            return
        start = self._start(answer)
        if start and start >= len(answer.body):
            self.send_error(416)
            return
        body = answer.body[start:]
        self._send_head(answer, start, len(body))
        self.wfile.write(body[: answer.stops_after])
        self.wfile.flush()
        if answer.stalls:
            self.files.be_silent()

    def _start(self, answer: Answer) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if asked is None or not answer.honours_ranges:
            return 0
        condition = self.headers["If-Range"]
        if answer.heeds_if_range and condition not in (None, answer.etag):
            return 0
        return int(asked[1]) + answer.shifts_range_by

    def _send_head(self, answer: Answer, start: int, count: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            total = len(answer.body)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if answer.declares_length:
            self.send_header("Content-Length", str(count))
        if answer.etag:
            self.send_header("ETag", answer.etag)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test output quiet."""


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no error here."""


@contextmanager
def serve() -> Iterator[FileServer]:
    """Serve on this machine until the end of the context."""
    files = FileServer()
    handler = type("Handler", (_Handler,), {"files": files})
    with _QuietServer(("127.0.0.1", 0), handler) as http:
        files.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield files
        files.release.set()
        http.shutdown()
        thread.join()
