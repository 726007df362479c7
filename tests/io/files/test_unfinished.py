"""Unfinished work beside an output: kept, described, and never mixed up."""

from __future__ import annotations

import json

import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.unfinished import run_folder, settle_precision

MADE_OF = {"another image": {"size": (3, 4), "pixels": "ab"}, "other prompts": [1]}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "labels.tif"


def begun(output, made_of=MADE_OF):
    """Leave a run with one finished part."""
    with (
        pytest.raises(KeyboardInterrupt),
        run_folder(output, made_of, is_resumed=False) as folder,
    ):
        (folder / "000000.zip").write_bytes(b"finished")
        raise KeyboardInterrupt
    return folder


def test_nothing_is_left_of_what_was_done(output):
    with run_folder(output, MADE_OF, is_resumed=False) as folder:
        (folder / "000000.zip").write_bytes(b"finished")
        assert json.loads((folder / "run.json").read_text())["other prompts"] == [1]
    assert not list(output.parent.iterdir())


def test_nothing_is_left_of_what_never_began(output):
    with (
        pytest.raises(OutputError),
        run_folder(output, MADE_OF, is_resumed=False),
    ):
        raise OutputError("The output exists.")
    assert not list(output.parent.iterdir())


def test_what_is_finished_stays_until_it_is_resumed(output):
    folder = begun(output)
    with (
        pytest.raises(OutputError, match="add --resume"),
        run_folder(output, MADE_OF, is_resumed=False),
    ):
        pass
    with run_folder(output, MADE_OF, is_resumed=True) as again:
        assert again == folder
        assert (folder / "000000.zip").read_bytes() == b"finished"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"other prompts": [2]}, "begun with other prompts: give"),
        (
            {"another image": {"size": (3, 4), "pixels": "cd"}},
            r"another image \(pixels\)",
        ),
    ],
)
def test_another_run_is_told(output, change, words):
    begun(output)
    with (
        pytest.raises(OutputError, match=words),
        run_folder(output, {**MADE_OF, **change}, is_resumed=True),
    ):
        pass


@pytest.mark.parametrize("content", [None, "no JSON", "[1, 2]"])
def test_something_else_is_never_touched(output, content):
    folder = output.with_name("labels.tif.unfinished")
    folder.mkdir()
    (folder / "mine.txt").write_text("keep me")
    if content is not None:
        (folder / "run.json").write_text(content)
    with (
        pytest.raises(OutputError, match="is in the way"),
        run_folder(output, MADE_OF, is_resumed=True),
    ):
        pass
    assert (folder / "mine.txt").read_text() == "keep me"


def test_a_folder_of_a_run_that_was_killed_at_once_is_used(output):
    output.with_name("labels.tif.unfinished").mkdir()
    with run_folder(output, MADE_OF, is_resumed=False) as folder:
        assert (folder / "run.json").exists()


def resumed_in(output, precision):
    with (
        pytest.raises(KeyboardInterrupt),
        run_folder(output, MADE_OF, is_resumed=True) as folder,
    ):
        found = settle_precision(folder, precision)
        (folder / "000000.zip").write_bytes(b"finished")
        raise KeyboardInterrupt
    return found


def test_a_run_goes_on_in_the_precision_that_it_was_begun_in(output):
    assert resumed_in(output, "bfloat16") == "bfloat16"
    assert resumed_in(output, "bfloat16") == "bfloat16"
    with (
        pytest.raises(OutputError, match=r"products in another precision \(bfloat16\)"),
        run_folder(output, MADE_OF, is_resumed=True) as folder,
    ):
        settle_precision(folder, "float32")
    assert resumed_in(output, None) is None  # it cannot be known to be another


def test_a_run_that_does_not_say_its_precision_is_accepted(output):
    begun(output)
    assert resumed_in(output, "float32") is None


def test_a_run_that_had_finished_nothing_begins_in_any_precision(output):
    with run_folder(output, MADE_OF, is_resumed=False) as folder:
        assert settle_precision(folder, "bfloat16") == "bfloat16"
        assert settle_precision(folder, "float32") == "float32"
