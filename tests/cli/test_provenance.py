"""What made masks is said in every output, and told where it differs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import tifffile
from PIL import Image

from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.quality import Quality
from napari_sam2.core.recipe import Made, RecipeStep, Told
from napari_sam2.engine import rounding
from napari_sam2.engine.weights import weights_sha256
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.project.reading import read_project
from napari_sam2.project.values import Project
from napari_sam2.project.writing import write_project
from napari_sam2.state.mask_table import MaskTable


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
    assert found["precision"] == "float32"
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
    seen = estimate_limits(stack_frames(open_stack(stack)))
    assert found["settings"]["limits"] == {
        "low": list(seen.low), "high": list(seen.high)
    }  # fmt: skip
    assert found["prompts"] == [
        {"object": 1, "frame": 0, "points": [[22, 20], [60, 70]], "labels": [1, 0]}
    ]
    labels.unlink()
    table.unlink()
    assert "objects.csv.json exists" in cli(*command).err
    assert not labels.exists()


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the processor round the bundled model where the quality allows it."""
    monkeypatch.setattr(rounding, "has_matrix_units", lambda: True)
    monkeypatch.setattr(rounding, "_FEWEST_CHANNELS", 1)


def made_in(beside: Path) -> str | None:
    precision: str | None = json.loads(beside.read_text())["precision"]
    return precision


@pytest.mark.parametrize(
    ("quality", "precision"), [("exact", "float32"), ("rounded", "bfloat16")]
)
def test_what_the_machine_did_is_said_beside_what_it_was_allowed(
    cli, stack: Path, tmp_path: Path, rounds, quality, precision
) -> None:
    table = tmp_path / "objects.csv"
    command = (
        "track", stack, "-o", tmp_path / "labels.tif", "--table", table,
        "--point", "1:0,22,20", "--frames", "0:2", "--quality", quality,
    )  # fmt: skip
    assert cli(*command).code == 0
    assert made_in(tmp_path / "objects.csv.json") == precision


def test_a_machine_that_may_round_and_does_not_says_so(
    cli, stack: Path, tmp_path: Path
) -> None:
    table = tmp_path / "objects.csv"
    command = (
        "track", stack, "-o", tmp_path / "labels.tif", "--table", table,
        "--point", "1:0,22,20", "--frames", "0:2", "--quality", "rounded",
    )  # fmt: skip
    assert cli(*command).code == 0
    said = json.loads((tmp_path / "objects.csv.json").read_text())
    assert said["settings"]["quality"]["rounds"] is True
    assert said["precision"] == "float32"


def test_graphs_say_which_weights_they_were_made_of(
    cli, stack: Path, tmp_path: Path, nano_onnx: Path
) -> None:
    table = tmp_path / "objects.csv"
    command = (
        "track", stack, "-o", tmp_path / "labels.tif", "--table", table,
        "--point", "1:0,22,20", "--frames", "0:2", "--model", nano_onnx,
        "--quality", "fast",
    )  # fmt: skip
    told = cli(*command)
    assert told.code == 0
    assert "--quality fast: graphs keep the size" in told.err
    assert "the last 2 frames are looked back at" in told.err
    said = json.loads((tmp_path / "objects.csv.json").read_text())
    assert said["settings"]["backend"] == "onnx"
    assert said["settings"]["graphs"] == {
        "weights_sha256": weights_sha256("nano"), "precision": "fp32"
    }  # fmt: skip
    assert said["model"]["sha256"] == weights_sha256(nano_onnx)
    assert said["settings"]["quality"] == asdict(Quality("fast", recent_frames=2))
    assert "onnxruntime" in said["software"]


@pytest.mark.parametrize("before", ["bfloat16", "float32", None])
def test_a_replay_on_a_machine_that_rounds_otherwise_is_told(
    cli, study: Path, tmp_path: Path, before
) -> None:
    shutil.copy(study / "nuclei.tif", tmp_path)
    project = read_project(study / "work.sam2")
    steps = with_trackers(project, precision=before)
    last = len(steps)
    more = next(one for one in steps if isinstance(one, Made))
    told = next(one for one in steps if isinstance(one, Told))
    masks = dict(project.contents.masks.items())
    place = told.object_id, told.frame
    masks[place] = replace(masks[place], step=last + 1)
    contents = replace(
        project.contents, steps=(*steps, more, told), masks=MaskTable(masks)
    )
    path, table = tmp_path / "work.sam2", tmp_path / "objects.csv"
    write_project(path, replace(project, contents=contents))
    words = ("-o", tmp_path / "labels.tif", "--table", table)
    said = cli("track", "--project", path, *words)
    assert said.code == 0, said.err
    assert said.err.count("were computed in bfloat16") == (before == "bfloat16")
    assert made_in(tmp_path / "objects.csv.json") == "float32"  # of the new masks
    assert cli("export", path, "-o", table, "--overwrite").code == 0
    assert made_in(tmp_path / "objects.csv.json") == before  # of those in the project


def test_a_replay_says_that_it_saw_other_intensities(
    cli, study: Path, tmp_path: Path
) -> None:
    shutil.copy(study / "nuclei.tif", tmp_path)
    project = read_project(study / "work.sam2")
    contents = replace(project.contents, steps=with_trackers(project, limits=None))
    words = "estimated again, because the project does not say them"
    for number, one in enumerate((project, replace(project, contents=contents))):
        path = tmp_path / f"{number}.sam2"
        write_project(path, one)
        said = cli("track", "--project", path, "-o", path.with_suffix(".tif"))
        assert said.code == 0, said.err
        assert (words in said.out) == bool(number)


def with_trackers(project: Project, **changes) -> tuple[RecipeStep, ...]:
    """Return the steps of a project, with its trackers made otherwise."""
    return tuple(
        replace(step, **changes) if isinstance(step, Made) else step
        for step in project.contents.steps
    )
