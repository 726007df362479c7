"""The command finds its verbs at once and never shows a traceback to blame a user."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import sys

import pytest

import napari_sam2
from napari_sam2.cli import main as main_module
from napari_sam2.cli.main import main, run


@pytest.fixture
def failing(monkeypatch):
    """Let ``doctor`` raise an error."""

    def call(error: BaseException) -> int:
        def handler(_args: object) -> int:
            raise error

        monkeypatch.setattr("napari_sam2.cli.doctor._doctor", handler)
        return main(["doctor"])

    return call


def test_version(capsys):
    with pytest.raises(SystemExit) as leaving:
        main(["--version"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out == f"napari-sam2 {napari_sam2.__version__}\n"


@pytest.mark.parametrize("verb", ["track", "demo", "models", "doctor"])
def test_every_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit) as leaving:
        main([verb, "--help"])
    assert leaving.value.code == 0
    assert f"napari-sam2 {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["fly"], ["models"], ["models", "fly"]])
def test_unknown_words_are_refused_in_one_line(cli, words):
    said = cli(*words)
    assert said.code == 2
    assert "--help" in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("demo", ("--speed",)),
        ("models list", ("--speed",)),
        ("finetune", ("a.tif", "--backend=onnx")),  # what learns is always PyTorch
    ],
)
def test_the_help_of_the_verb_is_named_where_words_are_unknown(cli, verb, words):
    said = cli(*verb.split(), *words)
    assert said.err.startswith(f"napari-sam2: Unrecognized arguments: {words[-1]}.")
    assert said.err.endswith(f" See napari-sam2 {verb} --help.\n")


@pytest.mark.parametrize(
    ("error", "code", "saying"),
    [
        (OSError(errno.ENOSPC, "No space left"), 2, "the disk is full."),
        (PermissionError(errno.EACCES, "Permission denied", "a.tif"), 2, "a.tif: Perm"),
        (MemoryError(), 2, "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 2, "not enough"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_what_a_user_can_cause_is_a_sentence(failing, capsys, error, code, saying):
    assert failing(error) == code
    said = capsys.readouterr().err
    assert said.startswith("napari-sam2: ")
    assert saying in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("error", [ZeroDivisionError("ours"), OSError("odd")])
def test_bugs_keep_their_traceback_and_say_where_to_report(failing, error):
    with pytest.raises(type(error)) as caught:
        failing(error)
    assert any("report" in note for note in caught.value.__notes__)


def test_run_leaves_with_the_exit_code(monkeypatch, capsys):
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")  # which run would set for good
    monkeypatch.setattr(sys, "argv", ["napari-sam2", "fly"])
    with pytest.raises(SystemExit) as leaving:
        run()
    assert leaving.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_help_needs_nothing_heavy():
    program = (
        "import sys, napari_sam2.cli.main as m; m.build_parser();"
        "print([n for n in ('torch', 'napari', 'qtpy', 'scipy') if n in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "napari_sam2", "models", "list"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_no_output_at_all_is_no_error():
    words = f"{shlex.quote(sys.executable)} -m napari_sam2 models list >&-"
    done = subprocess.run(words, shell=True, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt_while_it_starts_is_no_traceback():
    program = """
import sys
class Interrupt:
    def find_spec(name, path=None, target=None):
        if name == "numpy":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt)
from napari_sam2.cli.main import run
run()
"""
    command = [sys.executable, "-c", program, "models", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "napari-sam2: Stopped.\n")


def test_the_module_and_the_command_are_the_same():
    command = [sys.executable, "-m", "napari_sam2", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.startswith("napari-sam2 ")
    assert main_module.run is run
