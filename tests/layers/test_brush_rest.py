"""Where no frame is seen, strokes of the mouse would change what nobody looks at."""

from __future__ import annotations

import pytest

from tests.layers.mouse import drag

VOLUME = (2, 12, 20), (2, 12, 24)


def use(bench, tool):
    bench.masks.layer.selected_label = 1
    bench.masks.layer.mode = tool


def turn_3d(bench):
    bench.viewer.dims.ndisplay = 3


def roll(bench):
    bench.viewer.dims.order = (1, 0, 2)


@pytest.fixture(params=[turn_3d, roll])
def turn(request):
    return request.param


def turn_back(bench):
    bench.viewer.dims.ndisplay = 2
    bench.viewer.dims.order = (0, 1, 2)


@pytest.mark.parametrize("tool", ["paint", "erase", "fill"])
def test_a_stroke_paints_no_frame_that_is_not_seen(with_block, turn, tool):
    use(with_block, tool)
    turn(with_block)
    drag(with_block.viewer, with_block.masks.layer, VOLUME)
    assert not with_block.masked
    assert len(with_block.remarked) == 1


def test_the_brush_is_taken_up_again_where_frames_are_seen(with_block, turn):
    use(with_block, "erase")
    turn(with_block)
    turn_back(with_block)
    assert with_block.masks.layer.mode == "erase"
    drag(with_block.viewer, with_block.masks.layer, [(2, 7, 7), (2, 7, 9)])
    assert with_block.masked


def test_a_tool_that_was_chosen_meanwhile_stays(with_block, turn):
    use(with_block, "paint")
    turn(with_block)
    with_block.masks.layer.mode = "pick"
    turn_back(with_block)
    assert with_block.masks.layer.mode == "pick"


def test_choosing_the_brush_where_no_frame_is_seen_is_refused(with_block, turn):
    turn(with_block)
    use(with_block, "paint")
    assert with_block.masks.layer.mode == "pan_zoom"
    (sentence,) = with_block.refused
    assert "paint" in sentence


def test_picking_objects_goes_on_in_3d(with_block):
    use(with_block, "pick")
    turn_3d(with_block)
    assert with_block.masks.layer.mode == "pick"
    assert not with_block.remarked
