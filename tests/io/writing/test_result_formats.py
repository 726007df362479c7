"""Every format of results takes frames in order, and appears whole or not at all."""

from __future__ import annotations

import errno
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.cancel import CancelToken, Stopped
from napari_sam2.core.errors import OutputError
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.provenance import Provenance
from napari_sam2.core.results import FrameResult, mask_result
from napari_sam2.io.writing import overlay_result
from napari_sam2.io.writing.result_format import ResultFormat, ResultHeader
from napari_sam2.io.writing.result_formats import (
    RESULT_FORMATS,
    choose_result_format,
    find_result_format,
    guess_result_format,
)

SHAPE = (4, 12, 16)


@pytest.fixture
def header() -> ResultHeader:
    return ResultHeader(
        axes_from_shape(SHAPE, "tyx"),
        {1: "one", 200: "two hundred"},
        Provenance("2026-01-02", {}, "nano"),
        ArrayFrames(np.ones(SHAPE, np.uint8)),
    )


def frame_of(frame: int) -> tuple[FrameResult, np.ndarray]:
    mask = np.zeros(SHAPE[1:], bool)
    mask[2:5, frame : frame + 4] = True
    found = mask_result(
        mask, object_id=200, frame=frame, predicted_iou=0.5, object_logit=1.0
    )
    return FrameResult(frame, (found,)), mask.astype(np.uint32) * 200


def target(folder: Path, one: ResultFormat) -> Path:
    return folder / f"out{one.suffixes[0] if one.suffixes else ''}"


@pytest.mark.skipif(sys.platform != "linux", reason="all file names are Unicode")
@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_names_may_be_of_bytes_that_are_no_text(tmp_path, header, one) -> None:
    path = target(tmp_path, one)
    path = path.with_name(f"\udce9{path.name}")
    header = replace(header, names={1: "\udce9", 200: "\udce9"})
    with one.open(path, header, overwrite=False) as writer:
        writer.write(*frame_of(0))
    assert path.exists()


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_nothing_appears_when_writing_breaks_off(tmp_path, header, one) -> None:
    path = target(tmp_path, one)

    def break_off() -> None:
        with one.open(path, header, overwrite=False) as writer:
            writer.write(*frame_of(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_what_exists_is_kept(tmp_path, header, one: ResultFormat) -> None:
    path = target(tmp_path, one)
    for _ in range(2):
        with one.open(path, header, overwrite=True) as writer:
            for frame in (0, 2, 3):
                writer.write(*frame_of(frame))
    made = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    with (
        pytest.raises(OutputError, match="exists"),
        one.open(path, header, overwrite=False),
    ):
        raise AssertionError("it must not begin")
    assert made == {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["labels-zarr", "labels-zarr-0.4"])
@pytest.mark.parametrize("version", [2, 3])
def test_zarrs_of_others_are_never_replaced(tmp_path, header, name, version) -> None:
    zarr = pytest.importorskip("zarr")
    path = tmp_path / "image.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=version)
    group.create_array("0", shape=(2, 3), dtype="u1")
    group.attrs["multiscales"] = [{"datasets": [{"path": "0"}]}]
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with (
        pytest.raises(OutputError, match="no output of this kind"),
        find_result_format(name).open(path, header, overwrite=True),
    ):
        raise AssertionError("it must not begin")
    assert before == {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_labels_of_which_nothing_is_known_are_replaced_as_well(
    tmp_path, header
) -> None:
    pytest.importorskip("zarr")
    path = tmp_path / "labels.ome.zarr"
    for name in ("labels-zarr", "labels-zarr-0.4", "labels-zarr"):
        anonymous = replace(header, provenance=None)
        with find_result_format(name).open(path, anonymous, overwrite=True) as writer:
            writer.write(*frame_of(0))


def test_a_folder_is_not_called_like_a_file(tmp_path) -> None:
    for name in ("labels-png", "ctc"):
        with pytest.raises(OutputError, match=r"a\.png without its ending"):
            choose_result_format(tmp_path / "a.png", name)
        assert choose_result_format(tmp_path / "a_1.2", name).name == name
    (tmp_path / "a.png").mkdir()
    assert choose_result_format(tmp_path / "a.png", "ctc").name == "ctc"


@pytest.mark.parametrize(
    ("name", "axes"),
    [("overlay-gif", "tyx"), ("overlay-png", "tyx"), ("overlay-mp4", "tyx"),
     ("labels-tiff", "yzx")],
)  # fmt: skip
def test_what_is_done_when_all_frames_are_there_can_be_stopped(
    tmp_path, header, name, axes
) -> None:
    if name == "overlay-mp4":
        pytest.importorskip("av")
    one, token = find_result_format(name), CancelToken()
    header = replace(header, axes=axes_from_shape(SHAPE, axes), token=token)
    with (
        pytest.raises(Stopped),
        one.open(target(tmp_path, one), header, overwrite=False) as writer,
    ):
        writer.write(*frame_of(0))
        token.cancel()
    assert list(tmp_path.iterdir()) == []


def test_a_film_shows_frames_without_masks_and_a_sheet_does_not(
    tmp_path, header, monkeypatch
) -> None:
    pytest.importorskip("av")
    shown_in = {}

    def note(path, *_given, shown, **_options) -> None:
        shown_in[path.suffix] = list(shown)

    monkeypatch.setattr(overlay_result, "write_overlay", note)
    for name, part in (("overlay-mp4", None), ("overlay-gif", range(1, 4)),
                       ("overlay-png", range(4))):  # fmt: skip
        one = find_result_format(name)
        seen = replace(header, shown=part)
        with one.open(target(tmp_path, one), seen, overwrite=False) as writer:
            writer.write(*frame_of(2))
    every = list(range(SHAPE[0]))
    assert shown_in == {".mp4": every, ".gif": [1, 2, 3], ".png": [2]}


def test_formats_are_found_by_name_and_ending() -> None:
    for one in RESULT_FORMATS:
        assert find_result_format(one.name) is one
    assert guess_result_format(Path("A.TIF")).name == "labels-tiff"
    with pytest.raises(OutputError, match="labels-tiff"):
        guess_result_format(Path("a.docx"))
    with pytest.raises(OutputError, match="There is no format docx"):
        find_result_format("docx")
    assert len({one.name for one in RESULT_FORMATS}) == len(RESULT_FORMATS)


def test_what_is_complete_is_said_when_what_lies_beside_fails(
    tmp_path, header, monkeypatch
) -> None:
    def fail(*_args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Provenance, "as_json", fail)
    path = tmp_path / "t.csv"
    with (
        pytest.raises(OutputError, match=r"csv\.json could .*t\.csv is complete\.$"),
        find_result_format("csv").open(path, header, overwrite=False) as writer,
    ):
        writer.write(*frame_of(0))
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_a_format_is_found_in_a_list_by_what_it_is_called(one: ResultFormat) -> None:
    first = one.description.split()[0].casefold()
    names = {*one.name.split("-"), *(suffix.strip(".") for suffix in one.suffixes)}
    assert any(name in first for name in names)
