import struct
import zlib

import pytest

from napari_sam2.core.errors import FrameError, MissingExtraError, StackError
from napari_sam2.core.frames.decoding import decoding


@pytest.mark.parametrize(
    "error",
    [struct.error("short"), zlib.error("short"), KeyError("short"), OSError("short")],
)
def test_whatever_a_decoder_raises_becomes_one_sentence(error):
    with (
        pytest.raises(StackError, match=r"a\.tif cannot be read .*short.*\)\.$"),
        decoding(StackError, "a.tif cannot be read"),
    ):
        raise error


def test_our_own_errors_pass_as_they_are():
    with (
        pytest.raises(MissingExtraError, match=r"^install it$"),
        decoding(FrameError, "frame 3 cannot be read"),
    ):
        raise MissingExtraError("install it")


def test_too_little_memory_is_told_as_such():
    with (
        pytest.raises(FrameError, match="more memory than there is"),
        decoding(FrameError, "frame 3 cannot be read"),
    ):
        raise MemoryError


def test_a_message_of_many_lines_is_cut_and_an_empty_one_is_named():
    with pytest.raises(StackError) as caught, decoding(StackError, "no"):
        raise ValueError("first\nTraceback (most recent call last)")
    assert str(caught.value) == "no (first)."
    with pytest.raises(StackError) as caught, decoding(StackError, "no"):
        raise AssertionError
    assert str(caught.value) == "no (AssertionError)."
    with pytest.raises(StackError) as caught, decoding(StackError, "no"):
        raise ValueError("x" * 10_000)
    assert len(str(caught.value)) < 400


def test_stopping_the_program_is_no_error_of_a_decoder():
    with pytest.raises(KeyboardInterrupt), decoding(StackError, "no"):
        raise KeyboardInterrupt
