"""Fetched pictures: which are objects, what is noted, and footage made of them."""

from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_sam2.core.errors import DownloadError, StackError
from napari_sam2.training import command
from napari_sam2.training.assets import fetch as fetching
from napari_sam2.training.assets.pictures import CUTOUT, animations, cutouts, is_object
from napari_sam2.training.assets.sources import PACKAGES, PHOTOGRAPHS, Package
from napari_sam2.training.assets.store import POSES, load_assets, save_assets
from napari_sam2.training.assets.volumes import Block, scheme
from napari_sam2.training.scenes import draw
from napari_sam2.training.scenes.collage import collage

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.training.assets.store import Assets

CPU = torch.device("cpu")


def disc(size: int = 60) -> np.ndarray:
    """Return a red disc on nothing, (size, size, 4)."""
    y, x = np.mgrid[:size, :size] - size / 2 + 0.5
    inside = np.hypot(y, x) < size / 2 - 4
    return np.where(inside[..., None], (200, 30, 30, 255), 0).astype(np.uint8)


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    """Return two discs of other colours, and one photograph."""
    sheets = np.zeros((2, CUTOUT, CUTOUT, 4), np.uint8)
    sheets[:, 4:124, 4:124] = [disc(120), disc(120)[..., [1, 0, 2, 3]]]
    ground = np.full((1, 320, 320, 3), 90, np.uint8)
    save_assets(tmp_path, sheets, ground)
    return load_assets(tmp_path, CPU)


def cube() -> Block:
    """Return a volume of two voxels a side that holds one structure."""
    filled = np.ones((2, 2, 2), np.uint8)
    return Block(filled, filled, scheme([[1]])[None])


def package_of(folder: Path) -> Package:
    """Return a package that is fetched by copying an archive from a folder."""
    return Package(
        name="discs",
        version="1",
        command=("cp", str(folder / "discs.tgz"), "."),
        archive="discs*.tgz",
        unpack=("tar", "-xzf", "{}"),
        pictures=("art/*.png",),
        photographs=("art/street.jpg",),
        volumes=(lambda place: cube(),),
        licence="public domain",
        terms="art/licence.txt",
    )


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a folder with an archive: an object, what is none, and a picture."""
    from PIL import Image

    art = tmp_path / "art"
    art.mkdir()
    Image.fromarray(disc()).save(art / "disc.png")
    Image.fromarray(disc()).save(art / "disc-1f3fb.png")  # the same in another tone
    Image.fromarray(disc()).save(art / "twin.png")
    Image.fromarray(disc()).save(art / "1f1e6-1f1e8.png")  # a flag
    street = np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)
    Image.fromarray(street).save(art / "street.jpg")
    Image.fromarray(np.full((50, 50, 4), 255, np.uint8)).save(art / "card.png")
    (art / "broken.png").write_bytes(b"no picture")
    (art / "licence.txt").write_text("Do what you like.")
    with tarfile.open(tmp_path / "discs.tgz", "w:gz") as tar:
        tar.add(art, "art")
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="copies with cp")
def test_objects_are_fetched_and_their_licences_noted(archive: Path, tmp_path) -> None:
    out = tmp_path / "out"
    missing = replace(package_of(archive), name="gone", command=("no-such-client",))
    fetching.fetch(out, [missing, package_of(archive)])
    found = load_assets(out, CPU)
    assert found.cutouts.shape == (1, 4, CUTOUT, CUTOUT)
    assert len(found.photographs) == len(PHOTOGRAPHS) + 2  # two views of another
    assert [volume.labels.shape for volume in found.volumes] == [(2, 2, 2)]
    notes = (out / fetching.LICENCES).read_text()
    assert "Do what you like." in notes
    assert "public domain" in notes
    assert "gone" not in notes
    assert "astronaut" in notes


def test_nothing_fetched_says_what_is_needed(tmp_path) -> None:
    missing = replace(PACKAGES[0], command=("no-such-client",))
    with pytest.raises(DownloadError, match="npm or apt-get"):
        fetching.fetch(tmp_path, [missing])
    assert not list(tmp_path.iterdir())


def test_training_with_a_folder_that_was_never_filled(tmp_path, capsys) -> None:
    out = ["--out", str(tmp_path / "run"), "--assets", str(tmp_path), "--device", "cpu"]
    assert command.main(["images", *out]) == 1
    assert "training assets" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04cut short"])
def test_broken_files_hold_no_pictures(content: bytes, tmp_path) -> None:
    (tmp_path / "pictures.npz").write_bytes(content)
    with pytest.raises(StackError, match="Fetch them"):
        load_assets(tmp_path, CPU)


def test_what_is_an_object() -> None:
    alpha = disc()[..., 3]
    assert is_object(alpha)
    assert not is_object(np.full_like(alpha, 255)), "a card fills its box"
    assert not is_object(alpha // 4), "a cloud"
    assert not is_object(np.concatenate([alpha, alpha])), "two things"
    assert not is_object(np.zeros_like(alpha))


def test_cutouts_fill_their_square_and_touch_no_rim(tmp_path) -> None:
    from PIL import Image

    path = tmp_path / "wide.png"
    Image.fromarray(disc(90)[20:70]).save(path)
    (cut,) = cutouts([path])
    visible = cut[..., 3] > 20
    assert visible.any(axis=0).sum() >= CUTOUT - 8
    assert not visible[:, [0, -1]].any()


def test_collages_have_exact_masks(assets: Assets) -> None:
    families = {"collage": (collage(assets), 1.0)}
    clips = draw(2, 1, clips=6, frames=2, size=96, device=CPU, families=families)
    assert clips.images.shape == (6, 2, 3, 96, 96)
    assert clips.images.isfinite().all()
    counts = clips.labels[:, 0].flatten(1).amax(dim=1)
    assert (counts > 0).sum() >= 4  # few clips show nothing
    assert clips.labels.max() <= 5
    again = draw(2, 1, clips=6, frames=2, size=96, device=CPU, families=families)
    assert torch.equal(clips.labels, again.labels)


def test_things_that_move_are_known_in_their_poses(tmp_path: Path) -> None:
    from PIL import Image

    thing = np.pad(disc(), ((0, 0), (0, 60), (0, 0)))
    wave = [np.maximum(thing, np.roll(thing, 4 * step, axis=1)) for step in range(8)]
    for name, frames in (("still", [disc()] * 8), ("wave", wave)):
        first, *others = (Image.fromarray(frame) for frame in frames)
        first.save(tmp_path / f"{name}.webp", save_all=True, append_images=others,
                   lossless=True, allow_mixed=False)  # fmt: skip
    (poses,) = animations(sorted(tmp_path.glob("*.webp")))
    assert len(poses) == POSES
    assert not np.array_equal(poses[0], poses[-1])
    covers = [int((pose[..., 3] > 20).sum()) for pose in poses]
    assert covers == sorted(covers), "all are shown on one scale"


def test_moving_things_go_through_their_poses(tmp_path: Path) -> None:
    colours = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)])
    sheets = np.repeat(disc(CUTOUT)[None], POSES, axis=0)
    sheets[..., :3] = colours[:, None, None]
    save_assets(tmp_path, sheets, np.zeros((1, 320, 320, 3), np.uint8), moving=1)
    found = load_assets(tmp_path, CPU)
    assert found.poses.tolist() == [[0, 1, 2, 3]]
    families = {"collage": (collage(found), 1.0)}
    clips = draw(0, 0, clips=4, frames=8, size=64, device=CPU, families=families)
    hues = [
        {int(clips.images[clip, t, :, labels == label].mean(dim=1).argmax())
         for t, labels in enumerate(clips.labels[clip]) if (labels == label).any()}
        for clip in range(4) for label in range(1, 6)
    ]  # fmt: skip
    assert max(len(hue) for hue in hues) > 1


def test_things_in_one_pose_have_it_everywhere(assets: Assets) -> None:
    assert assets.poses.tolist() == [[0] * POSES, [1] * POSES]
