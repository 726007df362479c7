"""``napari-sam2 evaluate``: a table for a folder of stacks, sentences for bad input."""

from __future__ import annotations

import errno
import re
import signal
import sys

import pytest

from napari_sam2.cli import evaluate, main
from napari_sam2.cli.progress.frame_bar import FrameBar
from napari_sam2.core.cancel import Progress
from napari_sam2.evaluation import evaluate as evaluation
from napari_sam2.training.export import export
from napari_sam2.training.initial import new_model
from tests.evaluation.stacks import two_discs, write_plain
from tests.miniature import MINIATURE


@pytest.fixture
def data(tmp_path):
    for name in ("cells", "nuclei"):
        write_plain(tmp_path / "data" / name, *two_discs())
    return tmp_path / "data"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "miniature.safetensors"
    export(new_model(MINIATURE), path, half=False)
    return path


def test_a_table_with_a_row_per_stack_and_prompt(cli, data, model) -> None:
    said = cli("evaluate", data, "--model", model, "--prompt", "box,mask")
    assert (said.code, said.err) == (0, "")
    rows = [line.split("|")[1:-1] for line in said.out.splitlines() if "|" in line]
    cells = [[cell.strip() for cell in row] for row in rows[:8]]
    assert cells[0][:5] == ["stack", "prompt", "objects", "frames", "start J"]
    assert cells[0][-2:] == ["copy J", "threshold J"]
    assert [row[:4] for row in cells[2:]] == [
        ["cells", "box", "2", "6"],
        ["nuclei", "box", "2", "6"],
        ["mean", "box", "4", "12"],
        ["cells", "mask", "2", "6"],
        ["nuclei", "mask", "2", "6"],
        ["mean", "mask", "4", "12"],
    ]


def test_results_are_kept_when_nobody_reads_the_table(
    cli, data, model, tmp_path, monkeypatch
) -> None:
    def burst(*_, **__) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(evaluate, "_report", burst)
    monkeypatch.setattr(main, "_without_reader", lambda: 1)
    out = tmp_path / "measured"
    assert cli("evaluate", data, "--model", model, "-o", out).code == 1
    assert (out / "report.html").exists()


def test_limits(cli, data, model) -> None:
    said = cli(
        "evaluate", data, "--model", model, "--stacks", "nuc*", "--frames", "1:",
        "--max-frames", "3", "--max-objects", "1",
    )  # fmt: skip
    assert said.code == 0
    assert "| nuclei | box    |       1 |      3 |" in said.out
    assert "| cells " not in said.out.split("J: overlap")[0]


def test_a_folder_of_results(cli, data, model, tmp_path) -> None:
    out = tmp_path / "measured"
    words = (
        "evaluate", data, "--model", model, "-o", out, "--worst", "1",
        "--quality", "fast",
    )  # fmt: skip
    assert cli(*words).code == 0
    names = {path.name for path in out.iterdir()}
    assert names == {
        "report.html", "summary.md", "stacks.csv", "objects.csv", "frames.csv",
        "passes.csv",
    }  # fmt: skip
    summary = (out / "summary.md").read_text("utf-8")
    assert "| cells " in summary
    assert "image size 32" in summary
    assert "computed in float32" in summary
    assert "quality fast" in summary
    refused = cli(*words)
    assert refused.code == 2
    assert "exists: add --overwrite" in refused.err
    assert cli(*words, "--overwrite").code == 0


def test_corrections(cli, data, model) -> None:
    said = cli(
        "evaluate", data, "--model", model, "--stacks", "cells", "--prompt", "click",
        "--correct", "offline,online", "--max-prompted", "2",
        "--no-baselines",
    )  # fmt: skip
    assert said.code == 0
    assert "| click + offline |" in said.out
    assert "| click + online " in said.out
    assert "|   J 1 |   J 2 |" in said.out
    assert "copy" not in said.out


def test_an_unknown_time_to_correct_is_told(cli, data) -> None:
    said = cli("evaluate", data, "--correct", "offline,later")
    assert said.code == 2
    assert "'later' is no time to correct: choose among never, offline" in said.err


def test_time_lapses_have_the_challenge_s_measures(cli, data, model) -> None:
    pytest.importorskip("ctc_metrics")
    said = cli("evaluate", data, "--model", model, "--stacks", "cells")
    assert re.search(r"\| +SEG \| +DET \| +TRA \|", said.out)


def test_without_the_challenge_s_package_the_rest_is_measured(
    cli, data, model, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "ctc_metrics.scripts", None)
    said = cli("evaluate", data, "--model", model)
    assert said.code == 0
    assert said.err == (
        "napari-sam2: SEG, DET and TRA of time-lapses need the package py-ctcmetrics: "
        "pip install 'napari-sam2[evaluate]'.\n"
    )
    assert "| mean " in said.out
    assert "SEG" not in said.out


def test_ctrl_c_keeps_finished_stacks(cli, data, model, tmp_path, monkeypatch) -> None:
    write_plain(data / "others", *two_discs())

    def press_in_the_second(bar: FrameBar, progress: Progress) -> None:
        if "nuclei" in bar._label and progress.done == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FrameBar, "watch", press_in_the_second)
    said = cli("evaluate", data, "--model", model, "-o", tmp_path / "out")
    assert said.code == 130
    assert "2 of 3 stacks were not measured" in said.err
    assert "| cells " in said.out
    assert "| nuclei " not in said.out
    assert "cells" in (tmp_path / "out" / "stacks.csv").read_text("utf-8")
    assert "2 of 3 stacks" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_stack_that_cannot_be_measured_does_not_stop_the_others(
    cli, data, model, tmp_path
) -> None:
    (data / "cells" / "labels.tif").write_bytes(b"nothing")
    out = tmp_path / "out"
    said = cli("evaluate", data, "--model", model, "-o", out)
    assert said.code == 1
    assert "| nuclei |" in said.out
    assert said.err.startswith("napari-sam2: cells is left out: ")
    assert "cells is left out: " in (out / "summary.md").read_text("utf-8")


FULL = OSError(errno.ENOSPC, "No space left on device")
NO_MEMORY = RuntimeError("DefaultCPUAllocator: can't allocate memory")


def fail_at_the_second(monkeypatch, error: BaseException) -> None:
    """Let measuring the nuclei, after the cells, end like this."""
    measure = evaluation.evaluate_stack

    def failing(model, truth, *more, **options):
        if truth.name == "nuclei":
            raise error
        return measure(model, truth, *more, **options)

    monkeypatch.setattr(evaluation, "evaluate_stack", failing)


@pytest.mark.parametrize(
    ("error", "saying"),
    [(FULL, "the disk is full."), (NO_MEMORY, "There is not enough memory")],
)
def test_what_one_stack_lacks_does_not_stop_the_others(
    cli, data, model, tmp_path, monkeypatch, error, saying
) -> None:
    write_plain(data / "others", *two_discs())
    fail_at_the_second(monkeypatch, error)
    said = cli("evaluate", data, "--model", model, "-o", tmp_path / "out")
    assert said.code == 1
    assert f"nuclei is left out: {saying}" in said.err
    assert "| cells " in said.out
    assert "| others " in said.out


@pytest.mark.parametrize("error", [KeyError("a bug"), KeyboardInterrupt()])
def test_whatever_ends_it_finished_stacks_are_shown_and_kept(
    cli, data, model, tmp_path, monkeypatch, capsys, error
) -> None:
    fail_at_the_second(monkeypatch, error)
    words = ("evaluate", data, "--model", model, "-o", tmp_path / "out")
    if isinstance(error, KeyError):
        with pytest.raises(KeyError):
            cli(*words)
    else:
        assert main.main([str(word) for word in words]) == 130
    assert "| cells |" in capsys.readouterr().out
    summary = (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert "1 of 2 stacks were not measured" in summary


def test_finished_stacks_lie_in_the_folder_while_others_are_measured(
    cli, data, model, tmp_path, monkeypatch
) -> None:
    seen: list[str] = []

    def look(bar: FrameBar, progress: Progress) -> None:
        if "nuclei" in bar._label:
            seen.append((tmp_path / "out" / "summary.md").read_text("utf-8"))

    monkeypatch.setattr(FrameBar, "watch", look)
    assert cli("evaluate", data, "--model", model, "-o", tmp_path / "out").code == 0
    assert "| cells |" in seen[0]
    assert "Not finished: 1 of 2 stacks are left." in seen[0]
    summary = (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert "Not finished" not in summary


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--prompt", "scribble"), "no way to prompt objects"),
        (("--prompt", "box", "--prompt", "box"), "box is asked for twice"),
        (("--stacks", "yeast"), "has no stack yeast. It has cells, nuclei."),
        (("--frames", "3"), "write A:B"),
        (("--frames", "9:"), "none of those asked for"),
        (("--max-objects", "0"), "no whole number of 1 or more"),
        (("--worst", "-1"), "--worst: -1 is no whole number of 0 or more"),
        (("--max-frames", "few"), "no whole number of 1 or more"),
        (("--window", "open"), "evaluate --help"),
        (("--model", "enormous"), "enormous"),
        (("--device", "toaster"), "toaster"),
    ],
)
def test_what_makes_no_sense(cli, data, words, saying) -> None:
    said = cli("evaluate", data, *words)
    assert said.code == 2
    assert saying in said.err
    assert said.err.startswith("napari-sam2: ")
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_folder_that_is_not_there(cli, tmp_path) -> None:
    said = cli("evaluate", tmp_path / "nowhere")
    assert said.code == 2
    assert "There is no folder" in said.err
