"""Whatever the network does, the cache holds the right file or none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from napari_sam2.core.errors import DownloadError
from napari_sam2.engine.weights import download, source_url
from tests.engine.weights.conftest import finish


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


def test_a_server_that_never_says_anything_is_given_up_sooner(
    fetch, server, answer, patience, tmp_path
):
    server.answers = [answer(is_silent=True)]
    hasty = replace(patience, tries=99, stall_seconds=0.05, answer_seconds=0.2)
    with pytest.raises(DownloadError, match="the server does not answer"):
        fetch(patience=hasty)
    assert server.request_count < 9
    assert not (tmp_path / "toy.pt").exists()


def test_a_server_that_has_answered_once_is_asked_as_often_as_ever(
    fetch, server, answer, patience
):
    server.answers = [answer(status=503), answer(is_silent=True)]
    hasty = replace(patience, tries=4, answer_seconds=patience.stall_seconds)
    with pytest.raises(DownloadError, match="the server does not answer"):
        fetch(patience=hasty)
    assert server.request_count == 4


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


@pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="needs a device that is always full"
)
def test_a_disk_that_fills_up_is_a_sentence(fetch, part, target):
    part.symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="No space left"):
        fetch()
    assert not target.exists()


def test_a_mirror_takes_the_place_of_metas_server(toy, monkeypatch):
    assert source_url(toy) == toy.url
    monkeypatch.setenv("NAPARI_SAM2_MIRROR", "https://m.org/a/")
    assert source_url(toy) == "https://m.org/a/toy.pt"
    monkeypatch.setenv("NAPARI_SAM2_MIRROR", "http://n.org")
    assert source_url(toy) == "http://n.org/toy.pt"


def test_a_mirror_must_be_a_web_address(toy, monkeypatch):
    monkeypatch.setenv("NAPARI_SAM2_MIRROR", "file:///etc")
    with pytest.raises(DownloadError, match="no http or https address"):
        source_url(toy)
