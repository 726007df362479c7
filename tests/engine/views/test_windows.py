"""Small objects in large frames are found and followed in a window."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, PointPrompt
from napari_sam2.engine.masks.results import Seen, results_of
from napari_sam2.engine.objects.memory import MemoryBank
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.window import WindowOptions
from tests.engine.stacks import LIMITS, Generated, by_object, course, said
from tests.engine.test_tracker_nano import iou

OFF, AUTO, ON = (WindowOptions(mode=mode) for mode in ("off", "auto", "on"))
SIDE = 2048


class Nucleus:
    """A bright disc over noise in a large frame, made as it is read."""

    dtype, is_rgb, shape_hw = np.dtype(np.uint16), False, (SIDE, SIDE)

    def __init__(self, places: list[tuple[int, int]], diameters: list[int]) -> None:
        self.places, self.diameters = places, diameters
        self.noise = np.random.default_rng(0).normal(100, 10, self.shape_hw)

    def __len__(self) -> int:
        return len(self.places)

    def truth(self, frame: int) -> np.ndarray:
        y, x = np.ogrid[:SIDE, :SIDE]
        (cy, cx), diameter = self.places[frame], self.diameters[frame]
        return (y - cy) ** 2 + (x - cx) ** 2 < diameter**2 / 4

    def __getitem__(self, frame: int) -> np.ndarray:
        check_frame(frame, len(self))
        noise = np.roll(self.noise, 7 * frame, axis=(0, 1))
        return (noise + 80 * self.truth(frame)).astype(np.uint16)


def around(source: Nucleus) -> BoxPrompt:
    (y, x), radius = source.places[0], source.diameters[0] / 2
    return BoxPrompt(1, 0, (y - radius, x - radius, y + radius, x + radius))


def on_it(source: Nucleus) -> PointPrompt:
    return PointPrompt(1, 0, source.places[0])


def followed(model, source: Nucleus, prompt, window: WindowOptions) -> list[float]:
    options = TrackerOptions(window=window)
    tracker = VideoTracker(model, source, limits=as_limits(60, 220), options=options)
    tracker.add(prompt)
    return [iou(r[1].mask, source.truth(r.frame)) for r in tracker.propagate()]


@pytest.mark.parametrize("ask", [around, on_it])
def test_a_nucleus_that_whole_frames_lose_is_followed(nano, ask) -> None:
    source = Nucleus([(600 + 4 * t, 700 + 5 * t) for t in range(5)], [20] * 5)
    assert np.mean(followed(nano, source, ask(source), OFF)) < 0.4
    assert min(followed(nano, source, ask(source), AUTO)) > 0.6


def test_large_objects_are_exactly_as_in_whole_frames(miniature) -> None:
    def run(window: WindowOptions) -> list[tuple]:
        options = TrackerOptions(window=window)
        source = Generated(7, (300, 200))
        tracker = VideoTracker(miniature, source, limits=LIMITS, options=options)
        tracker.add(BoxPrompt(1, 0, (100, 50, 199, 120)))
        mask = np.zeros((300, 200), bool)
        mask[60:220, 30:150] = True
        tracker.add(MaskPrompt(2, 3, mask))
        return course(tracker.propagate())

    assert run(AUTO) == run(OFF) != run(ON)


def test_the_window_grows_with_its_object(nano) -> None:
    diameters = [20, 26, 34, 44, 58, 74]
    source = Nucleus([(900, 1000)] * 6, diameters)
    assert min(followed(nano, source, around(source), AUTO)) > 0.6


def test_what_is_lost_is_sought_ever_wider_and_found_again(
    miniature, monkeypatch
) -> None:
    decode, gone = type(miniature).decode, [False]

    def decoding(self, coarse, features, prompts, *, ambiguous):
        state = decode(self, coarse, features, prompts, ambiguous=ambiguous)
        there = torch.full_like(state.logits, -1024.0 if gone[0] else -4.0)
        if not gone[0]:
            there[..., 6:9, 6:9] = 4.0
        sign = torch.full_like(state.object_logits, -4.0 if gone[0] else 4.0)
        return state._replace(logits=there, object_logits=sign)

    monkeypatch.setattr(type(miniature), "decode", decoding)
    options = replace(EXACT, window=WindowOptions(mode="on", context=6))
    source = Generated(14, (400, 400))
    tracker = VideoTracker(miniature, source, limits=LIMITS, options=options)
    tracker.add(BoxPrompt(1, 0, (95, 95, 101, 101)))
    sides = []
    for result in tracker.propagate():
        gone[0] = result.frame in range(2, 11)
        if result.frame:
            view = tracker._tracks[1].bank.recent[result.frame].sighting.view
            sides.append(view.side)
            assert result[1].is_absent == (result.frame in range(3, 12))
    assert sides[1] < sides[4] < sides[7] < 400


def windowed(model, shape_hw=(300, 200), window=ON, **options) -> VideoTracker:
    source = Generated(7, shape_hw)
    chosen = replace(EXACT, window=window, **options)
    tracker = VideoTracker(model, source, limits=LIMITS, options=chosen)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(BoxPrompt(2, 3, (105, 108, 130, 140)))
    mask = np.zeros(shape_hw, bool)
    mask[180:190, 100:120] = True
    tracker.add(MaskPrompt(7, 5, mask))
    return tracker


@pytest.mark.parametrize("stop", [1, 4, 9])
def test_stopped_and_resumed_is_one_run(miniature, stop) -> None:
    whole = course(windowed(miniature).propagate())
    tracker = windowed(miniature)
    run = tracker.propagate()
    parts = course(islice(run, stop))
    run.close()
    assert parts + course(tracker.resume()) == whole


def test_a_second_run_says_the_same(miniature) -> None:
    tracker = windowed(miniature)
    first, second = (course(tracker.propagate()) for _ in range(2))
    assert first == second


def test_objects_together_are_the_objects_one_by_one(miniature) -> None:
    together = by_object(windowed(miniature).propagate())
    alone = by_object(windowed(miniature, group_size=1).propagate())
    apart: dict[int, list] = {}
    for object_id in (1, 2, 7):
        apart |= by_object(windowed(miniature).propagate(objects=[object_id]))
    for other in (alone, apart):
        assert together.keys() == other.keys()
        for object_id, results in together.items():
            for one, same in zip(results, other[object_id], strict=True):
                assert one[:2] == same[:2]
                np.testing.assert_allclose(one[5:7], same[5:7], atol=5e-3)


def test_the_model_sees_a_small_mask_almost_to_the_pixel(miniature) -> None:
    mask = np.zeros((900, 700), bool)
    mask[411:423, 302:319] = True
    found = []
    for options in (replace(EXACT, window=AUTO), EXACT):
        tracker = VideoTracker(
            miniature, Generated(2, mask.shape), limits=LIMITS, options=options
        )
        tracker.add(MaskPrompt(1, 0, mask))
        answer = tracker._tracks[1].answers[0]
        seen = Seen(1, answer.state, answer.sighting.view)
        found.append(results_of([seen], 0, mask.shape, options)[0].mask)
    in_window, in_whole_frame = found
    assert iou(in_window, mask) > 0.9
    assert iou(in_whole_frame, mask) < 0.7


def test_a_correction_is_answered_where_the_object_was_looked_at(miniature) -> None:
    tracker = windowed(miniature)
    list(tracker.propagate(direction="forward"))
    memory = tracker._tracks[2].bank.recent[5]
    point = tuple(int(c) for c in memory.sighting.view.centre_yx)
    tracker.add(PointPrompt(2, 5, point))
    assert tracker._tracks[2].answers[5].sighting.view == memory.sighting.view


def test_an_object_said_to_be_absent_is_sought_where_it_was(miniature) -> None:
    tracker = windowed(miniature)
    list(tracker.propagate(direction="forward"))
    before = tracker._tracks[2].bank.recent[4].sighting
    tracker.add(MaskPrompt(2, 5, np.zeros((300, 200), bool)))
    absent = tracker._tracks[2].answers[5].sighting
    assert (absent.box_yxyx, absent.missed) == (before.box_yxyx, before.missed + 1)
    assert absent.context == before.context


def test_frames_are_read_once_in_order(miniature) -> None:
    source = Generated(20, (300, 200))
    options = TrackerOptions(window=ON, prefetch_frames=1)
    tracker = VideoTracker(miniature, source, limits=LIMITS, options=options)
    tracker.add(BoxPrompt(1, 0, (105, 108, 130, 140)))
    tracker.add(BoxPrompt(2, 10, (105, 108, 130, 140)))
    list(tracker.propagate(direction="forward"))
    assert source.read == [0, 10, *range(1, 20)]


def test_a_mask_of_another_session_is_refined_in_a_window(miniature) -> None:
    mask = np.zeros((300, 200), bool)
    mask[180:190, 100:120] = True
    tracker = windowed(miniature)
    click = FramePrompts(((185, 110),), (True,))
    refined = tracker.set_prompts(9, 1, click, previous=mask)
    assert tracker._tracks[9].answers[1].sighting.view != (0, 0, 300, 200)
    fresh = windowed(miniature).set_prompts(9, 1, click)
    assert said(refined)[4:7] != said(fresh)[4:7]


def test_only_what_is_looked_at_is_brought_into_range(miniature, monkeypatch) -> None:
    sizes: list[int] = []
    to_unit = type(LIMITS).to_unit

    def counting(self, pixels):
        sizes.append(pixels.size)
        return to_unit(self, pixels)

    monkeypatch.setattr(type(LIMITS), "to_unit", counting)
    tracker = VideoTracker(
        miniature,
        Generated(3, (900, 700)),
        limits=LIMITS,
        options=TrackerOptions(window=AUTO),
    )
    tracker.add(BoxPrompt(1, 0, (300, 300, 310, 312)))
    assert max(sizes) < 64 * 64


@pytest.mark.parametrize(("window", "times"), [(OFF, 0), (ON, 1)])
def test_where_an_object_was_is_looked_up_once_a_frame_or_never(
    miniature, monkeypatch, window, times
) -> None:
    options = TrackerOptions(window=window)
    tracker = VideoTracker(miniature, Generated(6), limits=LIMITS, options=options)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(PointPrompt(2, 0, (20, 30)))
    looked_up, last_seen = [], MemoryBank.last_seen

    def counted(self, frame, *, is_reverse):
        looked_up.append(frame)
        return last_seen(self, frame, is_reverse=is_reverse)

    monkeypatch.setattr(MemoryBank, "last_seen", counted)
    list(tracker.propagate())
    assert len(looked_up) == times * 2 * 5
