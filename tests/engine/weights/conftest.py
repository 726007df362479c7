"""A small file to fetch, from a server that misbehaves on request."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from napari_sam2.engine.weights import Checkpoint, Patience, download
from tests.file_server import CONTENT, Answer, FileServer, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from napari_sam2.core.cancel import Progress


def finish(steps: Generator[Progress, None, Any]) -> tuple[Any, list[Progress]]:
    """Run a download to its end; return (its result, its progress)."""
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return end.value, seen


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve() as files:
        yield files


@pytest.fixture
def toy(server: FileServer) -> Checkpoint:
    return Checkpoint(
        name="toy",
        url=server.url,
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        variant="tiny",
        version="2.1",
        purpose="testing",
    )


@pytest.fixture
def unhashed(toy: Checkpoint) -> Checkpoint:
    """The same file, with nothing but the server's word to tell it by."""
    return replace(toy, sha256=None)


@pytest.fixture(params=["hash known", "hash unknown"])
def either_toy(request: pytest.FixtureRequest, toy: Checkpoint) -> Checkpoint:
    return toy if request.param == "hash known" else replace(toy, sha256=None)


@pytest.fixture
def patience() -> Patience:
    return Patience(tries=3, stall_seconds=0.3, pause_seconds=0.001)


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def content() -> bytes:
    return CONTENT


@pytest.fixture
def fetch(toy: Checkpoint, tmp_path: Path, patience: Patience) -> Callable[..., Any]:
    """Return what downloads a file to its end, the toy by default."""

    def run(checkpoint: Checkpoint = toy, **options: Any) -> Any:
        options = {"folder": tmp_path, "patience": patience} | options
        return finish(download(checkpoint, **options))[0]

    return run


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "toy.pt.part"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "toy.pt"
