"""What was saved comes back as it was, whatever it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.core.lineage import Descent
from napari_sam2.core.quality import FAST
from napari_sam2.project import reading, schema
from napari_sam2.project.reading import read_project
from napari_sam2.project.session import (
    apply_choices,
    fill_document,
    project_header,
    project_of,
    stack_geometry,
)
from napari_sam2.project.values import ImageReference, Project
from napari_sam2.project.writing import write_project
from napari_sam2.state import Document, Place, Settings
from tests.project.projects import AXES, example, new_document, projects

FIXTURES = Path(__file__).parent


def step_numbers(project: Project) -> dict[Place, int | None]:
    """Return what masks do not compare."""
    return {place: mask.step for place, mask in project.contents.masks.items()}


@given(projects())
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_project_comes_back_as_it_was(tmp_path: Path, project: Project) -> None:
    path = tmp_path / "work.sam2"
    write_project(path, project)
    found = read_project(path)
    assert found == project
    assert step_numbers(found) == step_numbers(project)
    assert list(tmp_path.iterdir()) == [path]


@given(projects())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_a_document_and_settings_come_back_as_they_were(project: Project) -> None:
    document, choices = new_document(project), Settings()
    apply_choices(choices, project.choices)
    header = project_header(
        choices,
        image=project.image,
        stack=project.stack,
        model=project.model,
        created=project.saved.created,
    )
    again = project_of(document, header, project.contents.steps)
    assert again.contents == project.contents
    assert again.choices == project.choices
    assert again.saved.created == project.saved.created


def test_choices_that_no_longer_exist_are_left_out(tmp_path: Path) -> None:
    project = replace(example(), choices={"model": "large", "colour": "red"})
    write_project(tmp_path / "old.sam2", project)
    settings = Settings()
    apply_choices(settings, read_project(tmp_path / "old.sam2").choices)
    assert settings == Settings(model="large", quality="exact")


def test_numbers_that_are_not_on_offer_are_left_out(tmp_path: Path) -> None:
    odd = {"image_size": 333, "cache_mib": -1, "model": "large"}
    write_project(tmp_path / "odd.sam2", replace(example(), choices=odd))
    assert read_project(tmp_path / "odd.sam2").choices == {"model": "large"}


def test_a_project_of_another_image_does_not_fit() -> None:
    for size in ({"frame_count": 3, "shape_hw": (12, 50)},
                 {"frame_count": 5, "shape_hw": (12, 51)}):  # fmt: skip
        document = Document(**size)
        with pytest.raises(ProjectError, match="does not fit the image"):
            fill_document(document, example().contents)
        assert not document.objects


def test_a_project_of_version_1_opens() -> None:
    found = read_project(FIXTURES / "version1.sam2")
    assert found == example(steps=False)
    assert set(step_numbers(found).values()) == {None}
    assert found.contents.steps == ()


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "work.sam2"
    write_project(path, example())
    with closing(sqlite3.connect(path)) as file:
        names = dict(file.execute("SELECT object_id, name FROM objects"))
        assert names == {1: "mother", 7: "Zelle ß"}
    assert version_in(path) == 2


def version_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        return int(version)


def everywhere() -> Project:
    """Return a project that is followed at all of its positions."""
    stack = stack_geometry(AXES, FrameLayout(0, (2, 3), None, (), (1,)))
    return replace(example(), stack=stack)


def fast() -> Project:
    """Return a project whose masks were made fast."""
    contents = example().contents
    made, *rest = contents.steps
    steps = (replace(made, quality=FAST), *rest)
    return replace(example(), contents=replace(contents, steps=steps))


def test_an_older_program_opens_what_it_understands(tmp_path: Path, monkeypatch):
    other = ImageReference("green", "/data/green.tif")
    beside = replace(example().stack, beside=("/data/green.tif",))
    new = {
        "positions": everywhere(),
        "channels": replace(example(), stack=beside, beside=(other,)),
        "quality": fast(),
    }
    for name, project in {"plain": example(), **new}.items():
        write_project(tmp_path / f"{name}.sam2", project)
        assert read_project(tmp_path / f"{name}.sam2") == project
    monkeypatch.setattr(reading, "VERSION", 2)
    assert read_project(tmp_path / "plain.sam2") == example()
    for name in new:
        with pytest.raises(ProjectError, match=r"newer napari-sam2 .* update"):
            read_project(tmp_path / f"{name}.sam2")


def test_an_older_program_opens_divisions_too(tmp_path: Path, monkeypatch) -> None:
    contents = example().contents
    daughter = replace(contents.objects[7], descent=Descent(1, 1))
    objects = {**contents.objects, 7: daughter}
    project = replace(example(), contents=replace(contents, objects=objects))
    write_project(tmp_path / "work.sam2", project)
    monkeypatch.setattr(reading, "VERSION", 2)
    assert read_project(tmp_path / "work.sam2") == project


def test_positions_saved_before_they_had_a_version_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "early.sam2"
    write_project(path, everywhere())
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 2")
    assert read_project(path) == everywhere()


def test_a_step_saved_before_precision_was_said_does_not_say_it(tmp_path: Path) -> None:
    path = tmp_path / "work.sam2"
    (made, *rest), contents = example().contents.steps, example().contents
    rounded = (replace(made, precision="bfloat16"), *rest)
    write_project(path, replace(example(), contents=replace(contents, steps=rounded)))
    assert read_project(path).contents.steps == rounded
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE steps SET json = json_remove(json, '$.precision')")
    assert read_project(path).contents.steps == contents.steps


def test_the_tables_are_described() -> None:
    described = schema.__doc__ or ""
    for name in schema.TABLES[schema.VERSION]:
        assert f"``{name}``" in described
