"""Masks are found beside images, in folders and in projects, and must fit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import StackError
from napari_sam2.finetuning.sources import find_masks, read_masks
from tests.conftest import discs

STACK, LABELS = discs(6, (48, 64))


def write(image, labels, masks=LABELS):
    image.parent.mkdir(exist_ok=True)
    for path, pixels in ((image, STACK), (labels, masks)):
        tifffile.imwrite(path, pixels, metadata={"axes": "TYX"})
    return image


def read(source):
    reading = read_masks(source.open())
    with pytest.raises(StopIteration) as end:
        while True:
            next(reading)
    return end.value.value


def test_labels_lie_beside_their_image(tmp_path):
    image = write(tmp_path / "cells.tif", tmp_path / "cells_labels.tif")
    write(tmp_path / "other.tif", tmp_path / "other_labels.tif")
    (tmp_path / "cells.json").write_text("{}")
    [found] = find_masks(image)
    stack = read(found)
    assert stack.name == "cells"
    assert stack.object_ids == [1, 2]
    assert np.array_equal(stack.mask(2, 3).mask, LABELS[3] == 2)


def test_a_folder_holds_several_of_them(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.tif", tmp_path / f"{name}_labels.tif")
    assert [source.name for source in find_masks(tmp_path)] == ["a", "b"]


def test_which_of_several_of_a_name_is_meant_is_not_guessed(tmp_path):
    image = write(tmp_path / "cells.tif", tmp_path / "cells_labels.tif")
    other = write(tmp_path / "cells.tiff", tmp_path / "cells_labels.tif")
    (tmp_path / "cells").mkdir()  # of pictures that were exported, say
    for path in (image, other):
        [found] = find_masks(path)
        assert read(found).object_ids == [1, 2]
    with pytest.raises(StackError, match=r"cells\.tif and cells\.tiff lie beside"):
        find_masks(tmp_path)
    write(other, tmp_path / "cells_labels.tiff")
    with pytest.raises(StackError, match=r"cells_labels\.tif and cells_labels\.tiff"):
        find_masks(image)


def test_a_folder_may_be_laid_out_as_for_evaluating(tmp_path):
    write(tmp_path / "one" / "image.tif", tmp_path / "one" / "labels.tif")
    (tmp_path / "one" / "meta.json").write_text(
        json.dumps({"annotated_frames": [1, 4]})
    )
    [found] = find_masks(tmp_path)
    assert read(found).known == [1, 4]


def test_frames_without_labels_are_not_annotated(tmp_path):
    sparse = LABELS.copy()
    sparse[[0, 2, 5]] = 0
    image = write(tmp_path / "cells.tif", tmp_path / "cells_labels.tif", sparse)
    stack = read(find_masks(image)[0])
    assert stack.known == [1, 3, 4]
    assert not stack.knows(1, 2)


def test_of_very_many_objects_some_are_kept(tmp_path):
    many = np.arange(6 * 48 * 64, dtype=np.uint16).reshape(LABELS.shape)
    image = write(tmp_path / "cells.tif", tmp_path / "cells_labels.tif", many)
    assert len(read(find_masks(image)[0]).object_ids) == 256


def test_labels_of_another_size_are_refused(tmp_path):
    path = tmp_path / "cells_labels.tif"
    image = write(tmp_path / "cells.tif", path, LABELS[:4])
    with pytest.raises(StackError, match=r"labels of cells are 4 frames .* must agree"):
        find_masks(image)[0].open()


@pytest.mark.parametrize("is_folder", [True, False])
def test_an_image_without_labels_is_told(tmp_path, is_folder):
    tifffile.imwrite(tmp_path / "cells.tif", STACK)
    with pytest.raises(StackError, match=r"holds no stacks|No labels lie beside"):
        find_masks(tmp_path if is_folder else tmp_path / "cells.tif")


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(StackError, match="does not exist"):
        find_masks(tmp_path / "cells.tif")
