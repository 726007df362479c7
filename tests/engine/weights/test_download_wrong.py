"""Whatever a server sends or changes, a wrong file is never taken for the right one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import DownloadError
from napari_sam2.engine.weights import Patience, download, read_receipt
from tests.engine.weights.conftest import finish


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
