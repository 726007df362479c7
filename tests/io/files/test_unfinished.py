"""Unfinished work beside an output: kept, described, and never mixed up."""

from __future__ import annotations

import json

import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.unfinished import holds_results, replaces_output
from napari_sam2.io.files.unfinished import run_folder as folder_of


def run_folder(output, made_of, **options):
    return folder_of(output, lambda: made_of, **options)


MADE_OF = {"another image": {"size": (3, 4), "pixels": "ab"}, "other prompts": [1]}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "labels.tif"


def begun(output, made_of=MADE_OF):
    """Leave a run with one finished part."""
    with (
        pytest.raises(KeyboardInterrupt),
        run_folder(output, made_of, is_resumed=False) as run,
    ):
        run.begin()
        (run.path / "000000.zip").write_bytes(b"finished")
        raise KeyboardInterrupt
    return run.path


def test_nothing_is_left_of_what_was_done(output):
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        (run.path / "000000.zip").write_bytes(b"finished")
        assert json.loads((run.path / "run.json").read_text())["other prompts"] == [1]
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
        assert again.path == folder
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
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        assert (run.path / "run.json").exists()


def resumed_in(output, precision):
    with (
        pytest.raises(KeyboardInterrupt),
        run_folder(output, MADE_OF, is_resumed=True) as run,
    ):
        run.begin()
        found = run.settle_precision(precision)
        (run.path / "000000.zip").write_bytes(b"finished")
        raise KeyboardInterrupt
    return found


def test_a_run_goes_on_in_the_precision_that_it_was_begun_in(output):
    assert resumed_in(output, "bfloat16") == "bfloat16"
    assert resumed_in(output, "bfloat16") == "bfloat16"
    with (
        pytest.raises(OutputError, match=r"products in another precision \(bfloat16\)"),
        run_folder(output, MADE_OF, is_resumed=True) as run,
    ):
        run.settle_precision("float32")
    assert resumed_in(output, None) is None  # it cannot be known to be another


def test_a_run_that_does_not_say_its_precision_is_accepted(output):
    begun(output)
    assert resumed_in(output, "float32") is None


def test_a_run_that_had_finished_nothing_begins_in_any_precision(output):
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        assert run.settle_precision("bfloat16") == "bfloat16"
        assert run.settle_precision("float32") == "float32"
        run.begin()
        assert json.loads((run.path / "run.json").read_text())["precision"] == "float32"


def test_a_folder_is_made_only_when_there_is_something_to_keep(output):
    def describe():
        raise AssertionError("frames would be read for it")

    with folder_of(output, describe, is_resumed=True) as run:
        assert not run.path.exists()


def test_a_run_that_was_killed_before_it_kept_anything_is_begun_anew(output):
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        run.is_left = True
    with run_folder(output, {**MADE_OF, "other prompts": [2]}, is_resumed=False) as run:
        run.begin()
        described = json.loads((run.path / "run.json").read_text())
        assert described["other prompts"] == [2]


def test_what_is_half_written_is_no_result(output):
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        (run.path / ".000000-x.part.zip").write_bytes(b"half of it")
        assert not holds_results(run.path)


def test_an_unfinished_run_gives_way_only_to_another_one_that_may_overwrite(output):
    folder = begun(output)
    with (
        pytest.raises(OutputError, match="add --resume"),
        run_folder(output, MADE_OF, is_resumed=False, overwrite=True),
    ):
        pass
    other = {**MADE_OF, "other prompts": [2]}
    with (
        pytest.raises(OutputError, match="add --resume"),
        run_folder(output, other, is_resumed=False),
    ):
        pass
    assert (folder / "000000.zip").exists()
    with run_folder(output, other, is_resumed=False, overwrite=True) as run:
        assert not run.path.exists()


def test_what_is_written_of_a_run_that_broke_off_is_its_own(output):
    assert not replaces_output(output)
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        (run.path / "000000.zip").write_bytes(b"finished")
        assert not replaces_output(output)
        run.leave()
    assert run.path.exists()
    assert replaces_output(output)
    with run_folder(output, MADE_OF, is_resumed=True):
        pass
    assert not run.path.exists()
