"""Features of recent frames, within a number of bytes."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.engine.frames.features import FeatureCache
from napari_sam2.model.image_encoder import ImageFeatures


def features(kib: int) -> ImageFeatures:
    none = torch.zeros(1, 0)
    return ImageFeatures(torch.zeros(1, 256 * kib), none, none)


def test_the_least_recently_used_goes_first() -> None:
    cache = FeatureCache(3 * 1024)
    for frame in (1, 2, 3):
        cache.put(frame, features(1))
    assert cache.get(1) is not None
    cache.put(4, features(1))
    assert [frame for frame in range(6) if frame in cache] == [1, 3, 4]
    assert cache.get(2) is None


def test_the_newest_is_held_even_when_it_is_too_large() -> None:
    cache = FeatureCache(1024)
    cache.put(1, features(1))
    cache.put(2, features(9))
    assert 1 not in cache
    assert 2 in cache


@given(
    st.integers(0, 8),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.booleans())),
)
def test_bytes_are_counted_and_bounded(limit_kib, uses) -> None:
    cache = FeatureCache(limit_kib * 1024)
    held: dict[int, int] = {}
    for frame, kib, is_put in uses:
        if is_put:
            cache.put(frame, features(kib))
            held[frame] = kib * 1024
            assert frame in cache
        else:
            assert (cache.get(frame) is not None) == (frame in cache)
        held = {f: n for f, n in held.items() if f in cache}
        assert cache.nbytes == sum(held.values())
        assert len(cache) == len(held)
        assert cache.nbytes <= cache.max_bytes or len(cache) == 1
    cache.clear()
    assert (len(cache), cache.nbytes) == (0, 0)
