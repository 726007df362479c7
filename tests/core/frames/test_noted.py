"""What was seen of a stack is told from what is there now, to the pixel."""

from __future__ import annotations

import numpy as np

from napari_sam2.core.frames.noted import NotedFrames, checksum_of
from napari_sam2.core.frames.source import as_frame_source


def test_a_single_pixel_counts_and_the_order_of_bytes_does_not() -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    edited = pixels.copy()
    edited[2, 1] += 1
    assert checksum_of(edited) != checksum_of(pixels)
    assert checksum_of(pixels.astype(">u2")) == checksum_of(pixels)
    assert checksum_of(pixels[:, ::-1]) != checksum_of(pixels)
    assert checksum_of(np.asfortranarray(pixels)) == checksum_of(pixels)


def test_only_what_was_read_is_noted_and_read_as_it_is() -> None:
    stack = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    notes: dict[int, int] = {}
    source = as_frame_source(stack)
    noted = NotedFrames(source, notes)
    np.testing.assert_array_equal(noted[1], stack[1])
    assert notes == {1: checksum_of(stack[1])}
    for name in ("shape_hw", "dtype", "is_rgb", "picked"):
        assert getattr(noted, name) == getattr(source, name)
    assert len(noted) == 2
