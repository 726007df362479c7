"""Projects without a window: replayed, exported, and labels that become prompts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_sam2.control import Controller, InlineLane, Recorder
from napari_sam2.core.intensity import as_limits
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.setting_up import set_up_tracker
from napari_sam2.engine.weights import weights_sha256
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.samples import load_sample
from napari_sam2.project.image import refer_to_image, related_to
from napari_sam2.project.reading import read_project
from napari_sam2.project.session import project_header, project_of, stack_geometry
from napari_sam2.project.values import ModelReference, Project
from napari_sam2.project.writing import write_project
from napari_sam2.state import Document, FrameMask, History, Place, Settings, edits
from tests.control.conftest import click


@pytest.fixture(scope="module")
def study(tmp_path_factory, nano) -> Path:
    """Return a folder with nuclei, and a project of an afternoon's work on them."""
    folder = tmp_path_factory.mktemp("study")
    with tifffile.TiffFile(load_sample("cells3d_nuclei").stack) as file:
        pixels = file.asarray()[10:20]
    write_study(folder, pixels, nano, Settings(), work)
    return folder


def write_study(folder: Path, pixels, nano, settings: Settings, work) -> None:
    """Work on an image, and write both into a folder."""
    tifffile.imwrite(
        folder / "nuclei.tif",
        pixels,
        imagej=True,
        resolution=(2, 2),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 0.3},
    )
    frames = stack_frames(open_stack(folder / "nuclei.tif"))
    document = Document(frame_count=len(frames), shape_hw=frames.shape_hw)
    history = History(document)
    controller = Controller(
        history,
        settings,
        frames,
        lane=InlineLane(),
        limits=as_limits(0, 60000),
        make_tracker=lambda request, token: iter(
            [
                set_up_tracker(
                    nano, request.frames, limits=request.limits, window=request.window
                )
            ]
        ),
        recorder=Recorder(identify=weights_sha256),
    )
    work(history, controller)
    image = refer_to_image("nuclei", folder / "nuclei.tif", frames=frames)
    header = project_header(
        settings,
        image=related_to(image, folder / "work.sam2"),
        stack=stack_geometry(
            frames.stack.axes, frames.layout, limits=as_limits(0, 60000)
        ),
        model=ModelReference("nano", weights_sha256("nano")),
    )
    project = project_of(document, header, controller.recorder.steps)
    write_project(folder / "work.sam2", project)


def work(history: History, controller: Controller) -> None:
    """Click, follow, correct, follow again, paint."""
    document = history.document
    for object_id in (1, 2):
        history.do(edits.add_object(document, object_id))
    box = FramePrompts(box_yxyx=(70.0, 23.0, 117.0, 71.0))
    history.do(edits.set_prompts(document, 1, 6, box))
    history.do(edits.set_prompts(document, 2, 6, click(32, 97)))
    controller.run()
    history.do(edits.set_prompts(document, 2, 8, click(45, 99)))
    controller.run()
    mask = np.zeros(document.shape_hw, bool)
    mask[5:20, 5:25] = True
    history.do(edits.paint_mask(document, 2, 0, mask))
    assert controller.status.problem is None


def expected(folder: Path) -> np.ndarray:
    """Draw what the window showed."""
    contents = read_project(folder / "work.sam2").contents
    labels = np.zeros((10, *next(iter(contents.masks.values())).mask.shape_hw), int)
    in_order = sorted(contents.masks.items(), key=lambda m: m[1].painting_order)
    for (object_id, frame), mask in in_order:
        labels[frame][mask.mask.mask] = object_id
    return labels


def test_a_project_is_replayed_with_the_same_masks(cli, study, tmp_path) -> None:
    labels, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    said = cli(
        "track", "--project", study / "work.sam2", "-o", labels, "--table", table,
        "--overlay", tmp_path / "overlay.png",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "masks are as in the project, to the pixel" in said.out
    np.testing.assert_array_equal(tifffile.imread(labels), expected(study))
    assert (tmp_path / "overlay.png").exists()
    assert len(table.read_text().splitlines()) == 1 + 20


@pytest.mark.parametrize("window", ["off", "auto"])
def test_it_is_replayed_with_the_window_that_it_was_made_with(
    cli, tmp_path: Path, nano, window
) -> None:
    def follow(history: History, controller: Controller) -> None:
        history.do(edits.add_object(history.document, 1))
        box = FramePrompts(box_yxyx=(89.0, 149.0, 111.0, 171.0))
        history.do(edits.set_prompts(history.document, 1, 0, box))
        controller.run()

    y, x = np.mgrid[:420, :420]
    disc = 20_000 * (np.hypot(y - 100, x - 160) < 11) + 10_000
    write_study(tmp_path, np.uint16([disc] * 3), nano, Settings(window=window), follow)
    said = cli("track", "--project", tmp_path / "work.sam2", "-o", tmp_path / "out.tif")
    assert "All 3 masks are as in the project, to the pixel" in said.out
    contents = read_project(tmp_path / "work.sam2").contents
    assert contents.steps[0].window == window


def test_masks_of_unknown_making_are_written_as_they_are(
    cli, study: Path, tmp_path: Path
) -> None:
    project = read_project(study / "work.sam2")
    contents = replace(project.contents, steps=(), masks=without_steps(project))
    write_project(tmp_path / "old.sam2", replace(project, contents=contents))
    out = tmp_path / "labels.tif"
    said = cli("track", "--project", tmp_path / "old.sam2", "-o", out)
    assert said.code == 0, said.err
    assert "nothing to do again; 19 are written as they are" in said.out
    np.testing.assert_array_equal(tifffile.imread(out), expected(study))


def without_steps(project: Project) -> dict[Place, FrameMask]:
    masks = project.contents.masks.items()
    return {place: replace(one, step=None, beneath=None) for place, one in masks}


def test_provenance_is_in_every_output(cli, study: Path, tmp_path: Path) -> None:
    labels, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    sheet = tmp_path / "sheet.png"
    for path in (labels, table, sheet):
        assert cli("export", study / "work.sam2", "-o", path).code == 0
    with tifffile.TiffFile(labels) as file:
        assert file.pages[0].tags["Software"].value.startswith("napari-sam2")
        ome = tifffile.xml2dict(file.ome_metadata)["OME"]
    found = json.loads(ome["StructuredAnnotations"]["CommentAnnotation"]["Value"])
    assert found["model"] == {"name": "nano", "sha256": weights_sha256("nano")}
    assert found["image"]["name"] == "nuclei"
    assert {"torch", "numpy", "napari-sam2"} <= found["software"].keys()
    by_place = {(one["object"], one["frame"]): one for one in found["prompts"]}
    assert by_place[1, 6]["box"] == [70, 23, 117, 71]
    assert by_place[2, 0]["painted_pixels"] == 300
    beside = json.loads((tmp_path / "objects.csv.json").read_text())
    assert beside["prompts"] == found["prompts"]
    assert list(beside) == list(found)
    with Image.open(sheet) as picture:
        inside = json.loads(picture.info["provenance"])
    assert inside["prompts"] == found["prompts"]
    assert inside["model"] == found["model"]


def test_tracking_says_what_made_its_masks(cli, stack: Path, tmp_path: Path) -> None:
    labels, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    sheet = tmp_path / "sheet.png"
    command = (
        "track", stack, "-o", labels, "--table", table, "--point", "1:0,22,20",
        "--point", "1:0,60,70,-", "--frames", "0:2", "--overlay", sheet,
    )  # fmt: skip
    assert cli(*command).code == 0
    with Image.open(sheet) as picture:
        drawn = picture.info["provenance"]
    sheet.unlink()
    with tifffile.TiffFile(labels) as file:
        ome = tifffile.xml2dict(file.ome_metadata)["OME"]
    inside = ome["StructuredAnnotations"]["CommentAnnotation"]["Value"]
    beside = (tmp_path / "objects.csv.json").read_text().strip()
    assert inside == beside == drawn
    found = json.loads(inside)
    assert "not ground truth" in found["note"]
    assert found["image"] == {"name": "discs", "path": str(stack)}
    assert found["prompts"] == [
        {"object": 1, "frame": 0, "points": [[22, 20], [60, 70]], "labels": [1, 0]}
    ]
    labels.unlink()
    table.unlink()
    assert "objects.csv.json exists" in cli(*command).err
    assert not labels.exists()


def test_exported_labels_are_what_was_seen(cli, study: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.tif"
    said = cli("export", study / "work.sam2", "-o", path, "--format", "labels-tiff")
    assert "20 masks of 2 objects" in said.out
    np.testing.assert_array_equal(tifffile.imread(path), expected(study))
    with tifffile.TiffFile(path) as file:
        ome = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (ome["PhysicalSizeX"], ome["PhysicalSizeZ"], ome["SizeZ"]) == (0.5, 0.3, 10)


def test_what_cannot_be_exported_is_said(cli, study: Path, tmp_path: Path) -> None:
    project = study / "work.sam2"
    out = tmp_path / "labels.tif"
    out.write_text("mine")
    assert "add --overwrite" in cli("export", project, "-o", out).err
    assert out.read_text() == "mine"
    said = cli("export", project, "-o", tmp_path / "a.xyz")
    assert "labels-tiff, labels-zarr" in said.err
    said = cli("export", project, "-o", out, "--format", "gif")
    assert "There is no format gif" in said.err
    said = cli("export", project, "-o", project, "--format", "labels-tiff")
    assert "never replaced" in said.err


def test_a_moved_or_changed_image_is_told(cli, study, tmp_path: Path) -> None:
    project = tmp_path / "work.sam2"
    before = read_project(study / "work.sam2")
    lost = replace(before.image, path=str(tmp_path / "gone.tif"), relative_path=None)
    write_project(project, replace(before, image=lost))
    command = ("track", "--project", project, "-o", tmp_path / "out.tif")
    said = cli(*command)
    assert said.code == 2
    assert "no longer there" in said.err
    assert "Add --image PATH" in said.err

    pixels = tifffile.imread(study / "nuclei.tif")
    pixels[0, :5] += 1
    other = tmp_path / "changed.tif"
    tifffile.imwrite(other, pixels, imagej=True, metadata={"axes": "ZYX"})
    said = cli(*command, "--image", other)
    assert "its pixels are others" in said.err
    assert "--changed-image" in said.err
    assert not (tmp_path / "out.tif").exists()
    said = cli(*command, "--image", other, "--changed-image")
    assert said.code == 0, said.err
    assert cli(*command, "--image", study / "nuclei.tif", "--overwrite").code == 0


@pytest.mark.parametrize(
    "words", [("--point", "1:0,5,5"), ("--model", "sam2.1-tiny"), ("--axis", "z")]
)
def test_what_the_project_says_is_not_said_twice(cli, study, tmp_path, words) -> None:
    out = tmp_path / "out.tif"
    said = cli("track", "--project", study / "work.sam2", "-o", out, *words)
    assert said.code == 2
    assert f"{words[0]} cannot be given with --project" in said.err


def test_track_needs_a_stack_or_a_project(cli, tmp_path: Path) -> None:
    said = cli("track", "-o", tmp_path / "out.tif")
    assert "Say which STACK, or give a --project" in said.err


@pytest.mark.parametrize("form", ["points", "boxes", "masks"])
def test_labels_become_prompts_that_track_takes(
    cli, stack, true_labels, tmp_path, form: str
) -> None:
    labels, prompts = tmp_path / "labels.tif", tmp_path / "prompts.json"
    tifffile.imwrite(labels, true_labels)
    said = cli("prompts", labels, "-o", prompts, "--as", form, "--frames", "0,3:5")
    assert f"2 objects, 6 {form}" in said.out
    found = read_prompts(prompts).prompts
    assert {(p.object_id, p.frame) for p in found} == {
        (i, f) for i in (1, 2) for f in (0, 3, 4)
    }
    for prompt in found:
        truth = true_labels[prompt.frame] == prompt.object_id
        if form == "points":
            y, x = (round(c) for c in prompt.point_yx)
            assert truth[y - 2 : y + 3, x - 2 : x + 3].all()
        elif form == "boxes":
            y0, x0, y1, x1 = (int(c + 0.5) for c in prompt.box_yxyx)
            assert truth[y0:y1, x0:x1].sum() == truth.sum()
        else:
            np.testing.assert_array_equal(prompt.mask, truth)
    tracked = cli("track", stack, "-o", tmp_path / "out.tif", "--prompts", prompts)
    assert tracked.code == 0, tracked.err


def test_objects_are_prompted_where_they_appear(cli, tmp_path: Path) -> None:
    labels = np.zeros((4, 20, 20), np.uint16)
    labels[1:, 2:8, 2:8] = 3
    labels[2:, 12, 12] = 9
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    assert cli("prompts", tmp_path / "labels.tif", "-o", tmp_path / "p.json").code == 0
    found = read_prompts(tmp_path / "p.json").prompts
    assert [(p.object_id, p.frame) for p in found] == [(3, 1), (9, 2)]


def test_labels_without_objects_are_told(cli, tmp_path: Path) -> None:
    path, out = tmp_path / "labels.tif", tmp_path / "p.json"
    tifffile.imwrite(path, np.zeros((3, 20, 20), np.uint16))
    assert "shows no object" in cli("prompts", path, "-o", out).err
    assert "does not exist" in cli("prompts", path, "-o", out, "--frames", "7").err
    assert "cannot be read" in cli("prompts", path, "-o", out, "--frames", "a").err
    assert not out.exists()
