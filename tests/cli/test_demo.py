"""``napari-sam2 demo`` follows the samples and says how well."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest
import tifffile

from napari_sam2.cli import demo
from napari_sam2.core.errors import MissingExtraError
from napari_sam2.core.quality import FAST
from napari_sam2.io.samples import sample_names

SHORT = {
    "bacteria_phase": range(3, 5),
    "cells3d_nuclei": range(14, 19),
    "mni152_t1": range(49, 52),
    "bigbuckbunny": range(2),
}


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Follow the samples through a few frames only."""
    monkeypatch.setattr(demo, "_SPANS", SHORT)


def rows_of(text: str) -> dict[str, list[str]]:
    """Read the table, by sample."""
    table = text[text.index("sample  ") :].split("\n\n")[0]
    return {name: rest for name, *rest in map(str.split, table.splitlines())}


def test_all_samples_twice_into_one_folder(cli, tmp_path):
    pytest.importorskip("av")
    for _ in range(2):
        said = cli("demo", "-o", tmp_path / "demo")
        assert said.code == 0
        assert said.err == ""
    rows = rows_of(said.out)
    assert set(rows) == {"sample", *sample_names()}
    assert rows["bigbuckbunny"][2] == "-"
    assert all(re.fullmatch(r"0\.\d{3}|-", rows[name][2]) for name in sample_names())
    assert str(tmp_path / "demo") in said.out
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    wanted = {"tracked.tif", "objects.csv", "objects.csv.json", "overlay.png"}
    assert made == {f"{n}_{w}" for n in sample_names() for w in wanted} | {
        "bigbuckbunny_overlay.mp4"
    }


def test_nuclei_are_found_again(cli, tmp_path):
    said = cli("demo", "-o", tmp_path, "--sample", "cells3d_nuclei")
    objects, frames, iou, _ = rows_of(said.out)["cells3d_nuclei"]
    assert (objects, frames) == ("6", "5")
    assert 0.3 < float(iou) <= 1
    found = tifffile.imread(tmp_path / "cells3d_nuclei_tracked.tif")
    assert found.shape == (32, 192, 192)


def test_results_say_how_they_were_made(cli, tmp_path):
    words = ("demo", "-o", tmp_path, "--sample", "cells3d_nuclei", "--device", "cpu")
    found = {}
    for quality in ("fast", "auto"):
        said = cli(*words, "--quality", quality)
        assert said.code == 0
        assert ("--quality auto is exact here." in said.err) == (quality == "auto")
        made = json.loads((tmp_path / "cells3d_nuclei_objects.csv.json").read_text())
        found[quality] = made["settings"]
        labels = tmp_path / "cells3d_nuclei_tracked.tif"
        assert ('"name": "fast"' in tifffile.tiffcomment(labels)) == (quality == "fast")
    seen = found["auto"].pop("limits")
    assert seen["low"] < seen["high"]
    assert found["fast"] == {
        "quality": asdict(FAST), "window": "auto", "limits": seen
    }  # fmt: skip
    assert found["auto"] == {"window": "auto"}  # exact, of a small model


def test_the_clip_is_left_out_where_videos_cannot_be_read(cli, tmp_path, monkeypatch):
    open_stack = demo.open_stack

    def without_av(path):
        if path.suffix == ".mp4":
            raise MissingExtraError("It needs the package av.")
        return open_stack(path)

    monkeypatch.setattr(demo, "open_stack", without_av)
    monkeypatch.setattr(demo, "sample_names", lambda: ("bigbuckbunny", "mni152_t1"))
    said = cli("demo", "-o", tmp_path)
    assert said.code == 0
    assert "left out: It needs the package av." in said.out
    assert "bigbuckbunny" not in rows_of(said.out)
    said = cli("demo", "-o", tmp_path, "--sample", "bigbuckbunny")
    assert said.code == 2
    assert said.err == "napari-sam2: It needs the package av.\n"


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--sample", "cats"), "no sample 'cats'"),
        (("--model", "enormous"), "enormous"),
        (("-o", "file"), "cannot be made"),
    ],
)
def test_what_cannot_be_done(cli, tmp_path, monkeypatch, words, saying):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("precious")
    said = cli("demo", *words)
    assert said.code == 2
    assert saying in said.err
    assert len(said.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
