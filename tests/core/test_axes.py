import pytest

from napari_sam2.core.axes import Axis, axes_from_shape, find_axis, list_axes
from napari_sam2.core.errors import StackError


def axes(names: str, *shape: int):
    return axes_from_shape(shape, names)


@pytest.mark.parametrize(("which", "found"), [("T", 0), ("x", 3), (1, 1), ("-1", 3)])
def test_axes_are_found_by_name_and_number(which, found):
    assert find_axis(axes("tzyx", 5, 7, 8, 9), which) == found


@pytest.mark.parametrize("which", ["w", 4, "-5", ""])
def test_a_missing_axis_is_named_with_those_that_exist(which):
    with pytest.raises(StackError, match=r"no axis .*axis 3: X \(9\)"):
        find_axis(axes("tzyx", 5, 7, 8, 9), which)


def test_an_ambiguous_name_asks_for_the_number():
    with pytest.raises(StackError, match="Several axes are called q"):
        find_axis(axes("qqyx", 5, 7, 8, 9), "q")


def test_axes_are_listed_for_people():
    assert (
        list_axes(axes("tyx", 5, 8, 9)) == "axis 0: T (5), axis 1: Y (8), axis 2: X (9)"
    )


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), float("-inf")])
def test_a_scale_that_is_no_number_is_not_known(scale: float) -> None:
    assert Axis("x", 9, scale, "micrometer") == Axis("x", 9)


def test_a_unit_is_a_text_that_every_file_can_keep() -> None:
    assert Axis("x", 9, 2.0, "nm\0\ud800").unit == "nm?"
