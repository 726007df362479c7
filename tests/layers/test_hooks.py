"""Samples open as layers that napari accepts."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.frames.times import frame_times
from napari_sam2.io.samples import sample_names
from napari_sam2.layers.hooks import get_reader, read_layers, sample_layers
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.layer_file import image_key
from napari_sam2.layers.project_image import geometry_of, refer_to_layer
from napari_sam2.project.image import Whereabouts, locate_image
from napari_sam2.project.values import Project


@pytest.mark.parametrize("name", sample_names())
def test_samples_are_layer_tuples(name: str) -> None:
    for data, metadata, kind in sample_layers(name):
        assert kind in ("image", "labels")
        spatial = data.ndim - int(metadata.get("rgb", False))
        assert len(metadata["scale"]) == spatial
        assert len(metadata["axis_labels"]) == spatial
        assert len(metadata["units"]) == spatial
        assert np.asarray(data[0]).shape == tuple(data.shape[1:])


def test_masks_lie_on_the_image() -> None:
    (image, shown, _), (masks, hidden, _) = sample_layers("mni152_t1")
    assert image.shape == masks.shape
    assert shown["scale"] == hidden["scale"]
    assert hidden["visible"] is False


@pytest.mark.parametrize(
    ("name", "axis"),
    [("bacteria_phase", "t"), ("cells3d_nuclei", "z"), ("mni152_t1", "z")],
)
def test_samples_say_what_their_frames_are(name: str, axis: str) -> None:
    for _, metadata, _ in sample_layers(name):
        assert metadata["axis_labels"] == (axis, "y", "x")


def test_axes_without_names_are_told_apart(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 9, 8), np.uint8))
    ((_, described, _),) = read_layers(str(tmp_path / "a.npy"))
    assert described["axis_labels"] == ("q_0", "q_1", "y", "x")


def test_an_uneven_film_says_in_its_layer_when_frames_are_shown(tmp_path) -> None:
    pytest.importorskip("av")
    from napari.layers import Image

    from tests.io.films import film

    pictures = np.zeros((5, 16, 32, 3), np.uint8)
    path = film(tmp_path / "a.mkv", pictures, times=[0, 1, 2, 12, 13], rate=10)
    ((data, described, _),) = read_layers(str(path))
    for every in (False, True):
        seen = image_source(Image(data, **described), every=every).seen
        times = frame_times(seen)
        np.testing.assert_allclose(times, [0, 0.1, 0.2, 1.2, 1.3], atol=1e-3)


@pytest.fixture
def files(tmp_path) -> dict[str, object]:
    """One file of each kind that napari itself does not open lazily."""
    av = pytest.importorskip("av")
    h5py = pytest.importorskip("h5py")
    nibabel = pytest.importorskip("nibabel")
    pytest.importorskip("pydicom")
    from tests.io.dicom_files import write_series

    volume = np.arange(5 * 16 * 32, dtype=np.uint16).reshape(5, 16, 32)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["raw"] = volume
        file["more/clean"] = volume + 1
    image = nibabel.Nifti1Image(volume.T, np.diag([0.5, 0.5, 2.0, 1.0]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "brain.nii.gz")
    write_series(tmp_path / "ct", volume)
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 16, 32, "yuv420p"
        for _ in range(5):
            picture = np.zeros((16, 32, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return {
        "h5": tmp_path / "scan.h5",
        "nii": tmp_path / "brain.nii.gz",
        "dcm": next((tmp_path / "ct").iterdir()),
        "mp4": tmp_path / "film.mp4",
    }


def test_each_file_becomes_layers_with_axes_sizes_and_units(files) -> None:
    volume = np.arange(5 * 16 * 32, dtype=np.uint16).reshape(5, 16, 32)
    expected = {
        "h5": ("iyx", [1.0, 1.0, 1.0], "pixel"),
        "nii": ("zyx", [2.0, 0.5, 0.5], "millimeter"),
        "dcm": ("zyx", [2.5, 0.5, 0.25], "millimeter"),
    }
    for kind, (labels, scale, unit) in expected.items():
        data, metadata, layer = read_layers(str(files[kind]))[-1]
        assert layer == "image"
        assert "".join(metadata["axis_labels"]) == labels
        assert metadata["scale"] == pytest.approx(scale)
        assert metadata["units"] == [unit] * 3
        np.testing.assert_array_equal(data[3], volume[3])
    (data, metadata, _) = read_layers(str(files["mp4"]))[0]
    assert (data.shape, metadata["rgb"]) == ((5, 16, 32, 3), True)
    assert metadata["units"] == ["second", "pixel", "pixel"]


def test_every_image_in_an_hdf5_file_is_a_layer(files) -> None:
    layers = read_layers(str(files["h5"]))
    assert [meta["name"] for _, meta, _ in layers] == ["scan more/clean", "scan raw"]


def test_a_dicom_slice_opens_its_series(files) -> None:
    ((data, metadata, _),) = read_layers(str(files["dcm"]))
    assert (data.shape, metadata["name"]) == ((5, 16, 32), "ct")


def test_a_project_finds_the_series_again_that_a_slice_belongs_to(tmp_path) -> None:
    pytest.importorskip("pydicom")
    from napari.layers import Image

    from tests.io.dicom_files import VOLUME, write_series

    write_series(tmp_path / "scan", VOLUME, SeriesNumber=1, SeriesDescription="T1")
    write_series(tmp_path / "scan", VOLUME[:5], SeriesNumber=2, SeriesDescription="T2")
    sources = []
    for one in sorted((tmp_path / "scan").glob("*.dcm")):
        ((data, options, _),) = read_layers(str(one))
        sources.append(image_source(Image(data, **options), axis=0))
    assert {len(source.frames) for source in sources} == {len(VOLUME), 5}
    assert len({image_key(source.layer) for source in sources}) == 2
    for source in sources:
        project = Project(refer_to_layer(source, is_read=True), geometry_of(source))
        found = locate_image(project, tmp_path / "p.sam2")
        assert found.whereabouts is Whereabouts.FOUND, found


@pytest.mark.parametrize("kind", ["h5", "nii", "dcm", "mp4"])
def test_napari_opens_the_file_and_reads_only_what_it_shows(files, kind) -> None:
    from napari.components import ViewerModel
    from napari.layers import Layer

    viewer = ViewerModel()
    for made in read_layers(str(files[kind])):
        data, metadata, layer_type = made
        layer = viewer.add_layer(Layer.create(data, metadata, layer_type))
        assert layer.data is data
    for position in (0, 4):
        viewer.dims.set_current_step(0, position)
    viewer.dims.order = (1, 0, 2)  # looked at from another side


@pytest.mark.parametrize("kind", ["h5", "nii", "dcm", "mp4"])
def test_napari_duplicates_the_layer(files, kind) -> None:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.layers._layer_actions import _duplicate_layer

    viewer = ViewerModel()
    made = read_layers(str(files[kind]))[0]
    viewer.add_layer(Layer.create(*made))
    _duplicate_layer(viewer.layers)
    first, second = viewer.layers
    np.testing.assert_array_equal(second.data[3], first.data[3])


def test_opening_as_a_layer_reads_no_pixel(files, monkeypatch) -> None:
    import h5py
    import pydicom

    from napari_sam2.io.reading.inflated import InflatedFile

    def never(*_args, **_kwargs):
        pytest.fail("a pixel was read")

    monkeypatch.setattr(h5py.Dataset, "__getitem__", never)
    monkeypatch.setattr(pydicom.pixels, "pixel_array", never)
    monkeypatch.setattr(InflatedFile, "inflate", never)
    for kind in ("h5", "nii", "dcm"):
        assert read_layers(str(files[kind]))


def test_what_cannot_be_opened_is_a_notification_and_no_layer(tmp_path) -> None:
    from napari.utils.notifications import notification_manager

    (tmp_path / "a.h5").write_bytes(b"words")
    before = len(notification_manager.records)
    assert read_layers(str(tmp_path / "a.h5")) == [(None,)]
    (told,) = notification_manager.records[before:]
    assert "cannot be read as an HDF5 file" in told.message


def test_a_list_of_files_is_left_to_napari() -> None:
    assert get_reader(["a.dcm", "b.dcm"]) is None
    assert get_reader("a.dcm") is read_layers
