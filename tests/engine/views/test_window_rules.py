"""Where the tracking window looks: pure numbers, for frames and objects of any size."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import ModelError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.views.aim import surest, views_for
from napari_sam2.engine.views.view import (
    View,
    boxes_of,
    move_logits,
    move_tokens,
    whole_view,
)
from napari_sam2.engine.views.window import Sighting, Window, WindowOptions

IMAGE = 256
SIZES = st.integers(1, 5000)


@pytest.mark.parametrize(
    ("wrong", "saying"),
    [
        ({"context": -2}, "from 1 on"), ({"context": 0.5}, "from 1 on"),
        ({"context": float("inf")}, "from 1 on"),
        ({"auto_below": 1.5}, "from 0 to 1"), ({"auto_below": -0.1}, "from 0 to 1"),
        ({"clearance": 0.5}, "from 0 to 0.49"), ({"clearance": -1}, "from 0 to 0.49"),
        ({"lattice": 2}, "from 0 to 1"), ({"lattice": float("nan")}, "from 0 to 1"),
        ({"smallest": 1.01}, "from 0 to 1"), ({"smallest": "half"}, "from 0 to 1"),
        ({"smallest": None}, "from 0 to 1"),
    ],
)  # fmt: skip
def test_numbers_that_no_window_can_have_are_told(wrong, saying):
    (name,) = wrong
    with pytest.raises(ModelError, match=f"no number for {name}.*: give one {saying}"):
        WindowOptions(**wrong)


def test_the_ends_of_what_windows_can_have_serve():
    most = {"auto_below": 1, "clearance": 0.49, "lattice": 1, "smallest": 1}
    for options in (dict.fromkeys(most, 0), most):
        looking = window(context=1, **options)
        view = looking.around((700.0, 700.0, 719.0, 729.0))
        assert view.side < 2048
        assert looking.after(looking.first(view, (700.0, 700.0, 719.0, 729.0))).side


def window(shape_hw=(2048, 2048), mode="on", **options) -> Window:
    return Window(WindowOptions(mode=mode, **options), shape_hw, IMAGE)


def box_at(y: float, x: float, size: float) -> tuple[float, float, float, float]:
    return y - size / 2, x - size / 2, y + size / 2, x + size / 2


@st.composite
def boxes(draw, shape_hw):
    height, width = shape_hw
    y, x = draw(st.floats(0, height - 1)), draw(st.floats(0, width - 1))
    h, w = draw(st.floats(0, height)), draw(st.floats(0, width))
    return y, x, min(height - 1.0, y + h), min(width - 1.0, x + w)


@given(st.data(), SIZES, SIZES, st.sampled_from(["off", "auto", "on"]))
def test_views_lie_in_the_frame_and_show_the_object(data, height, width, mode) -> None:
    one = window((height, width), mode)
    box = data.draw(boxes((height, width)))
    for view in (one.around(box), *one.scales(box)):
        assert 0 <= view.y <= view.y + view.height <= height
        assert 0 <= view.x <= view.x + view.width <= width
        assert view.height > 0 < view.width
        assert view.holds(box[:2])
        assert view.holds(box[2:])


def seen(one: Window, box) -> Sighting:
    return one.first(one.around(box), box)


@given(st.data())
def test_a_view_that_suits_is_kept(data) -> None:
    one, box = window(), data.draw(boxes((2048, 2048)))
    sighting = seen(one, box)
    assert one.after(sighting) == sighting.view


def test_without_a_window_there_are_whole_frames() -> None:
    for one in (window(mode="off"), window((220, 200), mode="auto")):
        assert one.is_off
        assert one.around(box_at(50, 50, 10)) == one.whole
        assert one.scales(box_at(50, 50, 10)) == [one.whole]


def test_auto_leaves_large_objects_to_whole_frames() -> None:
    auto = window(mode="auto")
    assert auto.around(box_at(1000, 1000, 20)).side == 128
    assert auto.around(box_at(1000, 1000, 700)) == auto.whole
    assert window().around(box_at(1000, 1000, 700)) != auto.whole


def test_a_view_follows_and_stands_still_for_small_steps() -> None:
    one = window()
    first = seen(one, box_at(1000, 1000, 100))
    view = first.view
    assert one.after(first.after(view, box_at(1004, 1003, 104))) == view
    moved = one.after(first.after(view, box_at(1070, 1000, 104)))
    assert moved.side == view.side
    assert moved.y > view.y


def test_a_view_grows_and_shrinks_with_its_object() -> None:
    one = window()
    first = seen(one, box_at(1000, 1000, 200))
    for size, grows in ((440, True), (80, False)):
        view = one.after(first.after(first.view, box_at(1000, 1000, size)))
        assert (view.side > first.view.side) == grows
        assert view.side != first.view.side


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_views_grow_in_small_steps_with_an_object(mode) -> None:
    one = window((512, 512), mode)
    sighting = seen(one, box_at(256, 256, 20))
    for size in range(20, 60, 2):
        view = one.after(sighting)
        assert view.side < 1.6 * sighting.view.side
        sighting = sighting.after(view, box_at(256, 256, size))


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_what_is_lost_is_looked_for_in_views_that_grow_to_the_whole(mode) -> None:
    one = window((512, 512), mode)
    sighting = seen(one, box_at(256, 256, 20))
    sides = [sighting.view.side]
    while sides[-1] < 512:
        sighting = sighting.after(one.after(sighting), None)
        sides.append(one.after(sighting).side)
    steps = [wide / narrow for narrow, wide in pairwise(sides)]
    assert max(steps) < 1.5
    assert one.look_again(first_view := seen(one, box_at(256, 256, 20)).view, None)
    assert one.look_again(first_view, None) != one.whole


def test_the_scale_of_the_prompt_is_kept() -> None:
    one, box = window(), box_at(1000, 1000, 100)
    wide = one.scales(box)[2]
    assert one.after(one.first(wide, box)) == wide
    assert one.after(one.first(one.whole, box)) == one.whole


def test_what_is_cut_off_or_lost_is_looked_for_in_a_wider_view() -> None:
    one = window()
    view = one.around(box_at(1000, 1000, 100))
    assert one.look_again(view, box_at(1000, 1000, 100)) is None
    cut = (980.0, view.x - 0.5, 1000.0, 1000.0)
    for box in (None, cut):
        wider = one.look_again(view, box)
        assert wider is not None
        assert wider.side == pytest.approx(2 * view.side, rel=0.1)
    assert one.look_again(one.whole, None) is None


def test_the_border_of_the_frame_cuts_nothing_off() -> None:
    one = window()
    view = one.around((0.0, 1000.0, 40.0, 1040.0))
    assert view.y == 0
    assert one.look_again(view, (-0.5, 1000.0, 40.0, 1040.0)) is None


def test_a_lost_object_is_searched_ever_wider_until_the_whole_frame() -> None:
    one = window()
    sighting = seen(one, box_at(500, 500, 30))
    sides = []
    for _ in range(14):
        view = one.after(sighting)
        sides.append(math.inf if view == one.whole else view.side)
        sighting = sighting.after(view, None)
    assert sides == sorted(sides)
    assert sides[-1] == math.inf
    again = sighting.after(one.whole, box_at(700, 700, 30))
    assert one.after(again).side < 200


def test_a_gap_between_frames_is_searched_like_a_miss() -> None:
    one, box = window(), box_at(500, 500, 30)
    sighting = seen(one, box)
    assert one.after(sighting, 4).side > one.after(sighting).side


@pytest.mark.parametrize("mode", ["auto", "on"])
@given(st.integers(40, 10**6))
def test_after_any_time_a_lost_object_is_searched_in_the_whole_frame(mode, gap) -> None:
    one, box = window(mode=mode), box_at(500, 500, 30)
    sighting = seen(one, box)
    assert one.after(sighting, gap) == one.whole
    assert one.after(replace(sighting, missed=gap), gap) == one.whole


def test_whole_frames_follow_one_that_was_looked_at_in_vain_but_not_a_gap() -> None:
    one, box = window(), box_at(500, 500, 30)
    sighting = seen(one, box)
    assert not one.stays_whole(sighting)
    assert not one.stays_whole(sighting, 10**4)
    lost = sighting.after(one.whole, None)
    assert one.stays_whole(replace(lost, missed=10**4))
    assert not one.stays_whole(lost.after(one.whole, box))


@pytest.mark.parametrize("mode", ["off", "auto", "on"])
def test_what_is_tracked_in_whole_frames_stays_there(mode) -> None:
    one, box = window(mode=mode), box_at(500, 500, 30)
    sighting = one.first(one.whole, box)
    assert one.stays_whole(sighting)
    assert one.stays_whole(sighting.after(one.whole, None), 7)


def test_what_was_never_seen_is_looked_for_everywhere() -> None:
    one = window()
    assert one.after(Sighting(one.whole, None)) == one.whole


def click(*points, positive=True) -> FramePrompts:
    return FramePrompts(points, (positive,) * len(points))


def test_one_click_is_answered_at_several_scales_and_more_of_them_where_it_was() -> (
    None
):
    one = window()
    views = views_for(one, click((900, 800)), (None, None))
    assert [view.side for view in views] == [128, 256, 512, 1024, 2048]
    known = views[1]
    assert views_for(one, click((900, 800), (910, 820)), (known, None)) == [known]
    [*_, widest] = views_for(one, click((900, 800), (100, 820)), (known, None))
    assert widest == one.whole


def test_a_negative_click_elsewhere_moves_nothing() -> None:
    one = window()
    box = FramePrompts(((50, 50),), (False,), (900, 900, 920, 920))
    assert views_for(one, box, (None, None)) == [one.around((900, 900, 920, 920))]


@pytest.mark.parametrize(
    ("ious", "index"),
    [([0.5], 0), ([0.7, 0.6, 0.5], 0), ([0.3, 0.55, 0.5], 2), ([0.9, 0.2, 0.85], 2)],
)
def test_a_closer_look_must_be_clearly_surer(ious, index) -> None:
    assert surest(ious) == index


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([32, 64, 128]))
def test_masks_stay_in_place_when_views_change(y, x, side) -> None:
    logits = torch.full((1, 1, 64, 64), -10.0)
    logits[..., 24:40, 20:36] = 10.0
    origin, target = View(100, 100, 64, 64), View(70 + y, 70 + x, side, side)
    [[y0, x0, y1, x1]] = boxes_of(logits[0], [origin])
    assert (y0, x0, y1, x1) == (123.5, 119.5, 139.5, 135.5)
    moved = move_logits(logits, origin, target)
    [found] = boxes_of(moved[0], [target])
    seen = (
        max(y0, target.y - 0.5), max(x0, target.x - 0.5),
        min(y1, target.y + side - 0.5), min(x1, target.x + side - 0.5),
    )  # fmt: skip
    if found is None:
        assert seen[0] >= seen[2] - 4 or seen[1] >= seen[3] - 4
    else:
        assert found == pytest.approx(seen, abs=side / 32)


def test_memories_stay_in_place_when_views_change() -> None:
    tokens = torch.arange(16.0)[:, None]
    view = View(100, 100, 64, 64)
    assert move_tokens(tokens, view, view) is tokens
    right = move_tokens(tokens, view, View(100, 116, 64, 64))
    assert right[:4, 0].tolist() == [1, 2, 3, 3]
    closer = move_tokens(tokens, view, View(116, 116, 32, 32))
    assert closer[:, 0].tolist() == [5, 5, 6, 6] * 2 + [9, 9, 10, 10] * 2


def test_views_hold_pixels_by_their_edges() -> None:
    view = whole_view((10, 20))
    assert view.holds((-0.5, 19.5))
    assert not view.holds((9.6, 0))
