"""Results of a project say what made its masks, and not what was chosen since then."""

from __future__ import annotations

from dataclasses import replace

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.lineage import Descent
from napari_sam2.core.quality import FAST
from napari_sam2.core.recipe import Followed, Made, OtherAxis, Told
from napari_sam2.project.results import provenance_of, result_header
from napari_sam2.project.values import ModelReference
from tests.project.projects import example

LARGE = Made(
    "large", "ab" * 32, as_limits(-160, 240), quality=FAST, precision="bfloat16"
)
NANO = Made("nano", "cd" * 32, precision="float32")


def said_after(*steps):
    project = example()
    contents = replace(project.contents, steps=steps)
    chosen = ModelReference("nano", "cd" * 32)
    return provenance_of(replace(project, model=chosen, contents=contents))


def test_the_model_is_that_of_the_settings_beside_it() -> None:
    said = said_after(LARGE, Told(1, 0), NANO)
    assert (said.model, said.model_sha256) == ("large", "ab" * 32)
    assert said.settings["quality"]["name"] == "fast"
    assert said.settings["limits"] == {"low": (-160.0,), "high": (240.0,)}
    assert said.precision == "bfloat16"


def test_masks_of_unknown_make_get_no_settings_of_a_tracker_that_was_opened() -> None:
    for steps in ((), (NANO,)):
        said = said_after(*steps)
        assert (said.model, said.model_sha256) == ("nano", "cd" * 32)
        assert (said.settings, said.precision) == ({}, None)


def test_axes_that_were_fused_last_are_said() -> None:
    fused = Followed((1,), done=9, across=(OtherAxis(1, "y"), OtherAxis(2, "x")))
    steps = LARGE, Told(1, 0), fused, Followed((1,))  # which was stopped at once
    assert said_after(*steps).settings["fused_with"] == ["y", "x"]
    assert "fused_with" not in said_after(*steps, Followed((1,), done=2)).settings


def test_parents_are_said() -> None:
    project = example()
    assert "parents" not in result_header(project).provenance.as_json()
    contents = project.contents
    daughter = replace(contents.objects[7], descent=Descent(1, 1))
    contents = replace(contents, objects={**contents.objects, 7: daughter})
    header = result_header(replace(project, contents=contents))
    assert header.parents == {7: 1}
    assert '"parents": {"7": 1}' in header.provenance.as_json()
