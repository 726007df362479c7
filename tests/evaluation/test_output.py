"""What is written: tables of every number, and a page to look at."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.evaluation.evaluate import evaluate_stack
from napari_sam2.evaluation.gallery import (
    FOUND_COLOUR,
    TRUE_COLOUR,
    draw_pair,
    exhibits,
    worst_frames,
)
from napari_sam2.evaluation.markup import as_markdown
from napari_sam2.evaluation.output import check_evaluation, write_evaluation
from napari_sam2.evaluation.report_stack import Section
from napari_sam2.evaluation.strips import START_COLOUR, colour_of, draw_strip
from napari_sam2.evaluation.study import Study
from napari_sam2.evaluation.table import summary
from napari_sam2.evaluation.truth import Spacing
from tests.evaluation.stacks import truth_of, two_discs


@pytest.fixture(scope="module")
def outcome(miniature):
    image, labels = two_discs()
    truth = truth_of(
        labels, image, name="<discs>", kind="volume",
        spacing=Spacing((2, 0.5, 0.5), "micrometer"),
    )  # fmt: skip
    return evaluate_stack(miniature, truth, Study())


@pytest.fixture
def written(outcome, tmp_path) -> Path:
    section = Section(outcome.score, {"box": exhibits(outcome, "box", 2)})
    write_evaluation(tmp_path / "out", "nano & co", "today", [section])
    return tmp_path / "out"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_tables_agree_with_each_other(written, outcome) -> None:
    frames, objects, stacks = (
        read(written / f"{name}.csv") for name in ("frames", "objects", "stacks")
    )
    assert [row["method"] for row in stacks] == ["box", "copy", "threshold"]
    for method in ("box", "copy", "threshold"):
        mine = [row for row in objects if row["method"] == method]
        for one in mine:
            counted = [
                float(row["j"])
                for row in frames
                if (row["method"], row["object"]) == (method, one["object"])
                and row["is_start"] == "0"
            ]
            assert len(counted) == int(one["frames"]) == 5
            assert float(one["j"]) == pytest.approx(np.mean(counted), abs=1e-5)
        (stack,) = (row for row in stacks if row["method"] == method)
        mean = np.mean([float(one["j"]) for one in mine])
        assert float(stack["j"]) == pytest.approx(mean, abs=1e-5)
        assert stack["unit"] == "micrometer"
    assert float(stacks[1]["dice"]) > 0
    assert stacks[0]["SEG"] == ""  # no time-lapse


def test_what_an_object_scored_is_computed_once(outcome) -> None:
    one = outcome.score.methods[0].objects[0]
    assert one.counted is one.counted
    assert one == replace(one)


def test_the_summary_has_the_same_numbers(written, outcome) -> None:
    text = (written / "summary.md").read_text("utf-8")
    (box, *_) = read(written / "stacks.csv")
    shown = f"{float(box['j']):.3f}"
    assert re.search(rf"\| <discs> \| box .*\| +{re.escape(shown)} \|", text)
    assert re.search(r"\| +HD95 \|", text)
    assert text.startswith("# nano & co\n\ntoday\n")
    assert summary([outcome.score]) in text


def test_the_page_needs_nothing_else(written) -> None:
    page = (written / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:image|#)', page)
    assert "nano &amp; co" in page
    assert "&lt;discs&gt;" in page
    assert "<discs>" not in page
    assert page.count('<div class="pair">') == 2
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page


def test_the_same_numbers_make_the_same_page(written, outcome, tmp_path) -> None:
    section = Section(outcome.score, {"box": exhibits(outcome, "box", 2)})
    write_evaluation(tmp_path / "again", "nano & co", "today", [section])
    for path in written.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_nothing_is_replaced_unasked(written, outcome, tmp_path) -> None:
    with pytest.raises(OutputError, match="overwrite=True"):
        check_evaluation(written, overwrite=False)
    check_evaluation(written, overwrite=True)
    (written / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        check_evaluation(written, overwrite=True)


def test_names_may_be_of_bytes_that_are_no_text(outcome, tmp_path) -> None:
    named = replace(outcome.score, name="\udce9")
    write_evaluation(tmp_path / "out", "\udce9", "", [Section(named, {})])
    assert {row["stack"] for row in read(tmp_path / "out" / "stacks.csv")} == {"?"}


def test_the_worst_frames_show_the_object(outcome) -> None:
    pairs = worst_frames(outcome.score.of("copy"))
    for first, worst in pairs:
        assert first.is_start
        assert worst.is_present
    assert [worst.j for _, worst in pairs] == sorted(worst.j for _, worst in pairs)


def test_outlines_are_drawn_around_the_masks() -> None:
    rgb = np.full((100, 150, 3), 90, np.uint8)
    true, found = np.zeros((2, 100, 150), bool)
    true[20:60, 30:70] = True
    found[20:60, 50:90] = True
    picture = draw_pair(rgb, pack_mask(true), pack_mask(found))
    assert picture.shape == (240, 240, 3)
    is_true, is_found = (
        (picture == colour).all(axis=2) for colour in (TRUE_COLOUR, FOUND_COLOUR)
    )
    assert is_true.any(axis=0).argmax() < is_found.any(axis=0).argmax()
    assert is_true.sum() > 300
    assert is_found.sum() > 300


def test_a_wide_frame_is_shown_wide() -> None:
    mask = np.zeros((40, 200), bool)
    mask[5:35, 10:190] = True
    rgb = np.zeros((40, 200, 3), np.uint8)
    assert draw_pair(rgb, pack_mask(mask), pack_mask(mask)).shape == (48, 240, 3)
    nothing = pack_mask(np.zeros((40, 200), bool))
    assert draw_pair(rgb, nothing, nothing).shape == (48, 240, 3)


def test_strips_show_what_is_known(outcome) -> None:
    score, todo = outcome.score.of("threshold"), outcome.score.todo
    strip = draw_strip(score, todo)
    assert strip.shape == (2, 6, 4)
    worst = min(score.objects, key=lambda one: one.j)
    assert tuple(strip[0, 5, :3]) == colour_of(worst.frames[-1].j)
    assert {tuple(pixel) for pixel in strip[:, 0, :3]} == {START_COLOUR}
    assert colour_of(0)[0] > colour_of(1)[0]


def test_numbers_stand_to_the_right() -> None:
    assert as_markdown([["name", "J"], ["a", "0.5"], ["mean", "–"]]) == (
        "| name |   J |\n|------|----:|\n| a    | 0.5 |\n| mean |   – |"
    )
