"""Every part is measured, and text and JSON show all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from unittest import mock

import pytest
import torch

from napari_sam2.benchmarking import peaks
from napari_sam2.benchmarking.breakdown import REST, break_down, flops_per_frame
from napari_sam2.benchmarking.comparison import Row
from napari_sam2.benchmarking.measure import Extent, measure
from napari_sam2.benchmarking.parts import (
    ATTENTION,
    CLICK,
    DECODER,
    DOWNLOAD,
    ENCODER,
    MEMORY_ENCODER,
    READING,
    UPLOAD,
)
from napari_sam2.benchmarking.record import as_json
from napari_sam2.benchmarking.results import Findings, PartTime, RunTime
from napari_sam2.benchmarking.table import as_text
from napari_sam2.benchmarking.work import Work
from napari_sam2.core.cancel import CancelToken
from tests.miniature import seeded_model

SAID: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def small_peaks() -> Iterator[None]:
    """Do not spend seconds on what the device can do."""
    side = mock.patch.dict(peaks._SIDE, cpu=64)
    copied = mock.patch.dict(peaks._COPIED_BYTES, cpu=1 << 12)
    with side, copied:
        yield


@pytest.fixture(scope="module")
def found() -> Findings:
    extent = Extent(objects=(2, 3), frames=6)
    SAID.clear()
    return measure(
        seeded_model(), extent, is_seeded=True, token=CancelToken(), say=SAID.append
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_peak_is_that_of_numbers_unlike_each_other(monkeypatch, dtype) -> None:
    multiplied = []

    def spy(one, other):
        multiplied.append((one, other))
        return one @ other

    monkeypatch.setattr(peaks, "linear", spy)
    for _ in range(2):
        assert peaks.measure_peaks(torch.device("cpu"), dtype).flops_per_second > 0
    for one, other in multiplied:
        assert one.dtype == other.dtype == dtype
        assert one.float().std() == pytest.approx(1, abs=0.1)
        assert not torch.equal(one, other)
        assert torch.equal(one, multiplied[0][0])


def test_every_part_is_measured(found: Findings) -> None:
    measured = {(p.name, p.objects, p.memories) for p in found.parts}
    once = {(name, 0, 0) for name in (READING, UPLOAD, ENCODER, CLICK)}
    growing = {(ATTENTION, 1, memories) for memories in (1, 2, 3)}
    per_object = {
        (name, objects, memories)
        for objects in (2, 3)
        for name, memories in (
            (ATTENTION, 3), (DECODER, 0), (MEMORY_ENCODER, 0), (DOWNLOAD, 0),
        )
    }  # fmt: skip
    assert measured == once | growing | per_object
    assert len(found.parts) == len(measured)
    assert all(part.seconds > 0 for part in found.parts)
    without_work = {part.name for part in found.parts if part.work is None}
    assert without_work == {READING, UPLOAD, DOWNLOAD}


def test_the_whole_is_measured(found: Findings) -> None:
    assert found.is_complete
    assert [run.objects for run in found.runs] == [2, 3]
    assert all((run.frames, run.warm_up) == (6, 3) for run in found.runs)
    assert all(run.peak_bytes > 1 << 20 for run in found.runs)
    clicks = found.clicks
    assert clicks is not None
    assert min(clicks.unseen, clicks.seen, clicks.least_seen) > 0
    assert clicks.least_unseen > clicks.least_seen
    assert found.peaks is not None
    assert min(found.peaks.flops_per_second, found.peaks.bytes_per_second) > 1e6
    assert found.machine is not None
    assert 0 <= found.machine.others_share <= 1


def test_the_parts_of_a_frame_and_the_rest_are_the_frame(found: Findings) -> None:
    for run in found.runs:
        parts = break_down(found, run)
        assert list(parts) == [
            READING, UPLOAD, ENCODER, ATTENTION, DECODER, MEMORY_ENCODER, DOWNLOAD,
            REST,
        ]  # fmt: skip
        assert sum(parts.values()) == pytest.approx(run.seconds)
    two, three = (flops_per_frame(found, run) for run in found.runs)
    assert three > two > 0


def test_the_text_shows_everything(found: Findings) -> None:
    text = as_text(found)
    for part in found.parts:
        assert f"| {part.name} " in text
    for words in (
        "miniature, exact, 64 px, float32, seeded noise",
        "load average", "other programs",
        "peaks: a large matrix product", "| not seen before |", "| seen before ",
        "| 2 objects", "| 3 objects", "frames/s", "peak MiB", REST, "% of limit",
    ):  # fmt: skip
        assert words in text
    assert max(map(len, text.split("\n\n")[0].splitlines())) < 120


def test_parts_that_took_longer_than_the_frame_leave_no_share_below_zero() -> None:
    found = Findings("miniature", True, 64, "float32")
    found.parts = [
        PartTime(ENCODER, 0, 0, 0.5, Work(9, 9)), PartTime(DECODER, 2, 0, 0.75, None),
        PartTime(DECODER, 3, 0, 0.501, None), PartTime(DECODER, 4, 0, 0.25, None),
    ]  # fmt: skip
    found.runs = [RunTime(count, 9, 1, 1.0, 0) for count in (2, 3, 4)]
    text = as_text(found)
    (rest,) = (line for line in text.splitlines() if line.startswith(f"| {REST}"))
    shares = [cell.strip() for cell in rest.split("|")[2:-1]]
    assert shares == ["–", "0.00 (0 %)", "250 (25 %)"]
    lines = text.splitlines()
    *_, encoder = (line for line in lines if line.startswith(f"| {ENCODER}"))
    shares = [cell.strip() for cell in encoder.split("|")[2:-1]]
    assert shares == ["500", "500 (50 %)", "500 (50 %)"]
    assert "With 2 objects the parts take 1.25 times as long as the frame" in text
    assert text.count("times as long") == 1


def test_the_json_has_everything(found: Findings) -> None:
    found.against = [Row("image encoder", "time per frame", "s", 3.0, 2.0)]
    plain = json.loads(as_json(found))
    found.against = []
    assert (plain["version"], plain["is_complete"]) == (1, True)
    assert len(plain["parts"]) == len(found.parts)
    assert all("roof" in part for part in plain["parts"] if part["work"])
    for run in plain["runs"]:
        assert run["frames_per_second"] == pytest.approx(1 / run["seconds"])
        assert run["flops_per_second"] > 0
        assert run["peak_share"] > 0
        assert len(run["breakdown"]) == 8
    assert plain["machine"]["versions"]["torch"]
    assert plain["clicks"].keys() == {"unseen", "seen", "least_unseen", "least_seen"}
    assert plain["against"][0]["ratio"] == 1.5


def test_what_is_measured_is_said_before(found: Findings) -> None:
    assert SAID[0] == "the device's peaks"
    assert SAID[-1] == "tracking 3 objects"
    assert f"{ATTENTION}, 3 memories, 2 objects" in SAID


@pytest.mark.parametrize("after", (0, 5, 13))
def test_stopping_keeps_what_is_measured(after: int) -> None:
    token = CancelToken()
    said: list[str] = []

    def say(what: str) -> None:
        said.append(what)
        if len(said) > after:
            token.cancel()

    found = measure(
        seeded_model(), Extent((1, 2), 4), is_seeded=True, token=token, say=say
    )
    assert not found.is_complete
    assert len(said) == after + 1
    assert as_text(found)
    assert json.loads(as_json(found))["is_complete"] is False
