"""Unfinished work beside an output: kept, described, and never mixed up."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.unfinished import holds_results, run_folder, written_before

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


def test_what_turned_out_is_known_to_whoever_goes_on(output):
    with (
        pytest.raises(KeyboardInterrupt),
        run_folder(output, MADE_OF, is_resumed=True) as run,
    ):
        assert run.before == {}
        run.settle(precision="float32")
        run.begin()
        run.settle(limits=[0.1, 2.0])
        (run.path / "000000.zip").write_bytes(b"finished")
        raise KeyboardInterrupt
    with run_folder(output, MADE_OF, is_resumed=True) as again:
        assert again.before["precision"] == "float32"
        assert again.before["limits"] == [0.1, 2.0]


def test_nothing_is_known_of_a_run_that_had_finished_nothing(output):
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        run.settle(precision="float32")
        run.is_left = True
    with run_folder(output, MADE_OF, is_resumed=True) as again:
        assert again.before == {}


def test_a_folder_is_made_only_when_there_is_something_to_keep(output):
    with run_folder(output, MADE_OF, is_resumed=True) as run:
        assert not run.path.exists()
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


def test_an_unfinished_run_of_another_command_is_kept_as_well(output):
    folder = begun(output)
    with (
        pytest.raises(OutputError, match="add --resume"),
        run_folder(output, {**MADE_OF, "other prompts": [2]}, is_resumed=False),
    ):
        pass
    assert (folder / "000000.zip").exists()


def test_only_what_is_as_it_was_written_is_its_own(output):
    table = output.with_name("table.csv")
    assert written_before(output) == {}
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        (run.path / "000000.zip").write_bytes(b"finished")
        for one in (output, table):
            one.write_text("of the run")
        run.is_left = True
        run.note_written([output, table])
    assert written_before(output) == {output: True, table: True}
    output.write_text("corrected by hand")
    assert written_before(output) == {output: False, table: True}
    with run_folder(output, MADE_OF, is_resumed=True):
        pass
    assert not run.path.exists()
    assert written_before(output) == {}


def test_a_folder_in_which_a_file_was_changed_is_not_as_it_was_written(tmp_path):
    output = tmp_path / "labels.zarr"
    (output / "0").mkdir(parents=True)
    (output / "0" / "chunk").write_text("of the run")
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        (run.path / "000000.zip").write_bytes(b"finished")
        run.is_left = True
        run.note_written([output])
    assert written_before(output) == {output: True}
    (output / "0" / "chunk").write_text("corrected by hand")
    assert written_before(output) == {output: False}


def test_what_cannot_be_noted_spoils_nothing(output, monkeypatch):
    def full(*_args, **_options):
        raise OutputError("The disk is full.")

    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()
        monkeypatch.setattr("napari_sam2.io.files.run_record.atomic_output", full)
        run.note_written([output])
    assert not run.path.exists()


def test_a_folder_that_was_never_begun_is_not_touched(output):
    with run_folder(output, MADE_OF, is_resumed=False):
        begun(output, {"another image": 2})
    assert holds_results(output.with_name("labels.tif.unfinished"))


def working_in(folder):
    """Return a process that works in a folder."""
    program = (
        "import pathlib, sys, time\n"
        "from napari_sam2.io.files.claim import claim\n"
        "claim(pathlib.Path(sys.argv[1]))\n"
        "print('here', flush=True)\n"
        "time.sleep(60)\n"
    )
    words = [sys.executable, "-c", program, str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_two_processes_do_not_work_in_one_folder(output):
    folder = output.with_name("labels.tif.unfinished")
    folder.mkdir()
    other = working_in(folder)
    try:
        with (
            pytest.raises(OutputError, match="Another run works in"),
            run_folder(output, MADE_OF, is_resumed=True) as run,
        ):
            run.begin()
        assert len(list(folder.iterdir())) == 1  # the other's
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    with run_folder(output, MADE_OF, is_resumed=False) as run:
        run.begin()  # what a killed process left stands in nobody's way
    assert not folder.exists()


def test_a_folder_that_could_not_be_removed_is_free(output, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_args, **_options: None)
        with run_folder(output, MADE_OF, is_resumed=False) as run:
            run.begin()
            (run.path / "000000.zip").write_bytes(b"finished")
    assert run.path.exists()
    with run_folder(output, MADE_OF, is_resumed=False) as again:
        assert not again.is_kept
        again.begin()
        assert not holds_results(again.path)
    assert not run.path.exists()


def test_what_cannot_be_read_now_is_not_said_to_be_something_else(output, monkeypatch):
    folder = begun(output)

    def broken(_path):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.read_bytes", broken)
        with (
            pytest.raises(OutputError, match="cannot be read: Input/output error"),
            run_folder(output, MADE_OF, is_resumed=True),
        ):
            pass
        with pytest.raises(OutputError, match="cannot be read"):
            written_before(output)
    assert (folder / "000000.zip").exists()


def test_names_that_leave_no_room_for_a_folder_are_runs_that_are_not_kept(tmp_path):
    output = tmp_path / f"{'a' * 250}.tif"
    with (
        run_folder(output, MADE_OF, is_resumed=False) as run,
        pytest.raises(OutputError, match="could not be written"),
    ):
        run.begin()
    assert not list(tmp_path.iterdir())
