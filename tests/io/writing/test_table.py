import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import OutputError
from napari_sam2.core.results import FrameResult, mask_result
from napari_sam2.io.writing.table import open_table_writer

PIXELS = np.arange(80, dtype=np.float32).reshape(8, 10)


def disc(object_id: int, frame: int, rows=slice(2, 4), columns=slice(3, 6)):
    mask = np.zeros((8, 10), bool)
    mask[rows, columns] = True
    return mask_result(
        mask, object_id=object_id, frame=frame, predicted_iou=0.875, object_logit=-2.5
    )


def absent(object_id: int, frame: int):
    return disc(object_id, frame, slice(0, 0))


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_row_says_all_about_an_object_on_a_frame(tmp_path):
    path = tmp_path / "a.csv"
    with open_table_writer(path, {3: 'cell "α", left'}) as table:
        table.write(FrameResult(7, (disc(3, 7),)), PIXELS)
    assert rows_of(path) == [
        {
            "frame": "7", "object": "3", "name": 'cell "α", left', "parent": "0",
            "area": "6",
            "centroid_y": "2.500", "centroid_x": "4.000",
            "y0": "2", "x0": "3", "y1": "3", "x1": "5",
            "mean_intensity": "29", "min_intensity": "23", "max_intensity": "35",
            "predicted_iou": "0.875", "object_logit": "-2.5", "prompted": "0",
            "painted": "0", "accepted": "0", "locked": "0", "absent": "0",
        }
    ]  # fmt: skip


def test_an_absent_object_has_an_empty_row(tmp_path):
    path = tmp_path / "a.csv"
    with open_table_writer(path) as table:
        table.write(FrameResult(0, (absent(1, 0),)), PIXELS)
    (row,) = rows_of(path)
    assert (row["area"], row["predicted_iou"]) == ("0", "0.875")
    for name in ("centroid_y", "centroid_x", "y0", "x1", "mean_intensity"):
        assert row[name] == ""


def test_area_is_also_given_in_the_unit_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    plane = Axis("y", 8, 0.5, "micrometer"), Axis("x", 10, 0.25, "micrometer")
    with open_table_writer(path, axes=(Axis("t", 3), *plane)) as table:
        table.write(FrameResult(0, (disc(1, 0),)), PIXELS)
    assert rows_of(path)[0]["area_um2"] == "0.75"


def test_a_frame_is_where_it_was_shown(tmp_path):
    path = tmp_path / "a.csv"
    axes = Axis("t", 3, 0.5, "second"), Axis("y", 8), Axis("x", 10)
    with open_table_writer(path, axes=axes, times=[0.0, 0.1, 1.0]) as table:
        for frame in range(3):
            table.write(FrameResult(frame, (disc(1, frame),)), PIXELS)
    assert [row["position_s"] for row in rows_of(path)] == ["0", "0.1", "1"]


def test_without_a_common_unit_there_is_no_calibrated_area(tmp_path):
    path = tmp_path / "a.csv"
    plane = Axis("y", 8, 0.5, "micrometer"), Axis("x", 10, 1.0)
    with open_table_writer(path, axes=(Axis("t", 3), *plane)) as table:
        assert not any(name.startswith("area_") for name in table.columns)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sets(st.integers(1, 4), min_size=1)), max_size=9
    )
)
def test_rows_are_ordered_and_unique_whatever_the_order_of_results(
    tmp_path_factory, results
):
    path = tmp_path_factory.mktemp("table") / "a.csv"
    with open_table_writer(path) as table:
        for frame, ids in results:
            found = FrameResult(frame, tuple(disc(i, frame) for i in sorted(ids)))
            table.write(found, PIXELS)
    keys = [(int(row["frame"]), int(row["object"])) for row in rows_of(path)]
    assert keys == sorted({(frame, i) for frame, ids in results for i in ids})


def test_a_later_result_replaces_an_earlier_one(tmp_path):
    path = tmp_path / "a.csv"
    with open_table_writer(path, {1: "two\nlines"}) as table:
        table.write(FrameResult(0, (disc(1, 0), disc(2, 0))), PIXELS)
        table.write(FrameResult(0, (absent(2, 0),)), PIXELS)
    assert [row["area"] for row in rows_of(path)] == ["6", "0"]
    assert rows_of(path)[0]["name"] == "two\nlines"


def test_every_channel_has_intensities_of_its_own(tmp_path):
    path = tmp_path / "a.csv"
    colour = np.zeros((8, 10, 3), np.uint8)
    colour[..., 0] = 90
    with open_table_writer(path, channels=("red", "green", "blue")) as table:
        table.write(FrameResult(0, (disc(1, 0),)), colour)
    (row,) = rows_of(path)
    assert (row["mean_intensity_red"], row["max_intensity_green"]) == ("90", "0")


def test_intensities_are_of_finite_pixels(tmp_path):
    path = tmp_path / "a.csv"
    holes = PIXELS.copy()
    holes[2, 3:6] = np.nan
    with open_table_writer(path) as table:
        table.write(FrameResult(1, (disc(1, 1),)), holes)
        table.write(FrameResult(2, (disc(1, 2),)), np.full((8, 10), np.inf))
    assert [row["mean_intensity"] for row in rows_of(path)] == ["34", ""]


def test_a_failure_leaves_the_earlier_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("earlier")
    with pytest.raises(KeyboardInterrupt), open_table_writer(path, overwrite=True):
        raise KeyboardInterrupt
    with pytest.raises(OutputError, match="overwrite=True"), open_table_writer(path):
        pytest.fail("the block ran")
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_another_ending_is_refused(tmp_path):
    with (
        pytest.raises(OutputError, match=r"must end in \.csv"),
        open_table_writer(tmp_path / "a.xlsx"),
    ):
        pytest.fail("the block ran")


def test_a_full_disk_is_a_sentence(tmp_path, full_disk):
    full_disk(500)
    with (
        pytest.raises(OutputError, match="disk is full"),
        open_table_writer(tmp_path / "a.csv") as table,
    ):
        for frame in range(100):
            table.write(FrameResult(frame, (disc(1, frame),)), PIXELS)
    assert list(tmp_path.iterdir()) == []
