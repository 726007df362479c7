"""What the dock says of an image: its name, and what the model sees of it."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtWidgets import QLabel

from tests.widgets.user import User


def said(user: User) -> str:
    """Return all that the choice of the image says in words."""
    labels = user.dock.image_panel.findChildren(QLabel)
    return " ".join(label.text() for label in labels)


def test_a_new_name_of_the_image_is_that_of_all_that_is_called_after_it(
    working: User,
) -> None:
    layers, section = working.session.layers, working.dock._image_section
    layers[2].name = "my clicks"
    working.viewer.layers["cells"].name = "yeast"
    assert [one.name for one in layers] == ["yeast objects", "yeast boxes", "my clicks"]
    working.wait(lambda: section.summary.startswith("yeast ·"))


def test_channels_that_are_seen_at_once_are_said(user_without_window: User) -> None:
    user = user_without_window
    user.open_image((2, 3, 4, 20, 20), axis_labels="ctzyx", name="stained")
    user.open_dock()
    assert "the model sees channels 0, 1 at once" in said(user)
    user.dock.image_panel.channels.ticks[1].click()
    assert "the model sees" not in said(user)


def test_colour_pictures_and_grey_ones_have_no_channels_to_tell(
    user_without_window: User,
) -> None:
    user = user_without_window
    user.open_image((4, 20, 20, 3), rgb=True)
    user.open_dock()
    assert "the model sees" not in said(user)
    user.open_image((4, 20, 20))
    user.wait_idle()
    assert "the model sees" not in said(user)
