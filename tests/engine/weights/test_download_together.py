"""Downloads that are stopped, wait for each other, or meet drives of other people."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import DownloadError
from napari_sam2.engine.weights import Patience, download
from napari_sam2.engine.weights import lock as lock_module
from tests.engine.weights.conftest import finish


def test_a_cache_of_somebody_else_serves_if_it_has_the_file(
    fetch, target, content, monkeypatch
):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    target.write_bytes(content)
    monkeypatch.setattr(lock_module.FileLock, "try_acquire", refuse)
    assert fetch() == target
    target.unlink()
    with pytest.raises(DownloadError, match="Permission denied"):
        fetch()


def test_a_folder_that_cannot_be_made_is_a_sentence(fetch, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="NAPARI_SAM2_CACHE"):
        fetch(folder=tmp_path / "file" / "cache")


def test_cancelling_keeps_the_part(toy, tmp_path, server, part, content):
    token = CancelToken()
    steps = download(toy, folder=tmp_path, token=token)
    while next(steps).done == 0:
        pass
    token.cancel()
    assert finish(steps)[0] is None
    kept = part.read_bytes()
    assert 0 < len(kept) < len(content)
    assert content.startswith(kept)
    assert finish(download(toy, folder=tmp_path))[0].read_bytes() == content


@pytest.mark.parametrize("came", [None, 100_000])
def test_a_silent_server_does_not_hold_up_who_cancels(
    toy, tmp_path, server, answer, came
):
    silent = answer(is_silent=came is None, stops_after=came, stalls=True)
    server.answers = [silent, answer()]
    token = CancelToken()
    patience = Patience(stall_seconds=600)
    steps = download(toy, folder=tmp_path, token=token, patience=patience)
    while server.request_count == 0 or next(steps).done < (came or 0):
        next(steps)
    next(steps)
    token.cancel()
    assert finish(steps)[0] is None
    assert not server.has_given_up
    finish(download(toy, folder=tmp_path))
    assert server.ranges[-1] == (f"bytes={came}-" if came else None)


def test_closing_lets_others_go_on(toy, tmp_path, content):
    steps = download(toy, folder=tmp_path)
    next(steps)
    steps.close()
    assert finish(download(toy, folder=tmp_path))[0].read_bytes() == content


def test_the_second_waits_for_the_first(toy, tmp_path, server, content):
    first, second = (download(toy, folder=tmp_path) for _ in range(2))
    next(first)
    assert next(second).label == "another process is downloading toy"
    finish(first)
    assert finish(second)[0].read_bytes() == content
    assert server.request_count == 1


def test_waiting_can_be_cancelled(toy, tmp_path):
    token = CancelToken()
    first = download(toy, folder=tmp_path)
    second = download(toy, folder=tmp_path, token=token)
    next(first)
    next(second)
    token.cancel()
    assert finish(second)[0] is None
    first.close()


_PROCESS = """
    import sys
    from pathlib import Path
    from napari_sam2.engine.weights import Checkpoint, download
    name, url, size, sha256, folder = sys.argv[1:]
    checkpoint = Checkpoint(name, url, int(size), sha256, "tiny", "2.1", "")
    for _ in download(checkpoint, folder=Path(folder)):
        pass
"""


def test_two_processes_at_once_fetch_once(toy, tmp_path, server, target, content):
    arguments = [toy.name, toy.url, str(toy.size), toy.sha256, str(tmp_path)]
    command = [sys.executable, "-c", textwrap.dedent(_PROCESS), *arguments]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert target.read_bytes() == content
    assert server.request_count == 1


def test_a_killed_process_blocks_nobody(toy, tmp_path, server, answer, fetch, content):
    server.answers = [answer(stops_after=100_000, stalls=True), answer()]
    arguments = [toy.name, toy.url, str(toy.size), toy.sha256, str(tmp_path)]
    command = [sys.executable, "-c", textwrap.dedent(_PROCESS), *arguments]
    with subprocess.Popen(command) as process:
        while server.request_count == 0:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert fetch().read_bytes() == content


def test_a_drive_without_locks_is_served_all_the_same(
    fetch, monkeypatch, tmp_path, content
):
    unsupported = lock_module.LockState.UNSUPPORTED
    monkeypatch.setattr(lock_module, "_try_lock", lambda _: unsupported)
    assert fetch().read_bytes() == content
    assert not list(tmp_path.glob("*.part"))
