"""Videos in COCO's JSON: every list of an object has a place for each frame."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.results import FrameResult, mask_result
from napari_sam2.io.files.spool import Spool
from napari_sam2.io.writing.coco_video import open_coco_video
from napari_sam2.io.writing.result_format import ResultHeader

SHAPE = (4, 12, 16)


def test_each_mask_is_read_once_for_all_lists(tmp_path, monkeypatch) -> None:
    pytest.importorskip("pycocotools")
    read: list[int] = []
    get = Spool.get
    monkeypatch.setattr(Spool, "get", lambda s, key: read.append(key) or get(s, key))
    header = ResultHeader(axes_from_shape(SHAPE, "tyx"), {1: "one", 7: "seven"})
    path = tmp_path / "video.json"
    with open_coco_video(path, header, overwrite=False) as writer:
        for frame in (0, 2):
            mask = np.zeros(SHAPE[1:], bool)
            mask[2:5, frame : frame + 4] = True
            found = mask_result(
                mask, object_id=7, frame=frame, predicted_iou=0.5, object_logit=1.0
            )
            writer.write(FrameResult(frame, (found,)), mask * np.uint32(7))
    (seven,) = json.loads(path.read_text())["annotations"]
    assert (seven["track_id"], seven["areas"]) == (7, [12, None, 12, None])
    assert seven["bboxes"] == [[0, 2, 4, 3], None, [2, 2, 4, 3], None]
    assert [one is None for one in seven["segmentations"]] == [False, True, False, True]
    assert len(seven["scores"]) == 4
    assert len(read) == 2
