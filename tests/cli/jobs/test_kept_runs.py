"""``track --resume`` of one stack: a long run that broke off goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, nullcontext

import pytest
import tifffile
import torch

from napari_sam2.cli.jobs import carry_out, course, journal_writer
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import FrameError, OutputError
from napari_sam2.core.frames.bleaching import Fading
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.engine.tracker import VideoTracker
from tests.cli.conftest import POINT
from tests.cli.jobs.test_track_broken_off import cut_off

MIDDLE = ("--point", "1:2,22,26", "--box", "2:1,30,40,60,70")


@pytest.fixture
def outputs(tmp_path):
    """Return the options for all that is written, by the name of a run."""

    def named(name: str) -> tuple:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return (
            "-o", folder / "labels.tif", "--table", folder / "objects.csv",
            "--overlay", folder / "overlay.gif",
        )  # fmt: skip

    return named


@pytest.fixture
def always(monkeypatch) -> None:
    """Keep a run after every frame, not every minute."""
    monkeypatch.setattr(journal_writer, "SECONDS_BETWEEN", -1.0)
    monkeypatch.setattr(journal_writer, "rest_after", lambda _: 0.0)


@contextmanager
def stopped_after(steps: int):
    """Stop a run after so many steps, as Ctrl-C does."""
    token, add, seen = CancelToken(), journal_writer.JournalWriter.add, []

    def told(self, result) -> None:
        add(self, result)
        seen.append(result.frame)
        if len(seen) == steps:
            token.cancel()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "stop_on_interrupt", lambda: nullcontext(token))
        patch.setattr(journal_writer.JournalWriter, "add", told)
        yield seen


def written(folder) -> tuple:
    table = (folder / "objects.csv").read_text()
    gif = (folder / "overlay.gif").stat().st_size
    return tifffile.imread(folder / "labels.tif").tolist(), table, gif > 0


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("steps", [1, 4, 6])
def test_a_run_that_was_stopped_goes_on(cli, stack, tmp_path, outputs, steps):
    words = ("track", stack, *MIDDLE)
    assert cli(*words, *outputs("whole")).code == 0
    with stopped_after(steps):
        said = cli(*words, *outputs("parts"))
    folder = tmp_path / "parts" / "labels.tif.unfinished"
    assert said.code == 130
    assert "the rest is empty. What is finished is kept in" in said.err
    assert "the same command with --resume goes on from there." in said.err
    assert (tmp_path / "parts" / "labels.tif").exists()
    partial = written(tmp_path / "parts")
    assert partial != written(tmp_path / "whole")
    again = cli(*words, *outputs("parts"))
    assert again.code == 2  # what is there is never replaced unasked
    assert written(tmp_path / "parts") == partial
    said = cli(*words, *outputs("parts"), "--resume")
    assert said.code == 0
    assert written(tmp_path / "parts") == written(tmp_path / "whole")
    assert not folder.exists()


def test_a_short_run_that_was_stopped_is_not_kept_and_that_is_said(
    cli, stack, tmp_path, outputs
):
    words = ("track", stack, *MIDDLE)
    with stopped_after(4):
        assert cli(*words, *outputs("short")).code == 130
    partial = written(tmp_path / "short")
    said = cli(*words, *outputs("short"), "--resume")
    assert said.code == 2
    assert "no run to go on with: it came to its end, or was stopped" in said.err
    assert "begin anew with --overwrite in place of --resume" in said.err
    assert written(tmp_path / "short") == partial
    assert cli(*words, *outputs("short"), "--overwrite").code == 0
    assert written(tmp_path / "short") != partial


AT_ITS_FIFTH_FRAME = """
add, count = journal_writer.JournalWriter.add, 0
def told(self, result):
    global count
    count += 1
    if count == 5: os.kill(os.getpid(), signal.SIGKILL)
    add(self, result)
journal_writer.JournalWriter.add = told
"""
AT_ITS_OVERLAY = """
carry_out.draw_overlay = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


def kill(when: str, words: tuple) -> None:
    """Run a command in a process that keeps all, until it is killed."""
    program = (
        "import os, signal, sys\n"
        "from napari_sam2.cli import main\n"
        "from napari_sam2.cli.jobs import carry_out, journal_writer\n"
        "journal_writer.SECONDS_BETWEEN = -1.0\n"
        "journal_writer.rest_after = lambda _: 0.0\n"
        f"{when}"
        "main.run()\n"
    )
    command = [sys.executable, "-c", program, *words]
    # Sums are rounded in other ways with other numbers of threads than the tests have.
    threads = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    killed = subprocess.run(list(map(str, command)), capture_output=True, env=threads)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_run_that_was_killed_goes_on(cli, tmp_path, outputs, stack):
    words = ("track", stack, *MIDDLE)
    assert cli(*words, *outputs("whole")).code == 0
    kill(AT_ITS_FIFTH_FRAME, (*words, *outputs("killed")))
    assert not (tmp_path / "killed" / "labels.tif").exists()
    said = cli(*words, *outputs("killed"))
    assert said.code == 2
    assert "holds an earlier run that was not finished: add --resume" in said.err
    other = cli("track", stack, *POINT, *outputs("killed"), "--resume")
    assert "was begun with other prompts: give the command as it was" in other.err
    with stopped_after(99) as seen:
        assert cli(*words, *outputs("killed"), "--resume").code == 0
    assert seen == [5, 1, 0]  # four of seven steps were kept
    assert written(tmp_path / "killed") == written(tmp_path / "whole")
    assert sorted(one.name for one in (tmp_path / "killed").iterdir()) == sorted(
        one.name for one in (tmp_path / "whole").iterdir()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_what_a_run_had_written_when_it_was_killed_is_its_own(
    cli, tmp_path, outputs, stack
):
    words = ("track", stack, *MIDDLE)
    assert cli(*words, *outputs("whole")).code == 0
    kill(AT_ITS_OVERLAY, (*words, *outputs("killed")))
    assert (tmp_path / "killed" / "labels.tif").exists()
    assert cli(*words, *outputs("killed"), "--resume").code == 0
    assert written(tmp_path / "killed") == written(tmp_path / "whole")


def test_a_short_run_leaves_nothing_but_what_is_finished(cli, stack, tmp_path):
    out = tmp_path / "labels.tif"
    with stopped_after(3):
        said = cli("track", stack, "-o", out, *POINT)
    assert said.code == 130
    assert "--resume" not in said.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["discs.tif", "labels.tif"]
    said = cli("track", stack, "-o", out, *POINT, "--resume")
    assert "exists: begin anew with --overwrite" in said.err


@pytest.mark.usefixtures("always")
def test_a_run_goes_on_where_the_image_was_mended(cli, stack, tmp_path, outputs):
    intact = stack.read_bytes()
    words = ("track", stack, *POINT)
    assert cli(*words, *outputs("whole"), "--limits", "0,255").code == 0
    cut_off(stack, 4)
    words = (*words, *outputs("parts"), "--limits", "0,255")
    said = cli(*words)
    assert said.code == 1
    assert "the same command with --resume goes on from there." in said.err
    stack.write_bytes(intact)
    said = cli(*words, "--resume")
    assert said.code == 0
    assert "comparing the frames that it has seen" in said.err
    assert written(tmp_path / "parts") == written(tmp_path / "whole")


@pytest.mark.usefixtures("always")
def test_a_run_is_not_gone_on_with_where_the_image_was_edited(
    cli, stack, tmp_path, monkeypatch
):
    measured: list = []
    words = ("track", stack, "-o", tmp_path / "labels.tif", *POINT)
    with stopped_after(5):
        assert cli(*words).code == 130
    pixels = tifffile.imread(stack)
    pixels[4, 3, 5] += 1  # on no frame that stands for all
    tifffile.imwrite(stack, pixels)
    monkeypatch.setattr(carry_out._Collected, "take", measured.append)
    said = cli(*words, "--resume")
    assert said.code == 2
    assert not measured  # a long run is refused at once
    assert "Frame 4 is not as it was when the run in" in said.err
    folder = tmp_path / "labels.tif.unfinished"
    assert f"To begin anew, remove {folder}." in said.err
    assert folder.exists()


@pytest.mark.usefixtures("always")
def test_an_image_that_was_merely_copied_is_the_same(
    cli, stack, tmp_path, monkeypatch, outputs
):
    compared, load = [], VideoTracker.load_run

    def told(self, path, *, compares_all) -> None:
        compared.append(compares_all)
        load(self, path, compares_all=compares_all)

    monkeypatch.setattr(VideoTracker, "load_run", told)
    words = ("track", stack, *MIDDLE)
    assert cli(*words, *outputs("whole")).code == 0
    with stopped_after(2):
        assert cli(*words, *outputs("parts")).code == 130
    with stopped_after(1):  # nobody wrote the image meanwhile
        assert cli(*words, *outputs("parts"), "--resume").code == 130
    os.utime(stack, ns=(1, 1))
    with stopped_after(1):
        said = cli(*words, *outputs("parts"), "--resume")
    assert "The image was written again, or copied, since the run broke off" in said.err
    assert cli(*words, *outputs("parts"), "--resume").code == 0
    assert compared == [False, True, False]  # what was found to be the same is so
    assert written(tmp_path / "parts") == written(tmp_path / "whole")


@pytest.mark.usefixtures("always")
def test_what_was_estimated_when_a_run_began_is_not_estimated_anew(
    cli, stack, tmp_path, monkeypatch, outputs
):
    words = ("track", stack, *MIDDLE, "--correct-bleaching")
    assert cli(*words, *outputs("whole")).code == 0
    with stopped_after(4):
        assert cli(*words, *outputs("parts")).code == 130
    brighter = lambda *_: as_limits(0, 9999)  # noqa: E731
    monkeypatch.setattr(carry_out, "estimate_limits", brighter)
    monkeypatch.setattr(carry_out, "find_fading", lambda *_: (Fading(0.0, 0.1),))
    assert cli(*words, *outputs("parts"), "--resume").code == 0
    assert written(tmp_path / "parts") == written(tmp_path / "whole")


@pytest.mark.usefixtures("always")
def test_a_full_disk_does_not_stop_a_run_that_it_cannot_keep(
    cli, stack, tmp_path, full_disk
):
    out = tmp_path / "labels.tif"
    full_disk(20_000)  # enough for the labels
    said = cli("track", stack, "-o", out, *POINT)
    assert said.code == 0
    assert "could not be written: File too large." in said.err
    assert said.err.count("The run goes on, but is not kept any more.") == 1
    assert tifffile.imread(out).any(axis=(1, 2)).all()
    assert not (tmp_path / "labels.tif.unfinished").exists()


@pytest.mark.usefixtures("always")
def test_a_frame_that_could_not_be_measured_is_not_lost(
    cli, stack, tmp_path, monkeypatch, outputs
):
    words = ("track", stack, *MIDDLE)
    assert cli(*words, *outputs("whole")).code == 0
    take = carry_out._Collected.take

    def broken(self, result) -> None:
        if result.frame == 4:
            raise FrameError("Frame 4 could not be read.")
        take(self, result)

    with monkeypatch.context() as patch:
        patch.setattr(carry_out._Collected, "take", broken)
        assert cli(*words, *outputs("parts")).code == 1
    assert cli(*words, *outputs("parts"), "--resume").code == 0
    assert written(tmp_path / "parts") == written(tmp_path / "whole")


@pytest.mark.usefixtures("always")
def test_only_what_the_run_wrote_itself_is_replaced(cli, stack, tmp_path):
    out, table = tmp_path / "labels.tif", tmp_path / "mine.csv"
    table.write_text("mine")
    words = ("track", stack, "-o", out, *POINT)
    with stopped_after(3):
        assert cli(*words).code == 130
    said = cli(*words, "--resume", "--table", table)
    assert said.code == 2
    told = "is not what the run that broke off has written: add --overwrite"
    assert f"{table} {told}" in said.err
    assert table.read_text() == "mine"
    labels = tifffile.imread(out)
    tifffile.imwrite(out, labels * 2)  # corrected by hand
    said = cli(*words, "--resume")
    assert f"{out} {told}" in said.err
    assert cli(*words, "--resume", "--overwrite").code == 0


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("steps", [3, 99])
def test_an_overlay_that_could_not_be_drawn_is_drawn_when_it_goes_on(
    cli, stack, tmp_path, monkeypatch, outputs, steps
):
    def broken(*_: object) -> None:
        raise OutputError("overlay.gif could not be written.")

    words = ("track", stack, *POINT, *outputs("parts"))
    with monkeypatch.context() as patch, stopped_after(steps):
        patch.setattr(carry_out, "draw_overlay", broken)
        said = cli(*words)
    assert said.code == 2
    assert "labels.tif is written." in said.err
    assert "the same command with --resume goes on from there." in said.err
    assert cli(*words, "--resume").code == 0
    labels, _, is_drawn = written(tmp_path / "parts")
    assert is_drawn
    assert all(any(map(any, frame)) for frame in labels)
    assert not (tmp_path / "parts" / "labels.tif.unfinished").exists()


@pytest.mark.usefixtures("always")
def test_what_was_found_is_kept_where_it_cannot_be_written(
    cli, stack, tmp_path, monkeypatch
):
    out = tmp_path / "labels.tif"
    words = ("track", stack, "-o", out, *POINT)

    def broken(*_: object) -> None:
        raise OutputError("labels.tif could not be written.")

    with monkeypatch.context() as patch:
        patch.setattr("napari_sam2.cli.jobs.carry_out._write_labels", broken)
        said = cli(*words)
    assert said.code == 2
    assert "the same command with --resume goes on from there." in said.err
    assert cli(*words, "--resume").code == 0
    assert tifffile.imread(out).any(axis=(1, 2)).all()


@pytest.mark.usefixtures("always")
def test_a_name_that_leaves_no_room_for_a_folder_beside_it_serves(cli, stack, tmp_path):
    out = tmp_path / f"{'a' * 246}.tif"
    said = cli("track", stack, "-o", out, *POINT)
    assert said.code == 0
    assert "File name too long. The run goes on, but is not kept any more." in said.err
    assert tifffile.imread(out).any(axis=(1, 2)).all()
