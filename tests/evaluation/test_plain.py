"""Folders of image.tif, labels.tif and meta.json, whole and broken."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import StackError
from napari_sam2.evaluation.layouts.find import find_stacks
from napari_sam2.evaluation.layouts.plain import open_plain
from napari_sam2.evaluation.truth import Spacing
from tests.evaluation.stacks import two_discs, write_plain


@pytest.fixture
def folder(tmp_path):
    image, labels = two_discs()
    write_plain(tmp_path / "data" / "b_cells", image, labels)
    write_plain(tmp_path / "data" / "a_nuclei", image, labels, kind="volume")
    (tmp_path / "data" / "notes").mkdir()
    return tmp_path / "data"


def test_stacks_are_found_by_name(folder) -> None:
    assert [s.name for s in find_stacks(folder)] == ["a_nuclei", "b_cells"]
    assert [s.name for s in find_stacks(folder, ["b*"])] == ["b_cells"]
    assert [s.name for s in find_stacks(folder / "b_cells")] == ["b_cells"]


def test_without_meta_all_is_known_and_measured(folder) -> None:
    truth = open_plain(folder / "b_cells")
    assert (truth.kind, truth.ids) == ("time-lapse", None)
    assert truth.known == frozenset(range(6))
    assert np.array_equal(truth.labels[3], two_discs()[1][3])


def test_meta_says_what_is_known(tmp_path) -> None:
    image, labels = two_discs()
    meta = {
        "kind": "volume", "eval_objects": [2], "annotated_frames": [0, 3],
        "parents": {"2": 1}, "spacing_zyx": [2, 0.5, 0.5], "unit": "um",
        "modality": "anything",
    }  # fmt: skip
    truth = open_plain(write_plain(tmp_path / "a", image, labels, **meta))
    assert (truth.kind, truth.ids, truth.known) == ("volume", (2,), {0, 3})
    assert truth.parents == {2: 1}
    assert truth.spacing == Spacing((2, 0.5, 0.5), "micrometer")


def test_a_tiff_says_its_own_spacing(tmp_path) -> None:
    image, labels = two_discs()
    path = write_plain(tmp_path / "a", image, labels)
    tifffile.imwrite(
        path / "image.tif",
        image,
        imagej=True,
        resolution=(4.0, 4.0),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 1.5},
    )
    truth = open_plain(path)
    assert truth.kind == "volume"
    assert truth.spacing == Spacing((1.5, 0.25, 0.25), "micrometer")


def test_colour_is_footage(tmp_path) -> None:
    image, labels = two_discs()
    coloured = np.repeat(image[..., None], 3, axis=3)
    truth = open_plain(write_plain(tmp_path / "a", coloured, labels))
    assert truth.kind == "video"
    assert truth.frames.is_rgb


@pytest.mark.parametrize(
    ("meta", "saying"),
    [
        ({"kind": "film"}, "kind is one of volume, time-lapse, video"),
        ({"eval_objects": 3}, "eval_objects is a list of labels"),
        ({"eval_objects": [0]}, "eval_objects is a list of labels"),
        ({"annotated_frames": [6]}, "names frame 6, but the stack has frames 0 to 5"),
        ({"annotated_frames": ["1"]}, "annotated_frames is a list of frames"),
        ({"parents": [1, 2]}, "parents goes from a label"),
        ({"parents": {"2": float("inf")}}, "parents goes from a label"),
        ({"parents": {"2": 1.9}}, "parents goes from a label"),
        ({"parents": {"2": True}}, "parents goes from a label"),
        ({"parents": {"two": 1}}, "parents goes from a label"),
        ({"spacing_zyx": [1, 1, 10**400]}, "three distances above 0"),
        ({"spacing_zyx": [1, 1]}, "three distances above 0"),
        ({"spacing_zyx": [1, 0, 1]}, "three distances above 0"),
    ],
)
def test_meta_that_makes_no_sense(tmp_path, meta, saying) -> None:
    path = write_plain(tmp_path / "a", *two_discs(), **meta)
    with pytest.raises(StackError, match=saying):
        open_plain(path)


@pytest.mark.parametrize("text", ["{", "[1, 2]"])
def test_meta_that_is_no_json_object(tmp_path, text) -> None:
    path = write_plain(tmp_path / "a", *two_discs())
    (path / "meta.json").write_text(text)
    with pytest.raises(StackError, match=r"meta\.json (cannot be read|must hold)"):
        open_plain(path)


def test_labels_of_another_size(tmp_path) -> None:
    image, labels = two_discs()
    path = write_plain(tmp_path / "a", image, labels[:5])
    with pytest.raises(StackError, match="5 frames of 48 × 64 pixels, but its image"):
        open_plain(path)


def test_a_missing_image(folder) -> None:
    (folder / "b_cells" / "image.tif").unlink()
    with pytest.raises(StackError, match=r"image\.tif"):
        open_plain(folder / "b_cells")


def test_a_folder_without_stacks(tmp_path) -> None:
    with pytest.raises(StackError, match="holds no stacks"):
        find_stacks(tmp_path)
    with pytest.raises(StackError, match="There is no folder"):
        find_stacks(tmp_path / "nowhere")
    (tmp_path / "a.tif").touch()
    with pytest.raises(StackError, match="is a file: give the folder"):
        find_stacks(tmp_path / "a.tif")


def test_a_name_that_no_stack_has(folder) -> None:
    with pytest.raises(StackError, match=r"no stack c\*\. It has a_nuclei, b_cells"):
        find_stacks(folder, ["a*", "c*"])


def test_brackets_in_a_name_are_no_pattern(tmp_path) -> None:
    for name in ("b [1]", "b 1"):
        write_plain(tmp_path / name, *two_discs())
    assert [one.name for one in find_stacks(tmp_path, ["b [1]"])] == ["b [1]"]
    assert len(find_stacks(tmp_path, ["b *"])) == 2


def test_meta_is_only_what_is_asked_for(tmp_path) -> None:
    path = write_plain(tmp_path / "a", *two_discs())
    (path / "meta.json").write_text(json.dumps({"objects": [{"id": 5}]}))
    assert open_plain(path).ids is None
