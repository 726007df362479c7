"""Whatever a file holds, opening it ends in a project or in a sentence, and soon."""

from __future__ import annotations

import random
import sqlite3
import tracemalloc
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from napari_sam2.core.errors import ProjectError
from napari_sam2.project import schema
from napari_sam2.project.reading import read_project
from napari_sam2.project.writing import write_project
from tests.project.projects import example


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "work.sam2"
    write_project(path, example())
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def refusal(path: Path) -> str:
    with pytest.raises(ProjectError) as caught:
        read_project(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith((".", ".)"))
    return sentence


def test_what_is_no_project_is_said(tmp_path: Path, project: Path) -> None:
    missing = tmp_path / "missing.sam2"
    assert "No such file" in refusal(missing)
    text = tmp_path / "notes.sam2"
    for content in (b"", b"SQLite format 3", b"# notes", bytes(5000)):
        text.write_bytes(content)
        assert "is no project of napari-sam2" in refusal(text)
    with pytest.raises(ProjectError):
        read_project(tmp_path)
    with pytest.raises(ProjectError):
        read_project("no\0name.sam2")
    other = tmp_path / "bookmarks.sqlite"
    change(other, "CREATE TABLE places (url TEXT)")
    assert "another program" in refusal(other)


@pytest.mark.parametrize(
    "content",
    [
        "1",
        "[7]",
        '[{"object_id": 7, "parent": 1}]',
        '[{"object_id": 7, "parent": 9, "frame": 1}]',
        '[{"object_id": 9, "parent": 1, "frame": 1}]',
        '[{"object_id": 7, "parent": 7, "frame": 1}]',
        '[{"object_id": 7, "parent": 1, "frame": -1}]',
        '[{"object_id": 7, "parent": 1, "frame": 1},'
        ' {"object_id": 1, "parent": 7, "frame": 1}]',
    ],
)
def test_parents_that_cannot_be_are_refused(project: Path, content: str) -> None:
    change(project, f"INSERT INTO about VALUES ('descent', '{content}')")
    refusal(project)


def test_a_newer_version_is_refused(project: Path) -> None:
    change(project, f"PRAGMA user_version = {schema.VERSION + 1}")
    assert "newer napari-sam2" in refusal(project)
    assert "update napari-sam2" in refusal(project)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM masks; END",
        "CREATE VIEW v AS SELECT load_extension('x')",
        "CREATE INDEX i ON objects (name)",
        "CREATE TABLE more (a)",
        "DROP TABLE prompts",
        "ALTER TABLE objects ADD COLUMN colour TEXT",
    ],
)
def test_nothing_but_our_tables_is_opened(project: Path, statement: str) -> None:
    change(project, statement)
    assert "its tables are not those of a project" in refusal(project)


@pytest.mark.parametrize(
    ("statement", "about"),
    [
        ("UPDATE objects SET object_id = -3 WHERE object_id = 1", "number of an obj"),
        ("UPDATE objects SET name = x'ff'", "the name of object"),
        ("DELETE FROM objects WHERE object_id = 7", "object 7 is missing"),
        ("UPDATE prompts SET frame = 99", "there are 5 frames"),
        ("UPDATE prompts SET json = 'nonsense'", "no JSON"),
        ("""UPDATE prompts SET json = '{"points": [], "box": null}'""", "are empty"),
        (
            """UPDATE prompts SET json = replace(json, '6.0', '1e999')""",
            "no finite number",
        ),
        (
            """UPDATE prompts SET json = replace(json, '6.0', '99')""",
            "lies outside the image",
        ),
        ("UPDATE prompts SET json = printf('%.*c', 100000, '[')", "no JSON"),
        ("UPDATE masks SET frame = 2.5 WHERE frame = 4", "a frame of object"),
        ("UPDATE masks SET depth = 3 WHERE depth = 1", "the depth of a mask"),
        ("UPDATE masks SET origin = 'stolen'", "no known origin"),
        ("UPDATE masks SET pixels = 'text' WHERE frame = 1", "has no pixels"),
        ("UPDATE masks SET pixels = x'00' WHERE frame = 1", "is damaged"),
        ("UPDATE masks SET height = 100000 WHERE frame = 1", "is damaged"),
        ("UPDATE masks SET is_locked = 7", "neither true nor false"),
        ("UPDATE masks SET predicted_iou = 'high'", "no number"),
        ("UPDATE masks SET answers = '[1]' WHERE frame = 0", "no mapping"),
        ("UPDATE masks SET step = 9 WHERE frame = 4", "step 9 is missing"),
        ("DELETE FROM steps WHERE number = 1", "number of a step"),
        ("UPDATE steps SET json = '{}' WHERE number = 2", "no known kind"),
        (
            "UPDATE steps SET json = json_set(json, '$.precision', 'fp4') "
            "WHERE number = 0",
            "precision of step 0 is none of float32",
        ),
        ("UPDATE steps SET json = replace(json, '[1, 4]', '[4, 1]')", "has no frames"),
        (
            """UPDATE steps SET json = json_set(json, '$.across', json('[{
            "number": 7, "name": "y"}]')) WHERE number = 2""",
            "step 2 is none of 1, 2",
        ),
        (
            """UPDATE steps SET json = json_set(json, '$.across', json('[{
            "number": 1.0, "name": "y"}]')) WHERE number = 2""",
            "step 2 is none of 1, 2",
        ),
        (
            """UPDATE steps SET json = json_set(json, '$.across', json('[{
            "number": 1, "name": "y"}, {"number": 1, "name": "z"}]'))
            WHERE number = 2""",
            "along an axis twice",
        ),
        (
            "UPDATE steps SET json = replace(json, '\"frame\": 1', '\"frame\": 6')",
            "the f",
        ),
        ("UPDATE step_masks SET role = 'other'", "no known role"),
        ("DELETE FROM about WHERE name = 'stack'", 'part "stack" is missing'),
        ("UPDATE about SET json = '{}'", "is not complete"),
        ("UPDATE about SET json = '[]' WHERE name = 'choices'", "no mapping"),
        (
            "UPDATE about SET json = replace(json, '\"frame_count\": 5', "
            "'\"frame_count\": 99999999999')",
            "number of frames",
        ),
        ("UPDATE about SET json = replace(json, '[12, 50]', '[12, 51]')", "the size"),
        (
            "UPDATE about SET json = replace(json, '[12, 50]', '[99999999, 99999999]')",
            "too many",
        ),
        ("UPDATE about SET json = replace(json, '[3.0, 0.5,', '[0, 0.5,')", "flat"),
        ("UPDATE about SET json = replace(json, '[3.0, 0.5,', '[3.0,')", "other axes"),
        (
            "UPDATE about SET json = replace(json, '[1.0, 0.0, 0.0, 0.0]', '[0.0]')",
            "other axes",
        ),
        (
            "UPDATE about SET json = replace(json, '\"level\": 0', '\"level\": -1')",
            "level of the pyramid",
        ),
        (
            "UPDATE about SET json = replace(json, '\"positions\": []', "
            "'\"positions\": [1]')",
            "not one of its axes",
        ),
        ("UPDATE about SET json = '{}' WHERE name = 'beside'", "no list"),
        ("UPDATE about SET json = '[3]' WHERE name = 'beside'", "no mapping"),
        (
            """UPDATE about SET json = '{"window": "wide"}' WHERE name = 'choices'""",
            "window of the choices is none of off, auto, on",
        ),
        (
            """UPDATE about SET json = '{"direction": "up"}' WHERE name = 'choices'""",
            "direction of the choices is none of both, forward, backward",
        ),
    ],
)
def test_every_value_is_checked(tmp_path, statement: str, about: str) -> None:
    path = tmp_path / "work.sam2"
    write_project(path, example())
    change(path, statement)
    assert about in refusal(path)


def test_compressed_bombs_do_not_go_off(project: Path) -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    with closing(sqlite3.connect(project)) as file:
        file.execute("UPDATE masks SET is_deflated = 1, pixels = ?", (bomb,))
        file.commit()
    tracemalloc.start()
    assert "is damaged" in refusal(project)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def outcome(path: Path) -> str:
    """Open a file that is anything; only a sentence may come of what is no project."""
    try:
        read_project(path)
    except ProjectError as error:
        assert str(path) in str(error)
        return "refused"
    return "opened"


def test_truncated_projects_are_refused(tmp_path: Path, project: Path) -> None:
    whole, cut = project.read_bytes(), tmp_path / "cut.sam2"
    for length in range(0, len(whole), 509):
        cut.write_bytes(whole[:length])
        assert outcome(cut) == "refused"


def test_flipped_bits_give_a_project_or_a_sentence(
    tmp_path: Path, project: Path
) -> None:
    whole, odd, dice = project.read_bytes(), tmp_path / "odd.sam2", random.Random(0)
    refused = 0
    for _ in range(250):
        flipped = bytearray(whole)
        for _ in range(dice.choice((1, 3, 40))):
            flipped[dice.randrange(16, len(flipped))] ^= 1 << dice.randrange(8)
        odd.write_bytes(flipped)
        refused += outcome(odd) == "refused"
    assert refused > 50


def test_mixed_up_pages_give_a_project_or_a_sentence(
    tmp_path: Path, project: Path
) -> None:
    whole, odd, dice = project.read_bytes(), tmp_path / "odd.sam2", random.Random(1)
    pages = [whole[i : i + 4096] for i in range(0, len(whole), 4096)]
    for _ in range(100):
        mixed = list(pages)
        mixed[dice.randrange(1, len(pages))] = dice.choice(pages)
        odd.write_bytes(b"".join(mixed))
        outcome(odd)
