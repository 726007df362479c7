import re
from collections.abc import Sequence

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import OutputError
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.writing import label_writer
from napari_sam2.io.writing.label_writer import label_dtype, open_label_writer

LABELS = np.random.default_rng(0).integers(0, 300, (6, 20, 30)).astype(np.uint16)


def write_all(path, labels=LABELS, **options):
    count, *shape_hw = labels.shape
    with open_label_writer(path, tuple(shape_hw), count, **options) as writer:
        for t, picture in enumerate(labels):
            writer.write(t, picture)
    return path


@settings(max_examples=40)
@given(
    data=st.data(),
    shape=hnp.array_shapes(min_dims=3, max_dims=3, max_side=12),
    largest=st.sampled_from([1, 255, 256, 65535, 65536, 2**32 - 1]),
)
def test_what_is_written_in_any_order_is_read_back(
    tmp_path_factory, data, shape, largest
):
    labels = data.draw(hnp.arrays(np.uint32, shape, elements=st.integers(0, largest)))
    order = data.draw(st.lists(st.integers(0, shape[0] - 1), max_size=8))
    path = tmp_path_factory.mktemp("labels") / "a.tif"
    with open_label_writer(path, shape[1:], shape[0], largest_id=largest) as writer:
        for t in order:
            writer.write(t, labels[t])
            np.testing.assert_array_equal(writer.read(t), labels[t])
    frames = read_labels(path)
    assert (len(frames), frames.dtype) == (shape[0], label_dtype(largest))
    for t in range(shape[0]):
        wanted = labels[t] if t in order else np.zeros_like(labels[t])
        np.testing.assert_array_equal(frames[t], wanted)


def test_other_programs_see_a_compressed_stack(tmp_path):
    path = write_all(tmp_path / "a.tif", np.zeros((6, 200, 300), np.uint16))
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        assert (series.axes, series.shape) == ("TYX", (6, 200, 300))
        assert file.is_ome
        assert not file.is_bigtiff
    assert path.stat().st_size < 10_000


def test_axes_and_pixel_sizes_are_kept(tmp_path):
    axes = (
        Axis("t", 6, 30.0, "second"),
        Axis("y", 20, 0.25, "micrometer"),
        Axis("x", 30, 65.0, "nanometer"),
    )
    assert read_labels(write_all(tmp_path / "a.tif", axes=axes)).axes == axes


def test_slices_are_kept_as_slices(tmp_path):
    axes = (Axis("z", 6, 2.0, "millimeter"), Axis("y", 20, 3.0), Axis("x", 30))
    assert read_labels(write_all(tmp_path / "a.tif", axes=axes)).axes == axes


def test_a_single_frame_and_a_single_pixel_are_read_back(tmp_path):
    path = write_all(tmp_path / "a.tif", np.full((1, 1, 1), 7, np.uint16))
    frames = read_labels(path)
    assert (len(frames), frames[0].tolist()) == (1, [[7]])


def test_large_frames_are_stored_in_strips(tmp_path, monkeypatch):
    monkeypatch.setattr(label_writer, "_STRIP_BYTES", 7 * 30 * 2)
    path = write_all(tmp_path / "a.tif")
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].rowsperstrip == 7
    np.testing.assert_array_equal(tifffile.imread(path), LABELS)


def test_more_than_a_classic_tiff_holds_becomes_a_bigtiff(tmp_path, monkeypatch):
    monkeypatch.setattr(label_writer, "_CLASSIC_LIMIT", 1000)
    path = write_all(tmp_path / "a.tif")
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
    np.testing.assert_array_equal(tifffile.imread(path), LABELS)


@pytest.mark.parametrize("strip_bytes", [1 << 20, 2 * 300 * 2])
def test_empty_frames_count_for_what_a_classic_tiff_holds(
    tmp_path, monkeypatch, strip_bytes
):
    monkeypatch.setattr(label_writer, "_STRIP_BYTES", strip_bytes)
    with open_label_writer(tmp_path / "a.tif", (3000, 300), 20) as writer:
        writer.write(7, np.ones((3000, 300), np.uint16))
    size = (tmp_path / "a.tif").stat().st_size
    monkeypatch.setattr(label_writer, "_CLASSIC_LIMIT", size - 1)
    with open_label_writer(tmp_path / "b.tif", (3000, 300), 20) as writer:
        writer.write(7, np.ones((3000, 300), np.uint16))
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.is_bigtiff


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(1, "u1"), (255, "u1"), (256, "u2"), (65535, "u2"), (65536, "u4")],
)
def test_the_smallest_type_that_holds_the_ids_is_used(largest, dtype):
    assert label_dtype(largest) == np.dtype(dtype)


def test_an_id_beyond_all_types_is_refused():
    with pytest.raises(OutputError, match="hold ids up to"):
        label_dtype(2**32)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_earlier_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.tif"
    path.write_text("earlier")
    with (
        pytest.raises(error),
        open_label_writer(path, (20, 30), 6, overwrite=True) as writer,
    ):
        writer.write(0, LABELS[0])
        raise error
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_is_refused_before_work(tmp_path):
    path = tmp_path / "a.tif"
    path.write_text("earlier")
    with (
        pytest.raises(OutputError, match="overwrite=True"),
        open_label_writer(path, (20, 30), 6),
    ):
        pytest.fail("the block ran")
    assert path.read_text() == "earlier"


def test_another_ending_is_refused(tmp_path):
    with (
        pytest.raises(OutputError, match=r"must end in \.tif"),
        open_label_writer(tmp_path / "a.png", (20, 30), 6),
    ):
        pytest.fail("the block ran")


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, full_disk):
    noise = np.random.default_rng(0).integers(0, 65535, (40, 300, 300), np.uint16)
    path = tmp_path / "a.tif"
    path.write_text("earlier")
    full_disk(1 << 20)
    with pytest.raises(OutputError, match="disk is full"):
        write_all(path, noise, overwrite=True)
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_while_the_file_is_put_together(tmp_path, full_disk):
    full_disk(20_000)
    noise = np.random.default_rng(0).integers(0, 65535, (4, 100, 100), np.uint16)
    with pytest.raises(OutputError, match="disk is full"):
        write_all(tmp_path / "a.tif", noise)
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_does_not_fit_is_a_bug(tmp_path):
    with open_label_writer(tmp_path / "a.tif", (20, 30), 6) as writer:
        for frame, shape in ((6, (20, 30)), (-1, (20, 30)), (0, (30, 20))):
            with pytest.raises(ValueError, match="labels"):
                writer.write(frame, np.zeros(shape, np.uint16))


class FilmTimes(Sequence):
    """Times of frames that are in a file, as long as that can be read."""

    is_there = True

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, frame):
        if not self.is_there:
            raise FileNotFoundError(2, "No such file or directory")
        return (0.0, 1.0, 1.5, 4.0, 4.5, 9.0)[frame]


def times_in(path):
    with tifffile.TiffFile(path) as file:
        return re.findall(r'DeltaT="([^"]+)"', file.ome_metadata)


def test_times_are_read_before_the_work_and_not_after_it(tmp_path):
    times, axes = FilmTimes(), axes_in_seconds()
    options = {"axes": axes, "times": times}
    with open_label_writer(tmp_path / "a.tif", (20, 30), 6, **options) as writer:
        times.is_there = False
        writer.write(3, LABELS[3])
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif")[3], LABELS[3])
    assert times_in(tmp_path / "a.tif") == ["0.0", "1.0", "1.5", "4.0", "4.5", "9.0"]


def test_labels_are_not_lost_for_want_of_times(tmp_path, caplog):
    times = FilmTimes()
    times.is_there = False
    path = write_all(tmp_path / "a.tif", axes=axes_in_seconds(), times=times)
    np.testing.assert_array_equal(read_labels(path)[3], LABELS[3])
    assert times_in(path) == []
    assert "when each frame is shown, as that cannot be read" in caplog.text


def axes_in_seconds():
    return (Axis("t", 6, 1.8, "second"), Axis("y", 20), Axis("x", 30))
