"""Slices of labelled volumes, made up here: where objects are, and what is noted."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.training import command
from napari_sam2.training.assets.pictures import CUTOUT
from napari_sam2.training.assets.store import load_assets, save_assets
from napari_sam2.training.assets.volumes import (
    Block,
    cropped,
    nifti,
    opened,
    pieces,
    scheme,
    stretched,
)
from napari_sam2.training.scenes import FAMILIES, draw
from napari_sam2.training.scenes.atlas import atlas
from napari_sam2.training.scenes.voxels import at, corners, most_votes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.training.assets.store import Volume

CPU = torch.device("cpu")


def ball(radius: float, size: int = 40) -> np.ndarray:
    """Return where a ball is in the middle of a cube, (size, size, size)."""
    axes = np.mgrid[:size, :size, :size] - size / 2 + 0.5
    return np.sqrt((axes**2).sum(axis=0)) < radius


@pytest.fixture
def block() -> Block:
    """Return a body with an organ, seen whole or apart."""
    labels = np.where(ball(8), 7, np.where(ball(16), 200, 0)).astype(np.uint8)
    values = np.where(labels == 7, 200, labels // 2).astype(np.uint8)
    return Block(values, labels, np.stack([scheme([[7], [200]]), scheme([[7, 200]])]))


@pytest.fixture
def folder(tmp_path: Path, block: Block) -> Path:
    """Return a folder of assets with one cut-out, one photograph and two volumes."""
    sheet = np.full((1, CUTOUT, CUTOUT, 4), 255, np.uint8)
    ground = np.full((1, 320, 320, 3), 90, np.uint8)
    save_assets(tmp_path, sheet, ground, [block, cropped(block)])
    return tmp_path


@pytest.fixture
def volumes(folder: Path) -> tuple[Volume, ...]:
    return load_assets(folder, CPU).volumes


def test_volumes_are_kept_as_they_are(volumes: tuple[Volume, ...], block) -> None:
    assert len(volumes) == 2
    for part, kept in zip(block, (volumes[0].values, volumes[0].labels,
                                  volumes[0].schemes), strict=True):  # fmt: skip
        assert np.array_equal(part, kept)
    assert volumes[1].labels.shape == (40, 40, 40)  # the margin is all there is


def test_slices_show_the_objects_of_volumes(volumes: tuple[Volume, ...]) -> None:
    families = {"atlas": (atlas(volumes), 1.0)}
    clips = draw(2, 1, clips=8, frames=3, size=64, device=CPU, families=families)
    assert clips.images.shape == (8, 3, 3, 64, 64)
    assert clips.images.isfinite().all()
    assert clips.labels.max() <= 2
    assert (clips.labels.flatten(1).amax(dim=1) > 0).sum() >= 6
    again = draw(2, 1, clips=8, frames=3, size=64, device=CPU, families=families)
    assert torch.equal(clips.images, again.images)
    assert torch.equal(clips.labels, again.labels)


def test_what_is_labelled_is_what_is_seen(volumes: tuple[Volume, ...]) -> None:
    scene = draw(5, 0, clips=8, frames=1, size=64, device=CPU,
                 families={"atlas": (atlas(volumes), 1.0)})  # fmt: skip
    apart = 0
    for image, labels in zip(scene.images[:, 0, 0], scene.labels[:, 0], strict=True):
        inside = labels > 0
        if inside.any() and not inside.all():
            gap = abs(float(image[inside].mean() - image[~inside].mean()))
            apart += gap > 0.3 * float(image.std())
    assert apart >= 5  # some contrasts hide an object


def test_training_draws_slices_where_there_are_volumes(folder: Path) -> None:
    families = command._families(folder, CPU)
    assert {"atlas", "collage"} <= families.keys()
    total = sum(share for _, share in families.values())
    assert total == pytest.approx(sum(share for _, share in FAMILIES.values()))
    assert 0 < families["atlas"][1] < FAMILIES["anatomy"][1]


def test_assets_without_volumes_still_serve(tmp_path: Path) -> None:
    sheet = np.zeros((1, CUTOUT, CUTOUT, 4), np.uint8)
    save_assets(tmp_path, sheet, np.zeros((1, 320, 320, 3), np.uint8))
    assert load_assets(tmp_path, CPU).volumes == ()
    assert "atlas" not in command._families(tmp_path, CPU)


@given(x=st.floats(-2, 7), y=st.floats(-2, 6), z=st.floats(-2, 5))
@settings(max_examples=40, deadline=None)
def test_corners_share_a_place_among_them(x: float, y: float, z: float) -> None:
    volume = torch.arange(60).view(3, 4, 5)
    place = torch.tensor([x, y, z]).view(1, 1, 1, 1, 3)
    around = list(corners(place, volume.shape))
    assert float(sum(corner.weight for corner in around)) == pytest.approx(1, abs=1e-5)
    inside = 0.5 <= x <= 4.5 and 0.5 <= y <= 3.5 and 0.5 <= z <= 2.5
    if inside:
        mean = sum(corner.of(volume) * corner.weight for corner in around)
        expected = (z - 0.5) * 20 + (y - 0.5) * 5 + x - 0.5
        assert float(mean) == pytest.approx(expected, abs=1e-3)


def test_the_middle_of_a_voxel_has_its_own_label() -> None:
    volume = torch.tensor([[[3, 9]]], dtype=torch.uint8)
    place = torch.tensor([[0.5, 0.5, 0.5], [1.4, 0.5, 0.5], [7.0, 0.5, 0.5]])
    around = list(corners(place.view(1, 1, 1, 3, 3), volume.shape))
    labels = [corner.of(volume).long() for corner in around]
    found = most_votes(labels, [corner.weight for corner in around])
    assert found.flatten().tolist() == [3, 9, 0]


def test_every_clip_has_a_table_of_its_own() -> None:
    table = torch.tensor([[0, 5], [0, 6]])
    keys = torch.tensor([[[1, 0]], [[0, 1]]])
    assert at(table, keys).tolist() == [[[5, 0]], [[0, 6]]]


@pytest.mark.parametrize(("kind", "dtype"), [(2, "u1"), (4, "<i2"), (16, "<f4")])
def test_nifti_is_read(kind: int, dtype: str, tmp_path: Path) -> None:
    voxels = np.arange(24).reshape(2, 3, 4).astype(dtype)
    head = bytearray(352)
    head[40:48] = struct.pack("<4h", 3, 4, 3, 2)
    head[70:72] = struct.pack("<h", kind)
    head[108:112] = struct.pack("<f", 352)
    path = tmp_path / "volume.nii.gz"
    path.write_bytes(gzip.compress(bytes(head) + voxels.tobytes()))
    assert np.array_equal(nifti(path), voxels)


def test_masks_are_taken_apart() -> None:
    bridge = ball(6).copy()
    bridge[20, 20] = True  # a bar through the ball
    cleared = opened(bridge, 2)
    assert cleared.sum() == pytest.approx(ball(6).sum(), rel=0.15)
    assert not cleared[20, 20, 0]
    two = np.concatenate([ball(6), ball(3)])
    assert [int(part.sum()) for part in pieces(two, 1)] == [
        ball(6).sum(),
        ball(3).sum(),
    ]
    assert len(pieces(two, 200)) == 1


def test_values_are_stretched_to_few_steps() -> None:
    steps = stretched(np.linspace(-500, 500, 1001), -250, 250)
    assert steps[0] == 0
    assert len(np.unique(steps)) == 64
    assert (np.diff(steps.astype(int)) >= 0).all()
