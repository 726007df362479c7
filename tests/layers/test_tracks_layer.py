"""Paths of objects: in the right place along any axis, and parted by gaps."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_sam2.core.errors import NoPromptError, StackError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.palette import object_rgba
from napari_sam2.layers.tracks_layer import add_tracks, track_table
from napari_sam2.state import Document, edits

SHAPE = (6, 7, 8)


def block_at(shape_hw: tuple[int, int], y: int, x: int):
    mask = np.zeros(shape_hw, bool)
    mask[y : y + 2, x : x + 3] = True
    return pack_mask(mask)


def follow(document: Document, object_id: int, frames: dict[int, tuple[int, int]]):
    """Have an object whose block lies at these (y, x)."""
    document.apply(edits.add_object(document, object_id))
    for frame, (y, x) in frames.items():
        mask = block_at(document.shape_hw, y, x)
        document.apply(edits.paint_mask(document, object_id, frame, mask))


def volume(axis: int, **geometry):
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros(SHAPE, np.uint8), name="brain", **geometry)
    image = image_source(layer, axis=axis)
    document = Document(frame_count=image.frame_count, shape_hw=image.shape_hw)
    return viewer, image, document


@pytest.mark.parametrize(
    "geometry",
    [
        {"scale": (2.0, 0.5, 0.25), "translate": (10, 0, -4), "units": ["mm"] * 3},
        {"scale": (2.0, 0.5, 0.25), "rotate": np.eye(3)[[1, 0, 2]] * (1, -1, 1)},
    ],
)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_paths_lie_where_the_objects_are_along_any_axis(axis: int, geometry) -> None:
    viewer, image, document = volume(axis, **geometry)
    # there and back again, so that no other order than that of the frames is right
    follow(document, 3, {0: (0, 1), 1: (2, 2), 2: (3, 0), 3: (1, 1), 4: (0, 3)})
    layer = add_tracks(viewer.layers, image, document)
    drawn = [layer.data_to_world(point)[-3:] for point in layer.data[:, 1:]]
    corners = {0: (0, 1), 1: (2, 2), 2: (3, 0), 3: (1, 1), 4: (0, 3)}
    wanted = [
        image.layer.data_to_world(image.space.to_data(frame, (y + 0.5, x + 1)))
        for frame, (y, x) in corners.items()
    ]
    np.testing.assert_allclose(drawn, wanted, atol=1e-9)
    np.testing.assert_array_equal(layer.features["frame"], range(5))
    np.testing.assert_allclose(
        viewer.layers.extent.world[:, -3:], image.layer.extent.world, atol=0.6
    )


@pytest.mark.parametrize("axis", [1, 2])
def test_an_image_cut_the_other_way_gets_no_further_slider(axis: int) -> None:
    viewer, image, document = volume(axis, scale=(2.0, 0.5, 0.25))
    follow(document, 1, {0: (0, 1), 1: (2, 2)})
    add_tracks(viewer.layers, image, document)
    assert viewer.dims.nsteps == (1, *SHAPE), "a slider with one step is not shown"
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2


def test_gaps_part_a_track() -> None:
    viewer, image, document = volume(0)
    follow(document, 2, {0: (0, 0), 1: (0, 1), 3: (1, 1)})
    follow(document, 7, {1: (3, 3), 2: (3, 3), 4: (3, 4)})
    document.apply(edits.mark_absent(document, 7, [3]))
    table = track_table(document, image.space)
    found = {}
    columns = table.data[:, 0], table.features["object"], table.features["frame"]
    for track_id, object_id, frame in zip(*columns, strict=True):
        found.setdefault((int(track_id), int(object_id)), []).append(int(frame))
    assert found == {(2, 2): [0, 1], (7, 7): [1, 2], (8, 2): [3], (9, 7): [4]}
    layer = add_tracks(viewer.layers, image, document)
    assert layer.track_connex.sum() == 2, "one line in each of two tracks"
    for row, object_id in enumerate(layer.features["object"]):
        wanted = object_rgba(object_id)
        np.testing.assert_allclose(layer.track_colors[row], wanted, atol=1 / 255)
    assert len(layer.features["confidence"]) == 6


def test_a_movie_keeps_its_time(new_bench) -> None:
    """Along the first axis napari fades paths away from the present frame."""
    bench = new_bench(scale=(2, 0.5, 0.5), units=("s", "um", "um"))
    follow(bench.document, 3, {0: (0, 0), 1: (1, 2)})
    layer = add_tracks(bench.viewer.layers, bench.image, bench.document)
    np.testing.assert_array_equal(layer.data, [(3, 0, 0.5, 1), (3, 1, 1.5, 3)])
    np.testing.assert_array_equal(layer.scale, (2, 0.5, 0.5))
    assert layer.units == bench.image.layer.units


def test_what_has_no_path_is_told(new_bench) -> None:
    bench = new_bench()
    with pytest.raises(NoPromptError, match="no masks yet"):
        add_tracks(bench.viewer.layers, bench.image, bench.document)
    picture = new_bench(shape=(30, 40))
    with pytest.raises(StackError, match="single picture"):
        add_tracks(picture.viewer.layers, picture.image, picture.document)


def test_the_path_of_a_daughter_begins_where_her_mothers_ends() -> None:
    viewer, image, document = volume(0)
    follow(document, 1, {0: (0, 0), 2: (0, 1)})
    halves = np.zeros(document.shape_hw, bool)
    halves[:2, :3] = halves[4:6, 4:7] = True
    document.apply(edits.paint_mask(document, 1, 3, halves))
    document.apply(edits.divide_object(document, 1, 3))
    layer = add_tracks(viewer.layers, image, document)
    # after the gap, the mother is on a track of its own
    assert {int(i): list(of) for i, of in layer.graph.items()} == {2: [4], 3: [4]}
