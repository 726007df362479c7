"""JSON is read as editors save it, and what is none is told in a sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.json_text import parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_every_way_of_saving_is_read(value, encoding) -> None:
    assert parse_json(json.dumps(value).encode(encoding)) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xef\xbb\xbf", "Expecting value in line 1, column 1"),
        ('{"name": "Zellränder"}'.encode("latin-1"), "save it as UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": 1,\n "b" 2}', "Expecting ':' delimiter in line 2, column 6"),
    ],
    ids=["nothing", "blank", "mark", "latin-1", "deep", "broken"],
)
def test_what_is_none_is_told(text, words) -> None:
    with pytest.raises(ValueError, match=words):
        parse_json(text)


@given(st.binary(max_size=20))
def test_any_bytes_are_json_or_told(text) -> None:
    try:
        parse_json(text)
    except ValueError as error:
        assert type(error) is ValueError
