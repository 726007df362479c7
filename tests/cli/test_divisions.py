"""Cells that divided in a project have parents in what is written of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Settings, edits
from tests.cli.study import write_study

BOX = FramePrompts(box_yxyx=(41.0, 41.0, 79.0, 79.0))


def cells() -> np.ndarray:
    """Draw a cell that divides at time 2, and its right daughter at time 4."""
    y, x = np.mgrid[:120, :120]

    def disc(cy: int, cx: int, radius: int) -> np.ndarray:
        return np.hypot(y - cy, x - cx) < radius

    one = disc(60, 60, 18)
    two = disc(60, 36, 14) | disc(60, 84, 14)
    three = disc(60, 36, 14) | disc(42, 88, 10) | disc(78, 88, 10)
    return 20_000 * np.uint16([one, one, two, two, three, three]) + 10_000


@pytest.fixture(scope="module")
def lineage(nano, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project in which both divisions are marked."""
    folder = tmp_path_factory.mktemp("lineage")
    film = cells()

    def follow(history, controller) -> None:
        document = history.document
        history.do(edits.add_object(document, 1, "mother"))
        history.do(edits.set_prompts(document, 1, 0, BOX))
        controller.run()
        bright = film > 20_000
        history.do(edits.paint_mask(document, 1, 2, bright[2]))
        assert controller.dividing.divide(1, 2)
        controller.run()
        right = bright[4].copy()
        right[:, :60] = False
        daughter = document.object_at(2, (60, 84))
        history.do(edits.paint_mask(document, daughter, 4, right))
        assert controller.dividing.divide(daughter, 4)
        controller.run()

    write_study(folder, film, nano, Settings(), follow)
    return folder


def test_a_replay_is_the_same_and_names_parents(cli, lineage, tmp_path) -> None:
    out, table = tmp_path / "out", tmp_path / "cells.csv"
    project = lineage / "work.sam2"
    said = cli("track", "--project", project, "-o", out, "--format", "ctc",
               "--table", table)  # fmt: skip
    assert said.code == 0, said.err
    assert "masks of the model are as in the project, to the pixel" in said.out
    rows = np.loadtxt(out / "res_track.txt", int)
    spans = {tuple(row) for row in rows[:, 1:].tolist()}
    assert rows[0].tolist() == [1, 0, 1, 0]
    right = next(label for label, _, end, parent in rows if (end, parent) == (3, 1))
    assert spans == {(0, 1, 0), (2, 5, 1), (2, 3, 1), (4, 5, right)}
    lines = table.read_text().splitlines()
    assert "parent" in lines[0].split(",")
    validate = pytest.importorskip("ctc_metrics.scripts.validate")
    assert validate.validate_sequence(str(out), threads=1) == {"Valid": 1}


def test_an_export_names_the_same_parents(cli, lineage, tmp_path) -> None:
    for command in (("export", lineage / "work.sam2"),
                    ("track", "--project", lineage / "work.sam2")):  # fmt: skip
        out = tmp_path / command[0]
        assert cli(*command, "-o", out, "--format", "ctc").code == 0
        assert '"parents": {' in Path(f"{out}.json").read_text()
    ours, again = (tmp_path / one for one in ("export", "track"))
    assert (ours / "res_track.txt").read_text() == (again / "res_track.txt").read_text()
    last = "mask005.tif"
    np.testing.assert_array_equal(
        tifffile.imread(ours / last), tifffile.imread(again / last)
    )
