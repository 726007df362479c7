"""Words become values, or a sentence that shows how to write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.cli.options.arguments import (
    FrameSpan,
    MaskFile,
    UsageError,
    parse_channels,
    parse_frames,
    parse_limits,
    parse_mask,
    parse_place,
    with_negative_values,
)

ends = st.none() | st.integers(0, 100)


@given(ends, ends, st.integers(1, 50))
def test_spans_are_those_of_python_or_refused(start, stop, count):
    text = ":".join("" if end is None else str(end) for end in (start, stop))
    span = parse_frames(text)
    assert span == FrameSpan(start, stop)
    assert str(span) == text
    meant = range(count)[start:stop]
    if meant and (stop is None or stop <= count):
        assert span.within(count) == meant
    else:
        with pytest.raises(UsageError, match="--frames"):
            span.within(count)


@pytest.mark.parametrize("text", ["", "3", "a:b", "1:2:3", "-3:", "1.5:"])
def test_other_spans_cannot_be_read(text):
    with pytest.raises(UsageError, match="A:B"):
        parse_frames(text)


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("seeds.tif", MaskFile(Path("seeds.tif"), None)),
        ("12:seeds.tif", MaskFile(Path("seeds.tif"), 12)),
        ("C:\\seeds.tif", MaskFile(Path("C:\\seeds.tif"), None)),
        ("3:C:/seeds.tif", MaskFile(Path("C:/seeds.tif"), 3)),
    ],
)
def test_masks_may_name_their_frame(text, mask):
    assert parse_mask(text) == mask


def test_numbers_and_places():
    assert parse_channels("0,2") == (0, 2)
    assert parse_limits("-100,2.5e3") == (-100.0, 2500.0)
    assert parse_place("z=3") == ("z", 3)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_channels, "0,"),
        (parse_channels, "-1"),
        (parse_limits, "1"),
        (parse_limits, "1,2,3"),
        (parse_place, "z"),
        (parse_place, "=3"),
        (parse_place, "z=last"),
        (parse_mask, ""),
    ],
)
def test_the_sentence_shows_how_to_write_it(parse, text):
    with pytest.raises(UsageError, match=r"write|needs"):
        parse(text)


def test_values_may_look_like_flags_where_they_can_be_negative():
    words = ["track", "--limits", "-100,200", "--table", "-o"]
    assert with_negative_values(words) == ["track", "--limits=-100,200", *words[3:]]
    assert with_negative_values(["--limits", "-o"]) == ["--limits", "-o"]
    assert with_negative_values(["--frames", "-2:"]) == ["--frames=-2:"]
    assert with_negative_values(["--limits", "-inf,inf"]) == ["--limits=-inf,inf"]
    assert with_negative_values(["--point", "-1:0,1,1"]) == ["--point=-1:0,1,1"]
    assert with_negative_values(["--overlay=a", "-1"]) == ["--overlay=a", "-1"]


def test_numbers_too_long_to_be_meant_are_none():
    for parse in (parse_channels, parse_frames):
        with pytest.raises(UsageError, match="write"):
            parse("9" * 5000)
    assert parse_mask("9" * 5000).frame is None
