"""Reads what the formats of results write, with the libraries of their fields."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile


def read_tiff(path: Path) -> np.ndarray:
    return tifffile.imread(path)


def read_zarr(path: Path) -> np.ndarray:
    import zarr

    return np.asarray(zarr.open_group(path, mode="r")["0"])


def read_nifti(path: Path) -> np.ndarray:
    """Return the labels with x last, and a single slice of a time-lapse left out."""
    import nibabel

    labels = np.asarray(nibabel.load(path).dataobj).T
    return labels[:, 0] if labels.ndim == 4 and labels.shape[1] == 1 else labels


def read_png(path: Path) -> np.ndarray:
    from PIL import Image

    return np.stack([np.asarray(Image.open(file)) for file in sorted(path.iterdir())])


def read_coco(path: Path) -> np.ndarray:
    """Paint every mask with its object's number, through COCO's own interface."""
    from pycocotools.coco import COCO

    data = COCO(str(path))
    stack = []
    for image_id in sorted(data.getImgIds()):
        image = data.loadImgs(image_id)[0]
        labels = np.zeros((image["height"], image["width"]), int)
        for one in data.loadAnns(data.getAnnIds(imgIds=image_id)):
            mask = data.annToMask(one).astype(bool)
            y, x = np.nonzero(mask)
            box = [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]
            assert (one["area"], one["bbox"]) == (mask.sum(), box)
            labels[mask] = one["track_id"]
        stack.append(labels)
    return np.stack(stack)


def read_coco_video(path: Path) -> np.ndarray:
    from pycocotools import mask as coco_mask

    data = json.loads(path.read_text("utf-8"))
    (video,) = data["videos"]
    assert len(video["file_names"]) == video["length"]
    labels = np.zeros((video["length"], video["height"], video["width"]), int)
    for one in data["annotations"]:
        lists = [one[name] for name in ("segmentations", "areas", "bboxes", "scores")]
        for frame, (mask, area, box, _) in enumerate(zip(*lists, strict=True)):
            if mask is not None:
                assert coco_mask.area(mask) == area
                assert coco_mask.toBbox(mask).tolist() == box
                labels[frame][coco_mask.decode(mask).astype(bool)] = one["track_id"]
    return labels


def read_ctc(path: Path) -> np.ndarray:
    """Check the rules of the challenge; return masks with the labels of first tracks.

    A track is seen at every time from its first to its last and at no other, and a
    parent ends before its child begins.
    """
    files = sorted(path.glob("mask*.tif"))
    masks = np.stack([tifffile.imread(file) for file in files])
    assert masks.dtype == np.uint16
    rows = np.loadtxt(path / "res_track.txt", dtype=int, ndmin=2)
    tracks = {label: (begin, end, parent) for label, begin, end, parent in rows}
    assert set(np.unique(masks)) - {0} == set(tracks)
    first = {}
    for label, (begin, end, parent) in sorted(tracks.items()):
        times = np.flatnonzero((masks == label).any(axis=tuple(range(1, masks.ndim))))
        assert times.tolist() == list(range(begin, end + 1))
        assert parent == 0 or tracks[parent][1] < begin
        first[label] = first.get(parent, label)
    return np.vectorize(lambda value: first.get(value, 0))(masks)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


LABEL_READERS: dict[str, Callable[[Path], np.ndarray]] = {
    "labels-tiff": read_tiff,
    "labels-zarr": read_zarr,
    "labels-zarr-0.4": read_zarr,
    "labels-nifti": read_nifti,
    "labels-png": read_png,
    "coco": read_coco,
    "coco-video": read_coco_video,
    "ctc": read_ctc,
}
