import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.axes import axes_from_shape, axis_names
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.layout import frame_layout


def axes(names: str, *shape: int):
    return axes_from_shape(shape, names)


@pytest.mark.parametrize(
    ("names", "shape", "frame", "plane", "channel"),
    [
        ("yx", (8, 9), None, (0, 1), None),
        ("tyx", (5, 8, 9), 0, (1, 2), None),
        ("iyx", (5, 8, 9), 0, (1, 2), None),
        ("tcyx", (5, 2, 8, 9), 0, (2, 3), 1),
        ("tyxs", (5, 8, 9, 3), 0, (1, 2), 3),
        ("tzcyx", (1, 7, 2, 8, 9), 1, (3, 4), 2),
        ("cyx", (2, 8, 9), None, (1, 2), 0),
        ("xyz", (8, 9, 7), 2, (1, 0), None),
        ("zyxc", (7, 8, 9, 1), 0, (1, 2), 3),
        ("qyx", (1, 8, 9), 0, (1, 2), None),
        ("tyx", (5, 1, 1), 0, (1, 2), None),
        ("qqq", (5, 8, 9), 0, (1, 2), None),
    ],
)
def test_the_only_possible_frame_axis_is_found(names, shape, frame, plane, channel):
    layout = frame_layout(axes(names, *shape))
    assert (layout.frame, layout.plane, layout.channel) == (frame, plane, channel)


def test_several_possible_axes_are_listed_and_asked_for():
    with pytest.raises(
        StackError, match=r"0: T \(5\), axis 1: Z \(7\).*, t or z"
    ) as told:
        frame_layout(axes("tzcyx", 5, 7, 2, 8, 9))
    assert told.value.example == {"axis": "t"}


def test_unnamed_axes_are_asked_for_by_number():
    with pytest.raises(StackError, match="Say which, 0 or 1"):
        frame_layout(axes("qqyx", 5, 7, 8, 9))


def test_a_left_over_axis_needs_an_index():
    stack = axes("tzyx", 5, 7, 8, 9)
    with pytest.raises(StackError, match=r"Z \(7\) besides T \(5\)") as told:
        frame_layout(stack, "t")
    assert told.value.example == {"at": {"z": 3}}
    layout = frame_layout(stack, "t", {"z": 6})
    assert (layout.frame, layout.plane, layout.fixed) == (0, (2, 3), ((1, 6),))


def test_a_frame_is_taken_with_its_channels_from_where_it_lies():
    array = np.arange(5 * 7 * 2 * 8 * 9).reshape(5, 7, 2, 8, 9)
    layout = frame_layout(axes("tzcyx", *array.shape), "z", {"t": 3})
    np.testing.assert_array_equal(array[tuple(layout.key(4, 5))], array[3, 4])
    picture = frame_layout(axes("yxs", 8, 9, 3))
    assert picture.key(0, 3) == [slice(None)] * 3


def test_fixing_an_axis_leaves_the_other_to_follow():
    assert frame_layout(axes("tzyx", 5, 7, 8, 9), at={"t": 2}).frame == 1


def test_a_volume_can_be_cut_the_other_way():
    layout = frame_layout(axes("zyx", 7, 8, 9), "y")
    assert (layout.frame, layout.plane) == (1, (0, 2))


@pytest.mark.parametrize(
    ("names", "followed", "at", "rows_and_columns"),
    [
        ("zyx", "y", {}, "zx"), ("xyz", "y", {}, "zx"), ("yzx", "y", {}, "zx"),
        ("zyx", "x", {}, "zy"), ("xyz", "x", {}, "zy"), ("xyzc", "x", {}, "zy"),
        ("xyzt", "y", {"t": 0}, "zx"), ("xyzt", "y", {"z": 0}, "tx"),
        ("xyzt", "x", {"y": 0}, "tz"), ("xqz", "q", {}, "zx"),
        ("xqz", "z", {}, "xq"), ("qqq", "0", {}, "qq"),
    ],
)  # fmt: skip
def test_the_plane_is_the_same_whatever_the_order_of_the_file(
    names, followed, at, rows_and_columns
):
    stack = axes(names, *range(5, 5 + len(names)))
    plane = frame_layout(stack, followed, at).plane
    assert "".join(names[axis] for axis in plane) == rows_and_columns
    if "q" in rows_and_columns:  # nothing is known: as the file has it
        assert plane[0] < plane[1]


def test_following_channels_takes_them_as_frames():
    layout = frame_layout(axes("cyx", 40, 8, 9), "c")
    assert (layout.frame, layout.channel) == (0, None)


def test_a_single_picture_cannot_be_cut_into_lines():
    with pytest.raises(StackError, match="two axes, rows and columns"):
        frame_layout(axes("yx", 8, 9), "y")


@pytest.mark.parametrize("index", [-1, 7])
def test_an_index_outside_its_axis_is_refused(index):
    with pytest.raises(StackError, match=r"Index .* along Z \(7\): give 0 to 6"):
        frame_layout(axes("tzyx", 5, 7, 8, 9), "t", {"z": index})


@given(st.permutations("tzcyx"), st.sampled_from("tz"))
def test_every_axis_has_one_role_in_any_order(names, followed):
    stack = axes("".join(names), 2, 3, 4, 5, 6)
    other = {"t": "z", "z": "t"}[followed]
    layout = frame_layout(stack, followed, {other: 1})
    roles = [layout.frame, *layout.plane, layout.channel, layout.fixed[0][0]]
    assert sorted(roles) == [0, 1, 2, 3, 4]
    assert axis_names(tuple(stack[i] for i in roles)) == f"{followed}yxc{other}"


def test_errors_name_no_option_of_a_command():
    """They are read in a window and in Python, too, which say how on their own."""
    stack = axes("tzyx", 5, 7, 8, 9)
    for wrong in ((stack,), (stack, "t"), (stack, "w"), (stack, "t", {"z": 9})):
        with pytest.raises(StackError) as told:
            frame_layout(*wrong)
        assert "--" not in str(told.value)
