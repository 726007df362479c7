"""Whatever the network does, the cache holds the right file or none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import DownloadError
from napari_sam2.engine.weights import Patience, download, read_receipt, source_url
from napari_sam2.engine.weights import lock as lock_module


def finish(steps):
    """Run a download to its end; return (its result, its progress)."""
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return end.value, seen


@pytest.fixture
def fetch(toy, tmp_path, patience):
    def run(checkpoint=toy, **options):
        options = {"folder": tmp_path, "patience": patience} | options
        return finish(download(checkpoint, **options))[0]

    return run


@pytest.fixture
def part(tmp_path):
    return tmp_path / "toy.pt.part"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "toy.pt"


def test_a_good_server_gives_the_file_and_progress(toy, tmp_path, content):
    path, seen = finish(download(toy, folder=tmp_path / "new" / "folder"))
    assert path == tmp_path / "new" / "folder" / "toy.pt"
    assert path.read_bytes() == content
    arriving = [p.done for p in seen if p.label == "downloading toy"]
    assert arriving == sorted(arriving)
    assert arriving[-1] == len(content)
    assert {p.total for p in seen} == {len(content)}
    assert not list(path.parent.glob("*.part"))


def test_what_is_there_is_not_fetched_again(fetch, server):
    assert fetch() == fetch()
    assert server.request_count == 1


def test_a_damaged_file_is_replaced(fetch, target, content):
    fetch()
    target.write_bytes(bytes(len(content)))
    assert fetch().read_bytes() == content


def test_a_truncated_transfer_goes_on_where_it_broke(fetch, server, answer, content):
    server.answers = [answer(stops_after=100_000), answer(stops_after=50_000), answer()]
    assert fetch().read_bytes() == content
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_many_breaks_are_borne_while_each_try_brings_something(
    fetch, server, answer, content
):
    server.answers = [answer(stops_after=60_000)]
    assert fetch().read_bytes() == content
    assert server.request_count == 10


def test_the_next_run_goes_on_with_what_the_last_one_left(
    fetch, server, answer, part, content
):
    server.answers = [answer(stops_after=100_000), answer(503)]
    with pytest.raises(DownloadError, match="100 kB of 600 kB are kept"):
        fetch()
    assert part.read_bytes() == content[:100_000]
    server.answers = [answer()]
    assert fetch().read_bytes() == content
    assert server.ranges[-1] == "bytes=100000-"


def test_a_server_without_ranges_starts_over(fetch, server, answer, content):
    server.answers = [answer(stops_after=100_000), answer(honours_ranges=False)]
    assert fetch().read_bytes() == content


def test_a_server_without_ranges_that_always_breaks_is_given_up(fetch, server, answer):
    server.answers = [answer(stops_after=100_000, honours_ranges=False)]
    with pytest.raises(DownloadError, match="closed early"):
        fetch()
    assert server.request_count == 3


def test_tries_that_bring_nothing_new_are_counted(fetch, server, answer):
    server.answers = [
        answer(stops_after=count, honours_ranges=False) for count in (3, 2) * 4
    ]
    with pytest.raises(DownloadError, match="closed early"):
        fetch()
    assert server.request_count == 3


def test_a_range_that_starts_elsewhere_is_not_appended(
    fetch, either_toy, server, answer, content
):
    server.answers = [
        answer(stops_after=100_000),
        answer(shifts_range_by=7),
        answer(),
    ]
    assert fetch(either_toy).read_bytes() == content


def test_a_part_that_is_too_long_starts_over(fetch, server, part, content):
    part.write_bytes(content + b"more")
    assert fetch().read_bytes() == content
    assert server.ranges == [None]


def test_a_silent_server_is_left_and_asked_again(fetch, server, answer, content):
    server.answers = [answer(stops_after=100_000, stalls=True), answer()]
    assert fetch().read_bytes() == content


def test_a_server_that_stays_silent_is_given_up(fetch, server, answer, patience):
    server.answers = [answer(stops_after=0, stalls=True)]
    hasty = replace(patience, stall_seconds=0.05)
    with pytest.raises(DownloadError, match="fell silent"):
        fetch(patience=hasty)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_error_is_tried_again(fetch, server, answer, status, content):
    server.answers = [answer(status), answer(status), answer()]
    assert fetch().read_bytes() == content


@pytest.mark.parametrize("status", [403, 404])
def test_a_final_error_is_not_tried_again(fetch, server, answer, status, target):
    server.answers = [answer(status)]
    with pytest.raises(DownloadError) as caught:
        fetch()
    assert server.request_count == 1
    for word in (str(status), server.url, str(target.parent), "by hand"):
        assert word in str(caught.value)


def test_an_error_that_lasts_is_told_with_a_way_out(fetch, server, answer):
    server.answers = [answer(503)]
    with pytest.raises(DownloadError, match=r"503.*by hand"):
        fetch()
    assert server.request_count == 3


@pytest.mark.parametrize("size", [10, 700_000])
def test_another_size_is_refused_at_once(fetch, server, answer, size, target, part):
    server.answers = [answer(body=bytes(size))]
    with pytest.raises(DownloadError, match="instead of 600,000"):
        fetch()
    assert server.request_count == 1
    assert not target.exists()
    assert not part.exists()


def test_a_log_in_page_does_not_destroy_what_was_kept(
    fetch, server, answer, part, content
):
    part.write_bytes(content[:1000])
    server.answers = [answer(body=b"<html>", honours_ranges=False)]
    with pytest.raises(DownloadError, match="log-in page"):
        fetch()
    assert part.read_bytes() == content[:1000]


@pytest.mark.parametrize("extra", [b"", b"more"])
def test_an_undeclared_length_is_counted(fetch, server, answer, extra, content):
    server.answers = [answer(body=content + extra, declares_length=False)]
    if extra:
        with pytest.raises(DownloadError, match="more than 600,000"):
            fetch()
    else:
        assert fetch().read_bytes() == content


def test_a_wrong_file_of_the_right_size_is_deleted(
    fetch, server, answer, target, part, content
):
    server.answers = [answer(body=bytes(len(content)))]
    with pytest.raises(DownloadError, match="another file than expected"):
        fetch()
    assert server.request_count == 1
    assert not target.exists()
    assert not part.exists()


@pytest.mark.parametrize(("heeds_if_range", "requests"), [(True, 2), (False, 3)])
def test_a_file_that_changes_between_two_tries_starts_over(
    fetch, either_toy, server, answer, heeds_if_range, requests, content
):
    old = answer(body=bytes(len(content)), etag='"old"', stops_after=100_000)
    server.answers = [old, answer(heeds_if_range=heeds_if_range)]
    assert fetch(either_toy).read_bytes() == content
    assert server.request_count == requests


def test_nothing_of_the_old_file_stays_behind_the_new_one(
    fetch, unhashed, server, answer, content
):
    old = answer(body=bytes(len(content)), etag='"old"', stops_after=300_000)
    server.answers = [old, answer(stops_after=100_000), answer()]
    assert fetch(unhashed).read_bytes() == content
    assert server.ranges[-1] == "bytes=100000-"


def test_a_file_that_changes_unnoticed_is_fetched_anew(fetch, server, answer, content):
    old = answer(body=bytes(len(content)), etag=None, stops_after=100_000)
    server.answers = [old, answer(etag=None)]
    assert fetch().read_bytes() == content


def test_offline_is_one_sentence_with_the_way_out(fetch, server, toy, target):
    server_url = "http://127.0.0.1:9/toy.pt"
    with pytest.raises(DownloadError) as caught:
        fetch(replace(toy, url=server_url))
    message = str(caught.value)
    assert "cannot be reached" in message
    assert "\n" not in message
    assert f"fetch {server_url} by hand" in message
    assert f"put it into {target.parent} as toy.pt" in message


def test_a_full_disk_is_told_before_the_first_byte(fetch, server, monkeypatch, target):
    usage = shutil.disk_usage(target.parent)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=r"only 1\.0 kB are free"):
        fetch()
    assert server.request_count == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_disk_that_fills_up_is_a_sentence(fetch, part, target):
    part.symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="No space left"):
        fetch()
    assert not target.exists()


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


def test_an_unknown_hash_is_pinned_and_held_to(
    fetch, toy, unhashed, server, answer, content
):
    path = fetch(unhashed)
    assert read_receipt(path).sha256 == toy.sha256
    path.unlink()
    server.answers = [answer(body=bytes(len(content)))]
    with pytest.raises(DownloadError, match=r"pinned by an earlier file.*toy\.pt"):
        fetch(unhashed)
    assert not path.exists()


def test_without_a_hash_only_what_the_server_vouches_for_is_continued(
    fetch, unhashed, server, answer, part, content
):
    part.write_bytes(bytes(1000))
    server.answers = [answer(stops_after=100_000), answer()]
    assert fetch(unhashed).read_bytes() == content
    assert server.ranges == [None, "bytes=100000-"]


@pytest.mark.parametrize("etag", [None, 'W/"one"'])
def test_without_a_hash_and_strong_etag_every_try_starts_over(
    fetch, unhashed, server, answer, content, etag
):
    server.answers = [answer(etag=etag, stops_after=100_000), answer(etag=etag)]
    assert fetch(unhashed).read_bytes() == content
    assert server.ranges == [None, None]


def prefixes(content: bytes):
    """Partial files: right, wrong, too long, or right with a wrong tail."""
    right = st.integers(0, len(content)).map(lambda n: content[:n])
    return st.one_of(
        right,
        st.binary(max_size=2000),
        st.builds(bytes, st.integers(0, len(content) + 10)),
        st.builds(lambda head, tail: head + tail, right, st.binary(min_size=1)),
    )


def behaviours(answer, files):
    """Servers of several files under one address; ``files`` are (etag, body)."""
    return st.builds(
        lambda file, **rest: answer(etag=file[0], body=file[1], **rest),
        file=st.sampled_from(files),
        status=st.sampled_from([200, 200, 200, 404, 500]),
        honours_ranges=st.booleans(),
        heeds_if_range=st.booleans(),
        declares_length=st.booleans(),
        stops_after=st.sampled_from([None, 0, 1000, 300_000]),
        shifts_range_by=st.sampled_from([0, 0, 0, 7]),
    )


any_case = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
no_pause = Patience(tries=2, stall_seconds=5, pause_seconds=0)


@any_case
@given(data=st.data())
def test_no_partial_file_ever_leads_to_a_wrong_file(
    data, toy, server, answer, tmp_path_factory, content
):
    folder = tmp_path_factory.mktemp("cache")
    (folder / "toy.pt.part").write_bytes(data.draw(prefixes(content)))
    bodies = [content, content, bytes(len(content)), content[:-1], content + b"x"]
    etags = [None, '"one"', '"two"', 'W/"one"']
    files = [(etag, body) for etag in etags for body in bodies]
    server.answers = data.draw(st.lists(behaviours(answer, files), min_size=1))
    try:
        path, _ = finish(download(toy, folder=folder, patience=no_pause))
    except DownloadError:
        assert not (folder / "toy.pt").exists()
    else:
        assert path.read_bytes() == content


@any_case
@given(data=st.data())
def test_without_a_hash_no_file_is_a_patchwork(
    data, unhashed, server, answer, tmp_path_factory, content
):
    folder = tmp_path_factory.mktemp("cache")
    (folder / "toy.pt.part").write_bytes(data.draw(prefixes(content)))
    other = bytes(len(content))
    files = [('"one"', content), ('"two"', other), (None, content), (None, other)]
    server.answers = data.draw(st.lists(behaviours(answer, files), min_size=1))
    try:
        path, _ = finish(download(unhashed, folder=folder, patience=no_pause))
    except DownloadError:
        assert not (folder / "toy.pt").exists()
    else:
        assert path.read_bytes() in (content, other)


def test_a_mirror_takes_the_place_of_metas_server(toy, monkeypatch):
    assert source_url(toy) == toy.url
    assert source_url(toy, "https://m.org/a/") == "https://m.org/a/toy.pt"
    monkeypatch.setenv("NAPARI_SAM2_MIRROR", "http://n.org")
    assert source_url(toy) == "http://n.org/toy.pt"


def test_a_mirror_must_be_a_web_address(toy):
    with pytest.raises(DownloadError, match="no http or https address"):
        source_url(toy, "file:///etc")
