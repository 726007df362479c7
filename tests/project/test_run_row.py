"""A run that was stopped is kept in a project, which is worth more than the run is."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.frames.intensity import IntensityLimits
from napari_sam2.core.recipe import Followed, Made
from napari_sam2.core.unfinished_run import UnfinishedRun
from napari_sam2.project import schema
from napari_sam2.project.reading import read_project
from napari_sam2.project.recovery import find_recoverable
from napari_sam2.project.run_row import read_run, run_rows
from napari_sam2.project.values import Project
from napari_sam2.project.writing import write_project
from tests.project.conftest import Desk
from tests.project.projects import FRAMES, example
from tests.project.test_damaged import change

LEFT = UnfinishedRun(
    run=Followed((1, 7), "both", (1, 4)),
    done=3,
    steps=5,
    reached=((1, 1, 3), (7, 2, 3)),
    made=Made("nano", "ab" * 32, IntensityLimits((0.1,), (2 / 3,)), (0, 2)),
    objects=(1, 7),
    said="cd" * 32,
    seen="ef" * 32,
    state=bytes(range(256)) * 9,
)


def with_run(left: UnfinishedRun | None = LEFT) -> Project:
    project = example()
    return replace(project, contents=replace(project.contents, left=left))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_project(tmp_path / "work.sam2", with_run())
    return tmp_path / "work.sam2"


def version(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[60:64], "big")


def test_it_comes_back_as_it_was(path: Path) -> None:
    assert read_project(path) == with_run()


def test_where_the_disk_is_nearly_full_the_project_is_saved_without_it(
    tmp_path: Path, monkeypatch
) -> None:
    """As it might fill the disk, and work is worth more."""
    room = shutil.disk_usage(tmp_path)._replace(free=3 * len(LEFT.state))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: room)
    write_project(tmp_path / "work.sam2", with_run())
    assert read_project(tmp_path / "work.sam2") == with_run(None)


def test_what_is_remembered_at_1024_pixels_comes_back() -> None:
    large = replace(LEFT, state=bytes(200 << 20))
    assert read_run(run_rows(large), {1, 7}, FRAMES) == large


def test_older_programs_read_the_project_as_well(path: Path, tmp_path: Path) -> None:
    write_project(tmp_path / "plain.sam2", with_run(None))
    assert version(path) == version(tmp_path / "plain.sam2") == 2
    with closing(sqlite3.connect(path)) as file:
        tables = file.execute("SELECT name, sql FROM sqlite_master").fetchall()
        parts = dict(file.execute("SELECT name, json FROM about").fetchall())
    assert dict(tables) == schema.TABLES[2]
    for name in [one for one in parts if one.split()[0] == schema.RUN]:
        json.loads(parts.pop(name))  # they parse all, and look at what they know
    with closing(sqlite3.connect(tmp_path / "plain.sam2")) as file:
        names = dict(file.execute("SELECT name, json FROM about").fetchall())
    assert parts.keys() == names.keys()


WRONG = {
    "cut": "substr(json, 1, length(json) - 40)",
    "no JSON": "'nonsense'",
    "no text": "x'ff00ff'",
    "nothing": "''",
    "a number": "7",
    "endless": "printf('%.*c', 100000, '[')",
    "of the future": "json_set(json, '$.version', 3)",
    "more than is known": "json_set(json, '$.colour', 2)",
    "less": "json_remove(json, '$.said')",
    "another checksum": "json_set(json, '$.sha256', 5)",
    "other objects": "json_set(json, '$.objects', json('[3]'))",
    "objects followed": "json_set(json, '$.run.object_ids', json('[3]'))",
    "frames beyond": "json_set(json, '$.reached', json('[[1, 0, 900000000]]'))",
    "frames backward": "json_set(json, '$.reached', json('[[1, 3, 2]]'))",
    "a range beyond": "json_set(json, '$.run.frames', json('[0, 99]'))",
    "more done than there is": "json_set(json, '$.done', 6)",
    "a direction that is none": "json_set(json, '$.run.direction', 'up')",
    "odd steps": "json_set(json, '$.steps', 1e999)",
    "a tracker that is none": "json_set(json, '$.made', json('{}'))",
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_it_costs_nothing_else(path: Path, what: str) -> None:
    change(path, f"UPDATE about SET json = {WRONG[what]} WHERE name = '{schema.RUN}'")
    assert read_project(path) == with_run(None)


LARGE = replace(LEFT, state=bytes(range(255)) * (5 << 12))

WRONG_PIECES = {
    "no base64": "UPDATE about SET json = '\"ä\"' WHERE name = 'run 0001'",
    "another one": "UPDATE about SET json = '\"AAAA\"' WHERE name = 'run 0001'",
    "a list": "UPDATE about SET json = '[1]' WHERE name = 'run 0001'",
    "no JSON": "UPDATE about SET json = 'nonsense' WHERE name = 'run 0001'",
    "bytes": "UPDATE about SET json = x'ff00ff' WHERE name = 'run 0001'",
    "one is missing": "DELETE FROM about WHERE name = 'run 0003'",
    "one too many": "INSERT INTO about VALUES ('run 0007', '\"AAAA\"')",
    "another name": "UPDATE about SET name = 'run x' WHERE name = 'run 0006'",
    "all are missing": "DELETE FROM about WHERE name GLOB 'run *'",
    "nothing else": "DELETE FROM about WHERE name = 'run'",
}


def test_no_row_of_it_is_large(tmp_path: Path) -> None:
    """Others wait for Python while it makes text of bytes."""
    write_project(tmp_path / "work.sam2", with_run(LARGE))
    assert read_project(tmp_path / "work.sam2") == with_run(LARGE)
    with closing(sqlite3.connect(tmp_path / "work.sam2")) as file:
        (longest,) = file.execute("SELECT max(length(json)) FROM about").fetchone()
    assert longest < 2 << 20


@pytest.mark.parametrize("what", WRONG_PIECES)
def test_what_is_wrong_with_a_piece_costs_nothing_else(
    tmp_path: Path, what: str
) -> None:
    write_project(tmp_path / "work.sam2", with_run(LARGE))
    change(tmp_path / "work.sam2", WRONG_PIECES[what])
    assert read_project(tmp_path / "work.sam2") == with_run(None)


@given(st.data())
def test_any_damage_is_found(data) -> None:
    rows = [list(row) for row in run_rows(LEFT)]
    row = data.draw(st.sampled_from(rows))
    at = data.draw(st.integers(0, len(row[1]) - 1))
    letter = data.draw(st.characters(codec="ascii"))
    row[1] = row[1][:at] + letter + row[1][at + 1 :]
    found = read_run(rows, {1, 7}, FRAMES)
    assert found is None or found.state == LEFT.state


def test_a_shorter_one_takes_the_place_of_a_longer_one(desk: Desk) -> None:
    desk.paint(3)
    desk.left = LARGE
    desk.autosave.save()
    desk.paint(2)
    desk.left = LEFT
    desk.autosave.save()
    assert recovered(desk) == LEFT


def test_a_project_of_before_has_none(tmp_path: Path) -> None:
    assert read_project(Path(__file__).parent / "version1.sam2").contents.left is None
    write_project(tmp_path / "plain.sam2", example())
    assert read_project(tmp_path / "plain.sam2").contents.left is None


def recovered(desk: Desk) -> UnfinishedRun | None:
    desk.crash()
    (found,) = find_recoverable(desk.folder)
    return found.read().contents.left


def test_a_crash_leaves_it_with_the_masks_that_it_came_with(desk: Desk) -> None:
    desk.paint(3)
    desk.left = LEFT
    desk.autosave.save()
    desk.paint(2)  # and is not written again with those that came later
    desk.autosave.save()
    assert recovered(desk) == LEFT


def test_it_is_written_soon_where_nothing_else_has_changed(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.save()
    desk.left = LEFT
    for _ in range(2):
        desk.autosave.tick()
        desk.now += 40
    assert recovered(desk) == LEFT


def test_it_goes_when_it_is_over(desk: Desk) -> None:
    desk.paint(3)
    desk.left = LEFT
    desk.autosave.save()
    desk.left = None
    for _ in range(2):
        desk.autosave.tick()
        desk.now += 40
    assert recovered(desk) is None


def test_it_is_written_once(desk: Desk) -> None:
    desk.paint(3)
    desk.left = replace(LEFT, state=bytes(1 << 20))
    desk.autosave.save()
    written = []
    trace = desk.autosave._file._store.connection.set_trace_callback
    trace(written.append)
    desk.paint(2)
    desk.autosave.save()
    assert any("masks" in one for one in written)
    assert not any(schema.RUN in one.split("'") for one in written)


def test_what_a_project_has_is_not_written_to_a_recovery_file(desk: Desk) -> None:
    desk.left = LEFT
    desk.autosave.tick()
    desk.now += 40
    desk.autosave.tick()
    assert not desk.folder.exists()
