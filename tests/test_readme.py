"""What the README shows works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from napari_sam2.cli.main import build_parser
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.widgets.sessions.shortcuts import SHORTCUTS
from tests.conftest import discs

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_python_examples_run(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    plain, positions = blocks("python")
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {"movie": np.stack([discs(4, (48, 56))[0]] * 2)}
    exec(compile(plain, "README.md", "exec"), names)  # our own text
    labels = names["labels"]
    assert set(labels[16].ravel()) == {0, 1, 2}
    assert capsys.readouterr().out.count("\n") == 2 * len(labels)
    exec(compile(positions, "README.md", "exec"), names)
    assert names["labels"].shape == (2, 4, 48, 56)
    assert names["labels"].any(axis=(1, 2, 3)).all()


def test_commands_can_be_parsed() -> None:
    text = "\n".join(blocks("sh")).replace("\\\n", " ")
    commands = re.findall(r"napari-sam2 ([^\n&]+)", text)
    assert len(commands) >= 2
    for command in commands:
        assert build_parser().parse_args(shlex.split(command)).handler


def test_the_prompt_file_is_read(tmp_path: Path) -> None:
    (example,) = blocks("json")
    content = json.loads(example)
    without_mask = content["objects"][0]["prompts"][:2]
    content["objects"][0]["prompts"] = without_mask
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps(content))
    assert read_prompts(path).object_ids == (1,)


def test_pictures_exist() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()


def test_the_table_of_keys_is_that_of_the_window() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
    for shortcut in SHORTCUTS:
        assert (shortcut.shown, shortcut.purpose) in rows
