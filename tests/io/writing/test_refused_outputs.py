"""What cannot be written, in any format, is a sentence and leaves nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.errors import MissingExtraError, OutputError
from napari_sam2.core.results import FrameResult
from napari_sam2.io.writing.result_formats import RESULT_FORMATS, find_result_format
from tests.io.reading_back import LABEL_READERS
from tests.io.written_results import header_of, write


@pytest.mark.parametrize(
    ("name", "largest"),
    [("labels-png", 256), ("ctc", 65536), ("labels-nifti", 2**31)],
)
def test_ids_that_do_not_fit_are_refused_before_work(tmp_path, name, largest) -> None:
    header = header_of(axes_from_shape((1, 2, 2), "tyx"), ids=(largest,))
    one = find_result_format(name)
    path = tmp_path / f"out{one.suffixes[0] if one.suffixes else ''}"
    with (
        pytest.raises(OutputError, match=str(largest)),
        one.open(path, header, overwrite=False),
    ):
        pytest.fail("the block ran")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, full_disk, one) -> None:
    if one.name.startswith("overlay"):
        pytest.skip("tested with overlays")
    noise = np.random.default_rng(0).integers(0, 2, (30, 150, 200)) * 2
    full_disk(100)
    with pytest.raises(OutputError, match="disk is full"):
        write(one.name, tmp_path, noise)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("one", [f for f in RESULT_FORMATS if f.is_folder])
def test_a_folder_of_something_else_is_never_replaced(tmp_path, one) -> None:
    path = tmp_path / f"out{one.suffixes[0] if one.suffixes else ''}"
    path.mkdir()
    (path / "thesis.doc").write_text("years of work")
    header = header_of(axes_from_shape((1, 2, 2), "tyx"))
    with (
        pytest.raises(OutputError, match=r"thesis\.doc"),
        one.open(path, header, overwrite=True),
    ):
        pytest.fail("the block ran")
    assert (path / "thesis.doc").exists()


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("ctc", "000.tif"),
        ("ctc", "mask000.tif"),
        ("ctc", "res_track.txt"),
        ("labels-png", "00000.png"),
    ],
)
def test_files_of_others_that_are_called_as_ours_are_never_replaced(
    tmp_path, form, name
) -> None:
    path = tmp_path / "out"
    path.mkdir()
    if name.endswith(".txt"):
        (path / name).write_text("1 0 5 0\n")
    else:
        Image.new("L", (8, 8), 77).save(path / name)
    before = (path / name).read_bytes()
    header = header_of(axes_from_shape((1, 2, 2), "tyx"))
    with (
        pytest.raises(OutputError, match=f"{name}, which is no output of this kind"),
        find_result_format(form).open(path, header, overwrite=True),
    ):
        pytest.fail("the block ran")
    assert (path / name).read_bytes() == before


@pytest.mark.parametrize("one", [f for f in RESULT_FORMATS if f.is_folder])
def test_a_folder_that_was_written_here_is_replaced(tmp_path, one) -> None:
    wide = np.ones((2, 3, 90_000), np.uint32)  # many strips in a TIFF
    path = write(one.name, tmp_path, wide)
    header = header_of(axes_from_shape((1, 2, 2), "tyx"))
    with one.open(path, header, overwrite=True) as writer:
        writer.write(FrameResult(0, ()), np.zeros((2, 2), np.uint32))
    if one.name in LABEL_READERS:
        assert LABEL_READERS[one.name](path).shape[-2:] == (2, 2)


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [("zarr", "labels-zarr", "zarr"), ("nibabel", "labels-nifti", "medical"),
     ("pycocotools.mask", "coco", "coco")],
)  # fmt: skip
def test_a_missing_package_is_named_with_its_extra(
    tmp_path, monkeypatch, package, name, extra
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"Writing .*\[{extra}\]"):
        write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_tiff_of_more_axes_than_it_has_is_refused(tmp_path) -> None:
    labels = np.ones((1, 1, 1, 1, 2, 2), np.uint32)
    with pytest.raises(OutputError, match="five axes"):
        write("labels-tiff", tmp_path, labels, axes_from_shape(labels.shape, "pqtzyx"))
